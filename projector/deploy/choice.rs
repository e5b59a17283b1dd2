//! Which generations one can go back to, which nobody needs any more, and which are worse than what is live: decided purely.

use crate::state::{Build, ProjectionRecord};

/// The generation to go back to: the newest before the live one that readers have seen, or the one that is asked for.
pub fn earlier(record: &ProjectionRecord, to: Option<u64>) -> Option<u64> {
    let has_been_live = |build: &&Build| build.went_live && Some(build.number) != record.live;
    let is_wanted = |number: &u64| to.map_or(Some(*number) < record.live, |to| to == *number);
    record.builds.iter().filter(has_been_live).map(|build| build.number).filter(is_wanted).max()
}

/// The generations that were live before, but the newest `keep` of them.
pub fn superfluous(record: &ProjectionRecord, keep: usize) -> Vec<u64> {
    let has_been_live = |build: &&Build| build.went_live && Some(build.number) != record.live;
    let mut old: Vec<u64> = record.builds.iter().filter(has_been_live).map(|build| build.number).collect();
    old.truncate(old.len().saturating_sub(keep));
    old
}

/// What a build has more of than the live one, of what nobody wants.
pub fn worse(built: &Build, live: &Build) -> Option<String> {
    let kept = |build: &Build| build.dead_letters.iter().map(|(_, count)| count).sum::<u64>();
    let more = |what: &str, ours: u64, theirs: u64| (ours > theirs).then(|| format!("{ours} {what} instead of {theirs}"));
    let letters = more("dead letters", kept(built), kept(live));
    let broken = more("broken documents", built.broken_documents, live.broken_documents);
    let found: Vec<String> = letters.into_iter().chain(broken).collect();
    (!found.is_empty()).then(|| found.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploy::tests::record;

    #[test]
    fn what_one_goes_back_to() {
        let mut record = record(4, &[(2, 7), (3, 8), (4, 9), (5, 10)]);
        record.builds[1].went_live = false;
        assert_eq!(earlier(&record, None), Some(2), "3 was never seen, 5 is to come");
        assert_eq!((earlier(&record, Some(3)), earlier(&record, Some(4)), earlier(&record, Some(2))), (None, None, Some(2)));
        record.builds[3].went_live = true;
        assert_eq!((earlier(&record, None), earlier(&record, Some(5))), (Some(2), Some(5)));
    }

    #[test]
    fn what_is_superfluous() {
        let record = record(4, &[(1, 7), (2, 8), (3, 9), (4, 9), (5, 10)]);
        assert_eq!(superfluous(&record, 1), [1, 2], "3 is kept, 4 is live, 5 is to come");
        assert_eq!((superfluous(&record, 0), superfluous(&record, 9)), (vec![1, 2, 3], vec![]));
    }

    #[test]
    fn a_build_is_worse_by_what_it_has_more_of() {
        let mut builds = record(1, &[(1, 7), (2, 8)]).builds;
        assert_eq!(worse(&builds[1], &builds[0]), None);
        builds[1].dead_letters = vec![("unknown_type".into(), 2), ("parked".into(), 1)];
        builds[1].broken_documents = 1;
        builds[0].dead_letters = vec![("unknown_type".into(), 1)];
        let found = worse(&builds[1], &builds[0]);
        assert_eq!(found.as_deref(), Some("3 dead letters instead of 1 and 1 broken documents instead of 0"));
        assert_eq!(worse(&builds[0], &builds[1]), None);
    }
}
