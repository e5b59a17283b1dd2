//! Whether what an upcast yields fits the newer schema, as far as types say.

use std::collections::BTreeMap;
use std::ops::Range;

use super::file::{Parsed, Placed};
use super::{CompileUpcast, Form, UpcastExpr};
use crate::registry::Version;
use crate::schema::{Additional, Format, Kinds, Presence, Property, Schema};
use crate::types::{Shape, Type};
use crate::{Diagnostic, SourceFile};

/// What an upcast is read from, and between what it stands.
pub(super) struct Source<'s> {
    pub(super) file: Option<&'s SourceFile>,
    pub(super) older: &'s Version,
    pub(super) newer: &'s Version,
}

/// What is known of a field of the lifted data.
struct Given {
    schema: Schema,
    /// Whether it may be missing.
    presence: Presence,
    /// Whether it may be null.
    nulls: Nulls,
    /// Where the file speaks of it.
    span: Option<Range<usize>>,
}

/// Whether a field may be null.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    Possible,
    Impossible,
}

// === impl Source ===

impl Source<'_> {
    /// Compiles the expressions.
    pub(super) fn sets(
        &self,
        parsed: &Parsed,
        compile: &dyn CompileUpcast,
        mistakes: &mut Vec<Diagnostic>,
    ) -> Vec<(Placed, UpcastExpr)> {
        let fields = self.older.fields();
        let mut sets = Vec::new();
        for (name, text) in &parsed.set {
            match compile.compile(&text.text, &fields) {
                Ok(expr) => sets.push((name.clone(), expr)),
                Err(found) => mistakes.extend(found.into_iter().map(|mistake| {
                    let span = self.file.map(|file| text.part(file, &mistake.span));
                    Diagnostic { path: self.path(), span, message: mistake.message, hint: mistake.hint }
                })),
            }
        }
        sets
    }

    /// Checks the names, and then the types of what comes out.
    pub(super) fn check(&self, parsed: &Parsed, sets: &[(Placed, UpcastExpr)], mistakes: &mut Vec<Diagnostic>) {
        let known = mistakes.len();
        self.check_names(parsed, mistakes);
        if mistakes.len() == known {
            mistakes.extend(parsed.default.iter().filter_map(|(name, value)| self.check_constant(name, value)));
            self.check_result(&self.result(parsed, sets), mistakes);
        }
    }

    fn check_names(&self, parsed: &Parsed, mistakes: &mut Vec<Diagnostic>) {
        let old = parsed.rename.iter().map(|(_, old)| old).chain(&parsed.drop);
        let new = parsed.rename.iter().map(|(new, _)| new);
        let new = new.chain(parsed.default.iter().map(|(new, _)| new)).chain(parsed.set.iter().map(|(new, _)| new));
        mistakes.extend(old.filter_map(|name| self.check_name(name, self.older)));
        mistakes.extend(new.filter_map(|name| self.check_name(name, self.newer)));
        mistakes.extend((0..parsed.rename.len()).filter_map(|place| self.check_rename(parsed, place)));
    }

    fn check_rename(&self, parsed: &Parsed, place: usize) -> Option<Diagnostic> {
        let (earlier, (new, old)) = (&parsed.rename[..place], &parsed.rename[place]);
        let message = if earlier.iter().any(|(_, other)| other.text == old.text) {
            format!("`{}` is renamed twice", old.text)
        } else if parsed.drop.iter().any(|drop| drop.text == old.text) {
            format!("`{}` is both renamed and dropped", old.text)
        } else if self.stays(&new.text, parsed) {
            format!("v{} has a field `{}` already", self.older.number, new.text)
        } else {
            return None;
        };
        Some(self.mistake(Some(new.span()), message).with_hint("`drop` what gives way; a copy is a field of `set`"))
    }

    /// Whether the older version has a field `name` that is neither renamed nor dropped.
    fn stays(&self, name: &str, parsed: &Parsed) -> bool {
        let mut gone = parsed.rename.iter().map(|(_, old)| old).chain(&parsed.drop);
        self.older.schema.property(name).is_some() && gone.all(|gone| gone.text != name)
    }

    fn check_constant(&self, name: &Placed, value: &serde_json::Value) -> Option<Diagnostic> {
        let reason = self.newer.refuses(&name.text, value)?;
        Some(self.mistake(Some(name.span()), format!("`{}` does not fit v{}: {reason}", name.text, self.newer.number)))
    }

    fn check_name(&self, name: &Placed, version: &Version) -> Option<Diagnostic> {
        if version.schema.property(&name.text).is_some() {
            return None;
        }
        let fields: Vec<&str> = version.schema.properties.iter().map(|property| property.name.as_str()).collect();
        let message = format!("v{} has no field `{}`", version.number, name.text);
        let hint = format!("its fields are {}", fields.join(", "));
        Some(self.mistake(Some(name.span()), message).with_hint(hint))
    }

    /// The fields of the lifted data.
    fn result(&self, parsed: &Parsed, sets: &[(Placed, UpcastExpr)]) -> BTreeMap<String, Given> {
        let mut result: BTreeMap<String, Given> = BTreeMap::new();
        for property in &self.older.schema.properties {
            let renamed = parsed.rename.iter().find(|(_, old)| old.text == property.name);
            if parsed.drop.iter().all(|drop| drop.text != property.name) {
                let name = renamed.map_or(&property.name, |(new, _)| &new.text);
                result.insert(name.clone(), Given::of(property, renamed.map(|(new, _)| new.span())));
            }
        }
        for (name, _) in &parsed.default {
            let given = result.entry(name.text.clone()).or_insert_with(|| Given::fitting(self.newer, &name.text));
            given.fill();
            given.span.get_or_insert(name.span());
        }
        for (name, expr) in sets {
            let field = self.newer.schema.property(&name.text).map(|property| &property.schema);
            let is_quoted = field.is_some_and(|field| Form::of(expr, field) == Form::Quoted);
            let given = if is_quoted { Given::fitting(self.newer, &name.text) } else { Given::computed(expr) };
            result.insert(name.text.clone(), Given { span: Some(name.span()), ..given });
        }
        result
    }

    fn check_result(&self, result: &BTreeMap<String, Given>, mistakes: &mut Vec<Diagnostic>) {
        for property in &self.newer.schema.properties {
            match result.get(&property.name) {
                Some(given) => mistakes.extend(given.misfit(property).map(|what| self.misfit(property, given, &what))),
                None if property.presence == Presence::Required => mistakes.push(self.missing(property)),
                None => {}
            }
        }
        if self.newer.schema.additional == Additional::Closed {
            for (name, given) in result.iter().filter(|(name, _)| self.newer.schema.property(name).is_none()) {
                let message = format!("v{} has a field `{name}`, which v{} does not allow", self.older.number, self.newer.number);
                mistakes.push(self.mistake(given.span.clone(), message).with_hint(self.hint("`drop` it, or `rename` it")));
            }
        }
    }

    fn misfit(&self, property: &Property, given: &Given, what: &str) -> Diagnostic {
        let message = format!("`{}` does not fit v{}: {what}", property.name, self.newer.number);
        self.mistake(given.span.clone(), message).with_hint(self.hint("give it another value with `set` or `default`"))
    }

    fn missing(&self, property: &Property) -> Diagnostic {
        let message = format!("v{} requires `{}`, which v{} does not have", self.newer.number, property.name, self.older.number);
        self.mistake(None, message).with_hint(self.hint("give it a value with `default`, `set` or `rename`"))
    }

    /// Where there is no file yet the hint says to write one.
    fn hint(&self, advice: &str) -> String {
        match self.file {
            Some(_) => advice.to_owned(),
            None => {
                format!("write an upcast beside it, <EventType>.v{}-to-v{}.toml: {advice}", self.older.number, self.newer.number)
            }
        }
    }

    fn mistake(&self, span: Option<Range<usize>>, message: String) -> Diagnostic {
        Diagnostic { path: self.path(), span, message, hint: None }
    }

    fn path(&self) -> String {
        self.file.map_or(&self.newer.path, |file| &file.path).clone()
    }
}

// === impl Given ===

impl Given {
    fn of(property: &Property, span: Option<Range<usize>>) -> Given {
        let nulls = if property.schema.allows_null() { Nulls::Possible } else { Nulls::Impossible };
        Given { schema: property.schema.clone(), presence: property.presence, nulls, span }
    }

    /// What is of the newer field's type already.
    fn fitting(newer: &Version, name: &str) -> Given {
        let schema = newer.schema.property(name).map_or_else(Schema::any, |property| property.schema.clone());
        Given { schema, presence: Presence::Required, nulls: Nulls::Impossible, span: None }
    }

    /// What SQL yields may always be null; where that does not fit shows only when it is.
    fn computed(expr: &UpcastExpr) -> Given {
        Given { schema: written(&expr.ty), presence: Presence::Required, nulls: Nulls::Impossible, span: None }
    }

    /// A default stands where nothing else does.
    fn fill(&mut self) {
        self.presence = Presence::Required;
        self.nulls = Nulls::Impossible;
    }

    /// Why the field may not be what the newer version declares.
    fn misfit(&self, property: &Property) -> Option<String> {
        if !fits(&self.schema, &property.schema) {
            return Some(format!("it is {}, not {}", shown(&self.schema), shown(&property.schema)));
        }
        if self.presence == Presence::Optional && property.presence == Presence::Required {
            return Some("it may be absent".to_owned());
        }
        (self.nulls == Nulls::Possible && !property.schema.allows_null()).then(|| "it may be null".to_owned())
    }
}

/// Whether JSON of one schema can be JSON of another. What types do not say (a text's format, an open JSON value's
/// inside) is left to the newer schema, when data comes.
fn fits(from: &Schema, to: &Schema) -> bool {
    match (from.column_type(), to.column_type()) {
        (_, Type::Json(Shape::Any)) | (Type::Json(Shape::Any), _) => true,
        (Type::Json(Shape::Object(_)), Type::Json(Shape::Object(_))) => members_fit(from, to),
        _ => fits_outside(from, to) && from.items.as_ref().zip(to.items.as_ref()).is_none_or(|(from, to)| fits(from, to)),
    }
}

fn fits_outside(from: &Schema, to: &Schema) -> bool {
    let kinds = from.possible_kinds().without(Kinds::NULL);
    let is_formatted_alike = from.format.is_none() || to.format.is_none() || from.format == to.format;
    to.possible_kinds().includes(kinds) && (is_formatted_alike || !kinds.includes(Kinds::STRING))
}

fn members_fit(from: &Schema, to: &Schema) -> bool {
    to.properties.iter().all(|property| match from.property(&property.name) {
        None => property.presence == Presence::Optional,
        Some(given) => Given::of(given, None).misfit(property).is_none(),
    })
}

/// The JSON that a computed value is written as.
fn written(ty: &Type) -> Schema {
    let (kinds, format) = match ty {
        Type::Bool => (Kinds::BOOL, None),
        Type::Int4 | Type::Int8 => (Kinds::INTEGER, None),
        Type::Double => (Kinds::NUMBER, None),
        Type::Decimal => (Kinds::NUMBER, Some(Format::Decimal)),
        Type::Text | Type::Interval => (Kinds::STRING, None),
        Type::Timestamp => (Kinds::STRING, Some(Format::DateTime)),
        Type::Date => (Kinds::STRING, Some(Format::Date)),
        Type::Uuid => (Kinds::STRING, Some(Format::Uuid)),
        Type::Array(item) => return Schema { kinds: Kinds::ARRAY, items: Some(Box::new(written(item))), ..Schema::any() },
        // What is inside is checked when data comes.
        Type::Json(_) | Type::Unknown => return Schema::any(),
    };
    Schema { kinds, format, ..Schema::any() }
}

/// The type, and of a decimal whether it is a number or a string.
fn shown(schema: &Schema) -> String {
    match schema.column_type() {
        Type::Decimal => format!("numeric ({})", schema.possible_kinds().without(Kinds::NULL)),
        ty => ty.to_string(),
    }
}
