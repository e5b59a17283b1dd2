//! From blocks in the making to blocks: their order, and how changes find their units.

use super::draft::{Draft, DraftId, Link};
use super::strategy::Group;
use super::{Planner, State};
use crate::plan::{Block, Hop, HopFrom, HopTo, Index, Output, Rollup, Trigger, TriggerSource};

/// What was planned.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Reverse indexes.
    pub indexes: Vec<Index>,
    /// Blocks, inner before outer.
    pub blocks: Vec<Block>,
    /// Roll-ups.
    pub rollups: Vec<Rollup>,
}

// === impl Planner ===

impl Planner<'_> {
    /// Puts the blocks into order and gives them their triggers.
    pub fn finish(mut self) -> Finished {
        let order = self.state.order();
        let blocks = order.iter().filter_map(|draft| self.block(*draft)).collect();
        let rollups = self.state.groups.iter().map(|group| rollup(group, &order)).collect();
        Finished { indexes: self.state.indexes, blocks, rollups }
    }

    fn block(&mut self, number: DraftId) -> Option<Block> {
        let draft = self.state.drafts[number].clone();
        let triggers = self.triggers(&draft);
        let output = draft.output.clone().or_else(|| self.state.contribution(number))?;
        let level = &mut self.state.levels[draft.level];
        Some(Block {
            root: draft.occurrences.first()?.entity,
            lookups: std::mem::take(&mut level.lookups),
            subselects: std::mem::take(&mut level.subselects),
            filter: draft.filter,
            output,
            triggers,
        })
    }

    fn triggers(&mut self, draft: &Draft) -> Vec<Trigger> {
        let mut triggers: Vec<Trigger> = Vec::new();
        for occurrence in &draft.occurrences {
            let key_len = self.entities[occurrence.entity].key_len;
            let hops = occurrence.link.as_ref().map_or_else(Vec::new, |link| self.hops(draft, link, key_len));
            let reads = occurrence.reads.iter().copied().collect();
            add_trigger(&mut triggers, Trigger { on: TriggerSource::Row { entity: occurrence.entity, reads }, hops });
        }
        for group in &draft.groups {
            let hops = self.hops(draft, &group.link, self.state.groups[group.rollup].key.len());
            add_trigger(&mut triggers, Trigger { on: TriggerSource::Group { rollup: group.rollup }, hops });
        }
        triggers
    }

    /// The way from a row or group, whose key has `key_len` values, over `link` and those behind it to the root.
    fn hops(&mut self, draft: &Draft, link: &Link, key_len: usize) -> Vec<Hop> {
        let mut hops = Vec::new();
        let (mut link, mut key_len) = (Some(link), key_len);
        while let Some(Link { to, pairs }) = link {
            let (own, theirs): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
            let target = &draft.occurrences[*to];
            let from = if own.iter().copied().eq(0..key_len) { HopFrom::Key } else { HopFrom::Columns(own) };
            key_len = self.entities[target.entity].key_len;
            let by_key = theirs.iter().copied().eq(0..key_len);
            let to = if by_key { HopTo::Key(target.entity) } else { HopTo::Index(self.index(target.entity, theirs)) };
            hops.push(Hop { from, to });
            link = target.link.as_ref();
        }
        hops
    }
}

/// Two ways that are the same are one that reads what either does.
fn add_trigger(triggers: &mut Vec<Trigger>, added: Trigger) {
    for known in triggers.iter_mut().filter(|known| known.hops == added.hops) {
        match (&mut known.on, &added.on) {
            (TriggerSource::Row { entity, reads }, TriggerSource::Row { entity: same, reads: more }) if entity == same => {
                reads.extend(more);
                reads.sort_unstable();
                reads.dedup();
                return;
            }
            (known, added) if known == added => return,
            _ => {}
        }
    }
    triggers.push(added);
}

fn rollup(group: &Group, order: &[DraftId]) -> Rollup {
    Rollup {
        block: order.iter().position(|draft| *draft == group.draft).unwrap_or_default(),
        group_len: group.key.len(),
        aggregates: group.grouping.aggregates.clone(),
        reader: group.reader.clone(),
    }
}

// === impl State ===

impl State {
    /// The blocks, each after those that feed the roll-ups it reads.
    fn order(&self) -> Vec<DraftId> {
        let mut order = Vec::new();
        for draft in 0..self.drafts.len() {
            self.visit(draft, &mut order);
        }
        order
    }

    fn visit(&self, draft: DraftId, order: &mut Vec<DraftId>) {
        if order.contains(&draft) {
            return;
        }
        for group in &self.drafts[draft].groups {
            self.visit(self.groups[group.rollup].draft, order);
        }
        order.push(draft);
    }

    /// What the block contributes to the roll-up that it feeds.
    fn contribution(&self, draft: DraftId) -> Option<Output> {
        let (rollup, group) = self.groups.iter().enumerate().find(|(_, group)| group.draft == draft)?;
        let key = group.key.iter().map(|key| key.expr.clone()).collect();
        Some(Output::Contribution { rollup, group: key, inputs: group.grouping.inputs.clone() })
    }
}
