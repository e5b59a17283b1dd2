//! From a JSON file to a [`Schema`].

use serde_json::Value;

use super::combine::combined;
use super::{Additional, Format, Kinds, Presence, Property, Rest, Schema};
use crate::Diagnostic;
use crate::document::{Node, NodeKind};

/// How many schemas one file may unfold to: references to references can multiply without end.
const MAX_SCHEMAS: usize = 20_000;

/// How many references may lead into each other: what is read is read recursively.
const MAX_FOLLOWING: usize = 50;

/// Beyond this a double does not hold every integer.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Keywords that check nothing.
const ANNOTATIONS: [&str; 13] = [
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$vocabulary",
];

/// Reads the schema in the file `path`; references that lead nowhere are mistakes.
pub(crate) fn read(path: &str, root: &Node, mistakes: &mut Vec<Diagnostic>) -> Schema {
    let mut reader = Reader { path, root, mistakes, following: Vec::new(), left: MAX_SCHEMAS };
    let mut schema = reader.schema(root);
    if is_of_an_old_draft(root) {
        schema.rest = Rest::Everything;
    }
    schema
}

/// What has to be known while a file is read.
pub(super) struct Reader<'r> {
    path: &'r str,
    root: &'r Node,
    mistakes: &'r mut Vec<Diagnostic>,
    /// The references that are being followed: one of them again would never end.
    following: Vec<String>,
    left: usize,
}

// === impl Reader ===

impl Reader<'_> {
    /// Reads the schema at `node`.
    pub(super) fn schema(&mut self, node: &Node) -> Schema {
        let mut schema = Schema::any();
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            schema.rest = Rest::Everything;
            return schema;
        }
        self.check_id(node);
        if node.scalar() == Some(&Value::Bool(false)) {
            schema.kinds = Kinds::NONE;
        }
        if let Some(combined) = combined(self, node) {
            return combined;
        }
        for member in node.members() {
            if is_narrowed(node, &member.name) || self.keyword(&mut schema, &member.name, &member.value).is_none() {
                schema.leave(&member.name, &member.value);
            }
        }
        require(&mut schema, node);
        schema
    }

    /// Below an `$id` of its own a path such as `#/$defs/address` leads elsewhere.
    fn check_id(&mut self, node: &Node) {
        if let Some(id) = node.get("$id").filter(|_| !std::ptr::eq(node, self.root)) {
            let message = "only the schema as a whole can have an `$id`";
            let hint = "leave it out: references are paths within the file, such as \"#/$defs/address\"";
            self.mistake(Diagnostic::new(self.path, id.span.clone(), message).with_hint(hint));
        }
    }

    /// What several references lead to is read several times, but is one mistake.
    fn mistake(&mut self, mistake: Diagnostic) {
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Reads what the reference at `node` leads to.
    pub(super) fn referenced(&mut self, node: &Node) -> Schema {
        let reference = node.text().unwrap_or_default();
        let target = reference.strip_prefix('#').filter(|rest| rest.is_empty() || rest.starts_with('/'));
        match target.and_then(|pointer| self.root.pointer(pointer)) {
            Some(target) => self.follow(reference, target),
            None => {
                let message = format!("`$ref` to \"{reference}\" leads nowhere");
                let hint = "write a path within this file, such as \"#/$defs/address\"";
                self.mistake(Diagnostic::new(self.path, node.span.clone(), message).with_hint(hint));
                Schema::any()
            }
        }
    }

    fn follow(&mut self, reference: &str, target: &Node) -> Schema {
        if self.following.len() == MAX_FOLLOWING || self.following.iter().any(|earlier| earlier == reference) {
            return Schema { rest: Rest::Everything, ..Schema::any() };
        }
        self.following.push(reference.to_owned());
        let schema = self.schema(target);
        self.following.pop();
        schema
    }

    /// Takes one keyword into account; `None` where that is left to the validator.
    fn keyword(&mut self, schema: &mut Schema, name: &str, node: &Node) -> Option<()> {
        match name {
            "type" => schema.kinds = kinds(node)?,
            // Formats that give no type are annotations, for the validator too.
            "format" => schema.format = Format::named(node.text()?),
            "enum" => schema.choices = Some(node.items().iter().map(|item| item.scalar().cloned()).collect::<Option<_>>()?),
            "const" => schema.choices = Some(vec![node.scalar()?.clone()]),
            "minimum" => schema.bounds.minimum = Some(number(node)?),
            "maximum" => schema.bounds.maximum = Some(number(node)?),
            "exclusiveMinimum" => schema.bounds.exclusive_minimum = Some(number(node)?),
            "exclusiveMaximum" => schema.bounds.exclusive_maximum = Some(number(node)?),
            "minLength" => schema.lengths.min = Some(length(node)?),
            "maxLength" => schema.lengths.max = Some(length(node)?),
            "minItems" => schema.sizes.min = Some(length(node)?),
            "maxItems" => schema.sizes.max = Some(length(node)?),
            "items" => schema.items = Some(self.items(node)?),
            "properties" => schema.properties = self.properties(node),
            "additionalProperties" => schema.additional = self.additional(node),
            // See `require`.
            "required" => {}
            name if is_annotation(name) => {}
            _ => return None,
        }
        Some(())
    }

    fn items(&mut self, node: &Node) -> Option<Box<Schema>> {
        let is_schema = matches!(node.kind, NodeKind::Object(_) | NodeKind::Scalar(Value::Bool(_)));
        is_schema.then(|| Box::new(self.schema(node)))
    }

    fn properties(&mut self, node: &Node) -> Vec<Property> {
        let property = |member: &crate::document::Member| Property {
            name: member.name.clone(),
            schema: self.schema(&member.value),
            presence: Presence::Optional,
        };
        node.members().iter().map(property).collect()
    }

    fn additional(&mut self, node: &Node) -> Additional {
        if node.scalar() == Some(&Value::Bool(false)) {
            return Additional::Closed;
        }
        let schema = self.schema(node);
        if schema == Schema::any() { Additional::Open } else { Additional::Schema(Box::new(schema)) }
    }
}

/// Whether a keyword checks nothing; names that begin with `x-` are people's own.
pub(super) fn is_annotation(name: &str) -> bool {
    ANNOTATIONS.contains(&name) || name.starts_with("x-")
}

/// Whether a keyword is only for what another one beside it leaves over.
fn is_narrowed(node: &Node, name: &str) -> bool {
    let by = match name {
        "items" => "prefixItems",
        "additionalProperties" => "patternProperties",
        _ => return false,
    };
    node.get(by).is_some()
}

/// Applies `required`, which may stand before or after the properties that it names.
fn require(schema: &mut Schema, node: &Node) {
    let required = node.get("required");
    for name in required.map(Node::items).unwrap_or_default() {
        let property = schema.properties.iter_mut().find(|property| name.text() == Some(&property.name));
        match property {
            Some(property) => property.presence = Presence::Required,
            None => schema.leave("required", name),
        }
    }
    // Of the two only the later one became the choices.
    if let (Some(choices), Some(constant)) = (node.get("enum"), node.get("const")) {
        schema.leave("enum", choices);
        schema.leave("const", constant);
    }
}

/// Drafts 3 and 4 mean other things by the same keywords.
fn is_of_an_old_draft(root: &Node) -> bool {
    let draft = root.get("$schema").and_then(Node::text).unwrap_or_default();
    draft.contains("draft-03") || draft.contains("draft-04")
}

fn kinds(node: &Node) -> Option<Kinds> {
    match node.text() {
        Some(name) => Kinds::named(name),
        None => node.items().iter().try_fold(Kinds::NONE, |kinds, item| Some(kinds.union(Kinds::named(item.text()?)?))),
    }
}

fn number(node: &Node) -> Option<f64> {
    node.scalar()?.as_f64().filter(|number| number.abs() < EXACT)
}

fn length(node: &Node) -> Option<u64> {
    let number = number(node)?;
    (number >= 0.0 && number.fract() == 0.0).then_some(number as u64)
}

#[cfg(test)]
mod tests;
