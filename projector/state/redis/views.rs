//! Reading documents and dead letters.

use std::sync::Arc;

use projections::codec::{Key, parse_key};
use projections::engine::DocumentMark;
use redis::{Connection, FromRedisValue, RedisResult};

use super::keys::BuildKeys;
use super::{RedisState, dead_letters, reading};
use crate::fault::Fault;
use crate::state::views::StoredDeadLetter;
use crate::state::{Document, DocumentBody, KeyPage, KeyPlace, LiveView, Reading, Views};
use crate::view::Catalogue;

const READ: &str = include_str!("scripts/read.lua");

/// Text, mark and reason of documents, in the order of their keys, and how far the build had come then.
type Found = (Vec<Option<String>>, Vec<Option<Vec<u8>>>, Vec<Option<String>>, [Option<u64>; 2]);

/// The number of a live generation, and its catalogue.
type Live = (u64, Arc<Catalogue>);

impl Views for RedisState {
    fn views(&self) -> Result<Vec<LiveView>, Fault> {
        let projections = self.projection_names()?;
        let mut views = Vec::new();
        for (projection, live) in projections.iter().zip(self.live(&projections)?) {
            let Some((generation, catalogue)) = live else { continue };
            let specs = catalogue.views.iter().cloned();
            views.extend(specs.map(|spec| LiveView { projection: projection.clone(), generation, spec }));
        }
        Ok(views)
    }

    fn documents(&self, view: &LiveView, keys: &[Key]) -> Result<Reading<Vec<Option<Document>>>, Fault> {
        let build = self.keys_of(view);
        let server = self.servers.of(&view.projection);
        let found = server.ask("reading documents", |redis| read(redis, &build, keys))?;
        let position = found.3[1].ok_or_else(|| self.is_gone(view))?;
        Ok(Reading { position, value: self.parse(&build, keys, found)? })
    }

    fn keys(&self, view: &LiveView, from: Option<&KeyPlace>) -> Result<KeyPage, Fault> {
        let (build, server) = (self.keys_of(view), self.servers.of(&view.projection));
        let (cursor, run) = from.map_or(Some((0, None)), parse_place).ok_or_else(|| self.server.damaged("no place of keys"))?;
        let (absent, prefix) = (build.projection().absent(), build.documents(0));
        let ((next, names, broken), now) = server.ask_in_run("reading keys", |redis| {
            let broken = if from.is_none() { broken_keys(redis, &build)? } else { Vec::new() };
            let (next, names) = reading::step(redis, &absent, &prefix, cursor)?;
            Ok((next, names, broken))
        })?;
        if run.is_some_and(|run| *run != *now) {
            // A place in one run of the server means nothing in another one.
            return Err(server.unavailable("reading keys", "Redis was started anew, or another master answers"));
        }
        let keys = self.document_keys(view, &build, (names, broken))?;
        Ok(KeyPage { keys, next: (next > 0).then(|| KeyPlace(format!("{next} {now}").into_bytes())) })
    }

    fn dead_letters(
        &self,
        projection: &str,
        number: Option<u64>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Fault> {
        let keys = match number {
            None => self.live_keys(projection)?,
            Some(number) => self.keys_of_build(projection, number)?,
        };
        let Some(keys) = keys else { return Ok(Vec::new()) };
        let (server, set, from) = (self.servers.of(projection), keys.dead_letters(), dead_letters::after(after));
        let entries: Vec<String> = server.ask("reading dead letters", |redis| {
            redis::cmd("ZRANGE").arg(&set).arg(&from).arg("+").arg("BYLEX").arg("LIMIT").arg(0).arg(limit).query(redis)
        })?;
        let positions = entries.iter().filter_map(|entry| dead_letters::parse_entry(entry)).map(|(position, _)| position);
        dead_letters::read(&server, &keys, &positions.collect::<Vec<_>>())
    }

    fn dead_letter(&self, projection: &str, position: u64) -> Result<Option<StoredDeadLetter>, Fault> {
        let Some(keys) = self.live_keys(projection)? else { return Ok(None) };
        Ok(dead_letters::read(&self.servers.of(projection), &keys, &[position])?.pop())
    }
}

impl RedisState {
    /// The live generations of projections and their catalogues; `None` where there is none.
    fn live(&self, projections: &[String]) -> Result<Vec<Option<Live>>, Fault> {
        let records = projections.iter().map(|name| (&**name, self.projection_keys(name).record())).collect::<Vec<_>>();
        let live: Vec<Option<u64>> = self.field(&records, "live")?;
        let live: Vec<Option<(&String, u64)>> = projections.iter().zip(live).map(|(name, live)| Some((name, live?))).collect();
        let alive = live.iter().flatten();
        let checkpoints =
            alive.map(|(name, number)| (name.as_str(), self.projection_keys(name).checkpoint(*number))).collect::<Vec<_>>();
        let mut fingerprints = self.field::<String>(&checkpoints, "fingerprint")?.into_iter();
        live.into_iter()
            .map(|live| {
                let Some((projection, generation)) = live else { return Ok(None) };
                let fingerprint = fingerprints.next().flatten().unwrap_or_default();
                Ok(Some((generation, self.catalogue(projection, generation, &fingerprint)?)))
            })
            .collect()
    }

    /// A field of a hash of each of these projections; in one round trip where one server has them all.
    fn field<T: FromRedisValue>(&self, hashes: &[(&str, String)], field: &str) -> Result<Vec<Option<T>>, Fault> {
        let mut found = Vec::with_capacity(hashes.len());
        for together in hashes.chunks(self.servers.together()) {
            let [(projection, _), ..] = together else { continue };
            let mut pipeline = redis::pipe();
            together.iter().for_each(|(_, hash)| {
                pipeline.cmd("HGET").arg(hash).arg(field);
            });
            let answer = |redis: &mut Connection| pipeline.query::<Vec<Option<T>>>(redis);
            found.extend(self.servers.of(projection).ask("reading the views", answer)?);
        }
        Ok(found)
    }

    /// The keys of the live generation of a projection, if it has one.
    fn live_keys(&self, projection: &str) -> Result<Option<BuildKeys>, Fault> {
        let live = self.live(&[projection.to_owned()])?.pop().flatten();
        Ok(live.map(|(generation, catalogue)| {
            BuildKeys::new(self.projection_keys(projection), generation, Catalogue::clone(&catalogue))
        }))
    }

    /// The keys of a generation, if it is there.
    fn keys_of_build(&self, projection: &str, generation: u64) -> Result<Option<BuildKeys>, Fault> {
        let (key, text) = self.catalogue_text(projection, generation)?;
        let Some(text) = text else { return Ok(None) };
        let catalogue = self.parse_catalogue(&key, Some(&text))?;
        Ok(Some(BuildKeys::new(self.projection_keys(projection), generation, catalogue)))
    }

    fn catalogue(&self, projection: &str, generation: u64, fingerprint: &str) -> Result<Arc<Catalogue>, Fault> {
        if let Some(known) = self.catalogues.get(projection, generation, fingerprint) {
            return Ok(known);
        }
        let (key, text) = self.catalogue_text(projection, generation)?;
        let catalogue = self.parse_catalogue(&key, text.as_deref())?;
        Ok(self.catalogues.keep(projection, generation, fingerprint, catalogue))
    }

    /// The catalogue of a generation as it is stored, and under which key.
    fn catalogue_text(&self, projection: &str, generation: u64) -> Result<(String, Option<String>), Fault> {
        let key = self.projection_keys(projection).checkpoint(generation);
        let get = |redis: &mut Connection| redis::cmd("HGET").arg(&key).arg("catalogue").query(redis);
        let text = self.servers.of(projection).ask("reading the views", get)?;
        Ok((key, text))
    }

    fn keys_of(&self, view: &LiveView) -> BuildKeys {
        let catalogue = Catalogue { entities: Vec::new(), views: vec![view.spec.clone()] };
        BuildKeys::new(self.projection_keys(&view.projection), view.generation, catalogue)
    }

    /// The keys of documents, whether stored under their text or as broken ones, in order.
    fn document_keys(
        &self,
        view: &LiveView,
        build: &BuildKeys,
        (names, broken): (impl IntoIterator<Item = Vec<u8>>, Vec<Vec<u8>>),
    ) -> Result<Vec<Key>, Fault> {
        let (types, prefix) = (view.spec.key_types(), build.documents(0).len());
        let mut keys: Vec<Key> = broken.iter().map(|key| Key::from_bytes(key)).collect();
        for name in names {
            let text = std::str::from_utf8(&name[prefix..]).ok();
            let key = text.and_then(|text| parse_key(text, &types).ok());
            keys.push(key.ok_or_else(|| self.unreadable(&String::from_utf8_lossy(&name)))?);
        }
        keys.sort_unstable();
        Ok(keys)
    }

    fn parse(&self, build: &BuildKeys, keys: &[Key], found: Found) -> Result<Vec<Option<Document>>, Fault> {
        let (texts, marks, reasons, _) = found;
        let bodies = texts.into_iter().zip(reasons).map(|(text, reason)| match (text, reason) {
            (Some(json), _) => Some(DocumentBody::Json(json)),
            (None, reason) => reason.map(DocumentBody::Broken),
        });
        let parse = |((key, body), mark): ((&Key, Option<DocumentBody>), Option<Vec<u8>>)| {
            let Some(body) = body else { return Ok(None) };
            let mark = mark.as_deref().and_then(DocumentMark::from_bytes);
            let version = mark.ok_or_else(|| self.unreadable(&build.document(0, key)))?.version;
            Ok(Some(Document { key: key.clone(), version, body }))
        };
        keys.iter().zip(bodies).zip(marks).map(parse).collect()
    }

    fn is_gone(&self, view: &LiveView) -> Fault {
        self.server.gone(format!("generation {} of {}", view.generation, view.projection))
    }
}

/// Documents of the only view in the catalogue, with the commits and the position they are of: all of one moment.
fn read(redis: &mut Connection, build: &BuildKeys, keys: &[Key]) -> RedisResult<Found> {
    let mut script = redis::cmd("EVAL_RO");
    script.arg(READ).arg(2 * keys.len() + 2).arg(build.checkpoint()).arg(build.broken(0));
    for key in keys {
        script.arg(build.document(0, key));
    }
    for key in keys {
        script.arg(build.mark(0, key));
    }
    for key in keys {
        script.arg(&key[..]);
    }
    script.query(redis)
}

/// The cursor of a place, and the run of the server that it is of.
fn parse_place(place: &KeyPlace) -> Option<(u64, Option<&str>)> {
    let (cursor, run) = std::str::from_utf8(&place.0).ok()?.split_once(' ')?;
    Some((cursor.parse().ok()?, Some(run)))
}

fn broken_keys(redis: &mut Connection, build: &BuildKeys) -> RedisResult<Vec<Vec<u8>>> {
    redis::cmd("HKEYS").arg(build.broken(0)).query(redis)
}
