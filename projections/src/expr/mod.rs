//! Expressions: compiled from SQL with every name resolved and every type decided, then evaluated over rows.
//!
//! One language serves folds, views, roll-ups and upcasts: they differ only in what their names mean, which
//! a [`Scope`] says when an expression is compiled, and a [`Frame`] when it is evaluated.

mod compare;
mod compile;
mod convert;
pub(crate) mod decimal;
mod eval;
mod fault;
mod fold;
mod function;
mod functions;
#[cfg(test)]
mod golden;
mod nearest;
mod number;
mod pattern;
mod resolve;
mod scope;
mod take;
mod tree;
mod units;

use schemas::text::TextError;
use schemas::{Type, Value};

use crate::codec::Row;

pub(crate) use functions::{json_array, json_object, part_of_interval, sum_of_intervals};

pub use compare::{compare, equal};
pub use compile::{compile, compile_condition};
pub use convert::{coerce, settled};
pub use eval::{eval, is_true};
pub use function::Function;
pub use functions::catalogue;
pub use nearest::nearest;
pub use scope::{AggregateCall, Mistake, Scope};

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A constant.
    Literal(Value<'static>),
    /// Column `column` of the row in slot `slot` of the frame; NULL where the slot is empty.
    Column {
        /// The slot of the frame.
        slot: usize,
        /// The column of the row.
        column: usize,
    },
    /// Parameter `0` of the frame: a field of the event, the result of a sub-select, a group's key or aggregate.
    Param(usize),
    /// An operator, function or cast, of the arguments.
    Call {
        /// What is computed.
        function: &'static Function,
        /// The arguments, of the function's types.
        args: Box<[Expr]>,
    },
    /// A cast from text.
    Parse {
        /// The type asked for.
        to: Type,
        /// The text.
        text: Box<Expr>,
    },
    /// A function applied to each element of an array: how an array is cast.
    Each {
        /// The cast of one element.
        cast: Box<Expr>,
        /// The array.
        array: Box<Expr>,
    },
    /// AND: the first false decides, and what follows it is not evaluated.
    And(Box<[Expr]>),
    /// OR: the first true decides, and what follows it is not evaluated.
    Or(Box<[Expr]>),
    /// `IN`: the value, and what it may be equal to.
    In {
        /// The value.
        value: Box<Expr>,
        /// What it may be equal to.
        list: Box<[Expr]>,
    },
    /// CASE: the result of the first arm whose condition is true.
    Case {
        /// Conditions and results.
        arms: Box<[(Expr, Expr)]>,
        /// ELSE
        otherwise: Box<Expr>,
    },
    /// The first argument that is not NULL; the rest is not evaluated.
    Coalesce(Box<[Expr]>),
    /// `json_build_object` with names that are known, each but once: each as it is written, with its colon, and its value.
    Object(Box<[(Box<str>, Expr)]>),
}

/// What an expression is evaluated over.
#[derive(Clone, Copy)]
pub struct Frame<'f> {
    /// The rows that `Column` names; `None` is the row of NULLs that an outer join yields.
    pub rows: &'f [Option<&'f Row>],
    /// What `Param` names. A parameter that could not be computed fails only an expression that asks for it.
    pub params: &'f [Result<Value<'f>, EvalError>],
}

impl<'f> Frame<'f> {
    /// The row in a slot, if there is one.
    pub fn row(&self, slot: usize) -> Option<&'f Row> {
        self.rows.get(slot).copied().flatten()
    }
}

/// Why an expression has no value; the text is PostgreSQL's where PostgreSQL fails too.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// `x / 0`, `x % 0`
    #[error("division by zero")]
    DivisionByZero,
    /// A number, date or interval beyond the bounds of its type.
    #[error("{0} out of range")]
    OutOfRange(&'static str),
    /// Text that is not of the type it is cast to.
    #[error(transparent)]
    Text(Box<TextError>),
    /// Anything else, such as an argument that a function does not take.
    #[error("{0}")]
    Invalid(String),
}

impl From<TextError> for EvalError {
    /// Boxed: values are handed on far more often than errors arise, and every result is as large as the largest of both.
    fn from(error: TextError) -> EvalError {
        EvalError::Text(Box::new(error))
    }
}

/// An expression with its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// The expression.
    pub expr: Expr,
    /// Its type.
    pub ty: Type,
}
