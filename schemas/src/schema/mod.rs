//! A JSON Schema, read into the part of it that Projector understands: enough to know the type of every field, to
//! accept most events without asking the validator, and to compare versions. What is not understood is marked, and
//! there the validator alone decides.

mod column;
mod combine;
mod kinds;
mod read;

pub(crate) use kinds::Kinds;
pub(crate) use read::read;

use serde_json::Value;

use crate::document::Node;

/// What a value must be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Schema {
    /// The kinds of JSON values that may stand here.
    pub(crate) kinds: Kinds,
    /// The format, of those that give a column its type.
    pub(crate) format: Option<Format>,
    /// The only values that may stand here.
    pub(crate) choices: Option<Vec<Value>>,
    /// Bounds of a number.
    pub(crate) bounds: Bounds,
    /// Bounds of a string's length in characters.
    pub(crate) lengths: Range,
    /// Bounds of an array's length.
    pub(crate) sizes: Range,
    /// What an array's elements must be.
    pub(crate) items: Option<Box<Schema>>,
    /// The members of an object that have a schema of their own, in the order in which they are declared.
    pub(crate) properties: Vec<Property>,
    /// The members of an object besides those.
    pub(crate) additional: Additional,
    /// What else the validator checks.
    pub(crate) rest: Rest,
    /// The keywords that it checks there.
    pub(crate) unread: Vec<(String, Value)>,
}

/// Whether a schema is understood wholly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing is left: what this schema accepts, the validator accepts.
    Nothing,
    /// The keywords in [`Schema::unread`] are left, and nothing else.
    Keywords,
    /// More is left than can be said.
    Everything,
}

/// A declared member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) schema: Schema,
    pub(crate) presence: Presence,
}

/// Whether a member must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
}

/// What an object's members may be that are not declared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Additional {
    /// Anything.
    Open,
    /// There may be none.
    Closed,
    /// Each must satisfy a schema.
    Schema(Box<Schema>),
}

/// The formats that give a column its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    DateTime,
    Date,
    Uuid,
    Decimal,
}

/// Bounds of a number.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) exclusive_minimum: Option<f64>,
    pub(crate) exclusive_maximum: Option<f64>,
}

/// Bounds of a length, both inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
}

// === impl Schema ===

impl Schema {
    /// What accepts everything.
    pub(crate) fn any() -> Schema {
        Schema {
            kinds: Kinds::ANY,
            format: None,
            choices: None,
            bounds: Bounds::default(),
            lengths: Range::default(),
            sizes: Range::default(),
            items: None,
            properties: Vec::new(),
            additional: Additional::Open,
            rest: Rest::Nothing,
            unread: Vec::new(),
        }
    }

    /// Leaves a keyword to the validator.
    fn leave(&mut self, name: &str, node: &Node) {
        if self.rest == Rest::Nothing {
            self.rest = Rest::Keywords;
        }
        self.unread.push((name.to_owned(), node.to_value()));
    }

    /// The declared member `name`.
    pub(crate) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// The kinds that really may stand here, what the choices say included.
    pub(crate) fn possible_kinds(&self) -> Kinds {
        match &self.choices {
            None => self.kinds,
            Some(choices) => self.kinds.intersection(choices.iter().map(Kinds::of).fold(Kinds::NONE, Kinds::union)),
        }
    }
}

// === impl Format ===

impl Format {
    const ALL: [Format; 4] = [Format::DateTime, Format::Date, Format::Uuid, Format::Decimal];

    /// The format of that name.
    pub(crate) fn named(name: &str) -> Option<Format> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Its name in a schema.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::DateTime => "date-time",
            Format::Date => "date",
            Format::Uuid => "uuid",
            Format::Decimal => "decimal",
        }
    }
}

// === impl Range ===

impl Range {
    /// Whether there is none.
    pub(crate) fn is_open(self) -> bool {
        self == Range::default()
    }

    /// Whether `length` is within.
    #[inline]
    pub(crate) fn contains(self, length: u64) -> bool {
        self.min.is_none_or(|min| length >= min) && self.max.is_none_or(|max| length <= max)
    }
}

// === impl Bounds ===

impl Bounds {
    /// Whether there are none.
    pub(crate) fn is_open(&self) -> bool {
        *self == Bounds::default()
    }

    /// Whether `number` is within.
    pub(crate) fn contains(&self, number: f64) -> bool {
        self.minimum.is_none_or(|bound| number >= bound)
            && self.maximum.is_none_or(|bound| number <= bound)
            && self.exclusive_minimum.is_none_or(|bound| number > bound)
            && self.exclusive_maximum.is_none_or(|bound| number < bound)
    }
}
