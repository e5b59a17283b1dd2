//! The checkpoint as fields of a hash.

use crate::state::{Checkpoint, EventMark};

/// The values of `commits`, `position`, `hash` and `time`; the last two are empty before the first event.
pub fn fields(checkpoint: &Checkpoint) -> [String; 4] {
    let event = checkpoint.event;
    [
        checkpoint.commits.to_string(),
        checkpoint.position.to_string(),
        event.map(|event| format!("{:016x}", event.hash)).unwrap_or_default(),
        event.map(|event| event.time.to_string()).unwrap_or_default(),
    ]
}

/// The checkpoint of such values; `None` where they are something else.
pub fn parse(fields: &[Option<String>]) -> Option<Checkpoint> {
    let [Some(commits), Some(position), Some(hash), Some(time)] = fields else { return None };
    let event = if hash.is_empty() && time.is_empty() {
        None
    } else {
        Some(EventMark { hash: u64::from_str_radix(hash, 16).ok()?, time: time.parse().ok()? })
    };
    Some(Checkpoint { commits: commits.parse().ok()?, position: position.parse().ok()?, event })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_come_back() {
        let event = Some(EventMark { hash: u64::MAX - 1, time: -5 });
        for checkpoint in [Checkpoint::default(), Checkpoint { position: u64::MAX, commits: 7, event }] {
            let fields = fields(&checkpoint).map(Some);
            assert_eq!(parse(&fields), Some(checkpoint));
        }
        assert_eq!(parse(&[None, None, None, None]), None);
        assert_eq!(parse(&["1", "x", "", ""].map(|field| Some(field.to_owned()))), None);
    }
}
