//! Messages that are not CloudEvents: rules by which they become events.
//!
//! Pure: the same message becomes the same event whenever it is read, and a message that cannot become one says why. The first
//! rule whose subject matches is the one that counts; what no rule matches is a CloudEvent already.

mod body;
mod file;
mod template;

use std::hash::{Hash, Hasher};

use projections::engine::subject_matches;
use serde_json::Value;
use xxhash_rust::xxh3::Xxh3;

use template::Template;

/// Rules, in the order in which they are tried.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mapping {
    rules: Vec<Rule>,
}

/// A message of the log.
#[derive(Clone, Copy, Debug)]
pub struct Message<'m> {
    /// Its position.
    pub position: u64,
    /// The subject it was published under.
    pub subject: &'m str,
    /// Its headers.
    pub headers: &'m [(&'m str, &'m str)],
    /// The rest.
    pub body: &'m [u8],
}

/// Why a message cannot become an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rule for {subject} cannot fill `{attribute}`: {reason}")]
pub struct Unmapped {
    /// The rule's subject.
    pub subject: String,
    /// What it was about to fill.
    pub attribute: &'static str,
    /// Why not.
    pub reason: String,
}

/// How the messages of some subjects become events.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rule {
    subject: String,
    id: Template,
    source: Template,
    ty: Template,
    about: Option<Template>,
    time: Option<Time>,
    data: Data,
}

/// When it happened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Time {
    template: Template,
    unit: Unit,
}

/// What a time is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Unit {
    /// As RFC 3339 has it.
    Text,
    Seconds,
    Millis,
    Micros,
}

/// The event's data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Data {
    /// One value.
    Value(Template),
    /// An object of these members.
    Object(Vec<(String, Member)>),
}

/// A member of the data.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Member {
    Template(Template),
    /// JSON.
    Constant(String),
}

// === impl Mapping ===

impl Mapping {
    /// The event in structured JSON; `None` where no rule is for this message.
    pub fn apply(&self, message: &Message<'_>) -> Option<Result<Vec<u8>, Unmapped>> {
        let rule = self.rules.iter().find(|rule| subject_matches(&rule.subject, message.subject))?;
        Some(rule.apply(message).map(String::into_bytes))
    }

    /// A number that changes with what the rules say; 0 where there are none.
    pub fn fingerprint(&self) -> u64 {
        if self.rules.is_empty() {
            return 0;
        }
        let mut hasher = Xxh3::new();
        self.rules.hash(&mut hasher);
        hasher.finish()
    }
}

// === impl Rule ===

impl Rule {
    fn apply(&self, message: &Message<'_>) -> Result<String, Unmapped> {
        let because = |attribute| move |reason| Unmapped { subject: self.subject.clone(), attribute, reason };
        let mut event = String::with_capacity(message.body.len() + 200);
        event.push_str(r#"{"specversion":"1.0""#);
        let attributes =
            [("id", Some(&self.id)), ("source", Some(&self.source)), ("type", Some(&self.ty)), ("about", self.about.as_ref())];
        for (attribute, template) in attributes {
            let text = template.map(|template| template.text(message)).transpose().map_err(because(attribute))?.flatten();
            // What an event is about is its subject; a message has one of another kind.
            push(&mut event, if attribute == "about" { "subject" } else { attribute }, text.map(quoted));
        }
        let time = self.time.as_ref().map(|time| time.text(message)).transpose().map_err(because("time"))?.flatten();
        push(&mut event, "time", time.map(quoted));
        push(&mut event, "data", self.data.json(message).map_err(because("data"))?);
        event.push('}');
        Ok(event)
    }
}

/// Adds a member to an object that has one already.
fn push(object: &mut String, name: &str, json: Option<String>) {
    if let Some(json) = json {
        *object += &format!(",\"{name}\":{json}");
    }
}

fn quoted(text: String) -> String {
    Value::String(text).to_string()
}

// === impl Time ===

impl Time {
    fn text(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        let Some(text) = self.template.text(message)? else { return Ok(None) };
        let time = match (self.unit, text.parse::<i64>()) {
            (Unit::Text, _) => return Ok(Some(text)),
            (unit, Ok(number)) => unit.instant(number),
            (_, Err(_)) => None,
        };
        time.map(|time| Some(time.to_string())).ok_or_else(|| format!("'{text}' is no time in {}", self.unit.word()))
    }
}

// === impl Unit ===

impl Unit {
    const ALL: [Unit; 4] = [Unit::Text, Unit::Seconds, Unit::Millis, Unit::Micros];

    /// As the file has it.
    fn word(self) -> &'static str {
        match self {
            Unit::Text => "rfc3339",
            Unit::Seconds => "s",
            Unit::Millis => "ms",
            Unit::Micros => "us",
        }
    }

    /// So many of them after 1970.
    fn instant(self, number: i64) -> Option<jiff::Timestamp> {
        match self {
            Unit::Text => None,
            Unit::Seconds => jiff::Timestamp::from_second(number).ok(),
            Unit::Millis => jiff::Timestamp::from_millisecond(number).ok(),
            Unit::Micros => jiff::Timestamp::from_microsecond(number).ok(),
        }
    }
}

// === impl Data ===

impl Data {
    fn json(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        match self {
            Data::Value(template) => template.json(message),
            Data::Object(members) => object(members, message).map(Some),
        }
    }
}

fn object(members: &[(String, Member)], message: &Message<'_>) -> Result<String, String> {
    let mut written = Vec::with_capacity(members.len());
    for (name, member) in members {
        let json = match member {
            Member::Constant(json) => Some(json.clone()),
            Member::Template(template) => template.json(message).map_err(|reason| format!("{name}: {reason}"))?,
        };
        written.extend(json.map(|json| format!("{}:{json}", quoted(name.clone()))));
    }
    Ok(format!("{{{}}}", written.join(",")))
}

#[cfg(test)]
mod tests;
