//! TOML tables, read key by key: values of the wrong type and keys that mean nothing are reported where they are.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::suggest;
use super::report::Report;
use super::sql::SqlText;

/// A string of the file.
#[derive(Clone, Debug)]
pub struct Text<'f> {
    /// What it says.
    pub value: &'f str,
    /// The literal, quotes and all.
    pub span: Range<usize>,
    /// The string as SQL.
    pub sql: SqlText<'f>,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry<'f> {
    /// The key.
    pub name: &'f str,
    /// Where the key is.
    pub span: Range<usize>,
    /// The value.
    pub value: &'f Spanned<DeValue<'f>>,
}

/// A table of the file. Keys that are never asked for are mistakes, reported by [`Section::close`].
pub struct Section<'f> {
    /// Where the table is, or the key that leads to it.
    pub span: Range<usize>,
    entries: Vec<Entry<'f>>,
    asked: BTreeSet<&'static str>,
}

/// Parses the file; a syntax error goes to the report. What could be read in spite of it is returned.
pub fn parse<'f>(text: &'f str, report: &mut Report<'_>) -> DeTable<'f> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        report.add(error.span().unwrap_or(0..text.len()), error.message());
    }
    table.into_inner()
}

// === impl Section ===

impl<'f> Section<'f> {
    /// The table at `span`.
    pub fn new(table: &'f DeTable<'f>, span: Range<usize>) -> Self {
        let mut entries: Vec<Entry<'f>> =
            table.iter().map(|(key, value)| Entry { name: key.get_ref(), span: key.span(), value }).collect();
        entries.sort_by_key(|entry| entry.span.start);
        Section { span, entries, asked: BTreeSet::new() }
    }

    /// The entries in the order of the file, all of them asked for.
    pub fn entries(&self) -> &[Entry<'f>] {
        &self.entries
    }

    /// The entry of this name.
    pub fn get(&mut self, name: &'static str) -> Option<Entry<'f>> {
        self.asked.insert(name);
        self.entries.iter().find(|entry| entry.name == name).cloned()
    }

    /// The string of this name.
    pub fn text(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<Text<'f>> {
        self.get(name)?.text(report)
    }

    /// The string of this name, which must be there.
    pub fn required_text(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<Text<'f>> {
        self.get(name).or_else(|| self.lacks(name, report))?.text(report)
    }

    /// The strings of this name.
    pub fn texts(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<Vec<Text<'f>>> {
        self.get(name)?.texts(report)
    }

    /// The whole number of this name.
    pub fn number(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<u64> {
        let entry = self.get(name)?;
        let number = entry.value.get_ref().as_integer().and_then(|i| u64::from_str_radix(i.as_str(), i.radix()).ok());
        number.or_else(|| entry.is_not("a whole number from 0 on", report))
    }

    /// The boolean of this name.
    pub fn flag(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<bool> {
        let entry = self.get(name)?;
        entry.value.get_ref().as_bool().or_else(|| entry.is_not("a boolean", report))
    }

    /// The table of this name.
    pub fn section(&mut self, name: &'static str, report: &mut Report<'_>) -> Option<Section<'f>> {
        self.get(name)?.section(report)
    }

    /// The array of tables of this name; a single table is an array of one.
    pub fn sections(&mut self, name: &'static str, report: &mut Report<'_>) -> Vec<Section<'f>> {
        self.get(name).map(|entry| entry.sections(report)).unwrap_or_default()
    }

    /// Reports that the table has no such key.
    pub fn lacks<T>(&self, name: &str, report: &mut Report<'_>) -> Option<T> {
        report.add(self.span.clone(), format!("`{name}` is missing"));
        None
    }

    /// Reports the keys that were never asked for.
    pub fn close(self, report: &mut Report<'_>) {
        let known = || self.asked.iter().copied();
        for entry in self.entries.iter().filter(|entry| !self.asked.contains(entry.name)) {
            report.add_with_hint(entry.span.clone(), format!("unknown key `{}`", entry.name), suggest(entry.name, known()));
        }
    }
}

// === impl Entry ===

impl<'f> Entry<'f> {
    /// The value as a string.
    pub fn text(&self, report: &mut Report<'_>) -> Option<Text<'f>> {
        text_of(self.value, report).or_else(|| self.is_not("a string", report))
    }

    /// The value as an array of strings.
    pub fn texts(&self, report: &mut Report<'_>) -> Option<Vec<Text<'f>>> {
        let Some(items) = self.value.get_ref().as_array() else { return self.is_not("an array of strings", report) };
        let (texts, others): (Vec<_>, Vec<_>) =
            items.iter().map(|item| (text_of(item, report), item)).partition(|(text, _)| text.is_some());
        for (_, other) in &others {
            report.add(other.span(), format!("`{}` must be an array of strings, but this is {}", self.name, kind_of(other)));
        }
        others.is_empty().then(|| texts.into_iter().filter_map(|(text, _)| text).collect())
    }

    /// The value as a table.
    pub fn section(&self, report: &mut Report<'_>) -> Option<Section<'f>> {
        match self.value.get_ref() {
            DeValue::Table(table) => Some(Section::new(table, self.span.clone())),
            _ => self.is_not("a table", report),
        }
    }

    /// The value as an array of tables; a single table is an array of one.
    pub fn sections(&self, report: &mut Report<'_>) -> Vec<Section<'f>> {
        let Some(items) = self.value.get_ref().as_array() else { return self.section(report).into_iter().collect() };
        let entry = |value: &'f Spanned<DeValue<'f>>| Entry { name: self.name, span: value.span(), value };
        items.iter().filter_map(|value| entry(value).section(report)).collect()
    }

    /// Reports that the value is not what it has to be.
    pub fn is_not<T>(&self, wanted: &str, report: &mut Report<'_>) -> Option<T> {
        report.add(self.value.span(), format!("`{}` must be {wanted}, not {}", self.name, kind_of(self.value)));
        None
    }
}

fn text_of<'f>(value: &'f Spanned<DeValue<'f>>, report: &Report<'_>) -> Option<Text<'f>> {
    let (text, span) = (value.get_ref().as_str()?, value.span());
    let raw = report.file.text.get(span.clone()).unwrap_or("");
    Some(Text { value: text, sql: SqlText::of_toml_string(text, raw, span.start), span })
}

fn kind_of(value: &Spanned<DeValue<'_>>) -> &'static str {
    match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
