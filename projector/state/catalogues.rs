//! Catalogues that were read before: they are asked for with every read, and a build's never changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::view::Catalogue;

/// The catalogue of each projection that was read last, with the build that it is of.
#[derive(Default)]
pub struct Catalogues {
    by_projection: Mutex<HashMap<String, Known>>,
}

/// A number alone does not tell builds apart: a store that lost everything begins anew at 1.
struct Known {
    generation: u64,
    fingerprint: String,
    catalogue: Arc<Catalogue>,
}

// === impl Catalogues ===

impl Catalogues {
    /// The catalogue of this build, if it was read last.
    pub fn get(&self, projection: &str, generation: u64, fingerprint: &str) -> Option<Arc<Catalogue>> {
        let known = self.lock();
        let known = known.get(projection)?;
        (known.generation == generation && known.fingerprint == fingerprint).then(|| known.catalogue.clone())
    }

    /// Keeps the catalogue of this build.
    pub fn keep(&self, projection: &str, generation: u64, fingerprint: &str, catalogue: Catalogue) -> Arc<Catalogue> {
        let catalogue = Arc::new(catalogue);
        let known = Known { generation, fingerprint: fingerprint.to_owned(), catalogue: catalogue.clone() };
        self.lock().insert(projection.to_owned(), known);
        catalogue
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.by_projection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_known_by_number_and_fingerprint() {
        let catalogues = Catalogues::default();
        catalogues.keep("shop", 1, "a", Catalogue { entities: vec!["orders".into()], views: vec![] });
        assert_eq!(catalogues.get("shop", 1, "a").unwrap().entities, ["orders"]);
        for (projection, generation, fingerprint) in [("shop", 2, "a"), ("shop", 1, "b"), ("other", 1, "a")] {
            assert!(catalogues.get(projection, generation, fingerprint).is_none());
        }
    }
}
