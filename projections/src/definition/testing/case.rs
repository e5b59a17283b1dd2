//! Tests as they are written, checked against the plan and the registry.

use std::ops::Range;

use schemas::{Diagnostic, EventType, Registry, SourceFile, Value, text};

use super::json::json_of;
use crate::codec::Key;
use crate::definition::nearest::suggest;
use crate::definition::report::Report;
use crate::definition::syntax::{self, Entry, Section};
use crate::plan::{Plan, ViewId};

/// One test.
#[derive(Clone, Debug)]
pub struct Test {
    /// The file that it is in.
    pub path: String,
    /// Its name.
    pub name: String,
    /// What happens, one after the other.
    pub steps: Vec<Step>,
    /// Whether it is also run in other interleavings of its sources.
    pub interleave: bool,
}

/// Events, and what must be so after them.
#[derive(Clone, Debug)]
pub struct Step {
    /// The events, in the order in which they are published.
    pub given: Vec<Given>,
    /// The documents.
    pub expect: Vec<Expectation>,
    /// How many of the events cannot be applied.
    pub dead_letters: usize,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Given {
    /// What it says of itself and its data, as JSON.
    pub message: String,
    /// Its source: events of one source keep their order.
    pub source: String,
    /// For a person: its type and number.
    pub label: String,
}

/// What is expected of one document.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The view.
    pub view: ViewId,
    /// The document's key.
    pub key: Key,
    /// The key, as it is written.
    pub shown_key: String,
    /// The document.
    pub expected: Expected,
}

/// What a document is expected to be.
#[derive(Clone, Debug)]
pub enum Expected {
    /// There is none.
    Absent,
    /// The SELECT fails for it.
    Broken,
    /// These columns, by number, have these values as JSON.
    Columns(Vec<(usize, String)>),
}

/// Reads the tests of the projection in `folder`, whose files are among `files`.
pub fn load_tests(folder: &str, files: &[SourceFile], plan: &Plan, registry: &Registry) -> Result<Vec<Test>, Vec<Diagnostic>> {
    let folder = folder.trim_end_matches('/');
    let prefix = if folder.is_empty() { "tests/".to_owned() } else { format!("{folder}/tests/") };
    let (mut tests, mut mistakes) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| file.path.starts_with(&prefix) && file.path.ends_with(".toml")) {
        let mut report = Report::new(file);
        let table = syntax::parse(&file.text, &mut report);
        let mut root = Section::new(&table, 0..0);
        let mut reader = Reader { plan, registry, report, events: 0 };
        for section in root.sections("test", &mut reader.report) {
            tests.extend(reader.test(section));
        }
        root.close(&mut reader.report);
        mistakes.extend(reader.report.finish());
    }
    if mistakes.is_empty() { Ok(tests) } else { Err(mistakes) }
}

struct Reader<'f> {
    plan: &'f Plan,
    registry: &'f Registry,
    report: Report<'f>,
    /// Events of the present test so far.
    events: usize,
}

impl Reader<'_> {
    fn test(&mut self, mut section: Section<'_>) -> Option<Test> {
        self.events = 0;
        let name = section.required_text("name", &mut self.report).map(|name| name.value.to_owned());
        let interleave = section.flag("interleave", &mut self.report).unwrap_or(true);
        let further = section.sections("then", &mut self.report);
        let mut steps = vec![self.step(section)];
        steps.extend(further.into_iter().map(|section| self.step(section)));
        Some(Test { path: self.report.file.path.clone(), name: name?, steps, interleave })
    }

    fn step(&mut self, mut section: Section<'_>) -> Step {
        let given = section.sections("given", &mut self.report);
        let given = given.into_iter().filter_map(|event| self.event(event)).collect();
        let expect = section.sections("expect", &mut self.report);
        let expect = expect.into_iter().filter_map(|expectation| self.expectation(expectation)).collect();
        let dead_letters = section.number("dead_letters", &mut self.report).unwrap_or(0) as usize;
        section.close(&mut self.report);
        Step { given, expect, dead_letters }
    }

    // === events ===

    fn event(&mut self, mut section: Section<'_>) -> Option<Given> {
        self.events += 1;
        let ty = section.required_text("type", &mut self.report);
        let source = section.text("source", &mut self.report).map(|text| text.value.to_owned());
        let id = section.text("id", &mut self.report).map(|text| text.value.to_owned());
        let time = section.get("time").and_then(|entry| json_of(&entry, &mut self.report));
        let subject = section.text("subject", &mut self.report).map(|text| text.value.to_owned());
        let data = match section.get("data") {
            Some(entry) => json_of(&entry, &mut self.report),
            None => section.lacks("data", &mut self.report),
        };
        section.close(&mut self.report);
        let ty = ty?;
        let owner = self.owner(ty.value, ty.span, source.is_some());
        // Without a suffix the newest version is meant.
        let version = owner.filter(|owner| owner.name == ty.value).map(|owner| owner.latest().number);
        let version = version.map_or_else(String::new, |version| format!(",\"dataschema\":\"/v{version}\""));
        let source = source.or_else(|| owner.map(|owner| format!("/{}", owner.service)))?;
        let number = self.events;
        let id = id.unwrap_or_else(|| format!("test-{number}"));
        // A second apart, so that the order of the events is that of their times.
        let time = time.unwrap_or_else(|| format!("\"2026-01-01T00:{:02}:{:02}Z\"", number / 60 % 60, number % 60));
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let subject = subject.map_or_else(String::new, |subject| format!(",\"subject\":{}", quoted(&subject)));
        let message = format!(
            "{{\"specversion\":\"1.0\",\"id\":{},\"source\":{},\"type\":{},\"time\":{time}{version}{subject},\"data\":{}}}",
            quoted(&id),
            quoted(&source),
            quoted(ty.value),
            data?
        );
        Some(Given { message, source, label: format!("event {number}, {}", ty.value) })
    }

    /// The owner of the type. One that is not known is a mistake, unless a source is given: then it may be meant to be refused.
    fn owner(&mut self, ty: &str, span: Range<usize>, may_be_unknown: bool) -> Option<&EventType> {
        let name = ty.rsplit_once(".v").filter(|(_, version)| version.parse::<u32>().is_ok()).map_or(ty, |(name, _)| name);
        let found = self.registry.event_type(name);
        if found.is_none() && !may_be_unknown {
            let hint = suggest(name, self.registry.event_types().map(|event| event.name.as_str()));
            self.report.add_with_hint(span, format!("unknown event type `{name}`"), hint);
        }
        found.map(AsRef::as_ref)
    }

    // === expectations ===

    fn expectation(&mut self, mut section: Section<'_>) -> Option<Expectation> {
        let name = section.required_text("view", &mut self.report);
        let key = section.get("key");
        let absent = section.flag("absent", &mut self.report) == Some(true);
        let broken = section.flag("broken", &mut self.report) == Some(true);
        let (some, all) = (section.get("document"), section.get("exactly"));
        let nulls = section.texts("nulls", &mut self.report).unwrap_or_default();
        let span = section.span.clone();
        section.close(&mut self.report);
        let name = name?;
        let Some(view) = self.plan.views.iter().position(|view| view.name == name.value) else {
            let hint = suggest(name.value, self.plan.views.iter().map(|view| view.name.as_str()));
            self.report.add_with_hint(name.span, format!("unknown view `{}`", name.value), hint);
            return None;
        };
        let Some(key) = key else {
            self.report.add(span, "`key` is missing");
            return None;
        };
        let (key, shown_key) = self.key(view, &key)?;
        let mut columns = some.iter().chain(&all).flat_map(|entry| self.columns(view, entry)).collect::<Vec<_>>();
        for null in nulls {
            columns.extend(self.column(view, null.value, null.span).map(|column| (column, "null".to_owned())));
        }
        if all.is_some() {
            let named: Vec<usize> = columns.iter().map(|(column, _)| *column).collect();
            let unnamed = (0..self.plan.views[view].columns.len()).filter(|column| !named.contains(column));
            columns.extend(unnamed.map(|column| (column, "null".to_owned())));
        }
        columns.sort_by_key(|(column, _)| *column);
        let contradiction = match (absent, broken, columns.is_empty()) {
            (true, true, _) => Some("a document is either absent or broken"),
            (true, false, false) => Some("a document that is absent has no columns"),
            (false, true, false) => Some("a document that is broken has no columns"),
            _ => None,
        };
        if let Some(message) = contradiction {
            self.report.add(span, message);
        }
        let expected = match (absent, broken) {
            (true, _) => Expected::Absent,
            (false, true) => Expected::Broken,
            (false, false) => Expected::Columns(columns),
        };
        Some(Expectation { view, key, shown_key, expected })
    }

    fn columns(&mut self, view: ViewId, entry: &Entry<'_>) -> Vec<(usize, String)> {
        let Some(section) = entry.section(&mut self.report) else { return Vec::new() };
        let mut columns = Vec::new();
        for entry in section.entries() {
            let column = self.column(view, entry.name, entry.span.clone());
            columns.extend(column.zip(json_of(entry, &mut self.report)));
        }
        columns
    }

    fn column(&mut self, view: ViewId, name: &str, span: Range<usize>) -> Option<usize> {
        let columns = &self.plan.views[view].columns;
        let found = columns.iter().position(|column| column.name == name);
        if found.is_none() {
            let hint = suggest(name, columns.iter().map(|column| column.name.as_str()));
            self.report.add_with_hint(span, format!("the view has no column `{name}`"), hint);
        }
        found
    }

    /// The key: a value for each part, or the value itself where there is one part.
    fn key(&mut self, view: ViewId, entry: &Entry<'_>) -> Option<(Key, String)> {
        let view = &self.plan.views[view];
        let parts = match entry.value.get_ref().as_array() {
            Some(items) => items.iter().map(|value| Entry { name: entry.name, span: value.span(), value }).collect(),
            None => vec![entry.clone()],
        };
        if parts.len() != view.key.len() {
            let names: Vec<&str> = view.key.iter().map(|column| view.columns[*column].name.as_str()).collect();
            let message = format!("the key of `{}` is {}", view.name, names.join(", "));
            self.report.add(entry.value.span(), message);
            return None;
        }
        let (mut values, mut shown) = (Vec::new(), Vec::new());
        for (part, column) in parts.iter().zip(&view.key) {
            let json = json_of(part, &mut self.report)?;
            let plain: String = serde_json::from_str(&json).unwrap_or(json);
            match text::parse(&plain, &view.columns[*column].ty) {
                Ok(value) => values.push(value.into_owned()),
                Err(error) => {
                    self.report.add(part.value.span(), error.to_string());
                    values.push(Value::Null);
                }
            }
            shown.push(plain);
        }
        Some((Key::of(&values), shown.join(",")))
    }
}
