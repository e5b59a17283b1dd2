//! The compiled form of a schema and of what is wanted: a tree that the walk follows beside the data.

use super::accept::{Choice, Left};
use crate::scan::{Escapes, Token};
use crate::schema::{Additional, Bounds, Kinds, Presence, Property, Range, Schema};
use crate::types::Type;

/// A path of names into the data.
type Path = [String];

/// What the walk follows.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) root: Node,
    /// How many fields are wanted.
    pub(super) fields: usize,
    /// For each wanted array, how many fields of its elements are wanted.
    pub(super) widths: Vec<usize>,
    /// How many members all objects declare together.
    pub(super) stamps: usize,
}

/// What is known of one place of the data, and wanted of it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kinds: Kinds,
    pub(super) column: Column,
    pub(super) rest: Left,
    pub(super) bounds: Option<Box<Bounds>>,
    pub(super) lengths: Option<Range>,
    pub(super) choices: Option<Box<[Choice]>>,
    pub(super) object: Option<Box<Object>>,
    pub(super) array: Option<Box<Array>>,
    /// Where the value goes.
    pub(super) targets: Vec<Target>,
}

/// What a value becomes; narrower than [`Type`], for the walk asks for every value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Bool,
    Int,
    Double,
    Decimal,
    Text,
    Timestamp,
    Date,
    Uuid,
    Json,
    /// Of the items' column.
    Array,
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// Into the field of this number.
    Field(usize),
    /// Into this column of the present element of this loop.
    Cell { each: usize, column: usize },
    /// Into the array that is being collected.
    Item,
}

/// What is known of an object.
#[derive(Debug)]
pub(super) struct Object {
    /// The declared members, as declared.
    pub(super) members: Vec<Member>,
    /// Their numbers, by name.
    pub(super) sorted: Vec<usize>,
    /// How many of them are required.
    pub(super) required: usize,
    pub(super) others: Others,
}

/// A declared member.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: Box<str>,
    /// The name as it is most often written before a value: in quotes, and with its colon.
    pub(super) written: Box<str>,
    pub(super) presence: Presence,
    /// Its number among all declared members of the plan.
    pub(super) stamp: usize,
    pub(super) node: Node,
}

/// What members that are not declared may be.
#[derive(Debug)]
pub(super) enum Others {
    Open,
    Closed,
    Node(Node),
}

/// What is known of an array, and wanted of it.
#[derive(Debug)]
pub(super) struct Array {
    pub(super) sizes: Range,
    pub(super) items: Option<Node>,
    /// The loops that run over it.
    pub(super) loops: Vec<usize>,
}

// === impl Plan ===

impl Plan {
    /// Compiles a schema, and what is wanted: see [`Extractor::new`](super::Extractor::new).
    pub(crate) fn new(schema: &Schema, fields: &[Vec<String>], loops: &[(Vec<String>, Vec<Vec<String>>)]) -> Plan {
        let mut stamps = 0;
        let mut root = Node::of(schema, &mut stamps);
        for (number, path) in fields.iter().enumerate() {
            root.want(path, Target::Field(number));
        }
        for (each, (path, columns)) in loops.iter().enumerate() {
            root.iterate(path, each, columns);
        }
        let widths = loops.iter().map(|(_, columns)| columns.len()).collect();
        Plan { root, fields: fields.len(), widths, stamps }
    }
}

// === impl Node ===

impl Node {
    fn of(schema: &Schema, stamps: &mut usize) -> Node {
        let column = Column::of(&schema.column_type());
        Node {
            kinds: schema.kinds,
            column,
            rest: Left::by(schema),
            bounds: (!schema.bounds.is_open()).then(|| Box::new(schema.bounds.clone())),
            lengths: (!schema.lengths.is_open()).then_some(schema.lengths),
            choices: schema.choices.as_ref().map(|choices| choices.iter().filter_map(Choice::of).collect()),
            object: Object::of(schema, stamps).map(Box::new),
            array: Array::of(schema, stamps).map(Box::new),
            targets: Vec::new(),
        }
    }

    /// The node at a path of names; `None` where the schema declares none.
    fn at(&mut self, path: &Path) -> Option<&mut Node> {
        path.iter().try_fold(self, |node, name| {
            let members = &mut node.object.as_mut()?.members;
            members.iter_mut().find(|member| *member.name == **name).map(|member| &mut member.node)
        })
    }

    /// Asks for the value at `path`. A path that the schema does not declare stays NULL.
    fn want(&mut self, path: &Path, target: Target) {
        if let Some(node) = self.at(path) {
            node.targets.push(target);
            node.collect();
        }
    }

    /// An array of scalars is collected from its items.
    fn collect(&mut self) {
        let items = self.array.as_mut().and_then(|array| array.items.as_mut());
        if let (Column::Array, Some(items)) = (self.column, items)
            && !items.targets.contains(&Target::Item)
        {
            items.targets.push(Target::Item);
        }
    }

    /// Asks for fields of each element of the array at `path`.
    fn iterate(&mut self, path: &Path, each: usize, columns: &[Vec<String>]) {
        let Some(array) = self.at(path).and_then(|node| node.array.as_mut()) else { return };
        array.loops.push(each);
        for (column, path) in columns.iter().enumerate() {
            if let Some(items) = &mut array.items {
                items.want(path, Target::Cell { each, column });
            }
        }
    }
}

// === impl Column ===

impl Column {
    fn of(ty: &Type) -> Column {
        match ty {
            Type::Bool => Column::Bool,
            Type::Int4 | Type::Int8 => Column::Int,
            Type::Double => Column::Double,
            Type::Decimal => Column::Decimal,
            Type::Text => Column::Text,
            Type::Timestamp => Column::Timestamp,
            Type::Date => Column::Date,
            Type::Uuid => Column::Uuid,
            Type::Array(_) => Column::Array,
            // Schemas have no intervals and leave nothing undecided.
            Type::Json(_) | Type::Interval | Type::Unknown => Column::Json,
        }
    }

    /// Whether the column certainly holds this scalar, as far as that can be said without decoding it.
    #[inline]
    pub(super) fn holds(self, token: &Token<'_>) -> bool {
        match (self, token) {
            (Column::Json, _) | (_, Token::Null) => true,
            (Column::Text, Token::Text(text)) => text.escapes != Escapes::Nul,
            _ => false,
        }
    }

    /// The type's name, as reasons have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Column::Bool => "a boolean",
            Column::Int => "an integer of 64 bits",
            Column::Double => "a double-precision number",
            Column::Decimal => "a decimal of at most 28 digits",
            Column::Text => "text",
            Column::Timestamp => "a date-time of RFC 3339",
            Column::Date => "a date of RFC 3339",
            Column::Uuid => "a UUID",
            Column::Json => "JSON",
            Column::Array => "an array",
        }
    }
}

// === impl Object ===

impl Object {
    /// `None` where nothing is known of the members.
    fn of(schema: &Schema, stamps: &mut usize) -> Option<Object> {
        if schema.properties.is_empty() && schema.additional == Additional::Open {
            return None;
        }
        let members: Vec<Member> = schema
            .properties
            .iter()
            .map(|property| {
                *stamps += 1;
                let stamp = *stamps - 1;
                Member::of(property, stamp, Node::of(&property.schema, stamps))
            })
            .collect();
        let mut sorted: Vec<usize> = (0..members.len()).collect();
        sorted.sort_by(|a, b| members[*a].name.cmp(&members[*b].name));
        let required = members.iter().filter(|member| member.presence == Presence::Required).count();
        let others = match &schema.additional {
            Additional::Open => Others::Open,
            Additional::Closed => Others::Closed,
            Additional::Schema(schema) => Others::Node(Node::of(schema, stamps)),
        };
        Some(Object { members, sorted, required, others })
    }

    /// The number of the member `name`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let place = self.sorted.binary_search_by(|number| (*self.members[*number].name).cmp(name)).ok()?;
        Some(self.sorted[place])
    }
}

// === impl Member ===

impl Member {
    fn of(property: &Property, stamp: usize, node: Node) -> Member {
        let mut written = String::new();
        crate::json::write_string(&property.name, &mut written);
        written.push(':');
        Member { name: property.name.as_str().into(), written: written.into(), presence: property.presence, stamp, node }
    }
}

// === impl Array ===

impl Array {
    /// `None` where nothing is known of the elements.
    fn of(schema: &Schema, stamps: &mut usize) -> Option<Array> {
        if schema.items.is_none() && schema.sizes.is_open() {
            return None;
        }
        let items = schema.items.as_ref().map(|items| Node::of(items, stamps));
        Some(Array { sizes: schema.sizes, items, loops: Vec::new() })
    }
}
