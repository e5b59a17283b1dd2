//! The events of a random projection: their schemas, the rules that fold them, and a log of them.

use std::fmt::Write;

use projector::demo::Random;
use schemas::SourceFile;

use super::data::Field;
use super::kind::Kind;
use super::model::{ColumnModel, DOMAIN, EntityModel, domain_value};
use super::writer::{Leaf, Scope, Writer};

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
            let columns = columns.map(|(_, column)| column.clone()).collect();
            all.push(EventModel { name: format!("{effect:?}{number}"), entity: number, effect, columns });
        }
    }
    all
}

// === impl EventModel ===

impl EventModel {
    fn fields(&self) -> impl Iterator<Item = Field> {
        self.columns.iter().map(|column| Field { name: column.name.clone(), kind: column.kind, quoted: column.quoted })
    }

    /// The schema's file.
    pub fn schema(&self) -> SourceFile {
        let fields: Vec<_> = self.fields().map(|field| format!("\"{}\":{}", field.name, field.schema())).collect();
        let object = format!("{{\"type\":\"object\",\"properties\":{{{}}}}}", fields.join(","));
        let text = match self.effect {
            Effect::Each => {
                format!("{{\"type\":\"object\",\"properties\":{{\"items\":{{\"type\":\"array\",\"items\":{object}}}}}}}")
            }
            _ => object,
        };
        SourceFile { path: format!("schemas/{SERVICE}/{}.v1.json", self.name), text }
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
            Effect::Each => {
                writer.used.insert("for_each");
                let key = assignments(&self.columns[..entity.key_len], "each.");
                format!(
                    "on.{} = {{ for_each = \"items\", key = {{ {key} }}, set = {{ {} }} }}\n",
                    self.name,
                    assignments(rest, "each.")
                )
            }
            Effect::Patch => self.patch(writer, entity, rest),
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
        format!("on.{} = {{ set = {{ {} }}{when} }}\n", self.name, set.join(", "))
    }

    /// The event's fields and the row so far.
    fn scope(&self, entity: &EntityModel) -> Scope {
        let leaf = |text: String, column: &ColumnModel| Leaf { text, kind: column.kind, domain: None };
        let fields = self.columns.iter().map(|column| leaf(column.name.clone(), column));
        let row = entity.columns.iter().map(|column| leaf(format!("self.{}", column.name), column));
        let time = Leaf { text: "event.time".to_owned(), kind: Kind::Time, domain: None };
        Scope { columns: fields.chain(row).chain([time]).collect(), ..Scope::default() }
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
        format!(
            r#"{{"specversion":"1.0","id":"{number}","source":"/{SERVICE}","type":"{}","time":"{time}","data":{data}}}"#,
            self.name
        )
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
