//! What an event type does to rows.

use schemas::Type;

use super::EntityId;
use crate::expr::Expr;

/// What one event type does. Expressions see the event in the frame's parameters: first `fields`, then
/// [`EVENT_ATTRIBUTES`], then, inside `for_each`, the element's `fields`; and the row so far, if any, in slot 0.
#[derive(Clone, Debug)]
pub struct EventFold {
    /// Paths into the event's data, dot-separated.
    pub fields: Vec<Path>,
    /// Arrays of the data that rules iterate over.
    pub loops: Vec<Loop>,
    /// The rules, in the order of their entities' names in the file.
    pub rules: Vec<Rule>,
}

/// Names from the outside in: `address.city` is `["address", "city"]`. Empty: the thing itself.
pub type Path = Vec<String>;

/// The envelope's attributes that fold expressions may name as `event.…`, in the order of their parameters.
pub const EVENT_ATTRIBUTES: [(&str, Type); 5] =
    [("id", Type::Text), ("source", Type::Text), ("type", Type::Text), ("subject", Type::Text), ("time", Type::Timestamp)];

/// An array that a rule iterates over.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// Where the array is in the data.
    pub path: Path,
    /// Paths into each element.
    pub fields: Vec<Path>,
}

/// One rule: an event type's effect on one entity.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The entity whose rows change.
    pub entity: EntityId,
    /// The loop of [`EventFold::loops`] whose elements the rule runs for; `None`: once for the event.
    pub for_each: Option<usize>,
    /// The rule does nothing unless this is true. It reads nothing of the row, and is evaluated before the key.
    pub guard: Option<Expr>,
    /// The rule does nothing unless this, which reads the row, is true.
    pub when: Option<Expr>,
    /// The row's key; of the types of the entity's key columns. NULL in it is an error.
    pub key: Vec<Expr>,
    /// What happens to the row.
    pub action: Action,
}

/// What a rule does to its row.
#[derive(Clone, Debug)]
pub enum Action {
    /// Sets columns (never of the key), each from the row as it was before the rule; creates the row where there is none.
    Set(Vec<(usize, Expr)>),
    /// Removes the row.
    Delete,
}
