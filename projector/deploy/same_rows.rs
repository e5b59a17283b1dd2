//! Whether a build can be made of the rows that another one has folded.

use projections::plan::Plan;

use super::{CannotRecall, recall, record_of};
use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::state::{Build, Builds};

/// The live build, where what it has folded is what a build of this plan would fold from this log, so that no event has to be read for it: the rules are
/// the same, and nothing that an operator has ordered is left to be done. `mapping`: the fingerprint of the rules by which messages are made
/// into events.
pub fn with_same_rows(builds: &dyn Builds, plan: &Plan, log: &LogIdentity, mapping: u64) -> Result<Option<Build>, Fault> {
    let record = record_of(builds, &plan.name)?;
    let live = record.as_ref().and_then(|record| record.live_build()).filter(|live| is_settled(live, log));
    let Some(live) = live else { return Ok(None) };
    match recall(builds, &plan.name, live.number, mapping) {
        Ok(definition) => Ok((definition.plan.rows_fingerprint == plan.rows_fingerprint).then(|| live.clone())),
        Err(CannotRecall::Fault(fault)) => Err(fault),
        // What its definitions mean is not known any more.
        Err(_) => Ok(None),
    }
}

/// Whether a build is of this log, and all that it has folded is in it, and nothing else will be before the next event.
fn is_settled(build: &Build, log: &LogIdentity) -> bool {
    build.log == *log && build.checkpoint.position > 0 && build.open_orders == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_be_done_is_not_copied() {
        let log = LogIdentity("l".into());
        let mut build = Build::new(1, 7);
        assert!(!is_settled(&build, &log), "there is nothing in it");
        build.checkpoint.position = 9;
        assert!(is_settled(&build, &log));
        assert!(!is_settled(&build, &LogIdentity("other".into())));
        build.open_orders = 1;
        assert!(!is_settled(&build, &log));
    }
}
