//! Making, switching and dropping builds.

use std::any::Any;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::json;

use super::layout::{self, Layout};
use super::outbox::EmbeddedOutbox;
use super::{EmbeddedBuild, EmbeddedState, known, orders, presence};
use crate::clock;
use crate::fault::Fault;
use crate::log::LogIdentity;
use crate::state::{
    Builds, Creation, Deed, Folded, NewBuild, Order, Outbox, Pause, ProjectionRecord, Standing, StateStore, Switch, TakeRows,
};
use crate::token;
use crate::view::Catalogue;

impl Builds for EmbeddedState {
    fn projections(&self) -> Result<Vec<ProjectionRecord>, Fault> {
        self.database.read("reading the projections", |file| {
            let mut select =
                file.prepare_cached("SELECT name, live, state, reason, pause, switches FROM projections ORDER BY name")?;
            let named = select.query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get(1)?, known::standing(row)?, orders::pause(row, 4)?, row.get(5)?))
            })?;
            named
                .map(|record| {
                    let (name, live, mut standing, pause, switches) = record?;
                    if standing == Standing::Running && !presence::is_anybody(self.database.path(), &name) {
                        standing = Standing::Killed;
                    }
                    Ok(ProjectionRecord { builds: known::builds(file, &name)?, name, live, switches, standing, pause })
                })
                .collect()
        })
    }

    fn create(&self, build: &NewBuild) -> Result<Creation, Fault> {
        let views = serde_json::to_string(&build.catalogue).map_err(|error| self.database.damaged(error.to_string()))?;
        self.database.write("creating a generation", |file| {
            let found: Option<[u8; 8]> = file
                .query_row(
                    "SELECT fingerprint FROM generations WHERE projection = ?1 AND number = ?2",
                    params![build.projection, build.number],
                    |row| row.get(0),
                )
                .optional()?;
            match found {
                None => create(file, build, &views).map(|()| Creation::Made),
                Some(found) if found == build.fingerprint.to_be_bytes() => Ok(Creation::Made),
                Some(_) => Ok(Creation::Taken),
            }
        })
    }

    fn open(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn StateStore>, Fault> {
        Ok(Arc::new(self.build(projection, number, catalogue)))
    }

    fn copy(&self, projection: &str, number: u64, catalogue: &Catalogue, to: &mut TakeRows<'_>) -> Result<Option<Folded>, Fault> {
        self.build(projection, number, catalogue).copy(to)
    }

    fn count_rows(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<u64, Fault> {
        self.build(projection, number, catalogue).count_rows()
    }

    fn outbox(&self, projection: &str, number: u64, catalogue: &Catalogue) -> Result<Arc<dyn Outbox>, Fault> {
        let layout = Layout::new(projection, number, catalogue);
        Ok(Arc::new(EmbeddedOutbox::new(self.database.clone(), projection, number, layout)))
    }

    fn definitions(&self, projection: &str, number: u64) -> Result<Option<String>, Fault> {
        self.database.read("reading definitions", |file| {
            file.prepare_cached("SELECT definitions FROM generations WHERE projection = ?1 AND number = ?2")?
                .query_row(params![projection, number], |row| row.get(0))
                .optional()
        })
    }

    fn go_live(&self, projection: &str, number: u64, before: Option<u64>) -> Result<Switch, Fault> {
        let found = self.database.write("cutting over", |file| go_live(file, projection, number, before))?;
        found.ok_or_else(|| Fault::Lost {
            place: self.database.path().display().to_string(),
            what: format!("generation {number} of {projection}"),
        })
    }

    fn drop_build(&self, projection: &str, number: u64) -> Result<(), Fault> {
        self.database.write("dropping a generation", |file| {
            let live: Option<u64> = file
                .query_row("SELECT live FROM projections WHERE name = ?1", [projection], |row| row.get(0))
                .optional()?
                .flatten();
            if live == Some(number) {
                return Ok(());
            }
            layout::drop_tables(file, projection, number)?;
            let of_build = ["dead_letters", "orders", "settled", "flushing"].map(|table| format!("{table} WHERE generation"));
            for table in of_build.into_iter().chain(["generations WHERE number".to_owned()]) {
                file.execute(&format!("DELETE FROM {table} = ?2 AND projection = ?1"), params![projection, number])?;
            }
            Ok(())
        })
    }

    fn accept_log(&self, projection: &str, number: u64, from: &LogIdentity, to: &LogIdentity) -> Result<bool, Fault> {
        self.database.write("accepting a log", |file| {
            let sql = "UPDATE generations SET log = ?4 WHERE projection = ?1 AND number = ?2 AND log IN (?3, ?4)";
            Ok(file.execute(sql, params![projection, number, from.0, to.0])? == 1)
        })
    }

    fn attend(&self, projection: &str) -> Result<Box<dyn Any + Send>, Fault> {
        let presence = presence::announce(self.database.path(), projection).map_err(|source| Fault::Unavailable {
            operation: "announcing an owner",
            place: self.database.path().display().to_string(),
            source: Box::new(source),
        })?;
        self.database.write("noting the projection's state", |file| put(file, projection, &Standing::Running))?;
        Ok(Box::new(presence))
    }

    fn order(&self, projection: &str, number: u64, orders: &[Order]) -> Result<(), Fault> {
        let is_there = self.database.write("giving orders", |file| orders::give(file, projection, number, orders))?;
        let gone = || Fault::Gone {
            place: self.database.path().display().to_string(),
            what: format!("generation {number} of {projection}"),
        };
        is_there.then_some(()).ok_or_else(gone)
    }

    fn pause(&self, projection: &str, pause: Option<&Pause>) -> Result<bool, Fault> {
        self.database.write("noting a pause", |file| {
            let text = pause.map(|pause| json!(pause).to_string());
            Ok(file.execute("UPDATE projections SET pause = ?2 WHERE name = ?1", params![projection, text])? == 1)
        })
    }

    fn limit_rate(&self, projection: &str, events: Option<u64>) -> Result<bool, Fault> {
        self.database.write("noting a limit", |file| {
            let is_there =
                file.query_row("SELECT count(*) > 0 FROM projections WHERE name = ?1", [projection], |row| row.get(0))?;
            let name = limit_name(projection);
            match events {
                Some(events) if is_there => {
                    file.execute("INSERT OR REPLACE INTO meta VALUES (?1, ?2)", params![name, events.to_string()])?
                }
                _ => file.execute("DELETE FROM meta WHERE name = ?1", [name])?,
            };
            Ok(is_there)
        })
    }

    fn rate_limit(&self, projection: &str) -> Result<Option<u64>, Fault> {
        self.database.read("reading a limit", |file| {
            let sql = "SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?1";
            file.query_row(sql, [limit_name(projection)], |row| row.get(0)).optional()
        })
    }

    fn note(&self, projection: &str, standing: &Standing) -> Result<(), Fault> {
        self.database.write("noting the projection's state", |file| {
            // Whoever comes says first that it is there, and notes it then, after this.
            if presence::is_anybody(self.database.path(), projection) { Ok(()) } else { put(file, projection, standing) }
        })
    }

    fn record(&self, projection: &str, deed: &Deed) -> Result<(), Fault> {
        self.database.write("noting what was done", |file| {
            let sql = "INSERT INTO deeds (projection, content) VALUES (?1, ?2)";
            file.execute(sql, params![projection, json!(deed).to_string()]).map(drop)
        })
    }

    fn deeds(&self, projection: &str) -> Result<Vec<Deed>, Fault> {
        self.database.read("reading what was done", |file| {
            file.prepare_cached("SELECT content FROM deeds WHERE projection = ?1 ORDER BY number")?
                .query_map([projection], |row| orders::from_text(row, 0))?
                .collect()
        })
    }
}

impl EmbeddedState {
    fn build(&self, projection: &str, number: u64, catalogue: &Catalogue) -> EmbeddedBuild {
        EmbeddedBuild {
            database: self.database.clone(),
            projection: projection.to_owned(),
            number,
            catalogue: catalogue.clone(),
            layout: Layout::new(projection, number, catalogue),
            entering: self.entering,
        }
    }
}

/// Under which the limit of a projection's builds is kept.
fn limit_name(projection: &str) -> String {
    format!("rate of {projection}")
}

fn put(file: &Transaction<'_>, projection: &str, standing: &Standing) -> rusqlite::Result<()> {
    let sql = "UPDATE projections SET state = ?2, reason = ?3, since = ?4 WHERE name = ?1";
    file.execute(sql, params![projection, standing.word(), standing.reason(), clock::now_micros()]).map(drop)
}

/// What becomes of it; nothing where it is not there.
fn go_live(file: &Transaction<'_>, projection: &str, number: u64, before: Option<u64>) -> rusqlite::Result<Option<Switch>> {
    let Some(ours) = reached(file, projection, number)? else { return Ok(None) };
    let select = "SELECT live FROM projections WHERE name = ?1";
    let live: Option<u64> = file.query_row(select, [projection], |row| row.get(0))?;
    if live != Some(number) {
        if live != before {
            return Ok(Some(Switch::Overtaken));
        }
        let theirs = before.map(|before| reached(file, projection, before)).transpose()?.flatten();
        if theirs.is_some_and(|theirs| ours.0 < theirs.0 || ours.1 < theirs.1) {
            return Ok(Some(Switch::Behind));
        }
        let sql = "UPDATE projections SET live = ?2, switches = switches + 1 WHERE name = ?1";
        file.execute(sql, params![projection, number])?;
    }
    let sql = "UPDATE generations SET went_live = 1 WHERE projection = ?1 AND number = ?2";
    file.execute(sql, params![projection, number])?;
    Ok(Some(Switch::Live))
}

/// The position of a build, and the one up to which its tables are written, if it is there.
fn reached(file: &Transaction<'_>, projection: &str, number: u64) -> rusqlite::Result<Option<(u64, u64)>> {
    let sql = "SELECT g.position, coalesce(f.flushed, 0) FROM generations g
               LEFT JOIN flushing f ON f.projection = g.projection AND f.generation = g.number
               WHERE g.projection = ?1 AND g.number = ?2";
    file.query_row(sql, params![projection, number], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

fn create(file: &Transaction<'_>, build: &NewBuild, views: &str) -> rusqlite::Result<()> {
    let (projection, number, definitions) = (&build.projection, build.number, &build.definitions);
    let is_first = file.execute(
        "INSERT INTO projections VALUES (?1, ?2, 'stopped', NULL, ?3, NULL, 0) ON CONFLICT DO NOTHING",
        params![projection, number, clock::now_micros()],
    )? == 1;
    let (fingerprint, creation) = (build.fingerprint.to_be_bytes(), token::unique());
    file.execute(
        "INSERT INTO generations VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, 0, NULL, NULL, ?6, ?7, ?8)",
        params![projection, number, fingerprint, views, build.log.0, creation, is_first, definitions],
    )?;
    Layout::new(&build.projection, build.number, &build.catalogue).create(file)
}

/// The catalogue in column `index`.
pub fn parse_catalogue(row: &Row<'_>, index: usize) -> rusqlite::Result<Catalogue> {
    orders::from_text(row, index)
}
