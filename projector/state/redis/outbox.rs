//! The outbox in Redis: a sorted set of entries, scored by the commit that entered them, and the flusher's record.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use projections::codec::parse_key;
use projections::engine::DocumentMark;
use redis::{Cmd, Connection};

use super::keys::BuildKeys;
use super::node::Run;
use super::server::Server;
use super::{RedisState, checkpoint, keys, reading};
use crate::clock;
use crate::fault::Fault;
use crate::state::outbox::{Denied, Entered, Entry, Filling, Left, Note, Swept, Taken, Term};
use crate::state::{Document, DocumentBody, Outbox, audits};
use crate::tables::Flushed;
use crate::token;
use crate::view::Catalogue;

const BEGIN: &str = include_str!("scripts/outbox_begin.lua");
const TAKE: &str = include_str!("scripts/outbox_take.lua");
const SETTLE: &str = include_str!("scripts/outbox_settle.lua");
const ENTER: &str = include_str!("scripts/outbox_enter.lua");
const NOTE: &str = include_str!("scripts/outbox_note.lua");
/// So many documents are read at one moment at most: all others wait for it, and Lua unpacks somewhat less than 8,000 values.
const AT_ONCE: usize = 1000;

/// The outbox of one build, for one flusher.
pub struct RedisOutbox {
    server: Arc<Server>,
    keys: BuildKeys,
    flusher: String,
    /// The run of the server that the term began in. A later one may have lost something: the term, or what was committed in it.
    run: Mutex<Option<Run>>,
}

/// What becomes of the flusher's record where tables are not there, or other ones.
const FORGOTTEN: [(&str, &str); 6] =
    [("tables", ""), ("cursor", ""), ("entered", ""), ("filled", ""), ("flushed", "0"), ("settled", "0")];

/// What a script answers: a word, and what belongs to it.
type Answer = Vec<Option<String>>;

/// Texts, marks and reasons of documents, the checkpoint, how many jobs and how many entries there were.
type Found = (Vec<Option<String>>, Vec<Option<Vec<u8>>>, Vec<Option<String>>, Vec<Option<String>>, u64, u64);

// === impl RedisOutbox ===

impl RedisOutbox {
    /// For a flusher that nobody knows yet.
    pub fn new(server: Arc<Server>, keys: BuildKeys) -> RedisOutbox {
        RedisOutbox { server, keys, flusher: token::unique(), run: Mutex::default() }
    }

    /// A script whose first key is the flusher's record, and the last one is absent.
    fn script(&self, script: &str, more: &[String]) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(2 + more.len()).arg(self.keys.flusher()).arg(more).arg(self.keys.projection().absent());
        command
    }

    /// The same, for who has a term.
    fn script_in_term(&self, script: &str, more: &[String], epoch: u64) -> Cmd {
        let mut command = self.script(script, more);
        command.arg(epoch).arg(&self.flusher);
        command
    }

    /// What the script answers, unless the term is over.
    fn ask(&self, operation: &'static str, command: &Cmd) -> Result<Answer, Denied> {
        let answer = self.server.ask_in_run(operation, |redis| command.query(redis))?;
        done(self.of_the_term(answer)?)
    }

    /// The answer, unless it comes from a later run than that in which the term began.
    fn of_the_term<T>(&self, (answer, run): (T, Run)) -> Result<T, Denied> {
        if self.run().as_ref() == Some(&run) { Ok(answer) } else { Err(Denied::Superseded) }
    }

    /// Sets fields of the flusher's record; one without a value is removed.
    fn note_fields(&self, epoch: u64, fields: &[(&str, &str)]) -> Result<(), Denied> {
        let mut script = self.script_in_term(NOTE, &[], epoch);
        script.arg(fields);
        self.ask("noting how far the tables are", &script).map(drop)
    }

    /// Enters documents, and sets fields of the flusher's record in the same step.
    fn enter_noting(&self, epoch: u64, entries: &[Entry], fields: &[(&str, &str)]) -> Result<(), Denied> {
        let mut script = self.script_in_term(ENTER, &[self.keys.outbox(), self.keys.checkpoint()], epoch);
        script.arg(clock::now_micros()).arg(fields.len()).arg(fields);
        entries.iter().for_each(|entry| {
            script.arg(keys::entry(entry.view, &entry.key));
        });
        self.ask("entering documents", &script).map(drop)
    }

    /// Where the next page of all documents starts, unless all are entered; and how far that is. A cursor means nothing to another run of the
    /// server than the one that gave it: then it starts anew.
    fn page(&self) -> Result<(Option<u64>, Entered), Denied> {
        let record = self.keys.flusher();
        type Found = (Option<String>, Option<u64>, Option<u64>);
        let fields = |redis: &mut Connection| redis::cmd("HMGET").arg(&record).arg(&["cursor", "entered", "filled"]).query(redis);
        let (cursor, documents, filled): Found = self.of_the_term(self.server.ask_in_run("reading documents", fields)?)?;
        if filled == Some(1) {
            return Ok((None, Entered { documents: documents.unwrap_or(0), is_all: true }));
        }
        let known =
            cursor.as_deref().and_then(|cursor| cursor.split_once(' ')).filter(|(run, _)| self.run().as_deref() == Some(*run));
        match known.and_then(|(_, cursor)| cursor.parse().ok()) {
            Some(cursor) => Ok((Some(cursor), Entered { documents: documents.unwrap_or(0), is_all: false })),
            None => Ok((Some(0), Entered::default())),
        }
    }

    /// The run of the server that the term began in.
    fn run(&self) -> MutexGuard<'_, Option<Run>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unreadable(&self, answer: &[Option<String>]) -> Fault {
        self.server.damaged(format!("{} holds {answer:?}", self.keys.flusher()))
    }

    /// The oldest entries.
    fn entries(&self, skip: usize, limit: usize) -> Result<Vec<Entry>, Denied> {
        let (outbox, last) = (self.keys.outbox(), skip + limit.clamp(1, AT_ONCE) - 1);
        let range = |redis: &mut Connection| redis::cmd("ZRANGE").arg(&outbox).arg(skip).arg(last).query(redis);
        let found: Vec<Vec<u8>> = self.of_the_term(self.server.ask_in_run("reading the outbox", range)?)?;
        let parsed: Option<Vec<Entry>> = found.iter().map(|member| keys::parse_entry(member)).collect();
        Ok(parsed.ok_or_else(|| self.server.damaged(format!("{outbox} holds what is no entry")))?)
    }

    fn read(&self, entries: &[Entry]) -> Result<Found, Denied> {
        let mut script = redis::cmd("EVAL_RO");
        script.arg(TAKE).arg(3 + 3 * entries.len());
        script.arg(self.keys.checkpoint()).arg(self.keys.outbox()).arg(self.keys.jobs());
        for Entry { view, key } in entries {
            script.arg(self.keys.document(*view, key)).arg(self.keys.mark(*view, key)).arg(self.keys.broken(*view));
        }
        for entry in entries {
            script.arg(&entry.key[..]);
        }
        self.of_the_term(self.server.ask_in_run("reading the outbox", |redis| script.query(redis))?)
    }

    fn document(&self, entry: &Entry, body: Option<DocumentBody>, mark: Option<&[u8]>) -> Result<Option<Document>, Fault> {
        let Some(body) = body else { return Ok(None) };
        let mark = mark.and_then(DocumentMark::from_bytes);
        let version =
            mark.ok_or_else(|| self.server.damaged(format!("a document of {} has no mark", self.keys.prefix())))?.version;
        Ok(Some(Document { key: entry.key.clone(), version, body }))
    }

    /// The entry of the document under this name; `None` where the name is no document's.
    fn entry_of(&self, name: &[u8]) -> Option<Entry> {
        let views = self.keys.catalogue().views.iter().enumerate();
        views.into_iter().find_map(|(view, spec)| {
            let text = name.strip_prefix(self.keys.documents(view).as_bytes())?;
            let key = parse_key(std::str::from_utf8(text).ok()?, &spec.key_types()).ok()?;
            Some(Entry { view, key })
        })
    }
}

/// An answer that says that it is done.
fn done(answer: Answer) -> Result<Answer, Denied> {
    match answer.first() {
        Some(Some(word)) if word == "done" => Ok(answer),
        _ => Err(Denied::Superseded),
    }
}

impl Flushed for RedisState {
    fn flushed(&self, projection: &str, generation: u64) -> Result<u64, Fault> {
        let key = BuildKeys::new(self.projection_keys(projection), generation, Catalogue::default()).flusher();
        let server = self.servers.of(projection);
        let flushed: Option<u64> =
            server.ask("reading how far the tables are", |redis| redis::cmd("HGET").arg(&key).arg("flushed").query(redis))?;
        Ok(flushed.unwrap_or(0))
    }
}

impl Outbox for RedisOutbox {
    fn begin(&self, newest: u64) -> Result<Term, Denied> {
        let mut script = self.script(BEGIN, &[]);
        script.arg(newest).arg(&self.flusher);
        let (answer, run) = self.server.ask_in_run("beginning to flush", |redis| script.query(redis))?;
        *self.run() = Some(run);
        let answer = done(answer)?;
        let number = |at: usize| answer.get(at).and_then(Option::as_deref).and_then(|text| text.parse::<u64>().ok());
        let epoch = number(1).ok_or_else(|| self.unreadable(&answer))?;
        let entered = Entered { documents: number(4).unwrap_or(0), is_all: number(5) == Some(1) };
        let filling = answer.get(3).cloned().flatten().map(|tables| Filling { tables, entered });
        let audits = answer.get(2).and_then(Option::as_deref).map(audits::parse);
        Ok(Term { epoch, filling, audits: audits.unwrap_or_default() })
    }

    fn take(&self, skip: usize, limit: usize) -> Result<Taken, Denied> {
        let entries = self.entries(skip, limit)?;
        let (texts, marks, reasons, found, pending_jobs, waiting) = self.read(&entries)?;
        let checkpoint = checkpoint::parse(&found).ok_or_else(|| self.server.lost(self.keys.checkpoint()))?;
        let bodies = texts.into_iter().zip(reasons).map(|(text, reason)| match text {
            Some(json) => Some(DocumentBody::Json(json)),
            None => reason.map(DocumentBody::Broken),
        });
        let found = entries.into_iter().zip(bodies.zip(marks));
        let documents = found.map(|(entry, (body, mark))| {
            let document = self.document(&entry, body, mark.as_deref())?;
            Ok((entry, document))
        });
        Ok(Taken { documents: documents.collect::<Result<_, Fault>>()?, checkpoint, pending_jobs, entries: waiting })
    }

    fn settle(&self, epoch: u64, entries: &[Entry], read_at: u64) -> Result<Left, Denied> {
        let mut script = self.script_in_term(SETTLE, &[self.keys.outbox()], epoch);
        script.arg(read_at);
        entries.iter().for_each(|entry| {
            script.arg(keys::entry(entry.view, &entry.key));
        });
        let answer = self.ask("settling the outbox", &script)?;
        match &answer[..] {
            [_, Some(left), oldest @ ..] => {
                let left = left.parse().map_err(|_| self.unreadable(&answer))?;
                Ok(Left { entries: left, oldest: oldest.first().and_then(|score| score.as_ref()?.parse().ok()) })
            }
            _ => Err(self.unreadable(&answer).into()),
        }
    }

    fn enter(&self, epoch: u64, entries: &[Entry]) -> Result<(), Denied> {
        self.enter_noting(epoch, entries, &[])
    }

    fn fill(&self, epoch: u64, tables: &str) -> Result<(), Denied> {
        self.note_fields(epoch, &[&FORGOTTEN[..], &[("tables", tables), ("entered", "0")]].concat())
    }

    fn enter_page(&self, epoch: u64) -> Result<Entered, Denied> {
        let (cursor, entered) = self.page()?;
        let Some(cursor) = cursor else { return Ok(entered) };
        let (absent, prefix) = (self.keys.projection().absent(), self.keys.all_documents());
        let step = |redis: &mut Connection| reading::step(redis, &absent, &prefix, cursor);
        let (page, run) = self.server.ask_in_run("reading documents", step)?;
        let (next, names) = self.of_the_term((page, run.clone()))?;
        let entries: Vec<Entry> = names.iter().filter_map(|name| self.entry_of(name)).collect();
        let now = Entered { documents: entered.documents + entries.len() as u64, is_all: next == 0 };
        let (documents, place) = (now.documents.to_string(), format!("{run} {next}"));
        let filled = if now.is_all { "1" } else { "0" };
        self.enter_noting(epoch, &entries, &[("entered", &documents), ("cursor", &place), ("filled", filled)])?;
        Ok(now)
    }

    fn note(&self, epoch: u64, note: Note) -> Result<(), Denied> {
        match note {
            Note::Empty => self.note_fields(epoch, &FORGOTTEN),
            Note::Unknown => self.note_fields(epoch, &[&FORGOTTEN[..], &[("audits", &audits::all_before(epoch))]].concat()),
            Note::Audited => self.note_fields(epoch, &[("audits", "")]),
            Note::Swept(Swept { position, is_settled, began }) => {
                let (position, began) = (position.to_string(), began.to_string());
                let settled = is_settled.then_some(("settled", &*position));
                let fields = [("flushed", &*position), ("since", &began)].into_iter().chain(settled);
                self.note_fields(epoch, &fields.collect::<Vec<_>>())
            }
        }
    }
}
