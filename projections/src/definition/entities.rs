//! Entities: what their rules assign decides which columns they have.

use schemas::{EventType, Field, Registry, Type};
use sqlparser::ast;

use super::column_type::parse;
use super::file::{Assign, EntityDef, RuleDef};
use super::fold_scope::{EventReads, FoldScope, SelfColumn};
use super::nearest::suggest;
use super::report::Report;
use super::syntax::Text;
use crate::plan::{Column, Entity, Path};

/// An entity whose expressions are parsed.
pub struct EntityDraft<'f> {
    /// The entity as it is written.
    pub def: &'f EntityDef<'f>,
    /// Its columns, those of the key first.
    pub columns: Vec<ColumnDraft>,
    /// Its rules.
    pub rules: Vec<RuleDraft<'f>>,
}

/// A column and what is known of it.
pub struct ColumnDraft {
    /// The column's name.
    pub name: String,
    /// Its type, once it is found.
    pub ty: Option<Type>,
    /// Whether the type is given by name.
    pub given: bool,
}

/// A rule whose expressions are parsed.
pub struct RuleDraft<'f> {
    /// The rule as it is written.
    pub def: &'f RuleDef<'f>,
    /// Its event.
    pub event: &'f EventType,
    /// The array that it runs over, and an element of it.
    pub element: Option<(Path, Field)>,
    /// When it does anything.
    pub when: Option<Parsed<'f>>,
    /// For each column of the key; `None`: the field of that name.
    pub key: Vec<Option<Parsed<'f>>>,
    /// The columns that it sets; `None`: it deletes.
    pub set: Option<Vec<(usize, Parsed<'f>)>>,
}

/// An expression and where it is written.
pub struct Parsed<'f> {
    /// The expression.
    pub expr: ast::Expr,
    /// Its text.
    pub text: &'f Text<'f>,
}

// === impl EntityDraft ===

impl<'f> EntityDraft<'f> {
    /// Parses the entity's expressions and finds its columns.
    pub fn new(def: &'f EntityDef<'f>, registry: &'f Registry, report: &mut Report<'_>) -> Self {
        let mut draft = EntityDraft { def, columns: Vec::new(), rules: Vec::new() };
        for column in &def.key {
            draft.add_column(column.value);
        }
        for rule in &def.rules {
            for assign in rule.set.iter().flatten() {
                draft.check_assigned(assign, report);
                draft.add_column(assign.column.value);
            }
        }
        draft.read_given(report);
        draft.rules = def.rules.iter().filter_map(|rule| draft.rule(rule, registry, report)).collect();
        draft
    }

    fn add_column(&mut self, name: &str) {
        if self.columns.iter().all(|column| column.name != name) {
            self.columns.push(ColumnDraft { name: name.to_owned(), ty: None, given: false });
        }
    }

    fn check_assigned(&self, assign: &Assign<'_>, report: &mut Report<'_>) {
        if self.def.key.iter().any(|key| key.value == assign.column.value) {
            let message = format!("`{}` is part of the key, which never changes", assign.column.value);
            let hint = Some("give it under `key` of the rule, where its field has another name".to_owned());
            report.add_with_hint(assign.column.span.clone(), message, hint);
        }
    }

    fn read_given(&mut self, report: &mut Report<'_>) {
        for given in &self.def.columns {
            let names = self.columns.iter().map(|column| column.name.as_str());
            let name = given.column.value;
            let Some(number) = self.number(name) else {
                report.add_with_hint(given.column.span.clone(), format!("no rule sets `{name}`"), suggest(name, names));
                continue;
            };
            match parse(given.value.value) {
                Ok(ty) => self.columns[number] = ColumnDraft { name: name.to_owned(), ty: Some(ty), given: true },
                Err(hint) => {
                    report.add_with_hint(given.value.span.clone(), format!("unknown type `{}`", given.value.value), hint);
                }
            }
        }
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    fn rule(&self, def: &'f RuleDef<'f>, registry: &'f Registry, report: &mut Report<'_>) -> Option<RuleDraft<'f>> {
        let Some(event) = registry.event_type(def.event.value) else {
            let hint = suggest(def.event.value, registry.event_types().map(|event| event.name.as_str()));
            report.add_with_hint(def.event.span.clone(), format!("unknown event type `{}`", def.event.value), hint);
            return None;
        };
        let element = match &def.for_each {
            Some(path) => Some(element_of(event, path, report)?),
            None => None,
        };
        let when = def.when.as_ref().map(|text| parsed(text, report)).unwrap_or_default();
        let set = def.set.as_ref().map(|set| {
            set.iter().filter_map(|assign| Some((self.number(assign.column.value)?, parsed(&assign.value, report)?))).collect()
        });
        Some(RuleDraft { def, event, element, when, key: self.rule_key(def, report)?, set })
    }

    fn rule_key(&self, def: &'f RuleDef<'f>, report: &mut Report<'_>) -> Option<Vec<Option<Parsed<'f>>>> {
        let mut key: Vec<Option<Parsed<'f>>> = self.def.key.iter().map(|_| None).collect();
        let mut complete = true;
        for assign in &def.key {
            let name = assign.column.value;
            match self.def.key.iter().position(|column| column.value == name) {
                Some(number) => {
                    key[number] = parsed(&assign.value, report);
                    complete &= key[number].is_some();
                }
                None => {
                    let hint = suggest(name, self.def.key.iter().map(|column| column.value));
                    report.add_with_hint(assign.column.span.clone(), format!("`{name}` is not part of the key"), hint);
                }
            }
        }
        complete.then_some(key)
    }

    /// The entity as the plan has it. A column of unknown type, which some mistake left, is of no type to views.
    pub fn entity(&self) -> Entity {
        let column = |column: &ColumnDraft| {
            let fallback = if self.rules.len() == self.def.rules.len() { Type::Text } else { Type::Unknown };
            Column { name: column.name.clone(), ty: column.ty.clone().unwrap_or(fallback) }
        };
        Entity {
            name: self.def.name.value.to_owned(),
            columns: self.columns.iter().map(column).collect(),
            key_len: self.def.key.len(),
        }
    }
}

// === impl RuleDraft ===

impl<'f> RuleDraft<'f> {
    /// What names mean in the rule; `columns` is the row so far.
    pub fn scope<'s>(&'s self, reads: &'s mut EventReads, columns: Option<&'s [SelfColumn]>) -> FoldScope<'s> {
        let element = self.element.as_ref().map(|(path, field)| (reads.add_loop(path.clone()), field.clone()));
        FoldScope { event: self.event, reads, element, columns, guessed: false }
    }

    /// The expressions that the rule assigns to a column.
    pub fn assigned(&self, column: usize) -> impl Iterator<Item = (&'f Text<'f>, &ast::Expr)> {
        let key = self.key.get(column).and_then(Option::as_ref);
        let set = self.set.iter().flatten().filter(move |(number, _)| *number == column).map(|(_, parsed)| parsed);
        key.into_iter().chain(set).map(|parsed| (parsed.text, &parsed.expr))
    }
}

fn parsed<'f>(text: &'f Text<'f>, report: &mut Report<'_>) -> Option<Parsed<'f>> {
    Some(Parsed { expr: text.sql.parse_expr(report)?, text })
}

fn element_of(event: &EventType, text: &Text<'_>, report: &mut Report<'_>) -> Option<(Path, Field)> {
    let path: Path = text.value.split('.').map(str::to_owned).collect();
    let Some(field) = event.field(&path) else {
        let hint = suggest(text.value, array_fields(event).iter().map(String::as_str));
        report.add_with_hint(text.span.clone(), format!("event {} has no field `{}`", event.name, text.value), hint);
        return None;
    };
    let Some(element) = field.element() else {
        report.add(text.span.clone(), format!("`{}` is {}, not an array", text.value, field.ty));
        return None;
    };
    Some((path, element))
}

fn array_fields(event: &EventType) -> Vec<String> {
    match event.field(&[]).map(|field| field.ty) {
        Some(Type::Json(schemas::Shape::Object(fields))) => {
            fields.iter().filter(|field| field.element().is_some()).map(|field| field.name.clone()).collect()
        }
        _ => Vec::new(),
    }
}
