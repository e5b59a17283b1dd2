//! Reading documents and dead letters of live generations.

use std::sync::Arc;

use projections::codec::Key;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::builds::parse_catalogue;
use super::layout::{Layout, ViewLayout};
use super::{EmbeddedState, documents, records};
use crate::fault::Fault;
use crate::state::views::StoredDeadLetter;
use crate::state::{Document, KeyPage, KeyPlace, LiveView, Reading, Views};
use crate::view::Catalogue;

/// How many keys are in a page.
const KEYS: usize = 1000;

impl Views for EmbeddedState {
    fn views(&self) -> Result<Vec<LiveView>, Fault> {
        self.database.read("reading the views", |file| {
            let mut select = file.prepare_cached(
                "SELECT name, live, views, lower(hex(fingerprint)) FROM projections
                 JOIN generations ON projection = name AND number = live ORDER BY name",
            )?;
            let mut rows = select.query([])?;
            let mut views = Vec::new();
            while let Some(row) = rows.next()? {
                let (projection, generation): (String, u64) = (row.get(0)?, row.get(1)?);
                let specs = self.catalogue(&projection, generation, row)?.views.clone().into_iter();
                views.extend(specs.map(|spec| LiveView { projection: projection.clone(), generation, spec }));
            }
            Ok(views)
        })
    }

    fn documents(&self, view: &LiveView, keys: &[Key]) -> Result<Reading<Vec<Option<Document>>>, Fault> {
        self.database.read("reading documents", |file| {
            let layout = layout(view);
            let mut get = file.prepare_cached(&layout.get)?;
            let found = keys.iter().map(|key| get.query_row([&key[..]], documents::document).optional());
            Ok(Reading { value: found.collect::<rusqlite::Result<_>>()?, position: position(file, view)? })
        })
    }

    fn keys(&self, view: &LiveView, from: Option<&KeyPlace>) -> Result<KeyPage, Fault> {
        self.database.read("reading keys", |file| {
            // No key is empty.
            let sql = format!("SELECT key FROM {} WHERE key > ?1 ORDER BY key LIMIT ?2", layout(view).table);
            let after = from.map_or(&[][..], |place| &place.0);
            let mut select = file.prepare_cached(&sql)?;
            let found = select.query_map(params![after, KEYS], |row| Ok(Key::from_bytes(row.get_ref(0)?.as_blob()?)))?;
            let keys: Vec<Key> = found.collect::<rusqlite::Result<_>>()?;
            let next = keys.last().filter(|_| keys.len() == KEYS).map(|last| KeyPlace(last.to_vec()));
            Ok(KeyPage { keys, next })
        })
    }

    fn dead_letters(
        &self,
        projection: &str,
        number: Option<u64>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Fault> {
        let after = after + 1..=u64::MAX >> 1;
        self.database.read("reading dead letters", |file| letters(file, (projection, number), after, limit))
    }

    fn dead_letter(&self, projection: &str, position: u64) -> Result<Option<StoredDeadLetter>, Fault> {
        self.database.read("reading a dead letter", |file| Ok(letters(file, (projection, None), position..=position, 1)?.pop()))
    }
}

impl EmbeddedState {
    /// The catalogue in column 2; the fingerprint is in column 3.
    fn catalogue(&self, projection: &str, generation: u64, row: &Row<'_>) -> rusqlite::Result<Arc<Catalogue>> {
        let fingerprint: String = row.get(3)?;
        match self.catalogues.get(projection, generation, &fingerprint) {
            Some(known) => Ok(known),
            None => Ok(self.catalogues.keep(projection, generation, &fingerprint, parse_catalogue(row, 2)?)),
        }
    }
}

fn letters(
    file: &Transaction<'_>,
    (projection, number): (&str, Option<u64>),
    positions: std::ops::RangeInclusive<u64>,
    limit: usize,
) -> rusqlite::Result<Vec<StoredDeadLetter>> {
    let mut select = file.prepare_cached(
        "SELECT d.position, d.time, d.kind, d.reason, d.keys, d.event, g.views
         FROM projections p
         JOIN generations g ON g.projection = p.name AND g.number = coalesce(?5, p.live)
         JOIN dead_letters d ON d.projection = p.name AND d.generation = g.number
         WHERE p.name = ?1 AND d.position BETWEEN ?2 AND ?3 ORDER BY d.position LIMIT ?4",
    )?;
    select
        .query_map(params![projection, positions.start(), positions.end(), limit, number], |row| {
            records::dead_letter(row, &parse_catalogue(row, 6)?)
        })?
        .collect()
}

/// The position that the view's generation has reached.
pub fn position(file: &Transaction<'_>, view: &LiveView) -> rusqlite::Result<u64> {
    file.prepare_cached("SELECT position FROM generations WHERE projection = ?1 AND number = ?2")?
        .query_row(params![view.projection, view.generation], |row| row.get(0))
}

/// The statements over the view.
pub fn layout(view: &LiveView) -> ViewLayout {
    let catalogue = Catalogue { entities: Vec::new(), views: vec![view.spec.clone()] };
    let mut layout = Layout::new(&view.projection, view.generation, &catalogue);
    layout.views.swap_remove(0)
}
