//! Which dead letters are meant.

use crate::fault::Fault;
use crate::state::Views;
use crate::state::views::StoredDeadLetter;

/// How many are read at once.
const PAGE: usize = 500;

/// What is known of the dead letters that are meant; of those that say nothing, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// The kinds, any of them; none: any.
    pub kinds: Vec<String>,
    /// A part of the reason.
    pub matching: Option<String>,
    /// An entity key that the event touches, as `entity=key`.
    pub key: Option<String>,
    /// When the log took the event: from this moment on, in microseconds since 1970.
    pub since: Option<i64>,
    /// Before this moment.
    pub until: Option<i64>,
    /// The first position.
    pub from: Option<u64>,
    /// The last position.
    pub to: Option<u64>,
}

// === impl Filter ===

impl Filter {
    /// Whether it says nothing, so that all are meant.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Whether this one is meant.
    pub fn admits(&self, letter: &StoredDeadLetter) -> bool {
        let is_of_key = |key: &String| letter.keys.iter().any(|touched| touched.replacen(' ', "=", 1) == *key);
        (self.kinds.is_empty() || self.kinds.contains(&letter.kind))
            && self.matching.as_ref().is_none_or(|part| letter.reason.contains(part))
            && self.key.as_ref().is_none_or(is_of_key)
            && self.since.is_none_or(|since| letter.time >= since)
            && self.until.is_none_or(|until| letter.time < until)
            && self.from.is_none_or(|from| letter.position >= from)
            && self.to.is_none_or(|to| letter.position <= to)
    }

    /// Hands those of this generation, or of the live one, that are meant to `each`, by position, after position `after`, at most `limit`.
    pub fn scan<E: From<Fault>>(
        &self,
        views: &dyn Views,
        (projection, number): (&str, Option<u64>),
        after: u64,
        limit: usize,
        mut each: impl FnMut(StoredDeadLetter) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut after, mut left) = (after.max(self.from.unwrap_or(0).saturating_sub(1)), limit);
        loop {
            let letters = views.dead_letters(projection, number, after, PAGE)?;
            let Some(last) = letters.last().map(|letter| letter.position) else { return Ok(()) };
            for letter in letters.into_iter().filter(|letter| self.admits(letter)) {
                if left == 0 {
                    return Ok(());
                }
                left -= 1;
                each(letter)?;
            }
            if self.to.is_some_and(|to| last >= to) {
                return Ok(());
            }
            after = last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant() {
        let letter = StoredDeadLetter {
            position: 7,
            time: 100,
            kind: "parked".into(),
            reason: "waits for the event at position 3".into(),
            keys: vec!["orders o-1".into(), "lines o-1,2".into()],
            event: vec![],
        };
        let all = Filter::default;
        for (filter, expected) in [
            (all(), true),
            (Filter { kinds: vec!["broken_json".into(), "parked".into()], ..all() }, true),
            (Filter { kinds: vec!["broken_json".into()], ..all() }, false),
            (Filter { matching: Some("position 3".into()), ..all() }, true),
            (Filter { matching: Some("position 4".into()), ..all() }, false),
            (Filter { key: Some("lines=o-1,2".into()), ..all() }, true),
            (Filter { key: Some("lines=o-1".into()), ..all() }, false),
            (Filter { since: Some(100), until: Some(101), ..all() }, true),
            (Filter { since: Some(101), ..all() }, false),
            (Filter { until: Some(100), ..all() }, false),
            (Filter { from: Some(7), to: Some(7), ..all() }, true),
            (Filter { from: Some(8), ..all() }, false),
            (Filter { to: Some(6), ..all() }, false),
        ] {
            assert_eq!(filter.admits(&letter), expected, "{filter:?}");
        }
    }
}
