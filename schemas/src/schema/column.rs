//! The SQL type that values of a schema have.

use std::sync::Arc;

use super::{Format, Kinds, Presence, Property, Schema};
use crate::types::{Field, Shape, Type};

impl Schema {
    /// The type of a column that holds what this schema describes; JSON where SQL has nothing narrower.
    pub(crate) fn column_type(&self) -> Type {
        match self.possible_kinds().without(Kinds::NULL) {
            Kinds::BOOL => Type::Bool,
            Kinds::INTEGER => Type::Int8,
            Kinds::NUMBER | Kinds::FRACTION if self.format == Some(Format::Decimal) => Type::Decimal,
            Kinds::NUMBER | Kinds::FRACTION => Type::Double,
            Kinds::STRING => self.text_type(),
            kinds if self.format == Some(Format::Decimal) && decimal_kinds().includes(kinds) && kinds != Kinds::NONE => {
                Type::Decimal
            }
            Kinds::ARRAY => self.array_type(),
            Kinds::OBJECT => Type::Json(self.object_shape()),
            _ => Type::JSON,
        }
    }

    /// Whether null may stand here.
    pub(crate) fn allows_null(&self) -> bool {
        self.possible_kinds().includes(Kinds::NULL)
    }

    /// The fields of an object.
    pub(crate) fn fields(&self) -> Vec<Field> {
        self.properties.iter().map(Property::field).collect()
    }

    fn text_type(&self) -> Type {
        match self.format {
            None => Type::Text,
            Some(Format::DateTime) => Type::Timestamp,
            Some(Format::Date) => Type::Date,
            Some(Format::Uuid) => Type::Uuid,
            Some(Format::Decimal) => Type::Decimal,
        }
    }

    fn array_type(&self) -> Type {
        match self.items.as_ref().map(|items| items.column_type()) {
            None => Type::JSON,
            Some(items @ (Type::Json(_) | Type::Array(_))) => Type::Json(Shape::Array(Arc::new(items))),
            Some(scalar) => Type::Array(Box::new(scalar)),
        }
    }

    fn object_shape(&self) -> Shape {
        if self.properties.is_empty() { Shape::Any } else { Shape::Object(self.fields().into()) }
    }
}

impl Property {
    fn field(&self) -> Field {
        let nullable = self.presence == Presence::Optional || self.schema.allows_null();
        Field { name: self.name.clone(), ty: self.schema.column_type(), nullable }
    }
}

fn decimal_kinds() -> Kinds {
    Kinds::NUMBER.union(Kinds::STRING)
}
