//! `projection.toml` as it was written: the shape is checked here, the meaning later.

use std::ops::Range;

use toml::de::DeTable;

use super::nearest::suggest;
use super::report::Report;
use super::syntax::{Entry, Section, Text};
use crate::plan::{DeadLetters, Policy};

/// Park a poisoned key, but stop at the flood that a broken release makes.
const DEAD_LETTERS: DeadLetters = DeadLetters { policy: Policy::Park, limit: 10_000 };
/// Producers that retry do so within seconds; this many positions are minutes on a busy log.
const DUPLICATE_WINDOW: u64 = 100_000;

/// The subject pattern that all events match.
const EVERYTHING: &str = ">";

/// The whole file.
pub struct ProjectionFile<'f> {
    /// `name`
    pub name: String,
    /// `subjects`
    pub subjects: Vec<String>,
    /// `[dead_letters]`
    pub dead_letters: DeadLetters,
    /// `[duplicates]`
    pub duplicate_window: u64,
    /// `[entities.*]`, in the order of the file.
    pub entities: Vec<EntityDef<'f>>,
    /// `[views.*]`, in the order of the file.
    pub views: Vec<ViewDef<'f>>,
}

/// `[entities.name]`
pub struct EntityDef<'f> {
    /// The entity's name, and where it is.
    pub name: Name<'f>,
    /// `key`
    pub key: Vec<Text<'f>>,
    /// `columns`: types given by name.
    pub columns: Vec<Assign<'f>>,
    /// `on.*`
    pub rules: Vec<RuleDef<'f>>,
}

/// A name and where it is.
#[derive(Clone, Debug)]
pub struct Name<'f> {
    /// The name.
    pub value: &'f str,
    /// Its place.
    pub span: Range<usize>,
}

/// A column and the text that is assigned to it.
pub struct Assign<'f> {
    /// The column.
    pub column: Name<'f>,
    /// An expression; in `columns` a type.
    pub value: Text<'f>,
}

/// `on.Event = { … }`
pub struct RuleDef<'f> {
    /// The event type.
    pub event: Name<'f>,
    /// `for_each`
    pub for_each: Option<Text<'f>>,
    /// `when`
    pub when: Option<Text<'f>>,
    /// `key`
    pub key: Vec<Assign<'f>>,
    /// `set`; `None`: `delete = true`.
    pub set: Option<Vec<Assign<'f>>>,
}

/// `[views.name]`
pub struct ViewDef<'f> {
    /// The view's name.
    pub name: Name<'f>,
    /// `query`: a file beside this one.
    pub query: Text<'f>,
    /// `table.order_by`
    pub order_by: Vec<Text<'f>>,
    /// `table.filters`
    pub filters: Vec<Text<'f>>,
}

/// Reads the parsed file. What is wrong goes to the report; what can be read is read in spite of it.
pub fn read<'f>(table: &'f DeTable<'f>, report: &mut Report<'_>) -> ProjectionFile<'f> {
    let mut root = Section::new(table, 0..0);
    let name = root.required_text("name", report).map(|text| name_in(&text, report)).unwrap_or_default();
    let subjects = read_subjects(&mut root, report);
    let file = ProjectionFile {
        name,
        subjects,
        dead_letters: read_dead_letters(&mut root, report),
        duplicate_window: read_duplicates(&mut root, report),
        entities: read_each(&mut root, "entities", report, read_entity),
        views: read_each(&mut root, "views", report, read_view),
    };
    root.close(report);
    file
}

fn read_subjects(root: &mut Section<'_>, report: &mut Report<'_>) -> Vec<String> {
    let Some(entry) = root.get("subjects") else { return vec![EVERYTHING.to_owned()] };
    let patterns = entry.texts(report);
    if patterns.as_ref().is_some_and(Vec::is_empty) {
        let hint = Some("leave it out to take all of them".to_owned());
        report.add_with_hint(entry.value.span(), "`subjects` takes no event", hint);
    }
    let patterns = patterns.unwrap_or_default();
    for pattern in patterns.iter().filter(|pattern| !is_subject_pattern(pattern.value)) {
        let hint = Some("write words with dots between them: `*` is any word, `>` at the end one or more of them".to_owned());
        report.add_with_hint(pattern.span.clone(), format!("`{}` is no pattern of NATS subjects", pattern.value), hint);
    }
    patterns.iter().map(|pattern| pattern.value.to_owned()).collect()
}

fn is_subject_pattern(pattern: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && !word.contains(['*', '>']) && !word.contains(char::is_whitespace);
    let (front, last) = pattern.rsplit_once('.').map_or((None, pattern), |(front, last)| (Some(front), last));
    let mut in_front = front.into_iter().flat_map(|front| front.split('.'));
    in_front.all(|word| word == "*" || is_word(word)) && (matches!(last, "*" | ">") || is_word(last))
}

fn read_dead_letters(root: &mut Section<'_>, report: &mut Report<'_>) -> DeadLetters {
    let Some(mut section) = root.section("dead_letters", report) else { return DEAD_LETTERS };
    let policy = section.text("policy", report).and_then(|text| read_policy(&text, report));
    let limit = section.number("limit", report);
    section.close(report);
    DeadLetters { policy: policy.unwrap_or(DEAD_LETTERS.policy), limit: limit.unwrap_or(DEAD_LETTERS.limit) }
}

fn read_policy(text: &Text<'_>, report: &mut Report<'_>) -> Option<Policy> {
    match text.value {
        "park" => Some(Policy::Park),
        "skip" => Some(Policy::Skip),
        "halt" => Some(Policy::Halt),
        other => {
            let hint = suggest(other, ["park", "skip", "halt"]);
            report.add_with_hint(text.span.clone(), format!("unknown policy `{other}`"), hint);
            None
        }
    }
}

fn read_duplicates(root: &mut Section<'_>, report: &mut Report<'_>) -> u64 {
    let Some(mut section) = root.section("duplicates", report) else { return DUPLICATE_WINDOW };
    let window = section.number("window", report);
    section.close(report);
    window.unwrap_or(DUPLICATE_WINDOW)
}

/// Reads every table within the table `name`.
fn read_each<'f, T>(
    root: &mut Section<'f>,
    name: &'static str,
    report: &mut Report<'_>,
    read: impl Fn(Name<'f>, Section<'f>, &mut Report<'_>) -> Option<T>,
) -> Vec<T> {
    let Some(section) = root.section(name, report) else { return Vec::new() };
    let mut items = Vec::new();
    for entry in section.entries() {
        let name = name_of(entry, report);
        items.extend(entry.section(report).and_then(|section| read(name, section, report)));
    }
    items
}

// === entities ===

fn read_entity<'f>(name: Name<'f>, mut section: Section<'f>, report: &mut Report<'_>) -> Option<EntityDef<'f>> {
    let key = match section.get("key") {
        Some(entry) => read_key_columns(&entry, report),
        None => section.lacks("key", report).unwrap_or_default(),
    };
    let columns = section.section("columns", report).map(|types| read_assigns(&types, report)).unwrap_or_default();
    let rules = match section.section("on", report) {
        Some(on) => on.entries().iter().flat_map(|entry| read_rules(entry, report)).collect(),
        None => section.lacks("on", report).unwrap_or_default(),
    };
    section.close(report);
    Some(EntityDef { name, key, columns, rules })
}

fn read_key_columns<'f>(entry: &Entry<'f>, report: &mut Report<'_>) -> Vec<Text<'f>> {
    let columns = entry.texts(report);
    if columns.as_ref().is_some_and(Vec::is_empty) {
        report.add(entry.value.span(), "the key of an entity has at least one column");
    }
    let mut key: Vec<Text<'f>> = Vec::new();
    for column in columns.unwrap_or_default() {
        check_name(column.value, column.span.clone(), report);
        if key.iter().any(|earlier| earlier.value == column.value) {
            report.add(column.span.clone(), format!("`{}` is twice in the key", column.value));
        } else {
            key.push(column);
        }
    }
    key
}

/// One rule, or an array of them.
fn read_rules<'f>(entry: &Entry<'f>, report: &mut Report<'_>) -> Vec<RuleDef<'f>> {
    let event = Name { value: entry.name, span: entry.span.clone() };
    entry.sections(report).into_iter().filter_map(|section| read_rule(&event, section, report)).collect()
}

fn read_rule<'f>(event: &Name<'f>, mut section: Section<'f>, report: &mut Report<'_>) -> Option<RuleDef<'f>> {
    let for_each = section.text("for_each", report);
    let when = section.text("when", report);
    let key = section.section("key", report).map(|key| read_assigns(&key, report)).unwrap_or_default();
    let set = section.section("set", report).map(|set| read_assigns(&set, report));
    let delete = section.get("delete");
    let is_delete = delete.as_ref().is_some_and(|entry| entry.value.get_ref().as_bool() == Some(true));
    match (&delete, &set) {
        (Some(entry), _) if !is_delete => report.add(entry.value.span(), "`delete` can only be `true`"),
        (Some(entry), Some(_)) => report.add(entry.span.clone(), "a rule either sets columns or deletes the row"),
        (None, None) => {
            let hint = Some("add `set = { column = \"expression\" }` or `delete = true`".to_owned());
            report.add_with_hint(section.span.clone(), "the rule does nothing", hint);
        }
        _ => {}
    }
    section.close(report);
    (is_delete || set.is_some()).then(|| RuleDef { event: event.clone(), for_each, when, key, set })
}

fn read_assigns<'f>(section: &Section<'f>, report: &mut Report<'_>) -> Vec<Assign<'f>> {
    let assign = |entry: &Entry<'f>, report: &mut Report<'_>| {
        let column = name_of(entry, report);
        Some(Assign { column, value: entry.text(report)? })
    };
    section.entries().iter().filter_map(|entry| assign(entry, report)).collect()
}

// === views ===

fn read_view<'f>(name: Name<'f>, mut section: Section<'f>, report: &mut Report<'_>) -> Option<ViewDef<'f>> {
    let query = section.required_text("query", report);
    read_documents(&mut section, report);
    let (mut order_by, mut filters) = (None, None);
    if let Some(mut table) = section.section("table", report) {
        order_by = table.texts("order_by", report);
        filters = table.texts("filters", report);
        table.close(report);
    }
    section.close(report);
    Some(ViewDef { name, query: query?, order_by: order_by.unwrap_or_default(), filters: filters.unwrap_or_default() })
}

/// Nothing can be said of documents yet. Better refused than ignored: somebody counts on old documents going away.
fn read_documents(view: &mut Section<'_>, report: &mut Report<'_>) {
    let Some(mut documents) = view.section("documents", report) else { return };
    if let Some(expire_at) = documents.get("expire_at") {
        let hint = "leave it out, and let an event delete the row or WHERE drop the document";
        report.add_with_hint(expire_at.span, "`documents.expire_at` is not supported yet", Some(hint.to_owned()));
    }
    documents.close(report);
}

// === names ===

fn name_of<'f>(entry: &Entry<'f>, report: &mut Report<'_>) -> Name<'f> {
    check_name(entry.name, entry.span.clone(), report);
    Name { value: entry.name, span: entry.span.clone() }
}

fn name_in(text: &Text<'_>, report: &mut Report<'_>) -> String {
    check_name(text.value, text.span.clone(), report);
    text.value.to_owned()
}

/// Names become parts of keys, table names and paths, so they are plain words.
fn check_name(name: &str, span: Range<usize>, report: &mut Report<'_>) {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !plain || !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let hint = Some("use letters, digits and `_`, and no digit in front".to_owned());
        report.add_with_hint(span, format!("`{name}` cannot be a name"), hint);
    }
}
