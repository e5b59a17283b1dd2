//! Durations as people write them: `2s`, `500ms`, `5m`.

use std::time::Duration;

/// The duration that is written so; a number alone is in seconds.
pub fn parse(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" | "" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, duration) in [
            ("2s", Some(Duration::from_secs(2))),
            ("500ms", Some(Duration::from_millis(500))),
            ("3", Some(Duration::from_secs(3))),
            ("5m", Some(Duration::from_secs(300))),
            ("", None),
            ("2h", None),
            ("-1s", None),
            ("307445734561825861m", None),
        ] {
            assert_eq!(parse(text), duration, "{text}");
        }
    }
}
