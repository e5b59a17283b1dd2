//! What a function is: its name, the types it takes and gives, and what computes it. Operators and casts are
//! functions too; the tables in [`functions`](super::functions) list them all.

use schemas::{Type, Value};

use super::EvalError;

/// The result of a function.
pub(super) type Outcome<'v> = Result<Value<'v>, EvalError>;

/// A function, operator or cast for one list of argument types.
#[derive(Debug)]
pub struct Function {
    /// The name, or the operator's sign.
    pub(super) name: &'static str,
    /// The types of the arguments; of a variadic function, the last one repeats.
    pub(super) params: &'static [Kind],
    /// The type of the result.
    pub(super) result: Kind,
    /// What it does with NULL.
    pub(super) nulls: NullRule,
    /// How many arguments there may be.
    pub(super) arity: Arity,
    /// What computes it.
    pub(super) body: Body,
}

/// What a function does with a NULL among its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NullRule {
    /// It is not called; the result is NULL.
    Strict,
    /// It sees them.
    Sees,
}

/// How many arguments a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arity {
    /// As many as it has parameters.
    Exact,
    /// The last parameter once or more.
    Variadic,
}

/// What computes a function.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// Of one argument.
    One(for<'v> fn(Value<'v>) -> Outcome<'v>),
    /// Of two arguments.
    Two(for<'v> fn(Value<'v>, Value<'v>) -> Outcome<'v>),
    /// Of any number.
    Many(for<'v> fn(Vec<Value<'v>>) -> Outcome<'v>),
}

/// The type of a parameter or result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int4,
    Int8,
    Double,
    Decimal,
    Text,
    Timestamp,
    Date,
    Interval,
    Json,
    /// `text[]`
    TextArray,
    /// Anything, as it is.
    Any,
    /// An array; of a result: of the type that the arguments agree on.
    AnyArray,
    /// An array of the very type that the others of this kind have.
    SameArray,
    /// What the arrays among the arguments have as elements.
    AnyElement,
    /// What all arguments of this kind agree on, if it has an order.
    Comparable,
}

impl Kind {
    /// The type, unless it depends on the arguments.
    pub(super) fn ty(self) -> Option<Type> {
        Some(match self {
            Kind::Bool => Type::Bool,
            Kind::Int4 => Type::Int4,
            Kind::Int8 => Type::Int8,
            Kind::Double => Type::Double,
            Kind::Decimal => Type::Decimal,
            Kind::Text => Type::Text,
            Kind::Timestamp => Type::Timestamp,
            Kind::Date => Type::Date,
            Kind::Interval => Type::Interval,
            Kind::Json => Type::JSON,
            Kind::TextArray => Type::Array(Box::new(Type::Text)),
            Kind::Any | Kind::AnyArray | Kind::SameArray | Kind::AnyElement | Kind::Comparable => return None,
        })
    }
}

/// Where a function is in memory says nothing, and is different each time: plans are shown and compared by their text.
impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

// === impl Function ===

impl Function {
    const fn new(name: &'static str, params: &'static [Kind], result: Kind, body: Body) -> Function {
        Function { name, params, result, nulls: NullRule::Strict, arity: Arity::Exact, body }
    }

    pub(super) const fn one(
        name: &'static str,
        params: &'static [Kind; 1],
        result: Kind,
        body: for<'v> fn(Value<'v>) -> Outcome<'v>,
    ) -> Function {
        Function::new(name, params, result, Body::One(body))
    }

    pub(super) const fn two(
        name: &'static str,
        params: &'static [Kind; 2],
        result: Kind,
        body: for<'v> fn(Value<'v>, Value<'v>) -> Outcome<'v>,
    ) -> Function {
        Function::new(name, params, result, Body::Two(body))
    }

    pub(super) const fn many(
        name: &'static str,
        params: &'static [Kind],
        result: Kind,
        body: for<'v> fn(Vec<Value<'v>>) -> Outcome<'v>,
    ) -> Function {
        Function::new(name, params, result, Body::Many(body))
    }

    /// The same, also called where an argument is NULL.
    pub(super) const fn sees_nulls(mut self) -> Function {
        self.nulls = NullRule::Sees;
        self
    }

    /// The same, with the last parameter once or more.
    pub(super) const fn variadic(mut self) -> Function {
        self.arity = Arity::Variadic;
        self
    }

    /// The name, the types of the arguments, and that of the result: `round(numeric, integer) numeric`.
    pub fn signature(&self) -> String {
        let shown = |kind: &Kind| kind.ty().map_or_else(|| format!("{kind:?}"), |ty| ty.to_string());
        let params: Vec<String> = self.params.iter().map(shown).collect();
        format!("{}({}) {}", self.name, params.join(", "), shown(&self.result))
    }

    /// The parameter that argument `index` is for.
    pub(super) fn param(&self, index: usize) -> Option<Kind> {
        match self.arity {
            Arity::Exact => self.params.get(index).copied(),
            Arity::Variadic => self.params.get(index).or(self.params.last()).copied(),
        }
    }

    /// Whether it takes so many arguments.
    pub(super) fn takes(&self, count: usize) -> bool {
        match self.arity {
            Arity::Exact => count == self.params.len(),
            Arity::Variadic => count >= self.params.len(),
        }
    }
}

/// The same function has the same name and parameters: the tables have no two such.
impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        self.name == other.name && self.params == other.params && self.result == other.result
    }
}
