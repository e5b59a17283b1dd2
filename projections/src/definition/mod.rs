//! What the user writes: `projection.toml`, the SELECTs beside it, and their tests.

mod column_type;
mod entities;
mod file;
mod fingerprint;
mod fold_scope;
mod infer;
mod load;
mod nearest;
mod report;
mod rules;
mod sql;
mod syntax;
pub mod testing;
mod upcasts;
mod views;

pub use load::load_projection;
pub(crate) use nearest::suggest;
pub use upcasts::load_registry;
