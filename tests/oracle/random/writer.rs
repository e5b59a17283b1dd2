//! Writes random expressions: templates whose holes are filled with templates, down to columns and literals.

use std::collections::BTreeSet;

use projector::demo::Random;

use super::kind::{COLUMNS, Kind, SHOWN};
use super::model::Model;
use super::templates::{self, Result, Template};

/// How an ORDER BY may go on.
pub const DIRECTIONS: [&str; 7] = ["", " ASC", " DESC", " NULLS FIRST", " NULLS LAST", " DESC NULLS LAST", " DESC NULLS FIRST"];

/// What an expression can name.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Expressions that need no parentheses, columns for the most part.
    pub columns: Vec<Leaf>,
    /// Where aggregates are allowed: the rows that are aggregated.
    pub aggregated: Option<Box<Scope>>,
    /// The key of the rows, for a total order.
    pub key: String,
    /// How many levels of sub-selects may be written here.
    pub levels: usize,
}

/// A column as an expression names it.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Its text.
    pub text: String,
    /// Its kind.
    pub kind: Kind,
    /// The values it shares with other columns, if it is made to be joined by.
    pub domain: Option<usize>,
}

/// Writes expressions and SELECTs, and notes what it has used.
pub struct Writer<'m> {
    pub random: Random,
    pub model: &'m Model,
    /// The texts of the templates, and the names of other constructs, that occurred.
    pub used: BTreeSet<&'static str>,
    /// Numbers the aliases.
    pub aliases: usize,
    templates: Vec<Template>,
    aggregates: Vec<Template>,
}

// === impl Writer ===

impl<'m> Writer<'m> {
    pub fn new(random: Random, model: &'m Model) -> Writer<'m> {
        Writer {
            random,
            model,
            used: BTreeSet::new(),
            aliases: 0,
            templates: templates::all(),
            aggregates: templates::aggregates(),
        }
    }

    /// An expression of this kind; at depth 0 a column or a literal.
    pub fn expression(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        if depth == 0 || self.random.chance(25) {
            return self.leaf(kind, scope);
        }
        if scope.levels > 0
            && self.random.chance(12)
            && let Some(text) = self.subselect(kind, scope, depth - 1)
        {
            return text;
        }
        let fitting = self.fitting(&self.templates, kind);
        if fitting.is_empty() {
            return self.leaf(kind, scope);
        }
        let template = fitting[self.random.below(fitting.len())];
        self.fill(template, kind, scope, depth - 1).unwrap_or_else(|| self.leaf(kind, scope))
    }

    /// An aggregate of this kind over the rows of the scope, if there is one.
    pub fn aggregate(&mut self, kind: Kind, rows: &Scope) -> Option<String> {
        let fitting = self.fitting(&self.aggregates, kind);
        if fitting.is_empty() {
            return None;
        }
        let template = fitting[self.random.below(fitting.len())];
        let call = self.fill(template, kind, rows, 1)?;
        if template.text.ends_with("::bigint") || !self.random.chance(25) {
            return Some(call);
        }
        self.used.insert("FILTER");
        Some(format!("{call} FILTER (WHERE {})", self.expression(Kind::Bool, rows, 1)))
    }

    fn fitting(&self, templates: &[Template], kind: Kind) -> Vec<Template> {
        let fits = |template: &&Template| match template.result {
            Result::Kind(result) => result == kind,
            Result::Same if template.text.contains("{<}") => kind.is_comparable(),
            Result::Same if template.text.contains("{m}") => kind.has_minimum(),
            Result::Same => kind != Kind::Interval,
        };
        templates.iter().filter(fits).copied().collect()
    }

    fn fill(&mut self, template: Template, kind: Kind, scope: &Scope, depth: usize) -> Option<String> {
        let same = self.kind_of_same(template, kind);
        let (mut out, mut rest, mut first) = (String::new(), template.text, None);
        while let Some((before, after)) = rest.split_once('{') {
            let (hole, after) = after.split_once('}')?;
            let filled = match hole {
                // Braces of a JSON literal or a path, not a hole.
                _ if hole.contains(['"', ',']) => format!("{{{hole}}}"),
                "1" => first.clone()?,
                "key" => scope.key.clone(),
                "dir" => self.direction().to_owned(),
                "typed" => format!("({})::{}", self.expression(same, scope, depth), same.ty()),
                "?" | "<" | "m" => self.expression(same, scope, depth),
                hole => match hole.strip_prefix('=') {
                    Some(name) => self.column(Kind::named(name)?, scope)?,
                    None => self.expression(Kind::named(hole)?, scope, depth),
                },
            };
            out.push_str(before);
            out.push_str(&filled);
            first.get_or_insert(filled);
            rest = after;
        }
        self.used.insert(template.text);
        Some(out + rest)
    }

    fn direction(&mut self) -> &'static str {
        let direction = DIRECTIONS[self.random.below(DIRECTIONS.len())];
        self.used.insert(direction);
        direction
    }

    fn kind_of_same(&mut self, template: Template, kind: Kind) -> Kind {
        let kinds: Vec<Kind> = match template.result {
            Result::Same => return kind,
            _ if template.text.contains("{<}") => COLUMNS.into_iter().filter(|kind| kind.is_comparable()).collect(),
            _ => SHOWN.to_vec(),
        };
        kinds[self.random.below(kinds.len())]
    }

    fn leaf(&mut self, kind: Kind, scope: &Scope) -> String {
        if let Some(rows) = &scope.aggregated
            && self.random.chance(60)
            && let Some(call) = self.aggregate(kind, rows)
        {
            return call;
        }
        if !self.random.chance(20)
            && let Some(column) = self.column(kind, scope)
        {
            return column;
        }
        self.literal(kind)
    }

    /// A column of this kind, if there is one.
    pub fn column(&mut self, kind: Kind, scope: &Scope) -> Option<String> {
        let fitting: Vec<_> = scope.columns.iter().filter(|leaf| leaf.kind == kind).collect();
        if fitting.is_empty() { None } else { Some(fitting[self.random.below(fitting.len())].text.clone()) }
    }

    /// A constant, NULL now and then.
    pub fn literal(&mut self, kind: Kind) -> String {
        if self.random.chance(10) {
            self.used.insert("NULL");
            return format!("NULL::{}", kind.ty());
        }
        let number = self.random.below(9);
        match kind {
            Kind::Bool => self.random.pick(&["true", "false"]).to_owned(),
            Kind::Int => number.to_string(),
            Kind::WildInt => self.random.pick(&["9223372036854775807", "(-5)", "3000000000"]).to_owned(),
            Kind::Double => format!("{number}.25::double precision"),
            Kind::WildDouble => self.random.pick(&["'1e300'::double precision", "(-0.1)::double precision"]).to_owned(),
            Kind::Decimal => format!("{number}.50"),
            Kind::WildDecimal => "123456789012345678.90".to_owned(),
            Kind::Text => self.random.pick(&["'abc'", "''", "'it''s'", "'é b'", "' '"]).to_owned(),
            Kind::Time => {
                self.random.pick(&["timestamptz '2025-05-04 03:02:01+00'", "'2025-01-31T00:00:00Z'::timestamptz"]).to_owned()
            }
            Kind::Date => self.random.pick(&["date '2025-01-31'", "'2024-02-29'::date"]).to_owned(),
            Kind::Uuid => format!("'{}'::uuid", super::data::uuid(number)),
            Kind::Json => self.random.pick(&["'{\"a\":[1]}'::json", "'null'::json", "'[1,\"x\"]'::json"]).to_owned(),
            Kind::Texts => self.random.pick(&["ARRAY['a', NULL, 'b c']", "'{}'::text[]"]).to_owned(),
            Kind::Ints => self.random.pick(&["ARRAY[1, 2, NULL]::bigint[]", "'{3}'::bigint[]"]).to_owned(),
            Kind::Interval => "interval '1 day'".to_owned(),
        }
    }
}
