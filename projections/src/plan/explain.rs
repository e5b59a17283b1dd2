//! A plan as text: which blocks there are, how each sub-select is kept, and how changes find what they affect.

use std::fmt::{self, Write as _};

use super::{
    Aggregate, Block, EntityId, Hop, HopFrom, HopTo, IndexId, JoinKind, Lookup, Output, Plan, Rollup, RollupReader, Scan,
    ScanSource, Subselect, Trigger, TriggerSource,
};

// === impl Plan ===

impl Plan {
    /// The plan for a person, a line for each thing that is kept or done.
    pub fn explain(&self) -> String {
        let mut out = String::new();
        // Writing into a string does not fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        for (number, block) in self.blocks.iter().enumerate() {
            self.write_block(number, block, out)?;
        }
        for (number, rollup) in self.rollups.iter().enumerate() {
            self.write_rollup(number, rollup, out)?;
        }
        Ok(())
    }

    fn write_block(&self, number: usize, block: &Block, out: &mut String) -> fmt::Result {
        let root = &self.entities[block.root].name;
        match &block.output {
            Output::Document { view, .. } => writeln!(out, "block {number}: {root} -> view {}", self.views[*view].name)?,
            Output::Contribution { rollup, .. } => writeln!(out, "block {number}: {root} -> roll-up {rollup}")?,
        }
        self.write_lookups(&block.lookups, 1, out)?;
        self.write_subselects(&block.subselects, 1, out)?;
        if block.filter.is_some() {
            writeln!(out, "  filter")?;
        }
        block.triggers.iter().try_for_each(|trigger| self.write_trigger(trigger, out))
    }

    fn write_lookups(&self, lookups: &[Lookup], depth: usize, out: &mut String) -> fmt::Result {
        for lookup in lookups {
            let kind = match lookup.kind {
                JoinKind::Left => "left",
                JoinKind::Inner => "inner",
            };
            let condition = if lookup.condition.is_some() { ", with a condition" } else { "" };
            writeln!(out, "{:1$}lookup {2} ({kind}){condition}", "", depth * 2, self.entities[lookup.entity].name)?;
        }
        Ok(())
    }

    fn write_subselects(&self, subselects: &[Subselect], depth: usize, out: &mut String) -> fmt::Result {
        for subselect in subselects {
            match subselect {
                Subselect::Scan(scan) => self.write_scan(scan, depth, out)?,
                Subselect::Group { rollup, .. } => writeln!(out, "{:1$}group of roll-up {rollup}", "", depth * 2)?,
            }
        }
        Ok(())
    }

    fn write_scan(&self, scan: &Scan, depth: usize, out: &mut String) -> fmt::Result {
        let source = match scan.source {
            ScanSource::Index(index) => self.index_name(index),
            ScanSource::Key => format!("{} by key", self.entities[scan.entity].name),
        };
        writeln!(out, "{:1$}scan {source}: {2}", "", depth * 2, functions(&scan.aggregates))?;
        self.write_lookups(&scan.lookups, depth + 1, out)?;
        self.write_subselects(&scan.subselects, depth + 1, out)
    }

    fn write_trigger(&self, trigger: &Trigger, out: &mut String) -> fmt::Result {
        match &trigger.on {
            TriggerSource::Row { entity, reads } => write!(out, "  on {}", self.columns_name(*entity, reads))?,
            TriggerSource::Group { rollup } => write!(out, "  on roll-up {rollup}")?,
        }
        let mut at = match &trigger.on {
            TriggerSource::Row { entity, .. } => Some(*entity),
            TriggerSource::Group { .. } => None,
        };
        for hop in &trigger.hops {
            self.write_hop(hop, at, out)?;
            at = Some(match hop.to {
                HopTo::Key(entity) => entity,
                HopTo::Index(index) => self.indexes[index].entity,
            });
        }
        writeln!(out)
    }

    fn write_hop(&self, hop: &Hop, at: Option<EntityId>, out: &mut String) -> fmt::Result {
        match (&hop.from, at) {
            (HopFrom::Key, _) => {}
            (HopFrom::Columns(columns), _) if columns.is_empty() => {}
            (HopFrom::Columns(columns), Some(entity)) => write!(out, " by {}", self.names(entity, columns))?,
            (HopFrom::Columns(places), None) => write!(out, " by {places:?}")?,
        }
        match hop.to {
            HopTo::Key(entity) => write!(out, " -> {}", self.entities[entity].name),
            HopTo::Index(index) => write!(out, " -> {}", self.index_name(index)),
        }
    }

    fn write_rollup(&self, number: usize, rollup: &Rollup, out: &mut String) -> fmt::Result {
        write!(
            out,
            "roll-up {number}: {} by {} values of block {}",
            functions(&rollup.aggregates),
            rollup.group_len,
            rollup.block
        )?;
        match &rollup.reader {
            RollupReader::View { view, having, .. } => {
                let having = if having.is_some() { ", having" } else { "" };
                writeln!(out, " -> view {}{having}", self.views[*view].name)
            }
            RollupReader::Blocks => writeln!(out),
        }
    }

    fn index_name(&self, index: IndexId) -> String {
        let index = &self.indexes[index];
        self.columns_name(index.entity, &index.columns)
    }

    fn columns_name(&self, entity: EntityId, columns: &[usize]) -> String {
        format!("{}({})", self.entities[entity].name, self.names(entity, columns))
    }

    fn names(&self, entity: EntityId, columns: &[usize]) -> String {
        let names: Vec<&str> = columns.iter().map(|column| self.entities[entity].columns[*column].name.as_str()).collect();
        names.join(", ")
    }
}

fn functions(aggregates: &[Aggregate]) -> String {
    aggregates.iter().map(|aggregate| aggregate.function.name()).collect::<Vec<_>>().join(", ")
}
