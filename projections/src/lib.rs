//! What a projection is: its definitions, their type checker and SQL planner, the evaluator of
//! expressions, and the engine that folds events into rows and joins the rows into documents.
//!
//! The way of the data: `definition` (files, spans, mistakes) → `plan` (numbers instead of names) →
//! `engine` (events in, changes out), with `expr` and `codec` below them. Pure: no I/O, no clock.

pub mod aggregate;
pub mod codec;
pub mod definition;
pub mod engine;
pub mod expr;
pub mod plan;
pub mod planner;
