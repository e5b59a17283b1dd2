//! What columns are in JSON.

use schemas::Type;
use serde_json::{Value, json};

/// The schema of a column's values in documents; any may be null.
pub fn in_documents(ty: &Type) -> Value {
    match ty {
        Type::Bool => json!({ "type": ["boolean", "null"] }),
        Type::Int4 | Type::Int8 => json!({ "type": ["integer", "null"], "format": "int64" }),
        Type::Decimal => {
            json!({ "type": ["number", "null"], "description": "exact; its digits are those of the number as it is written" })
        }
        Type::Double => json!({ "type": ["number", "string", "null"], "description": "a string where it is NaN or infinite" }),
        Type::Json(_) | Type::Unknown => json!({}),
        Type::Array(items) => json!({ "type": ["array", "null"], "items": in_documents(items) }),
        Type::Text | Type::Timestamp | Type::Date | Type::Uuid | Type::Interval => {
            json!({ "type": ["string", "null"], "description": ty.to_string() })
        }
    }
}

/// The schema of a value in a condition.
pub fn in_conditions(ty: &Type) -> Value {
    match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int4 | Type::Int8 => json!({ "type": "integer" }),
        Type::Decimal | Type::Double => json!({ "type": "number" }),
        _ => json!({ "type": "string" }),
    }
}
