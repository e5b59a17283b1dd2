//! Taking an event's data apart: one pass over its text checks it against its schema and picks the values that are
//! wanted. Nothing is built on the way; text is borrowed from the event.
//!
//! The pass accepts only what is certainly valid. Where it doubts (a value that seems wrong, a keyword that it does not
//! know) the `jsonschema` validator decides, and words the reason. What the validator cannot know is checked here
//! alone: that every value fits the column that its schema makes of it.

mod accept;
mod canonical;
mod convert;
mod plan;
mod pointer;
mod walk;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use convert::uuid as parse_uuid_text;
pub(crate) use plan::Plan;

use crate::envelope::Envelope;
use crate::registry::{EventType, Version};
use crate::value::Value;
use crate::violation::Violation;

/// Takes events of one type apart. Data of older versions is checked against its own version, lifted to the newest,
/// and read as that.
#[derive(Debug)]
pub struct Extractor {
    event_type: Arc<EventType>,
    plan: Plan,
}

/// The values of one event; its buffers are used again for the next.
#[derive(Debug, Default)]
pub struct Extracted<'a> {
    /// The wanted fields, in the order in which they were asked for; NULL where the data has none.
    pub fields: Vec<Value<'a>>,
    /// The wanted arrays, in the order in which they were asked for.
    pub loops: Vec<Elements<'a>>,
    stamps: walk::Stamps,
}

/// The elements of an array: `count` rows of `width` values, one row after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Elements<'a> {
    /// The rows' values.
    pub values: Vec<Value<'a>>,
    /// How many fields of each element are wanted.
    pub width: usize,
    /// How many elements there are; none where the array is null or absent.
    pub count: usize,
}

// === impl Extractor ===

impl Extractor {
    /// An extractor of the fields at these paths of the newest version's data, and, for each array in `loops`, of the
    /// fields at these paths of its elements. The empty path is the data (or the element) itself.
    pub fn new(event_type: &Arc<EventType>, fields: &[Vec<String>], loops: &[(Vec<String>, Vec<Vec<String>>)]) -> Extractor {
        let plan = Plan::new(&event_type.latest().schema, fields, loops);
        Extractor { event_type: event_type.clone(), plan }
    }

    /// Checks the event's data and fills `out` with what is wanted of it.
    pub fn extract<'a>(&self, envelope: &Envelope<'a>, out: &mut Extracted<'a>) -> Result<(), Violation> {
        let version = self.event_type.known_version(envelope.version)?;
        let latest = self.event_type.latest();
        if version.number == latest.number {
            return self.plan.read(latest, envelope.data, out);
        }
        let lifted = self.lift(version, envelope.data)?;
        self.plan.read_owned(latest, &lifted, out).map_err(|violation| upcast_failed(version, violation))
    }

    /// Fills `out` with what can be read of data that is refused; whether anything can. Values that do not fit their columns are NULL.
    /// Only data of the newest version is read so: how to lift data is known only where it is right.
    pub fn salvage<'a>(&self, envelope: &Envelope<'a>, out: &mut Extracted<'a>) -> bool {
        envelope.version == self.event_type.latest().number && self.plan.salvage(envelope.data, out)
    }

    /// The data as the newest version has it.
    fn lift<'a>(&self, version: &Version, data: &'a str) -> Result<Cow<'a, str>, Violation> {
        let mut data = Cow::Borrowed(data);
        for older in self.event_type.versions().iter().filter(|older| older.number >= version.number) {
            let Some(upcast) = &older.upcast else { continue };
            let lifted = upcast.apply(older, &data).map_err(|violation| match older.number == version.number {
                true => violation,
                false => upcast_failed(version, violation),
            })?;
            data = Cow::Owned(lifted);
        }
        Ok(data)
    }
}

/// What was read is right by its own version, so what is wrong later is the upcast's doing.
fn upcast_failed(version: &Version, violation: Violation) -> Violation {
    let reason = format!("data of v{} as the newest version: {}", version.number, violation.reason);
    Violation::new(Violation::UPCAST_FAILED, reason)
}

// === impl Extracted ===

impl<'a> Extracted<'a> {
    /// Room for what a plan wants, all of it NULL.
    fn reset(&mut self, plan: &Plan) {
        self.fields.clear();
        self.fields.resize(plan.fields, Value::Null);
        self.loops.resize_with(plan.widths.len(), Elements::default);
        for (elements, width) in self.loops.iter_mut().zip(&plan.widths) {
            elements.values.clear();
            elements.width = *width;
            elements.count = 0;
        }
        self.stamps.reserve(plan.stamps);
    }

    /// Takes over what was read from text that does not live as long.
    fn take(&mut self, other: Extracted<'_>) {
        self.fields = other.fields.into_iter().map(Value::into_owned).collect();
        self.loops = other.loops.into_iter().map(Elements::into_owned).collect();
    }
}

// === impl Elements ===

impl Elements<'_> {
    fn into_owned(self) -> Elements<'static> {
        let values = self.values.into_iter().map(Value::into_owned).collect();
        Elements { values, width: self.width, count: self.count }
    }
}

#[cfg(test)]
mod tests;
