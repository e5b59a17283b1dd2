//! Rows into tables, and tables for builds.

use clickhouse::Row;
use projections::codec::Key;
use projections::plan::ViewId;
use serde::Deserialize;

use super::check::{self, Verdict};
use super::layout::{KEY, Layout, VERSION};
use super::names::{Owner, Role, identifier, table_name};
use super::server::Question;
use super::{ClickHouse, body, identity, lists};
use crate::config::Sharding;
use crate::fault::Fault;
use crate::tables::{RowVersion, Survey, Suspects, TableBuild, TableRow, TableWriter};

/// An answer that is one number.
#[derive(Row, Deserialize)]
struct Number {
    number: u64,
}

/// An answer that is one text.
#[derive(Row, Deserialize)]
struct Text {
    text: String,
}

// === impl ClickHouse ===

impl TableWriter for ClickHouse {
    fn survey(&self, build: &TableBuild) -> Result<Survey, Fault> {
        let (wanted, found) = (self.wanted(build), self.found()?);
        let mut newest = RowVersion::ZERO;
        for table in wanted.iter().filter(|table| table.is_read() && table.verdict(&found) == Verdict::Keep) {
            newest = newest.max(self.newest_of(&table.name)?);
        }
        Ok(Survey { tables: identity(&wanted, &found), newest })
    }

    fn ensure(&self, build: &TableBuild) -> Result<String, Fault> {
        self.known_columns().clear();
        let wanted = self.wanted(build);
        let verdicts = self.verdicts(&wanted)?;
        for (table, verdict) in wanted.iter().zip(&verdicts) {
            self.make(table, verdict)?;
            self.columns(&table.name, &table.layout)?;
        }
        // Asked for again: somebody else may have been quicker to make them.
        identity(&wanted, &self.found()?).ok_or_else(|| self.server.lost("a table that was made just now"))
    }

    fn write(&self, build: &TableBuild, view: ViewId, rows: &[TableRow]) -> Result<(), Fault> {
        let spec = &build.catalogue.views[view];
        let table = table_name(&spec.name, build.number);
        let written = self.insert(&table, &Layout::new(spec), rows);
        if written.is_err() {
            // It may not be the table that it was.
            self.known_columns().remove(&table);
        }
        written
    }

    fn suspects(&self, build: &TableBuild, &Suspects { view, lost, after, limit }: &Suspects<'_>) -> Result<Vec<Key>, Fault> {
        let table = self.statements.qualified(&table_name(&build.catalogue.views[view].name, build.number));
        let (key, version, bits) = (identifier(KEY), identifier(VERSION), RowVersion::COMMIT_BITS);
        // Without FINAL, which leaves out what is deleted.
        let text = format!(
            "SELECT DISTINCT hex({key}) AS text FROM {table} WHERE {key} > unhex({{p0:String}}) \
             AND bitShiftRight({version}, {bits}) < {{p1:UInt64}} AND bitAnd({version}, {}) > {{p2:UInt64}} ORDER BY {key} LIMIT {limit}",
            (1u64 << bits) - 1
        );
        let after = after.map(|key| lists::to_hex(key)).unwrap_or_default();
        let parameters = vec![after, lost.epoch.to_string(), lost.commits.to_string()];
        let found: Vec<Text> = self.server.ask("looking for rows that the state has lost", &Question { text, parameters })?;
        let damaged = || self.server.damaged("the keys of its rows are no keys");
        found.iter().map(|found| lists::key_of_hex(&found.text).ok_or_else(damaged)).collect()
    }

    fn show(&self, build: &TableBuild) -> Result<(), Fault> {
        let found = self.found()?;
        let mut refused = Vec::new();
        for spec in &build.catalogue.views {
            let owner = self.owner(build, &spec.name, Role::StableName);
            match check::stable_name(found.iter().find(|found| found.name == spec.name), &owner) {
                Verdict::Refuse(reason) => refused.push(format!("there is something named {}: {reason}", spec.name)),
                Verdict::Keep => {}
                Verdict::Make | Verdict::Replace => {
                    self.server.change("showing a generation", &self.statements.show(&Layout::new(spec), &owner))?;
                }
            }
        }
        let is_view = |name: &str| build.catalogue.views.iter().any(|view| view.name == name);
        for left in found.iter().filter(|found| !is_view(&found.name)) {
            if Owner::of_comment(&left.comment)
                .is_some_and(|owner| check::is_stable_name_of(&owner, &self.owner, &build.projection))
            {
                self.server.change("dropping a stable name", &self.statements.hide(&left.name))?;
            }
        }
        if refused.is_empty() { Ok(()) } else { Err(self.server.unfit(refused.join("; "))) }
    }

    fn generations(&self, projection: &str) -> Result<Vec<u64>, Fault> {
        let mut numbers: Vec<u64> = self.tables_of(projection)?.into_iter().map(|(_, owner)| owner.generation).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }

    fn drop_generation(&self, projection: &str, number: u64) -> Result<(), Fault> {
        self.known_columns().clear();
        let tables = self.tables_of(projection)?;
        for (name, _) in tables.iter().filter(|(_, owner)| owner.generation == number) {
            self.server.change("dropping a table", &self.statements.drop_table(name))?;
        }
        Ok(())
    }
}

impl ClickHouse {
    fn newest_of(&self, table: &str) -> Result<RowVersion, Fault> {
        let text = format!("SELECT max({}) AS number FROM {}", identifier(VERSION), self.statements.qualified(table));
        let found: Vec<Number> = self.server.ask("asking for the newest row", &Question { text, parameters: Vec::new() })?;
        Ok(found.iter().map(|found| RowVersion::from_bits(found.number)).fold(RowVersion::ZERO, RowVersion::max))
    }

    fn insert(&self, table: &str, layout: &Layout, rows: &[TableRow]) -> Result<(), Fault> {
        let columns = self.columns(table, layout)?;
        let body = body::body(layout, &columns, rows);
        let foreign = |_| self.server.damaged(format!("a document of view {} has other columns than the view", layout.spec.name));
        let body = body.map_err(foreign)?;
        for (column, misfits) in &body.misfits {
            tracing::warn!(
                "{} values of column {column} in {table} cannot be held there and are NULL; _document has them as they are",
                misfits.0
            );
        }
        let names: Vec<String> = columns.iter().map(|column| identifier(&column.name)).collect();
        let statement = format!(
            "INSERT INTO {} ({}){} FORMAT RowBinaryWithNamesAndTypes",
            self.statements.qualified(table),
            names.join(", "),
            // Otherwise rows are answered for that have yet to reach their shard.
            if self.statements.deployment.sharding == Sharding::ByKey { " SETTINGS insert_distributed_sync = 1" } else { "" }
        );
        self.server.insert("writing rows", statement, body.bytes)
    }
}
