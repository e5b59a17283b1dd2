//! Which rows of tables have to be audited, as stores keep it: a text of pairs `COMMITS:EPOCH`, one for each claim since an audit was done. Rows with a
//! higher commit number may be of commits that were lost before the claim, if the epoch is not higher.
//!
//! Rows of the same commit numbers that are written after the claim have a higher epoch, so that a flusher that is started again and again
//! does not write again what the one before has written.

use crate::tables::Lost;

/// A longer text becomes one pair that stands for all: it would grow with every start of a process that does not live until an audit is done.
const LONGEST: usize = 1000;

/// What the text becomes with a claim at this commit, when terms up to this epoch had begun.
pub fn with_claim(known: Option<&str>, commits: u64, epoch: u64) -> String {
    let Some(known) = known.filter(|known| !known.is_empty()) else { return format!("{commits}:{epoch}") };
    if known.len() > LONGEST {
        let least = parse(known).into_iter().map(|lost| lost.commits).fold(commits, u64::min);
        return format!("{least}:{epoch}");
    }
    format!("{known} {commits}:{epoch}")
}

/// What the text is where nothing is known of rows that were there before this epoch.
pub fn all_before(epoch: u64) -> String {
    with_claim(None, 0, epoch.saturating_sub(1))
}

/// What is to be audited, each row in one of these at least; less than the text says, where one has all of another.
pub fn parse(text: &str) -> Vec<Lost> {
    let pair = |pair: &str| {
        let (commits, epoch) = pair.split_once(':')?;
        Some(Lost { commits: commits.parse().ok()?, epoch: epoch.parse::<u64>().ok()?.saturating_add(1) })
    };
    let mut audits: Vec<Lost> = Vec::new();
    for lost in text.split(' ').filter_map(pair) {
        audits.retain(|other| !lost.has_all_of(other));
        if !audits.iter().any(|other| other.has_all_of(&lost)) {
            audits.push(lost);
        }
    }
    audits
}

// === impl Lost ===

impl Lost {
    fn has_all_of(&self, other: &Lost) -> bool {
        self.commits <= other.commits && self.epoch >= other.epoch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_claim_adds_what_none_before_has() {
        let claims = [(5, 2), (5, 2), (7, 2), (9, 3), (8, 4)];
        let text = claims
            .into_iter()
            .fold(None, |known: Option<String>, (commits, epoch)| Some(with_claim(known.as_deref(), commits, epoch)));
        assert_eq!(text.as_deref(), Some("5:2 5:2 7:2 9:3 8:4"));
        let expected = [Lost { commits: 5, epoch: 3 }, Lost { commits: 8, epoch: 5 }];
        assert_eq!(parse(&text.unwrap_or_default()), expected);
        assert_eq!(parse(""), []);
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let mut text = with_claim(None, 1000, 0);
        for claim in 1..5000 {
            text = with_claim(Some(&text), 1000 + claim % 7, claim);
            assert!(text.len() < LONGEST + 30);
        }
        let everything = Lost { commits: 1001, epoch: 4000 };
        assert!(parse(&text).iter().any(|lost| lost.has_all_of(&everything)), "{text}");
    }
}
