//! The definitions of a build, read from what is stored with it.

use std::sync::Arc;

use super::CannotRebuild;
use crate::definitions::{Sources, Unreadable};
use crate::fault::Fault;
use crate::run::Definition;
use crate::state::Builds;

/// Why a build cannot be run from the definitions that are stored with it.
#[derive(Debug, thiserror::Error)]
pub enum CannotRecall {
    /// They are not there.
    #[error("the definitions of generation {0} are not stored")]
    Missing(u64),
    /// They cannot be read.
    #[error("the definitions that are stored with generation {number} cannot be used")]
    Unreadable {
        /// The generation.
        number: u64,
        /// Why.
        source: Unreadable,
    },
    /// They mean something else than they did.
    #[error(
        "the definitions that are stored with generation {0} mean something else to this program: it is another version, or other rules \
         make events of messages (log.mapping)"
    )]
    Changed(u64),
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// The definitions of what is live, as in [`recall`].
pub fn recall_live(builds: &dyn Builds, projection: &str, mapping: u64) -> Result<Definition, CannotRebuild> {
    let live = super::live(builds, projection)?.ok_or_else(|| CannotRebuild::Undeployed(projection.to_owned()))?;
    recall(builds, projection, live, mapping).map_err(|cannot| match cannot {
        CannotRecall::Fault(fault) => CannotRebuild::Fault(fault),
        cannot => CannotRebuild::Unusable(live, cannot),
    })
}

/// The definitions of a build. `mapping`: the fingerprint of the rules by which messages are made into events.
pub fn recall(builds: &dyn Builds, projection: &str, number: u64, mapping: u64) -> Result<Definition, CannotRecall> {
    let build = super::build(builds, projection, number)?.ok_or(CannotRecall::Missing(number))?;
    let text = builds.definitions(projection, number)?.ok_or(CannotRecall::Missing(number))?;
    let compiled = Sources::from_text(&text).and_then(|sources| sources.compile());
    let (plan, registry) = compiled.map_err(|source| CannotRecall::Unreadable { number, source })?;
    let plan = plan.of_messages(mapping);
    if plan.fingerprint != build.fingerprint {
        return Err(CannotRecall::Changed(number));
    }
    Ok(Definition { plan: Arc::new(plan), registry, sources: text.into() })
}
