//! `boolean`

use super::{TextError, trimmed};

const TRUE: [&str; 4] = ["true", "yes", "on", "1"];
const FALSE: [&str; 4] = ["false", "no", "off", "0"];

/// `true`, `yes`, `on`, `1` and their opposites, in any case, shortened as far as they stay distinct.
pub(super) fn parse_bool(text: &str) -> Result<bool, TextError> {
    let word = trimmed(text).to_ascii_lowercase();
    let means = |words: &[&str]| !word.is_empty() && word != "o" && words.iter().any(|full| full.starts_with(&word));
    if means(&TRUE) {
        Ok(true)
    } else if means(&FALSE) {
        Ok(false)
    } else {
        Err(TextError::syntax("boolean", text))
    }
}
