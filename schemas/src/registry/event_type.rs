//! An event type: who owns it, and its versions.

use super::Version;
use crate::shortened::shown;
use crate::types::{Field, Shape, Type};
use crate::violation::Violation;

/// An event type.
#[derive(Debug)]
pub struct EventType {
    /// Its name, as in an event's `type`.
    pub name: String,
    /// The service that owns it: the folder that holds its schemas.
    pub service: String,
    /// Its versions, ascending and without gaps; there is at least one.
    pub(super) versions: Vec<Version>,
}

// === impl EventType ===

impl EventType {
    /// Its versions, ascending and without gaps.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The newest version: what fields and their types are taken from.
    pub fn latest(&self) -> &Version {
        // A type is made from its versions, so there is one.
        &self.versions[self.versions.len() - 1]
    }

    /// The texts of its upcasts, from the oldest version on: other texts may make other rows of old events.
    pub fn upcasts(&self) -> impl Iterator<Item = &str> {
        self.versions.iter().filter_map(|version| version.upcast_text.as_deref())
    }

    /// Version `number`.
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// Whether an event with this source is the type's owner's: the last part of its path names the service.
    pub fn owns(&self, source: &str) -> bool {
        service_of(source) == self.service
    }

    /// The field of the newest version's data at this path; nullable where anything on the way to it is. The empty
    /// path is the data itself.
    pub fn field(&self, path: &[String]) -> Option<Field> {
        let latest = self.latest();
        let whole = Field { name: String::new(), ty: latest.data_type(), nullable: latest.schema.allows_null() };
        field_in(whole, path)
    }

    pub(super) fn check_owner(&self, source: &str) -> Result<(), Violation> {
        if self.owns(source) {
            return Ok(());
        }
        let source = shown(source);
        let reason = format!("{} belongs to service \"{}\", but came from \"{source}\"", self.name, self.service);
        Err(Violation::new(Violation::WRONG_OWNER, reason))
    }

    /// Version `number`, if there is one.
    pub(crate) fn known_version(&self, number: u32) -> Result<&Version, Violation> {
        self.version(number).ok_or_else(|| {
            let known: Vec<String> = self.versions.iter().map(|version| format!("v{}", version.number)).collect();
            let reason = format!("{} has no version {number}: there is {}", self.name, known.join(", "));
            Violation::new(Violation::UNKNOWN_VERSION, reason)
        })
    }
}

/// The service that a source names: the last part of its path.
pub(crate) fn service_of(source: &str) -> &str {
    let path = source.split(['?', '#']).next().unwrap_or_default();
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

impl Field {
    /// The field at this path inside this one, whose type is an object's; nullable where anything on the way is.
    pub fn at(&self, path: &[String]) -> Option<Field> {
        field_in(self.clone(), path)
    }

    /// An element of this field, where it is an array.
    pub fn element(&self) -> Option<Field> {
        let ty = match &self.ty {
            Type::Array(item) => (**item).clone(),
            Type::Json(Shape::Array(item)) => (**item).clone(),
            _ => return None,
        };
        Some(Field { name: self.name.clone(), ty, nullable: true })
    }
}

fn field_in(whole: Field, path: &[String]) -> Option<Field> {
    path.iter().try_fold(whole, |outer, name| {
        let Type::Json(Shape::Object(fields)) = &outer.ty else { return None };
        let field = fields.iter().find(|field| field.name == *name)?;
        Some(Field { nullable: field.nullable || outer.nullable, ..field.clone() })
    })
}
