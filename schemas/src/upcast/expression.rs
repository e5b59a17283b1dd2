//! The SQL expressions of upcasts. SQL is not known here: who knows it hands in a compiler.

use std::fmt;
use std::ops::Range;

use crate::types::{Field, Type};
use crate::value::Value;

/// Compiles the SQL expressions of upcasts.
pub trait CompileUpcast {
    /// Compiles `text`, an expression over these fields of the older data.
    fn compile(&self, text: &str, fields: &[Field]) -> Result<UpcastExpr, Vec<UpcastMistake>>;
}

/// What an expression reads, what it yields, and how.
pub struct UpcastExpr {
    /// Paths into the older data; their values are the arguments of `eval`, in this order.
    pub fields: Vec<Vec<String>>,
    /// The type of the result.
    pub ty: Type,
    /// Evaluates the expression; the error says why it has no value.
    pub eval: Box<UpcastEval>,
}

/// From the values of the fields to the result.
pub type UpcastEval = dyn for<'v> Fn(&[Value<'v>]) -> Result<Value<'static>, String> + Send + Sync;

/// What is wrong with an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpcastMistake {
    /// Bytes of the expression's text.
    pub span: Range<usize>,
    /// What is wrong: a lower-case fragment without a full stop.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

/// For tests that have no use for expressions: refuses all.
#[cfg(test)]
pub(crate) struct NoSql;

#[cfg(test)]
impl CompileUpcast for NoSql {
    fn compile(&self, _: &str, _: &[Field]) -> Result<UpcastExpr, Vec<UpcastMistake>> {
        Err(vec![UpcastMistake { span: 0..1, message: "no SQL here".to_owned(), hint: None }])
    }
}

impl fmt::Debug for UpcastExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpcastExpr").field("fields", &self.fields).field("ty", &self.ty).finish_non_exhaustive()
    }
}
