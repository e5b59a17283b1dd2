//! Builds of rows that another build has folded.

use std::collections::BTreeMap;
use std::sync::Arc;

use projections::engine::{Adopted, CellKey, Changes, Limits, Space, adopt, adopted};

use super::Build;

impl Build {
    /// A build whose rows are those of another one, and whose views are made of them. Each row is written twice: before, there is
    /// that of another key, as if it had changed since it was copied.
    pub fn of_rows(other: &Build, limits: Limits) -> Build {
        let mut build = Build::new(other.plan.clone(), other.registry.clone(), limits);
        let of = |is_wanted: fn(&Space) -> bool| {
            let cells = other.memory.cells.iter().filter(move |(cell, _)| is_wanted(&cell.space));
            cells.map(|(cell, bytes)| (cell.clone(), bytes.clone())).collect::<BTreeMap<CellKey, Arc<[u8]>>>()
        };
        let rows = of(|space| matches!(space, Space::Row(_)));
        let next = |cell: &CellKey| {
            let mut behind = rows.range(cell.clone()..).skip(1).filter(|(other, _)| other.space == cell.space);
            behind.next().map(|(_, bytes)| bytes.clone())
        };
        let before = rows.keys().map(|cell| (cell.clone(), None, next(cell)));
        build.adopt(before.filter(|(_, _, row)| row.is_some()).collect());
        build.adopt(rows.iter().map(|(cell, bytes)| (cell.clone(), next(cell), Some(bytes.clone()))).collect());
        let waiting = of(|space| *space == Space::Parked).into_iter().map(|(cell, bytes)| (cell, Some(bytes)));
        let cells = waiting.chain([adopted()]).collect();
        build.store(Changes { cells, dead_letters: other.dead_letters.clone(), ..Changes::default() });
        build.checkpoint = other.checkpoint;
        build.restart(&[]);
        while build.work_off() {}
        build
    }

    fn adopt(&mut self, rows: Vec<Adopted>) {
        let changes = adopt(&self.plan, rows).expect("what is stored can be read");
        self.store(changes);
    }
}
