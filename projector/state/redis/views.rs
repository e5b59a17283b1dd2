//! Reading documents and dead letters of live generations.

use std::sync::Arc;

use projections::codec::{Key, parse_key};
use projections::engine::DocumentMark;
use redis::{Connection, FromRedisValue, RedisResult};

use super::keys::BuildKeys;
use super::{RedisState, dead_letters, reading};
use crate::fault::Fault;
use crate::state::views::{Scan, StoredDeadLetter};
use crate::state::{Document, DocumentBody, LiveView, Reading, Views};
use crate::view::Catalogue;

const READ: &str = include_str!("scripts/read.lua");
/// How many documents are read at once where all are wanted.
const PAGE: usize = 1000;
/// How often all documents are read anew where a commit came between.
const ATTEMPTS: usize = 5;

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

    fn scan(&self, view: &LiveView, scan: &mut dyn Scan) -> Result<(), Fault> {
        let build = self.keys_of(view);
        for _ in 0..ATTEMPTS {
            let Some((position, documents)) = self.all(view, &build)? else { continue };
            scan.begin(position);
            for document in documents {
                if scan.document(document).is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let reason = "commits keep coming; stop the daemon for a moment";
        Err(self.server.unavailable("reading all documents as of one moment", reason))
    }

    fn dead_letters(&self, projection: &str, after: u64, limit: usize) -> Result<Vec<StoredDeadLetter>, Fault> {
        let Some(keys) = self.live_keys(projection)? else { return Ok(Vec::new()) };
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

    fn catalogue(&self, projection: &str, generation: u64, fingerprint: &str) -> Result<Arc<Catalogue>, Fault> {
        if let Some(known) = self.catalogues.get(projection, generation, fingerprint) {
            return Ok(known);
        }
        let key = self.projection_keys(projection).checkpoint(generation);
        let server = self.servers.of(projection);
        let text: Option<String> =
            server.ask("reading the views", |redis| redis::cmd("HGET").arg(&key).arg("catalogue").query(redis))?;
        let catalogue = self.parse_catalogue(&key, text.as_deref())?;
        Ok(self.catalogues.keep(projection, generation, fingerprint, catalogue))
    }

    fn keys_of(&self, view: &LiveView) -> BuildKeys {
        let catalogue = Catalogue { entities: Vec::new(), views: vec![view.spec.clone()] };
        BuildKeys::new(self.projection_keys(&view.projection), view.generation, catalogue)
    }

    /// All documents and the position they are of; `None` where a commit came between.
    fn all(&self, view: &LiveView, build: &BuildKeys) -> Result<Option<(u64, Vec<Document>)>, Fault> {
        let (server, absent) = (self.servers.of(&view.projection), build.projection().absent());
        let (before, keys) = server.ask("reading documents", |redis| {
            let (_, _, _, before) = read(redis, build, &[])?;
            Ok((before, (reading::keys(redis, &absent, &build.documents(0))?, broken_keys(redis, build)?)))
        })?;
        let keys = self.document_keys(view, build, keys)?;
        let mut documents = Vec::with_capacity(keys.len());
        // Asked for once more at the end, without any key: what comes then is only how far the build is.
        for page in keys.chunks(PAGE).chain([&[][..]]) {
            let found = server.ask("reading documents", |redis| read(redis, build, page))?;
            if found.3 != before {
                return Ok(None);
            }
            documents.extend(self.parse(build, page, found)?.into_iter().flatten());
        }
        let position = before[1].ok_or_else(|| self.is_gone(view))?;
        Ok(Some((position, documents)))
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

fn broken_keys(redis: &mut Connection, build: &BuildKeys) -> RedisResult<Vec<Vec<u8>>> {
    redis::cmd("HKEYS").arg(build.broken(0)).query(redis)
}
