//! What an event is: its envelope, its types and values, the registry of its schemas, their versions
//! and their compatibility. Pure: reads no file and no clock.

pub mod compatibility;
mod diagnostic;
mod document;
mod envelope;
mod extract;
mod infer;
pub mod json;
mod registry;
mod rfc3339;
mod scan;
mod schema;
mod shortened;
pub mod text;
mod types;
mod upcast;
mod value;
mod violation;

pub use diagnostic::{Diagnostic, SourceFile};
pub use envelope::Envelope;
pub use extract::{Elements, Extracted, Extractor};
pub use infer::Inference;
pub use registry::{EventType, Registry, Version};
pub use types::{Field, Shape, Type};
pub use upcast::{CompileUpcast, UpcastEval, UpcastExpr, UpcastMistake};
pub use value::{Decimal, Interval, Value};
pub use violation::Violation;
