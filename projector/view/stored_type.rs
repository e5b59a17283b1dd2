//! Types as they are stored and shown: by PostgreSQL's names, and beside them what is known of the inside of JSON.

use schemas::{Field, Shape, Type};
use serde::{Deserialize, Serialize};

use super::ColumnSpec;

/// A column as it is stored. Catalogues of older builds know no shapes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Column {
    name: String,
    #[serde(flatten)]
    ty: StoredType,
}

/// A type by its name.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Named", into = "Named")]
struct StoredType(Type);

#[derive(Serialize, Deserialize)]
struct Named {
    ty: String,
    /// Of the JSON that the type is, or that its elements are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shape: Option<StoredShape>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredShape {
    Object(Vec<Member>),
    Array(Box<StoredType>),
}

#[derive(Serialize, Deserialize)]
struct Member {
    name: String,
    #[serde(flatten)]
    ty: StoredType,
    nullable: bool,
}

impl From<Column> for ColumnSpec {
    fn from(column: Column) -> ColumnSpec {
        ColumnSpec { name: column.name, ty: column.ty.0 }
    }
}

impl From<ColumnSpec> for Column {
    fn from(column: ColumnSpec) -> Column {
        Column { name: column.name, ty: StoredType(column.ty) }
    }
}

impl From<StoredType> for Named {
    fn from(StoredType(ty): StoredType) -> Named {
        Named { ty: ty.to_string(), shape: shape_of(&ty) }
    }
}

impl TryFrom<Named> for StoredType {
    type Error = String;

    fn try_from(named: Named) -> Result<StoredType, String> {
        let shape = named.shape.map_or(Shape::Any, shape);
        parse(&named.ty, &shape).map(StoredType).ok_or_else(|| format!("unknown type '{}'", named.ty))
    }
}

fn parse(name: &str, shape: &Shape) -> Option<Type> {
    if let Some(item) = name.strip_suffix("[]") {
        return Some(Type::Array(Box::new(parse(item, shape)?)));
    }
    match Type::SCALARS.into_iter().find(|ty| ty.to_string() == name)? {
        Type::Json(_) => Some(Type::Json(shape.clone())),
        ty => Some(ty),
    }
}

fn shape_of(ty: &Type) -> Option<StoredShape> {
    let member = |field: &Field| Member { name: field.name.clone(), ty: StoredType(field.ty.clone()), nullable: field.nullable };
    match ty {
        Type::Array(item) => shape_of(item),
        Type::Json(Shape::Object(fields)) => Some(StoredShape::Object(fields.iter().map(member).collect())),
        Type::Json(Shape::Array(item)) => Some(StoredShape::Array(Box::new(StoredType((**item).clone())))),
        _ => None,
    }
}

fn shape(stored: StoredShape) -> Shape {
    let field = |member: Member| Field { name: member.name, ty: member.ty.0, nullable: member.nullable };
    match stored {
        StoredShape::Object(members) => Shape::Object(members.into_iter().map(field).collect()),
        StoredShape::Array(item) => Shape::Array(item.0.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(ty: &Type) -> String {
        serde_json::to_string(&ColumnSpec { name: "c".into(), ty: ty.clone() }).unwrap()
    }

    fn lines() -> Type {
        let field = |name: &str, ty| Field { name: name.into(), ty, nullable: true };
        let fields = [field("sku", Type::Text), field("tags", Type::Array(Box::new(Type::Text)))];
        Type::Json(Shape::Array(Type::Json(Shape::Object(fields.into())).into()))
    }

    #[test]
    fn types_come_back() {
        for ty in
            [Type::Int8, Type::Timestamp, Type::JSON, Type::Array(Box::new(Type::Text)), lines(), Type::Array(lines().into())]
        {
            assert_eq!(serde_json::from_str::<ColumnSpec>(&stored(&ty)).unwrap().ty, ty);
        }
    }

    #[test]
    fn how_they_are_stored() {
        assert_eq!(stored(&Type::JSON), r#"{"name":"c","ty":"json"}"#);
        let array = r#"{"array":{"ty":"json","shape":{"object":[{"name":"sku","ty":"text","nullable":true},{"name":"tags","ty":"text[]","nullable":true}]}}}"#;
        assert_eq!(stored(&lines()), format!(r#"{{"name":"c","ty":"json","shape":{array}}}"#));
    }

    #[test]
    fn a_type_that_nobody_knows_is_refused() {
        assert!(serde_json::from_str::<ColumnSpec>(r#"{"name":"c","ty":"money"}"#).is_err());
    }
}
