//! Where in the data a value stands. Asked only for values that are refused, so that the walk need not keep track.

use crate::scan::{Broken, Scanner, Token};

/// The JSON pointer of the value that begins at byte `at` of `json`; empty where that is the whole.
pub(super) fn pointer_at(json: &str, at: usize) -> String {
    let mut path = Vec::new();
    // The text was read as JSON before, so this does not fail; were it to, the path so far is the best there is.
    let _ = find(&mut Scanner::new(json), at, &mut path);
    path.iter().map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1"))).collect()
}

/// Reads the next value; whether what is sought begins in it.
fn find(scanner: &mut Scanner<'_>, at: usize, path: &mut Vec<String>) -> Result<bool, Broken> {
    scanner.space();
    if scanner.at() >= at {
        return Ok(true);
    }
    match scanner.token()? {
        Token::Object => find_member(scanner, at, path),
        Token::Array => find_item(scanner, at, path),
        _ => Ok(false),
    }
}

fn find_member(scanner: &mut Scanner<'_>, at: usize, path: &mut Vec<String>) -> Result<bool, Broken> {
    let mut name = scanner.first_name()?;
    while let Some(text) = name {
        path.push(text.decode().into_owned());
        if find(scanner, at, path)? {
            return Ok(true);
        }
        path.pop();
        name = scanner.next_name()?;
    }
    Ok(false)
}

fn find_item(scanner: &mut Scanner<'_>, at: usize, path: &mut Vec<String>) -> Result<bool, Broken> {
    let mut more = scanner.first_item()?;
    let mut index = 0usize;
    while more {
        path.push(index.to_string());
        if find(scanner, at, path)? {
            return Ok(true);
        }
        path.pop();
        index += 1;
        more = scanner.next_item()?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers() {
        let json = r#" {"a": [1, {"b/~": "x"}], "c": 2}"#;
        for (value, expect) in [("{\"a", ""), ("[1", "/a"), ("1,", "/a/0"), ("\"x\"", "/a/1/b~1~0"), ("2}", "/c")] {
            assert_eq!(pointer_at(json, json.find(value).unwrap()), expect, "{value}");
        }
    }
}
