//! What an event is: its envelope, its types and values, the registry of its schemas, their versions
//! and their compatibility. Pure: reads no file and no clock.

mod diagnostic;
pub mod json;
pub mod text;
mod types;
mod value;

pub use diagnostic::{Diagnostic, SourceFile};
pub use types::{Field, Shape, Type};
pub use value::{Decimal, Interval, Value};
