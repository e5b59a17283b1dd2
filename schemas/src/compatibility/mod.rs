//! Whether events that are published by one set of schemas can be read by another.
//!
//! *Backward*: the newer schemas read every event that the older allow; what is in the log stays readable.
//! *Forward*: the older schemas read every event that the newer allow; publishers may be deployed before readers.
//! A field's type may not change at all within a version, for columns take theirs from it: that is what new versions
//! and upcasts are for.

mod schemas;

use std::fmt;

use crate::registry::{EventType, Registry};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compatibility {
    /// The newer read what the older allow.
    Backward,
    /// The older read what the newer allow.
    Forward,
    /// Both.
    Full,
}

/// One difference that breaks compatibility.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Break {
    /// The event type.
    pub event_type: String,
    /// The version; `None` where the type as a whole is meant.
    pub version: Option<u32>,
    /// The field, dotted, with `[]` for an array's elements and `*` for fields that are not declared; empty for the
    /// data as a whole.
    pub field: String,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is different.
    pub message: String,
}

/// The rules of compatibility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The type is gone.
    RemovedType,
    /// The type is new, and its events unknown to the older schemas.
    AddedType,
    /// Another service owns the type.
    ChangedOwner,
    /// The version is gone.
    RemovedVersion,
    /// The version is new, and its events unknown to the older schemas.
    AddedVersion,
    /// The field is gone.
    RemovedField,
    /// The field is new where nothing new is allowed.
    AddedField,
    /// The field must be there, and need not have been.
    AddedRequired,
    /// The field has another type.
    ChangedType,
    /// Kinds of values are no longer allowed: null, most often.
    NarrowedType,
    /// Values of an enumeration are no longer allowed.
    NarrowedEnum,
    /// A number, a text or an array must keep narrower bounds.
    NarrowedBounds,
    /// Fields that are not declared are no longer allowed.
    ClosedObject,
    /// A keyword that cannot be compared was added or changed.
    ChangedConstraint,
}

/// Which schemas read, and which wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Backward,
    Forward,
}

/// Everything in `newer` that breaks compatibility with `older`, in the order of types, versions and fields.
pub fn compare(older: &Registry, newer: &Registry, asked: Compatibility) -> Vec<Break> {
    let mut breaks = Vec::new();
    if asked != Compatibility::Forward {
        compare_registries(newer, older, Direction::Backward, &mut breaks);
    }
    if asked != Compatibility::Backward {
        compare_registries(older, newer, Direction::Forward, &mut breaks);
    }
    breaks.sort();
    breaks.dedup();
    breaks
}

fn compare_registries(reader: &Registry, writer: &Registry, direction: Direction, breaks: &mut Vec<Break>) {
    for written in writer.event_types() {
        match reader.event_type(&written.name) {
            Some(read) => compare_types(read, written, direction, breaks),
            None => breaks.push(unknown_type(written, direction)),
        }
    }
}

fn compare_types(reader: &EventType, writer: &EventType, direction: Direction, breaks: &mut Vec<Break>) {
    if reader.service != writer.service {
        let (old, new) = direction.in_time(&writer.service, &reader.service);
        let message = format!("it belonged to service \"{old}\", and now belongs to \"{new}\"");
        breaks.push(Break::of_type(writer, Rule::ChangedOwner, message));
    }
    for written in writer.versions() {
        let mut found = schemas::Findings::new(&writer.name, written.number, direction);
        match reader.version(written.number) {
            Some(read) => found.compare(&read.schema, &written.schema),
            None => found.unknown_version(),
        }
        breaks.extend(found.into_breaks());
    }
}

fn unknown_type(written: &EventType, direction: Direction) -> Break {
    match direction {
        Direction::Backward => Break::of_type(written, Rule::RemovedType, "the type is gone".to_owned()),
        Direction::Forward => {
            Break::of_type(written, Rule::AddedType, "the type is new: older readers do not know it".to_owned())
        }
    }
}

// === impl Break ===

impl Break {
    fn of_type(event_type: &EventType, rule: Rule, message: String) -> Break {
        Break { event_type: event_type.name.clone(), version: None, field: String::new(), rule, message }
    }
}

/// Type, version, field, rule and message on one line.
impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.event_type)?;
        if let Some(version) = self.version {
            write!(f, ".v{version}")?;
        }
        if !self.field.is_empty() {
            write!(f, " {}", self.field)?;
        }
        write!(f, ": {} ({})", self.message, self.rule)
    }
}

// === impl Rule ===

impl Rule {
    /// The rule's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::RemovedType => "removed_type",
            Rule::AddedType => "added_type",
            Rule::ChangedOwner => "changed_owner",
            Rule::RemovedVersion => "removed_version",
            Rule::AddedVersion => "added_version",
            Rule::RemovedField => "removed_field",
            Rule::AddedField => "added_field",
            Rule::AddedRequired => "added_required",
            Rule::ChangedType => "changed_type",
            Rule::NarrowedType => "narrowed_type",
            Rule::NarrowedEnum => "narrowed_enum",
            Rule::NarrowedBounds => "narrowed_bounds",
            Rule::ClosedObject => "closed_object",
            Rule::ChangedConstraint => "changed_constraint",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl Direction ===

impl Direction {
    /// The older of two things, and the newer.
    fn in_time<T>(self, written: T, read: T) -> (T, T) {
        match self {
            Direction::Backward => (written, read),
            Direction::Forward => (read, written),
        }
    }

    /// The schemas that read, and those that wrote, as sentences name them.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Direction::Backward => ("the newer schema", "the older"),
            Direction::Forward => ("the older schema", "the newer"),
        }
    }
}

#[cfg(test)]
mod tests;
