//! Judges events before they are published: whether a projection could apply them, as far as schemas tell.

use std::collections::HashMap;
use std::sync::Arc;

use schemas::{Envelope, Extracted, Extractor, Registry, Violation};

/// Judges events.
pub struct Intake {
    registry: Arc<Registry>,
    extractors: HashMap<String, Extractor>,
}

// === impl Intake ===

impl Intake {
    /// Judges by these schemas.
    pub fn new(registry: Arc<Registry>) -> Intake {
        let extractor = |ty: &Arc<_>| Extractor::new(ty, &[], &[]);
        let extractors = registry.event_types().map(|ty| (ty.name.clone(), extractor(ty))).collect();
        Intake { registry, extractors }
    }

    /// Why the event would become a dead letter, if it would.
    pub fn judge(&self, event: &[u8]) -> Result<(), Violation> {
        let envelope = Envelope::parse(event)?;
        let event_type = self.registry.resolve(&envelope)?;
        match self.extractors.get(&event_type.name) {
            Some(extractor) => extractor.extract(&envelope, &mut Extracted::default()),
            None => Ok(()),
        }
    }
}
