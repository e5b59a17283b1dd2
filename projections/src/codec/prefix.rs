//! The keys of all texts that start alike.

use std::ops::Range;

use schemas::Value;

use super::Key;

/// How a text ends in a key.
const END: usize = 2;

/// The keys of one part that are of texts with this beginning, from the first one to the first one behind them.
pub fn text_prefix(prefix: &str) -> Range<Key> {
    let whole = Key::of(&[Value::Text(prefix.into())]);
    let open = &whole[..whole.len().saturating_sub(END)];
    Key::from_bytes(open)..Key::from_bytes(&successor(open))
}

/// The first bytes behind all that start with these.
fn successor(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().rposition(|byte| *byte < u8::MAX).map_or(0, |last| last + 1);
    let mut after = bytes[..end].to_vec();
    if let Some(last) = after.last_mut() {
        *last += 1;
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_start_alike_are_within() {
        let key = |text: &str| Key::of(&[Value::Text(text.to_owned().into())]);
        for (prefix, text, expected) in [
            ("ab", "ab", true),
            ("ab", "abc", true),
            ("ab", "ab\0", true),
            ("ab", "ab\u{10ffff}", true),
            ("ab", "aa\u{10ffff}", false),
            ("ab", "ac", false),
            ("ab", "a", false),
            ("", "", true),
            ("", "é", true),
            ("a\0", "a\0b", true),
            ("a\0", "a\u{1}", false),
        ] {
            assert_eq!(text_prefix(prefix).contains(&key(text)), expected, "{prefix:?} {text:?}");
        }
        assert!(!text_prefix("").contains(&Key::of(&[Value::Null])));
        assert!(!text_prefix("").contains(&Key::of(&[Value::Int(1)])));
    }
}
