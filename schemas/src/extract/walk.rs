//! The pass over the data, beside the plan.

use super::Extracted;
use super::canonical::canonical;
use super::convert::convert;
use super::plan::{Array, Column, Member, Node, Object, Others, Plan, Target};
use super::pointer::pointer_at;
use crate::registry::Version;
use crate::scan::{Broken, Scanner, Token};
use crate::schema::Presence;
use crate::shortened::shown;
use crate::value::Value;
use crate::violation::Violation;

/// When each declared member was last seen, so that a repeated name is noticed without a set for every object.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// The number of the object in which the member was last seen.
    seen: Vec<u64>,
    /// Objects are numbered over all events.
    objects: u64,
}

/// The pass, as far as it has come.
struct Walk<'w, 'a> {
    scanner: Scanner<'a>,
    out: &'w mut Extracted<'a>,
    /// The array of scalars that is being collected; they do not nest.
    items: Vec<Value<'a>>,
    findings: Findings,
}

/// What the pass could not settle.
#[derive(Default)]
struct Findings {
    /// Whether the data satisfies the schema is for the validator to say.
    doubt: bool,
    /// A declared name came twice in an object: what the first left behind must go.
    repeated: bool,
    /// The first value that its column cannot hold: where it begins, and the column.
    unfit: Option<(usize, Column)>,
}

// === impl Plan ===

impl Plan {
    /// Checks data of `version`, and fills `out` with what is wanted of it.
    pub(crate) fn read<'a>(&self, version: &Version, data: &'a str, out: &mut Extracted<'a>) -> Result<(), Violation> {
        out.reset(self);
        let mut walk = Walk { scanner: Scanner::new(data), out, items: Vec::new(), findings: Findings::default() };
        if let Err(broken) = walk.whole(&self.root) {
            return Err(Violation::broken(&walk.scanner, broken));
        }
        let findings = walk.findings;
        if findings.doubt || findings.repeated || findings.unfit.is_some() {
            return self.settle(findings, version, data, out);
        }
        Ok(())
    }

    /// The same for data that does not live as long as what is filled.
    pub(crate) fn read_owned(&self, version: &Version, data: &str, out: &mut Extracted<'_>) -> Result<(), Violation> {
        let mut own = Extracted::default();
        self.read(version, data, &mut own)?;
        out.take(own);
        Ok(())
    }

    /// Fills `out` with what fits of `data`, whatever else is wrong with it; whether it could be read to its end. Of a name that comes
    /// twice it is not certain which value counts: then nothing is.
    pub(super) fn salvage<'a>(&self, data: &'a str, out: &mut Extracted<'a>) -> bool {
        out.reset(self);
        let mut walk = Walk { scanner: Scanner::new(data), out, items: Vec::new(), findings: Findings::default() };
        walk.whole(&self.root).is_ok() && !walk.findings.repeated
    }

    /// Why the columns cannot hold `data`, as far as it is known to be JSON; what else the schema asks is not looked at.
    pub(crate) fn unfit(&self, data: &str) -> Option<String> {
        let mut out = Extracted::default();
        out.reset(self);
        let mut walk = Walk { scanner: Scanner::new(data), out: &mut out, items: Vec::new(), findings: Findings::default() };
        walk.whole(&self.root).ok()?;
        walk.findings.unfit.map(|(at, column)| unfit(data, at, column))
    }

    /// Whether the pass alone accepts the data.
    #[cfg(test)]
    pub(super) fn accepts(&self, data: &str) -> bool {
        let mut out = Extracted::default();
        out.reset(self);
        let mut walk = Walk { scanner: Scanner::new(data), out: &mut out, items: Vec::new(), findings: Findings::default() };
        walk.whole(&self.root).is_ok() && !walk.findings.doubt && walk.findings.unfit.is_none()
    }

    #[cold]
    fn settle(&self, findings: Findings, version: &Version, data: &str, out: &mut Extracted<'_>) -> Result<(), Violation> {
        let value = serde_json::from_str(data)
            .map_err(|error| Violation::new(Violation::SCHEMA_VIOLATION, format!("the data cannot be read: {error}")))?;
        version.validate(&value)?;
        if findings.repeated {
            return self.read_owned(version, &canonical(data), out);
        }
        let unfit = findings.unfit.map(|(at, column)| unfit(data, at, column));
        unfit.map_or(Ok(()), |reason| Err(Violation::new(Violation::SCHEMA_VIOLATION, reason)))
    }
}

#[cold]
fn unfit(data: &str, at: usize, column: Column) -> String {
    let raw = Scanner::new(data.get(at..).unwrap_or_default()).skip().unwrap_or_default();
    let reason = match column {
        Column::Text => format!("{} has a NUL character", shown(raw)),
        _ => format!("{} is not {}", shown(raw), column.name()),
    };
    let pointer = pointer_at(data, at);
    if pointer.is_empty() { reason } else { format!("{}: {reason}", shown(&pointer)) }
}

// === impl Stamps ===

impl Stamps {
    pub(super) fn reserve(&mut self, members: usize) {
        if self.seen.len() < members {
            self.seen.resize(members, 0);
        }
    }

    /// The number of the object that begins.
    fn object(&mut self) -> u64 {
        self.objects += 1;
        self.objects
    }

    /// Notes a member; whether the object had it before.
    #[inline]
    fn is_repeated(&mut self, object: u64, member: usize) -> bool {
        std::mem::replace(&mut self.seen[member], object) == object
    }
}

// === impl Walk ===

impl<'a> Walk<'_, 'a> {
    fn whole(&mut self, root: &Node) -> Result<(), Broken> {
        self.value(root)?;
        self.scanner.end()
    }

    fn value(&mut self, node: &Node) -> Result<(), Broken> {
        self.scanner.space();
        let start = self.scanner.at();
        let token = self.scanner.token()?;
        if !node.accepts(&token) {
            self.findings.doubt = true;
        }
        match token {
            Token::Object => self.object(node, start),
            Token::Array => self.array(node, start),
            scalar => {
                self.scalar(node, scalar, start);
                Ok(())
            }
        }
    }

    #[inline]
    fn scalar(&mut self, node: &Node, token: Token<'a>, start: usize) {
        if node.targets.is_empty() && node.column.holds(&token) {
            return;
        }
        match convert(node.column, token, self.scanner.since(start)) {
            Some(value) => self.deliver(&node.targets, value),
            None => self.unfit(start, node.column),
        }
    }

    fn object(&mut self, node: &Node, start: usize) -> Result<(), Broken> {
        match &node.object {
            Some(object) => self.members(object)?,
            None => self.scanner.skip_rest(Token::Object)?,
        }
        self.container(node, start);
        Ok(())
    }

    fn members(&mut self, object: &Object) -> Result<(), Broken> {
        let number = self.out.stamps.object();
        let (mut expected, mut required) = (0, 0);
        let mut more = self.scanner.first_member()?;
        while more {
            match self.name(object, expected)? {
                Some(place) => {
                    let member = &object.members[place];
                    required += usize::from(member.presence == Presence::Required);
                    self.member(member, number)?;
                    expected = place + 1;
                }
                None => self.other(&object.others)?,
            }
            more = self.scanner.next_member()?;
        }
        if required < object.required {
            self.findings.doubt = true;
        }
        Ok(())
    }

    /// Reads a name; the number of its member. Most publishers write members in the order in which they are declared.
    #[inline]
    fn name(&mut self, object: &Object, expected: usize) -> Result<Option<usize>, Broken> {
        if let Some(member) = object.members.get(expected)
            && self.scanner.takes(&member.written)
        {
            return Ok(Some(expected));
        }
        let name = self.scanner.name()?;
        Ok(object.find(&name.decode()))
    }

    #[inline]
    fn member(&mut self, member: &Member, object: u64) -> Result<(), Broken> {
        if self.out.stamps.is_repeated(object, member.stamp) {
            self.findings.repeated = true;
        }
        self.value(&member.node)
    }

    fn other(&mut self, others: &Others) -> Result<(), Broken> {
        match others {
            Others::Node(node) => return self.value(node),
            Others::Closed => self.findings.doubt = true,
            Others::Open => {}
        }
        self.scanner.skip().map(|_| ())
    }

    fn array(&mut self, node: &Node, start: usize) -> Result<(), Broken> {
        match &node.array {
            Some(array) => self.elements(array)?,
            None => self.scanner.skip_rest(Token::Array)?,
        }
        self.container(node, start);
        Ok(())
    }

    fn elements(&mut self, array: &Array) -> Result<(), Broken> {
        let mut count = 0;
        let mut more = self.scanner.first_item()?;
        while more {
            for each in &array.loops {
                self.begin_element(*each);
            }
            match &array.items {
                Some(items) => self.value(items)?,
                None => self.scanner.skip().map(|_| ())?,
            }
            count += 1;
            more = self.scanner.next_item()?;
        }
        if !array.sizes.contains(count) {
            self.findings.doubt = true;
        }
        Ok(())
    }

    fn begin_element(&mut self, each: usize) {
        let elements = &mut self.out.loops[each];
        elements.count += 1;
        elements.values.resize(elements.count * elements.width, Value::Null);
    }

    /// Delivers the object or array that was just read.
    fn container(&mut self, node: &Node, start: usize) {
        match node.column {
            Column::Json if node.targets.is_empty() => {}
            Column::Json => self.deliver(&node.targets, Value::Json(canonical(self.scanner.since(start)))),
            Column::Array => {
                let items = std::mem::take(&mut self.items);
                self.deliver(&node.targets, Value::Array(items));
            }
            column => self.unfit(start, column),
        }
    }

    #[inline]
    fn deliver(&mut self, targets: &[Target], value: Value<'a>) {
        let Some((last, others)) = targets.split_last() else { return };
        for target in others {
            self.put(*target, value.clone());
        }
        self.put(*last, value);
    }

    #[inline]
    fn put(&mut self, target: Target, value: Value<'a>) {
        match target {
            Target::Field(field) => self.out.fields[field] = value,
            Target::Cell { each, column } => {
                let elements = &mut self.out.loops[each];
                let row = (elements.count - 1) * elements.width;
                elements.values[row + column] = value;
            }
            Target::Item => self.items.push(value),
        }
    }

    #[cold]
    fn unfit(&mut self, start: usize, column: Column) {
        self.findings.unfit.get_or_insert((start, column));
    }
}
