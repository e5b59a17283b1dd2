//! Whether what an upcast yields fits the newer schema, as far as types say.

use std::collections::BTreeMap;
use std::ops::Range;

use super::file::{Parsed, Placed};
use super::{CompileUpcast, UpcastExpr};
use crate::registry::Version;
use crate::schema::{Additional, Kinds, Presence, Property, Schema};
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
    ty: Type,
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
            self.check_result(&self.result(parsed, sets), mistakes);
        }
    }

    fn check_names(&self, parsed: &Parsed, mistakes: &mut Vec<Diagnostic>) {
        let old = parsed.rename.iter().map(|(_, old)| old).chain(&parsed.drop);
        let new = parsed.rename.iter().map(|(new, _)| new);
        let new = new.chain(parsed.default.iter().map(|(new, _)| new)).chain(parsed.set.iter().map(|(new, _)| new));
        mistakes.extend(old.filter_map(|name| self.check_name(name, self.older)));
        mistakes.extend(new.filter_map(|name| self.check_name(name, self.newer)));
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
        for (name, value) in &parsed.default {
            result
                .entry(name.text.clone())
                .and_modify(Given::fill)
                .or_insert_with(|| Given::constant(value, name.span()))
                .span
                .get_or_insert(name.span());
        }
        for (name, expr) in sets {
            result.insert(name.text.clone(), Given::computed(expr, name.span()));
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
        Given { ty: property.schema.column_type(), presence: property.presence, nulls, span }
    }

    fn constant(value: &serde_json::Value, span: Range<usize>) -> Given {
        let kinds = Kinds::of(value);
        let nulls = if kinds == Kinds::NULL { Nulls::Possible } else { Nulls::Impossible };
        let ty = Schema { kinds, ..Schema::any() }.column_type();
        Given { ty, presence: Presence::Required, nulls, span: Some(span) }
    }

    /// What SQL yields may always be null; where that does not fit shows only when it is.
    fn computed(expr: &UpcastExpr, span: Range<usize>) -> Given {
        Given { ty: expr.ty.clone(), presence: Presence::Required, nulls: Nulls::Impossible, span: Some(span) }
    }

    /// A default stands where nothing else does.
    fn fill(&mut self) {
        self.presence = Presence::Required;
        self.nulls = Nulls::Impossible;
    }

    /// Why the field may not be what the newer version declares.
    fn misfit(&self, property: &Property) -> Option<String> {
        let newer = property.schema.column_type();
        if !fits(&self.ty, &newer) {
            return Some(format!("it is {}, not {newer}", self.ty));
        }
        if self.presence == Presence::Optional && property.presence == Presence::Required {
            return Some("it may be absent".to_owned());
        }
        (self.nulls == Nulls::Possible && !property.schema.allows_null()).then(|| "it may be null".to_owned())
    }
}

/// Whether the JSON of a value of type `from` can be one of type `to`. What types do not say (a text's format, an
/// open JSON value's inside) is left to the newer schema, when data comes.
fn fits(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Json(Shape::Any)) | (Type::Json(Shape::Any) | Type::Unknown, _) => true,
        (Type::Text, to) => is_text(to) || *to == Type::Decimal,
        (from, Type::Text) => is_text(from),
        (Type::Int4 | Type::Int8, Type::Int8 | Type::Double | Type::Decimal) => true,
        (Type::Decimal, Type::Double) | (Type::Double, Type::Decimal) => true,
        (Type::Array(from), Type::Array(to)) => fits(from, to),
        (Type::Json(Shape::Object(from)), Type::Json(Shape::Object(to))) => to.iter().all(|field| {
            let given = from.iter().find(|given| given.name == field.name);
            given.map_or(field.nullable, |given| fits(&given.ty, &field.ty) && (field.nullable || !given.nullable))
        }),
        (Type::Json(Shape::Array(from)), Type::Json(Shape::Array(to))) => fits(from, to),
        (from, to) => from == to,
    }
}

/// What JSON writes as a string.
fn is_text(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Timestamp | Type::Date | Type::Uuid)
}
