//! Dead letters tried again: each is applied when it is its turn at all the keys that it touches, or stays.

use super::batch::Tools;
use super::cells::{Changes, PARKED, Tried};
use super::decode::{Decoded, Effect, Refusal};
use super::fold::Folder;
use super::parking::{Cause, Turn};

/// Tries the event of a dead letter; its rows are of the position `checkpoint` then, as the rest of the batch is.
pub fn fold(
    position: u64,
    decoded: Decoded<'_>,
    checkpoint: u64,
    folder: &mut Folder<'_>,
    tools: &mut Tools<'_>,
    changes: &mut Changes,
) {
    let refusal = match decoded {
        Decoded::PassedBy | Decoded::Duplicate | Decoded::Discarded => None,
        Decoded::Refused(refusal) => Some(refusal),
        Decoded::Apply(effect) => refold(effect, position, checkpoint, folder, tools).err(),
    };
    match &refusal {
        None => tools.parking.release(position),
        Some(refusal) => tools.parking.keep(position, refusal.cause),
    }
    changes.tally.applied += u64::from(refusal.is_none());
    changes.tried.push(Tried { position, stays: refusal.map(|refusal| (refusal.kind, refusal.reason)) });
}

/// Folds the event, if it is its turn. The keys that it waits at stay those at which it began to wait.
fn refold(
    mut effect: Effect<'_>,
    position: u64,
    checkpoint: u64,
    folder: &mut Folder<'_>,
    tools: &mut Tools<'_>,
) -> Result<(), Refusal> {
    let refused = |kind, reason, cause| Err(Refusal { kind, reason, keys: Vec::new(), cause });
    match tools.parking.turn(tools.plan, position, effect.targets()) {
        Turn::Now => {}
        Turn::NotYet(reason) => return refused(PARKED, reason, Cause::Behind),
        Turn::Missed(reason) => return refused("out_of_order", reason, Cause::Failed),
    }
    folder.apply(tools.cache, &mut effect, checkpoint).or_else(|reason| refused("expression_failed", reason, Cause::Failed))
}
