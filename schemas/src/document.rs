//! A JSON file that keeps where everything stands in it, so that mistakes can be pointed at.

use std::ops::Range;

use serde_json::Value;

use crate::Diagnostic;
use crate::diagnostic::SourceFile;
use crate::scan::{Broken, Scanner, Text, Token};

/// A value of a JSON file.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its bytes in the file.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) kind: NodeKind,
}

/// What a value of a JSON file is.
#[derive(Clone, Debug)]
pub(crate) enum NodeKind {
    /// `null`, a boolean, a number or a string.
    Scalar(Value),
    /// An array's elements.
    Array(Vec<Node>),
    /// An object's members, in the order in which they stand.
    Object(Vec<Member>),
}

/// A member of an object of a JSON file.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) name_span: Range<usize>,
    pub(crate) value: Node,
}

/// Reads a file; also finds names that are repeated in one object.
pub(crate) fn read(file: &SourceFile) -> Result<Node, Vec<Diagnostic>> {
    let mut reader = Reader { scanner: Scanner::new(&file.text), file, mistakes: Vec::new() };
    match reader.whole() {
        Ok(node) if reader.mistakes.is_empty() => Ok(node),
        Ok(_) => Err(reader.mistakes),
        Err(broken) => {
            let at = reader.scanner.at().min(file.text.len());
            Err(vec![Diagnostic::new(&file.path, at..at, format!("broken JSON: {}", broken.0))])
        }
    }
}

struct Reader<'f> {
    scanner: Scanner<'f>,
    file: &'f SourceFile,
    mistakes: Vec<Diagnostic>,
}

// === impl Reader ===

impl<'f> Reader<'f> {
    fn whole(&mut self) -> Result<Node, Broken> {
        let node = self.node()?;
        self.scanner.end()?;
        Ok(node)
    }

    fn node(&mut self) -> Result<Node, Broken> {
        self.scanner.space();
        let start = self.scanner.at();
        let token = self.scanner.token()?;
        let kind = match token {
            Token::Array => NodeKind::Array(self.items()?),
            Token::Object => NodeKind::Object(self.members()?),
            _ => NodeKind::Scalar(self.scalar(start)?),
        };
        Ok(Node { span: start..self.scanner.at(), kind })
    }

    /// The scalar that was just read.
    fn scalar(&self, start: usize) -> Result<Value, Broken> {
        serde_json::from_str(self.scanner.since(start)).map_err(|_| Broken("number out of range"))
    }

    fn items(&mut self) -> Result<Vec<Node>, Broken> {
        let mut items = Vec::new();
        let mut more = self.scanner.first_item()?;
        while more {
            items.push(self.node()?);
            more = self.scanner.next_item()?;
        }
        Ok(items)
    }

    fn members(&mut self) -> Result<Vec<Member>, Broken> {
        let mut members: Vec<Member> = Vec::new();
        // A name's quote is the first one from here.
        let mut start = self.scanner.at();
        let mut name = self.scanner.first_name()?;
        while let Some(text) = name {
            let member = self.member(start, text)?;
            if members.iter().any(|earlier| earlier.name == member.name) {
                let message = format!("`{}` is given twice", member.name);
                self.mistakes.push(Diagnostic::new(&self.file.path, member.name_span.clone(), message));
            }
            members.push(member);
            start = self.scanner.at();
            name = self.scanner.next_name()?;
        }
        Ok(members)
    }

    fn member(&mut self, start: usize, name: Text<'f>) -> Result<Member, Broken> {
        let start = start + self.file.text[start..].find('"').unwrap_or(0);
        Ok(Member { name: name.decode().into_owned(), name_span: start..start + name.raw.len() + 2, value: self.node()? })
    }
}

// === impl Node ===

impl Node {
    /// The member `name`, where this is an object that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.value)
    }

    /// The members; none where this is not an object.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            NodeKind::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements; none where this is not an array.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::Array(items) => items,
            _ => &[],
        }
    }

    /// The text, where this is a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar(value) => value.as_str(),
            _ => None,
        }
    }

    /// The value, where this is a scalar.
    pub(crate) fn scalar(&self) -> Option<&Value> {
        match &self.kind {
            NodeKind::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// The same without its places.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Scalar(value) => value.clone(),
            NodeKind::Array(items) => items.iter().map(Node::to_value).collect(),
            NodeKind::Object(members) => members.iter().map(|member| (member.name.clone(), member.value.to_value())).collect(),
        }
    }

    /// What a JSON pointer leads to.
    pub(crate) fn pointer(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, segment| {
            let segment = segment.replace("~1", "/").replace("~0", "~");
            node.get(&segment).or_else(|| node.items().get(segment.parse::<usize>().ok()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile { path: "a.json".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn keeps_places() {
        let text = r#" {"a": {"b/c": [1, "x"]}, "d" : null}"#;
        let node = read(&file(text)).unwrap();
        let found = node.pointer("/a/b~1c/1").unwrap();
        assert_eq!((&text[found.span.clone()], found.text()), ("\"x\"", Some("x")));
        assert_eq!(&text[node.members()[1].name_span.clone()], "\"d\"");
        assert_eq!(node.get("d").unwrap().scalar(), Some(&Value::Null));
        assert!(node.pointer("/a/x").is_none());
        assert_eq!(node.pointer("").unwrap().span, 1..text.len());
    }

    #[test]
    fn mistakes() {
        let shown = |text: &str| {
            let found = read(&file(text)).unwrap_err();
            found.iter().map(|d| format!("{:?} {}", d.span, d.message)).collect::<Vec<_>>()
        };
        assert_eq!(shown(r#"{"a":1,}"#), ["Some(7..7) broken JSON: expected a name in quotes"]);
        assert_eq!(shown(r#"{"a":1, "a":2, "a":3}"#), ["Some(8..11) `a` is given twice", "Some(15..18) `a` is given twice"]);
        assert_eq!(shown(""), ["Some(0..0) broken JSON: unexpected end"]);
    }
}
