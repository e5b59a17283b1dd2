//! The events of a random projection: their schemas, the rules that fold them, and a log of them.

use std::fmt::Write;

use projector::demo::Random;
use schemas::SourceFile;

use super::data::Field;
use super::kind::Kind;
use super::model::{ColumnModel, DOMAIN, EntityModel, domain_value};
use super::writer::{Leaf, Scope, Writer};

/// What the envelope of an event says.
const ATTRIBUTES: [(&str, Kind); 5] =
    [("time", Kind::Time), ("id", Kind::Text), ("source", Kind::Text), ("type", Kind::Text), ("subject", Kind::Text)];

/// The service that publishes all of them.
pub const SERVICE: &str = "random";

/// What an event type does to its entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Every column from its field.
    Set,
    /// Some columns, computed from fields and from the row so far.
    Patch,
    /// The row goes.
    Drop,
    /// Several rows at once.
    Each,
}

/// An event type.
pub struct EventModel {
    pub name: String,
    pub entity: usize,
    pub effect: Effect,
    /// The columns of the entity that have a field.
    pub columns: Vec<ColumnModel>,
    /// What the data of the older version is like, where there is one.
    older: Option<Older>,
}

/// An older version of an event type.
struct Older {
    /// A field that was called `was_…`.
    renamed: String,
    /// A field that may be absent, and what it is then.
    default: Option<(String, &'static str)>,
    /// A field that is computed anew, and how.
    set: Option<(String, String)>,
}

/// The event types of a model, by entity.
pub fn events(writer: &mut Writer<'_>) -> Vec<EventModel> {
    let mut all = Vec::new();
    for (number, entity) in writer.model.entities.iter().enumerate() {
        for effect in [Effect::Set, Effect::Patch, Effect::Drop, Effect::Each] {
            let columns = entity.columns.iter().enumerate().filter(|(place, _)| match effect {
                Effect::Set => true,
                Effect::Drop => *place < entity.key_len,
                Effect::Patch | Effect::Each => *place < entity.key_len || writer.random.chance(50),
            });
            let columns: Vec<ColumnModel> = columns.map(|(_, column)| column.clone()).collect();
            let has_older = effect == Effect::Set && writer.random.chance(40);
            let older = has_older.then(|| Older::new(writer, &columns[entity.key_len..]));
            all.push(EventModel { name: format!("{effect:?}{number}"), entity: number, effect, columns, older });
        }
    }
    all
}

// === impl EventModel ===

impl EventModel {
    fn fields(&self) -> impl Iterator<Item = Field> {
        self.columns.iter().map(|column| Field { name: column.name.clone(), kind: column.kind, quoted: column.quoted })
    }

    /// The files of the schemas, and of what lifts the older data.
    pub fn files(&self) -> Vec<SourceFile> {
        let file = |end: &str, text: String| SourceFile { path: format!("schemas/{SERVICE}/{}.{end}", self.name), text };
        match &self.older {
            None => vec![file("v1.json", self.schema(None))],
            Some(older) => vec![
                file("v1.json", self.schema(Some(older))),
                file("v2.json", self.schema(None)),
                file("v1-to-v2.toml", older.upcast()),
            ],
        }
    }

    fn schema(&self, older: Option<&Older>) -> String {
        let mut fields: Vec<_> = self.fields().map(|field| format!("\"{}\":{}", field.name, field.schema())).collect();
        if let Some(older) = older {
            fields = fields.iter().map(|field| older.renamed(field)).collect();
            fields.push(r#""extra":{"type":"integer"}"#.to_owned());
        }
        let object = format!("{{\"type\":\"object\",\"properties\":{{{}}}}}", fields.join(","));
        match self.effect {
            Effect::Each => {
                format!("{{\"type\":\"object\",\"properties\":{{\"items\":{{\"type\":\"array\",\"items\":{object}}}}}}}")
            }
            _ => object,
        }
    }

    /// The rule, as `projection.toml` has it.
    pub fn rule(&self, writer: &mut Writer<'_>) -> String {
        let entity = &writer.model.entities[self.entity];
        let rest = &self.columns[entity.key_len..];
        match self.effect {
            Effect::Drop if writer.random.chance(20) => {
                writer.used.insert("delete with when");
                format!("on.{} = {{ delete = true, when = '''{} IS NOT NULL''' }}\n", self.name, self.columns[0].name)
            }
            Effect::Drop => format!("on.{}.delete = true\n", self.name),
            Effect::Set => format!("on.{}.set = {{ {} }}\n", self.name, assignments(rest, "")),
            Effect::Each => self.each(writer, entity, rest),
            Effect::Patch => self.patch(writer, entity, rest),
        }
    }

    fn each(&self, writer: &mut Writer<'_>, entity: &EntityModel, rest: &[ColumnModel]) -> String {
        writer.used.insert("for_each");
        let elements = format!("for_each = \"items\", key = {{ {} }}", key_of(writer, &self.columns[..entity.key_len], "each."));
        let set = format!("set = {{ {} }}", assignments(rest, "each."));
        match rest.first() {
            Some(column) if writer.random.chance(30) => {
                writer.used.insert("several rules for an event");
                writer.used.insert("for_each with when");
                let name = &column.name;
                format!(
                    "on.{} = [{{ {elements}, {set} }}, {{ {elements}, delete = true, when = \"each.{name} IS NULL\" }}]\n",
                    self.name
                )
            }
            _ => format!("on.{} = {{ {elements}, {set} }}\n", self.name),
        }
    }

    fn patch(&self, writer: &mut Writer<'_>, entity: &EntityModel, columns: &[ColumnModel]) -> String {
        let scope = self.scope(entity);
        let set: Vec<_> =
            columns.iter().map(|column| format!("{} = '''{}'''", column.name, assigned(writer, column, &scope))).collect();
        let when = if writer.random.chance(30) {
            writer.used.insert("when");
            format!(", when = '''{}'''", writer.expression(Kind::Bool, &scope, 2))
        } else {
            String::new()
        };
        writer.used.insert("self");
        let key = key_of(writer, &self.columns[..entity.key_len], "");
        format!("on.{} = {{ key = {{ {key} }}, set = {{ {} }}{when} }}\n", self.name, set.join(", "))
    }

    /// The event's fields and the row so far.
    fn scope(&self, entity: &EntityModel) -> Scope {
        let leaf = |text: String, column: &ColumnModel| Leaf { text, kind: column.kind, domain: None };
        let fields = self.columns.iter().map(|column| leaf(column.name.clone(), column));
        let row = entity.columns.iter().map(|column| leaf(format!("self.{}", column.name), column));
        let attribute = |(name, kind): (&str, Kind)| Leaf { text: format!("event.{name}"), kind, domain: None };
        Scope { columns: fields.chain(row).chain(ATTRIBUTES.map(attribute)).collect(), ..Scope::default() }
    }

    /// An event of this type in CloudEvents' form.
    pub fn write(&self, writer: &mut Writer<'_>, number: u64) -> String {
        let entity = &writer.model.entities[self.entity];
        let (random, mut data) = (&mut writer.random, String::new());
        match self.effect {
            Effect::Each => {
                data.push_str("{\"items\":[");
                for place in 0..random.below(5) {
                    data.push_str(if place == 0 { "" } else { "," });
                    self.write_object(entity, &writer.model.domains, random, &mut data);
                }
                data.push_str("]}");
            }
            _ => self.write_object(entity, &writer.model.domains, random, &mut data),
        }
        let time = format!("2025-{:02}-{:02}T{:02}:00:00Z", random.between(1, 12), random.between(1, 28), random.below(24));
        let (version, data) = self.versioned(writer, data);
        format!(
            r#"{{"specversion":"1.0","id":"{number}","source":"/{SERVICE}","type":"{}{version},"time":"{time}","data":{data}}}"#,
            self.name
        )
    }

    /// The data as one of the versions has it, and how the version is said after the type.
    fn versioned(&self, writer: &mut Writer<'_>, data: String) -> (&'static str, String) {
        match (&self.older, writer.random.below(3)) {
            (None, _) => ("\"", data),
            (Some(_), 0) => (".v2\"", data),
            (Some(_), 1) => (r#"","dataschema":"https://example.org/schemas/v2""#, data),
            (Some(older), _) => {
                writer.used.insert("upcast");
                ("\"", older.renamed(&data))
            }
        }
    }

    fn write_object(&self, entity: &EntityModel, domains: &[Kind], random: &mut Random, out: &mut String) {
        out.push('{');
        for (place, (column, field)) in self.columns.iter().zip(self.fields()).enumerate() {
            let is_key = place < entity.key_len;
            if !is_key && random.chance(8) {
                continue;
            }
            out.push_str(if out.ends_with('{') { "" } else { "," });
            match column.domain {
                Some(_) if !is_key && random.chance(12) => drop(write!(out, "\"{}\":null", field.name)),
                Some(domain) => {
                    let value = domain_value(domains[domain], random.below(DOMAIN));
                    let quotes = if field.quoted { "\"" } else { "" };
                    let _ = write!(out, "\"{}\":{quotes}{value}{quotes}", field.name);
                }
                None => field.write(random, out),
            }
        }
        out.push('}');
    }
}

// === impl Older ===

impl Older {
    /// An older version of an event with these fields, of which there are several.
    fn new(writer: &mut Writer<'_>, fields: &[ColumnModel]) -> Older {
        let renamed = fields[writer.random.below(fields.len())].name.clone();
        let mut others = fields.iter().filter(|field| field.name != renamed && field.domain.is_none());
        let default = others.clone().find_map(|field| match field.kind {
            Kind::Bool => Some((field.name.clone(), "true")),
            Kind::Int => Some((field.name.clone(), "7")),
            _ => None,
        });
        let set = others.find_map(|field| match field.kind {
            Kind::Text => Some((field.name.clone(), format!("upper({0}) || coalesce({0}, 'none')", field.name))),
            Kind::Date => Some((field.name.clone(), format!("{} + 1", field.name))),
            _ => None,
        });
        Older { renamed, default, set }
    }

    /// A schema or data with the field's former name.
    fn renamed(&self, json: &str) -> String {
        json.replace(&format!("\"{}\":", self.renamed), &format!("\"was_{}\":", self.renamed))
    }

    fn upcast(&self) -> String {
        let mut text = format!("rename = {{ {0} = \"was_{0}\" }}\ndrop = [\"extra\"]\n", self.renamed);
        if let Some((name, value)) = &self.default {
            let _ = writeln!(text, "default = {{ {name} = {value} }}");
        }
        if let Some((name, expression)) = &self.set {
            let _ = writeln!(text, "set = {{ {name} = \"{expression}\" }}");
        }
        text
    }
}

/// The key from its fields, now and then by expressions.
fn key_of(writer: &mut Writer<'_>, columns: &[ColumnModel], prefix: &str) -> String {
    if columns.len() > 1 {
        writer.used.insert("key of two columns");
    }
    if !writer.random.chance(20) {
        return assignments(columns, prefix);
    }
    writer.used.insert("key of expressions");
    let one = |column: &ColumnModel| format!("{0} = \"coalesce({prefix}{0}, {prefix}{0})\"", column.name);
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Each column from the field of its name.
fn assignments(columns: &[ColumnModel], prefix: &str) -> String {
    let one = |column: &ColumnModel| format!("{} = \"{prefix}{}\"", column.name, column.name);
    columns.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a patch sets a column to: tame kinds stay tame, and a column that refers to others stays in its domain.
fn assigned(writer: &mut Writer<'_>, column: &ColumnModel, scope: &Scope) -> String {
    let plain = matches!(column.kind, Kind::Time | Kind::Date | Kind::Json | Kind::Texts | Kind::Ints) || column.domain.is_some();
    if plain {
        return match writer.random.below(3) {
            0 => format!("coalesce({0}, self.{0})", column.name),
            1 => format!("CASE WHEN {} THEN self.{} END", writer.expression(Kind::Bool, scope, 1), column.name),
            _ => column.name.clone(),
        };
    }
    let value = writer.expression(column.kind, scope, 2);
    match column.kind {
        Kind::Int => format!("({value}) % 1000"),
        Kind::Double => format!("least(greatest(round({value}), -1000), 1000)"),
        Kind::Decimal => format!("round(({value}) % 1000, 2)"),
        Kind::Text => format!("left({value}, 20)"),
        _ => value,
    }
}
