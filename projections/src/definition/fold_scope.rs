//! What names mean in a fold expression: fields of the event, `self.`, `each.` and `event.`.

use schemas::{EventType, Field, Shape, Type, Value};
use sqlparser::ast::{Ident, Query, Spanned as _};
use sqlparser::tokenizer::Span;

use super::nearest::suggest;
use crate::expr::{AggregateCall, Expr, Mistake, Scope, Typed};
use crate::plan::{EVENT_ATTRIBUTES, EventFold, Loop, Path};

/// Parameters are numbered for good when all rules of the event are known; until then each kind has its own range.
const ATTRIBUTES: usize = 1 << 20;
const ELEMENT: usize = 2 << 20;

/// What the rules of one event type read of it.
#[derive(Clone, Default)]
pub struct EventReads {
    fields: Vec<Path>,
    loops: Vec<Loop>,
}

/// A column of the row that a rule changes; its type may not be known yet.
#[derive(Clone)]
pub struct SelfColumn {
    /// The column's name.
    pub name: String,
    /// Its type.
    pub ty: Option<Type>,
}

/// The names of one rule's expressions.
pub struct FoldScope<'s> {
    /// The event.
    pub event: &'s EventType,
    /// What was read of the event so far.
    pub reads: &'s mut EventReads,
    /// The loop that the rule runs in, and its element.
    pub element: Option<(usize, Field)>,
    /// The columns of the row so far; `None` where there is no row yet.
    pub columns: Option<&'s [SelfColumn]>,
    /// Whether a column of unknown type was asked for.
    pub guessed: bool,
}

// === impl EventReads ===

impl EventReads {
    /// The loop over the array at this path.
    pub fn add_loop(&mut self, path: Path) -> usize {
        self.loops.iter().position(|known| known.path == path).unwrap_or_else(|| {
            self.loops.push(Loop { path, fields: Vec::new() });
            self.loops.len() - 1
        })
    }

    /// The final numbers of the parameters in `expr`.
    pub fn number(&self, expr: &mut Expr) {
        let attributes = self.fields.len();
        expr.walk_mut(&mut |expr| {
            if let Expr::Param(param) = expr {
                *param = match *param {
                    element if element >= ELEMENT => attributes + EVENT_ATTRIBUTES.len() + element - ELEMENT,
                    attribute if attribute >= ATTRIBUTES => attributes + attribute - ATTRIBUTES,
                    field => field,
                };
            }
        });
    }

    /// The fold without its rules.
    pub fn into_fold(self) -> EventFold {
        EventFold { fields: self.fields, loops: self.loops, rules: Vec::new() }
    }
}

fn number_of(paths: &mut Vec<Path>, path: Path) -> usize {
    paths.iter().position(|known| *known == path).unwrap_or_else(|| {
        paths.push(path);
        paths.len() - 1
    })
}

// === impl FoldScope ===

impl FoldScope<'_> {
    /// A column of this name as a rule finds it by default: in the element, or else in the event.
    pub fn default_key(&mut self, column: &str) -> Option<Typed> {
        let name = Ident::new(column);
        if self.element.is_some()
            && let Ok(typed) = self.element_field(std::slice::from_ref(&name), Span::empty())
        {
            return Some(typed);
        }
        self.event_field(std::slice::from_ref(&name)).ok()
    }

    fn event_field(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let path = path_of(name);
        let field = self.event.field(&path).ok_or_else(|| {
            let whole = self.event.field(&[]);
            unknown_field(&format!("event {}", self.event.name), whole.as_ref(), name)
        })?;
        Ok(Typed { expr: Expr::Param(number_of(&mut self.reads.fields, path)), ty: field.ty })
    }

    fn element_field(&mut self, name: &[Ident], span: Span) -> Result<Typed, Mistake> {
        let Some((number, element)) = &self.element else {
            return Err(
                Mistake::new(span, "`each` without `for_each`").with_hint("add `for_each = \"the array's field\"` to the rule")
            );
        };
        let path = path_of(name);
        let field = element.at(&path).ok_or_else(|| unknown_field("the element", Some(element), name))?;
        let fields = &mut self.reads.loops[*number].fields;
        Ok(Typed { expr: Expr::Param(ELEMENT + number_of(fields, path)), ty: field.ty })
    }

    fn row_column(&mut self, name: &[Ident], span: Span) -> Result<Typed, Mistake> {
        let (Some(columns), [ident]) = (self.columns, name) else {
            return Err(Mistake::new(span, "there is no row yet for `self`").with_hint("a key is made of the event alone"));
        };
        let column = columns.iter().position(|column| column.name == ident.value).ok_or_else(|| Mistake {
            span: ident.span,
            message: format!("the row has no column `{}`", ident.value),
            hint: suggest(&ident.value, columns.iter().map(|column| column.name.as_str())),
        })?;
        match &columns[column].ty {
            Some(ty) => Ok(Typed { expr: Expr::Column { slot: 0, column }, ty: ty.clone() }),
            None => {
                self.guessed = true;
                Ok(Typed { expr: Expr::Literal(Value::Null), ty: Type::Unknown })
            }
        }
    }
}

impl Scope for FoldScope<'_> {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let span = Span::union_iter(name.iter().map(|ident| ident.span));
        match name {
            [first, rest @ ..] if first.value == "each" && (self.element.is_some() || !rest.is_empty()) => {
                self.element_field(rest, span)
            }
            [first, rest @ ..] if first.value == "self" && !rest.is_empty() => self.row_column(rest, span),
            [first, attribute] if first.value == "event" => event_attribute(attribute),
            _ => self.event_field(name),
        }
    }

    fn subselect(&mut self, query: &Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let hint = "a fold sees the event and its own row; join in a view";
        mistakes.push(Mistake::new(query.span(), "a fold cannot have a sub-select").with_hint(hint));
        None
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let hint = "keep a running value, such as `coalesce(self.total, 0) + amount`, or aggregate in a view";
        mistakes.push(Mistake::new(call.span, "a fold cannot have an aggregate").with_hint(hint));
        None
    }
}

fn event_attribute(name: &Ident) -> Result<Typed, Mistake> {
    let number = EVENT_ATTRIBUTES.iter().position(|(known, _)| *known == name.value).ok_or_else(|| Mistake {
        span: name.span,
        message: format!("events have no attribute `{}`", name.value),
        hint: suggest(&name.value, EVENT_ATTRIBUTES.iter().map(|(known, _)| *known)),
    })?;
    Ok(Typed { expr: Expr::Param(ATTRIBUTES + number), ty: EVENT_ATTRIBUTES[number].1.clone() })
}

fn path_of(name: &[Ident]) -> Path {
    name.iter().map(|ident| ident.value.clone()).collect()
}

/// Which part of the path leads nowhere, and what there is instead.
fn unknown_field(owner: &str, whole: Option<&Field>, name: &[Ident]) -> Mistake {
    let path = path_of(name);
    let known = (0..path.len()).rev().find(|len| whole.is_some_and(|whole| whole.at(&path[..*len]).is_some())).unwrap_or(0);
    let Some(unknown) = name.get(known) else {
        return Mistake::new(Span::empty(), format!("{owner} is no value by itself"));
    };
    let inside = whole.and_then(|whole| whole.at(&path[..known]));
    let fields = match inside.as_ref().map(|field| &field.ty) {
        Some(Type::Json(Shape::Object(fields))) => fields.iter().map(|field| field.name.as_str()).collect(),
        _ => Vec::new(),
    };
    let place = if known == 0 { owner.to_owned() } else { format!("`{}` of {owner}", path[..known].join(".")) };
    Mistake {
        span: unknown.span,
        message: format!("{place} has no field `{}`", unknown.value),
        hint: suggest(&unknown.value, fields),
    }
}
