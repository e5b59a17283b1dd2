//! Comparing two schemas of one version: does one accept all that the other does?

use super::{Break, Direction, Rule};
use crate::schema::{Additional, Kinds, Presence, Range, Schema};
use crate::types::{Shape, Type};

/// What is found while two schemas are compared.
pub(super) struct Findings<'n> {
    event_type: &'n str,
    version: u32,
    direction: Direction,
    /// The names on the way to the schemas that are being compared.
    path: Vec<String>,
    breaks: Vec<Break>,
}

// === impl Findings ===

impl<'n> Findings<'n> {
    pub(super) fn new(event_type: &'n str, version: u32, direction: Direction) -> Self {
        Findings { event_type, version, direction, path: Vec::new(), breaks: Vec::new() }
    }

    pub(super) fn into_breaks(self) -> Vec<Break> {
        self.breaks
    }

    pub(super) fn unknown_version(&mut self) {
        match self.direction {
            Direction::Backward => self.found(Rule::RemovedVersion, "the version is gone".to_owned()),
            Direction::Forward => self.found(Rule::AddedVersion, "the version is new: older readers do not know it".to_owned()),
        }
    }

    /// Finds what keeps `reader` from accepting all that `writer` accepts.
    pub(super) fn compare(&mut self, reader: &Schema, writer: &Schema) {
        if !same_column(&reader.column_type(), &writer.column_type()) {
            let (old, new) = self.direction.in_time(writer.column_type(), reader.column_type());
            return self.found(Rule::ChangedType, format!("it was {}, and now is {}", shown(&old), shown(&new)));
        }
        self.compare_kinds(reader, writer);
        self.compare_choices(reader, writer);
        self.compare_bounds(reader, writer);
        self.compare_constraints(reader, writer);
        self.compare_members(reader, writer);
        if let (Some(reader), Some(writer)) = (&reader.items, &writer.items) {
            self.inside("[]", |found| found.compare(reader, writer));
        }
    }

    fn compare_kinds(&mut self, reader: &Schema, writer: &Schema) {
        let refused = writer.possible_kinds().without(reader.possible_kinds());
        if refused != Kinds::NONE {
            let (read, wrote) = self.direction.names();
            self.found(Rule::NarrowedType, format!("{wrote} allows {refused}, {read} does not"));
        }
    }

    fn compare_choices(&mut self, reader: &Schema, writer: &Schema) {
        let Some(allowed) = &reader.choices else { return };
        let (read, wrote) = self.direction.names();
        let Some(written) = &writer.choices else {
            return self.found(Rule::NarrowedEnum, format!("{read} allows only some values, {wrote} any"));
        };
        let refused: Vec<String> =
            written.iter().filter(|choice| !allowed.contains(choice)).map(|choice| choice.to_string()).collect();
        if !refused.is_empty() {
            self.found(Rule::NarrowedEnum, format!("{read} does not allow {}", refused.join(", ")));
        }
    }

    fn compare_bounds(&mut self, reader: &Schema, writer: &Schema) {
        let (read, wrote) = (&reader.bounds, &writer.bounds);
        self.lower("minimum", read.minimum, greatest(wrote.minimum, wrote.exclusive_minimum));
        self.upper("maximum", read.maximum, least(wrote.maximum, wrote.exclusive_maximum));
        if !excludes_nothing(read.exclusive_minimum, wrote.minimum, |bound, minimum| bound < minimum) {
            self.lower("exclusiveMinimum", read.exclusive_minimum, wrote.exclusive_minimum);
        }
        if !excludes_nothing(read.exclusive_maximum, wrote.maximum, |bound, maximum| bound > maximum) {
            self.upper("exclusiveMaximum", read.exclusive_maximum, wrote.exclusive_maximum);
        }
        self.range("minLength", "maxLength", reader.lengths, writer.lengths);
        self.range("minItems", "maxItems", reader.sizes, writer.sizes);
    }

    fn range(&mut self, min: &str, max: &str, reader: Range, writer: Range) {
        // A length of at least 0 is no bound.
        self.lower(min, reader.min.filter(|min| *min > 0), writer.min);
        self.upper(max, reader.max, writer.max);
    }

    fn lower<T: PartialOrd + std::fmt::Display>(&mut self, keyword: &str, reader: Option<T>, writer: Option<T>) {
        if let Some(bound) = reader
            && !writer.as_ref().is_some_and(|writer| *writer >= bound)
        {
            self.narrowed(keyword, bound, writer);
        }
    }

    fn upper<T: PartialOrd + std::fmt::Display>(&mut self, keyword: &str, reader: Option<T>, writer: Option<T>) {
        if let Some(bound) = reader
            && !writer.as_ref().is_some_and(|writer| *writer <= bound)
        {
            self.narrowed(keyword, bound, writer);
        }
    }

    fn narrowed<T: std::fmt::Display>(&mut self, keyword: &str, bound: T, other: Option<T>) {
        let (read, wrote) = self.direction.names();
        let other = other.map_or("has none".to_owned(), |other| format!("has {other}"));
        self.found(Rule::NarrowedBounds, format!("{read} has `{keyword}` {bound}, {wrote} {other}"));
    }

    /// Keywords that only the validator knows can be the same, or fewer.
    fn compare_constraints(&mut self, reader: &Schema, writer: &Schema) {
        for (name, value) in reader.unread.iter().filter(|constraint| !writer.unread.contains(constraint)) {
            let (read, wrote) = self.direction.names();
            self.found(Rule::ChangedConstraint, format!("{read} has `{name}`: {value}, {wrote} does not"));
        }
    }

    fn compare_members(&mut self, reader: &Schema, writer: &Schema) {
        for property in &writer.properties {
            match reader.property(&property.name) {
                Some(read) => self.inside(&property.name, |found| found.compare(&read.schema, &property.schema)),
                None => self.inside(&property.name, |found| found.unknown_field(&reader.additional, &property.schema)),
            }
        }
        for property in reader.properties.iter().filter(|property| property.presence == Presence::Required) {
            let written = writer.property(&property.name);
            if written.is_none_or(|written| written.presence == Presence::Optional) {
                let (read, wrote) = self.direction.names();
                let message = format!("{read} requires it, {wrote} does not");
                self.inside(&property.name, |found| found.found(Rule::AddedRequired, message));
            }
        }
        self.compare_additional(&reader.additional, &writer.additional);
    }

    fn compare_additional(&mut self, reader: &Additional, writer: &Additional) {
        match (reader, writer) {
            (Additional::Open, _) | (_, Additional::Closed) => {}
            (Additional::Closed, _) => {
                let (read, wrote) = self.direction.names();
                self.found(Rule::ClosedObject, format!("{read} allows no fields but the declared, {wrote} does"));
            }
            (Additional::Schema(reader), Additional::Open) => self.inside("*", |found| found.compare(reader, &Schema::any())),
            (Additional::Schema(reader), Additional::Schema(writer)) => self.inside("*", |found| found.compare(reader, writer)),
        }
    }

    /// A field that only the writer declares. Readers that are older have no use for it, newer ones had.
    fn unknown_field(&mut self, reader: &Additional, writer: &Schema) {
        match (self.direction, reader) {
            (Direction::Backward, _) => self.found(Rule::RemovedField, "the field is gone".to_owned()),
            (Direction::Forward, Additional::Closed) => {
                self.found(Rule::AddedField, "the field is new, and the older schema allows none but the declared".to_owned());
            }
            (Direction::Forward, Additional::Schema(reader)) => self.compare(reader, writer),
            (Direction::Forward, Additional::Open) => {}
        }
    }

    fn inside(&mut self, name: &str, compare: impl FnOnce(&mut Self)) {
        self.path.push(name.to_owned());
        compare(self);
        self.path.pop();
    }

    fn found(&mut self, rule: Rule, message: String) {
        let field = self.path.join(".").replace(".[]", "[]");
        let event_type = self.event_type.to_owned();
        self.breaks.push(Break { event_type, version: Some(self.version), field, rule, message });
    }
}

/// Whether columns of both types hold the same; what is inside of JSON is compared field by field.
fn same_column(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Json(Shape::Array(_)), Type::Json(Shape::Array(_))) => true,
        (Type::Json(Shape::Array(_)), _) | (_, Type::Json(Shape::Array(_))) => false,
        (a, b) => a.is_same(b),
    }
}

/// Whether an exclusive bound of the reader excludes nothing that the inclusive one of the writer allows.
fn excludes_nothing(reader: Option<f64>, writer: Option<f64>, is_beyond: fn(f64, f64) -> bool) -> bool {
    reader.zip(writer).is_some_and(|(bound, inclusive)| is_beyond(bound, inclusive))
}

fn least(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn greatest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    least(a.map(|a| -a), b.map(|b| -b)).map(|least| -least)
}

/// The type's name; SQL has one name for all JSON.
fn shown(ty: &Type) -> String {
    match ty {
        Type::Json(Shape::Array(_)) => "a JSON array".to_owned(),
        Type::Json(Shape::Object(_)) => "a JSON object".to_owned(),
        Type::Json(Shape::Any) => "any JSON".to_owned(),
        scalar => scalar.to_string(),
    }
}
