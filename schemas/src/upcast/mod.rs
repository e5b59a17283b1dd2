//! Upcasts: how data of an older version becomes data of the next.

mod expression;

pub use expression::{CompileUpcast, UpcastEval, UpcastExpr, UpcastMistake};
