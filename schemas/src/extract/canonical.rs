//! JSON that becomes a value as it is. Most publishers write JSON in canonical form already; theirs is borrowed.

use std::borrow::Cow;

use crate::scan::{Broken, Scanner, Token};

/// More names than these are not compared one by one.
const FEW_NAMES: usize = 16;

/// The canonical form of text that is known to be JSON.
pub(super) fn canonical(raw: &str) -> Cow<'_, str> {
    if is_canonical(raw) {
        return Cow::Borrowed(raw);
    }
    // Only text that is not JSON has no canonical form, and this was read as JSON already.
    crate::json::canonical(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// Whether the text is certainly in canonical form.
fn is_canonical(raw: &str) -> bool {
    let mut scanner = Scanner::new(raw);
    !raw.contains('\\') && matches!(is_compact(&mut scanner), Ok(true)) && scanner.at() == raw.len()
}

/// Reads a value; whether it has no space and no repeated names.
fn is_compact(scanner: &mut Scanner<'_>) -> Result<bool, Broken> {
    let start = scanner.at();
    scanner.space();
    if scanner.at() > start {
        return Ok(false);
    }
    match scanner.token()? {
        Token::Object => is_compact_object(scanner),
        Token::Array => is_compact_array(scanner),
        _ => Ok(true),
    }
}

fn is_compact_object(scanner: &mut Scanner<'_>) -> Result<bool, Broken> {
    let mut names: Vec<&str> = Vec::new();
    let mut start = scanner.at();
    let mut name = scanner.first_name()?;
    while let Some(text) = name {
        // After the opening or the comma a name takes its quotes and a colon, and nothing else.
        let spaces = scanner.at() - start - text.raw.len() - 3 - usize::from(!names.is_empty());
        if spaces > 0 || names.contains(&text.raw) || names.len() == FEW_NAMES || !is_compact(scanner)? {
            return Ok(false);
        }
        names.push(text.raw);
        start = scanner.at();
        name = scanner.next_name()?;
    }
    Ok(scanner.at() == start + 1)
}

fn is_compact_array(scanner: &mut Scanner<'_>) -> Result<bool, Broken> {
    let mut start = scanner.at();
    let mut more = scanner.first_item()?;
    let mut comma = 0;
    while more {
        if scanner.at() > start + comma || !is_compact(scanner)? {
            return Ok(false);
        }
        start = scanner.at();
        comma = 1;
        more = scanner.next_item()?;
    }
    Ok(scanner.at() == start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_is_borrowed() {
        for text in
            ["{}", "[]", "1.50", "\"a b\"", r#"{"a":1,"b":[1,"x y",{"c":null}],"d":{}}"#, "[[],{},[1,2]]", r#"[{"a":1},{"a":1}]"#]
        {
            assert!(matches!(canonical(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }

    #[test]
    fn the_rest_is_rewritten() {
        for (text, expect) in [
            ("[ ]", "[]"),
            ("{ }", "{}"),
            ("[1 ]", "[1]"),
            ("[1, 2]", "[1,2]"),
            ("[1 ,2]", "[1,2]"),
            (r#"{"a":1 }"#, r#"{"a":1}"#),
            (r#"{ "a":1}"#, r#"{"a":1}"#),
            (r#"{"a" :1}"#, r#"{"a":1}"#),
            (r#"{"a": 1}"#, r#"{"a":1}"#),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (r#"{"b":1, "a":2}"#, r#"{"b":1,"a":2}"#),
            (r#"[{"a":1,"a":2}]"#, r#"[{"a":2}]"#),
            (r#""\u0041""#, "\"A\""),
        ] {
            assert_eq!(canonical(text), expect, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_borrowed_is_what_would_be_written(text in r#"[\[\]{}:,"ab1 ]{0,16}"#) {
            if let Ok(written) = crate::json::canonical(&text) {
                proptest::prop_assert_eq!(canonical(&text), written);
            }
        }
    }
}
