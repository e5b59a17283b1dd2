//! The file with the rules.

use std::ops::Range;

use schemas::{Diagnostic, SourceFile};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::template::Template;
use super::{Data, Mapping, Member, Rule, Time, Unit};

/// What a rule can say.
const KEYS: [&str; 8] = ["subject", "id", "source", "type", "about", "time", "time_unit", "data"];

/// A value of the file and where it stands.
type Found<'t, 'i> = Option<&'t Spanned<DeValue<'i>>>;

/// Reads a file and collects what is wrong with it.
struct Reader<'f> {
    path: &'f str,
    mistakes: Vec<Diagnostic>,
}

/// A rule as it is written.
struct Written<'t, 'i> {
    table: &'t DeTable<'i>,
    span: Range<usize>,
}

impl Mapping {
    /// The rules of a file, or every mistake in it.
    pub fn parse(file: &SourceFile) -> Result<Mapping, Vec<Diagnostic>> {
        let (table, errors) = DeTable::parse_recoverable(&file.text);
        let mut reader = Reader { path: &file.path, mistakes: Vec::new() };
        for error in &errors {
            reader.refuse(error.span().unwrap_or_default(), error.message());
        }
        let rules = reader.rules(table.get_ref());
        if rules.is_empty() && reader.mistakes.is_empty() {
            reader.mistakes.push(Diagnostic::of_file(&file.path, "there is no rule: write [[rule]] and what it says"));
        }
        if reader.mistakes.is_empty() { Ok(Mapping { rules }) } else { Err(reader.mistakes) }
    }
}

// === impl Reader ===

impl Reader<'_> {
    fn refuse(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.mistakes.push(Diagnostic::new(self.path, span, message));
    }

    fn rules(&mut self, file: &DeTable<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (key, value) in file {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("rule", DeValue::Array(found)) => rules.extend(found.iter().filter_map(|rule| self.rule(rule))),
                _ => self.refuse(key.span(), "a mapping is made of [[rule]] only"),
            }
        }
        rules
    }

    fn rule(&mut self, rule: &Spanned<DeValue<'_>>) -> Option<Rule> {
        let DeValue::Table(table) = rule.get_ref() else {
            self.refuse(rule.span(), "a rule is a table");
            return None;
        };
        for key in table.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            self.refuse(key.span(), format!("a rule has no {}: it has {}", key.get_ref(), KEYS.join(", ")));
        }
        let written = Written { table, span: rule.span() };
        let subject = self.required(&written, "subject", pattern);
        let parts = subject.as_deref().map_or(usize::MAX, parts_of);
        let id = self.required(&written, "id", |text| always(text, parts));
        let source = self.required(&written, "source", |text| always(text, parts));
        let ty = self.required(&written, "type", |text| always(text, parts));
        let about = written.get("about").and_then(|value| self.parsed("about", value, |text| template(text, parts)));
        let (time, data) = (self.time(&written, parts), self.data(&written, parts));
        Some(Rule { subject: subject?, id: id?, source: source?, ty: ty?, about, time, data: data? })
    }

    fn required<T>(&mut self, rule: &Written<'_, '_>, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match rule.get(key) {
            Some(value) => self.parsed(key, value, parse),
            None => {
                self.refuse(rule.span.clone(), format!("the rule has no {key}"));
                None
            }
        }
    }

    fn parsed<T>(&mut self, key: &str, value: &Spanned<DeValue<'_>>, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let parsed = match value.get_ref() {
            DeValue::String(text) => parse(text),
            other => Err(format!("it is a text, not {}", other.type_str())),
        };
        parsed.map_err(|message| self.refuse(value.span(), format!("{key}: {message}"))).ok()
    }

    fn time(&mut self, rule: &Written<'_, '_>, parts: usize) -> Option<Time> {
        let unit = match rule.get("time_unit") {
            Some(value) => self.parsed("time_unit", value, unit),
            None => Some(Unit::Text),
        };
        let Some(time) = rule.get("time") else {
            if let Some(value) = rule.get("time_unit") {
                self.refuse(value.span(), "time_unit: there is no time");
            }
            return None;
        };
        let template = self.parsed("time", time, |text| template(text, parts));
        Some(Time { template: template?, unit: unit? })
    }

    fn data(&mut self, rule: &Written<'_, '_>, parts: usize) -> Option<Data> {
        let Some(value) = rule.get("data") else { return Some(Data::Value(Template::body())) };
        let DeValue::Table(members) = value.get_ref() else {
            return self.parsed("data", value, |text| template(text, parts)).map(Data::Value);
        };
        let members: Vec<_> =
            members.iter().map(|(name, value)| Some((name.to_string(), self.member(name.get_ref(), value, parts)?))).collect();
        members.into_iter().collect::<Option<Vec<_>>>().map(Data::Object)
    }

    fn member(&mut self, name: &str, value: &Spanned<DeValue<'_>>, parts: usize) -> Option<Member> {
        match value.get_ref() {
            DeValue::Boolean(truth) => Some(Member::Constant(truth.to_string())),
            // Written in JSON as in TOML, but for signs, underscores and other bases.
            DeValue::Integer(number) if number.radix() == 10 => Some(Member::Constant(number.as_str().replace(['_', '+'], ""))),
            _ => self.parsed(&format!("data.{name}"), value, |text| template(text, parts)).map(Member::Template),
        }
    }
}

// === impl Written ===

impl<'t, 'i> Written<'t, 'i> {
    fn get(&self, key: &str) -> Found<'t, 'i> {
        self.table.get(key)
    }
}

/// A template of an attribute that every event has.
fn always(text: &str, parts: usize) -> Result<Template, String> {
    let template = template(text, parts)?;
    if template.is_optional() { Err("every event has it: leave out the ?".to_owned()) } else { Ok(template) }
}

/// A template for messages whose subjects have at most so many parts.
fn template(text: &str, parts: usize) -> Result<Template, String> {
    let template = Template::parse(text)?;
    match template.subject_parts() {
        last if last > parts => Err(format!("the subject has {parts} parts, there is no {{subject.{last}}}")),
        _ => Ok(template),
    }
}

fn pattern(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('.').collect();
    let is_part = |(index, part): (usize, &&str)| match *part {
        "*" => true,
        ">" => index + 1 == parts.len(),
        name => !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "*>".contains(c)),
    };
    if parts.iter().enumerate().all(is_part) {
        Ok(text.to_owned())
    } else {
        Err(format!("'{text}' is no subject; write parts separated by dots, * for any one, > at the end for the rest"))
    }
}

/// How many parts the subjects have that match.
fn parts_of(pattern: &str) -> usize {
    if pattern.ends_with('>') { usize::MAX } else { pattern.split('.').count() }
}

fn unit(text: &str) -> Result<Unit, String> {
    let names = Unit::ALL.map(Unit::word).join(", ");
    Unit::ALL.into_iter().find(|unit| unit.word() == text).ok_or_else(|| format!("'{text}' is not one of: {names}"))
}
