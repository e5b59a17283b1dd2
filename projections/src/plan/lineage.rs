//! Where views come from: the entities that they read, and the events that change those.

use std::collections::{BTreeMap, BTreeSet};

use super::{BlockId, EntityId, Lookup, Output, Plan, RollupReader, Subselect, ViewId};

// === impl Plan ===

impl Plan {
    /// For each event type that does anything, the entities whose rows it changes.
    pub fn changed_by(&self) -> BTreeMap<&str, BTreeSet<EntityId>> {
        let entities = |fold: &super::EventFold| fold.rules.iter().map(|rule| rule.entity).collect();
        self.folds.iter().map(|(name, fold)| (name.as_str(), entities(fold))).collect()
    }

    /// The entities whose rows decide what is in a view.
    pub fn read_by(&self, view: ViewId) -> BTreeSet<EntityId> {
        let mut entities = BTreeSet::new();
        let blocks = self.blocks.iter().enumerate();
        let writes = |output: &Output| matches!(output, Output::Document { view: of, .. } if *of == view);
        blocks.filter(|(_, block)| writes(&block.output)).for_each(|(number, _)| self.add_block(number, &mut entities));
        for rollup in &self.rollups {
            if matches!(rollup.reader, RollupReader::View { view: of, .. } if of == view) {
                self.add_block(rollup.block, &mut entities);
            }
        }
        entities
    }

    fn add_block(&self, number: BlockId, entities: &mut BTreeSet<EntityId>) {
        let block = &self.blocks[number];
        entities.insert(block.root);
        self.add_joined(&block.lookups, &block.subselects, entities);
    }

    fn add_joined(&self, lookups: &[Lookup], subselects: &[Subselect], entities: &mut BTreeSet<EntityId>) {
        entities.extend(lookups.iter().map(|lookup| lookup.entity));
        for subselect in subselects {
            match subselect {
                Subselect::Scan(scan) => {
                    entities.insert(scan.entity);
                    self.add_joined(&scan.lookups, &scan.subselects, entities);
                }
                Subselect::Group { rollup, .. } => self.add_block(self.rollups[*rollup].block, entities),
            }
        }
    }
}
