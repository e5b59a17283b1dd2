//! A random projection: entities with keys that other entities' columns refer to.

use projector::demo::Random;

use super::kind::{COLUMNS, KEYS, Kind};

/// How many different values a domain has: few, so that rows meet, vanish and come back.
pub const DOMAIN: usize = 14;

/// The entities of a random projection, and the values that join them.
#[derive(Debug)]
pub struct Model {
    pub entities: Vec<EntityModel>,
    /// The kind of each domain.
    pub domains: Vec<Kind>,
}

/// One entity.
#[derive(Debug)]
pub struct EntityModel {
    pub name: String,
    /// The columns, those of the key first.
    pub columns: Vec<ColumnModel>,
    pub key_len: usize,
}

/// One column.
#[derive(Clone, Debug)]
pub struct ColumnModel {
    pub name: String,
    pub kind: Kind,
    /// The values that it shares with other columns.
    pub domain: Option<usize>,
    /// Of a decimal: whether events write it as a string.
    pub quoted: bool,
}

// === impl Model ===

impl Model {
    /// A model with two to four entities.
    pub fn random(random: &mut Random) -> Model {
        let mut model = Model { entities: Vec::new(), domains: Vec::new() };
        for number in 0..random.between(2, 4) {
            let entity = model.entity(number, random);
            model.entities.push(entity);
        }
        // Now that all keys are known, columns that refer to them; to the entity itself too.
        for number in 0..model.entities.len() {
            let references = model.references(number, random);
            model.entities[number].columns.extend(references);
        }
        model
    }

    fn entity(&mut self, number: usize, random: &mut Random) -> EntityModel {
        let key_len = if random.chance(35) { 2 } else { 1 };
        let mut columns = Vec::new();
        for place in 0..key_len {
            let domain = self.key_domain(&columns, random);
            columns.push(ColumnModel::new(format!("k{place}"), self.domains[domain], Some(domain), random));
        }
        for place in 0..random.between(3, 9) {
            let kind = COLUMNS[random.below(COLUMNS.len())];
            columns.push(ColumnModel::new(format!("c{place}"), kind, None, random));
        }
        EntityModel { name: format!("e{number}"), columns, key_len }
    }

    /// A part of a key is new, or one that another entity has too, as order lines share the order's.
    fn key_domain(&mut self, so_far: &[ColumnModel], random: &mut Random) -> usize {
        if !self.domains.is_empty() && random.chance(35) {
            let domain = random.below(self.domains.len());
            if so_far.iter().all(|column| column.domain != Some(domain)) {
                return domain;
            }
        }
        self.domains.push(KEYS[random.below(KEYS.len())]);
        self.domains.len() - 1
    }

    fn references(&self, number: usize, random: &mut Random) -> Vec<ColumnModel> {
        let mut columns = Vec::new();
        for target in 0..self.entities.len() {
            if target == number && random.chance(60) {
                continue;
            }
            let target_entity = &self.entities[target];
            for place in 0..target_entity.key_len {
                let (kind, domain) = (target_entity.columns[place].kind, target_entity.columns[place].domain);
                columns.push(ColumnModel::new(format!("r{target}_{place}"), kind, domain, random));
            }
        }
        columns
    }
}

// === impl ColumnModel ===

impl ColumnModel {
    fn new(name: String, kind: Kind, domain: Option<usize>, random: &mut Random) -> ColumnModel {
        ColumnModel { name, kind, domain, quoted: matches!(kind, Kind::Decimal | Kind::WildDecimal) && random.chance(40) }
    }
}

/// Value number `number` of a domain of this kind, as it stands in the data of an event.
pub fn domain_value(kind: Kind, number: usize) -> String {
    match kind {
        Kind::Int => (number as i64 * 3 - 10).to_string(),
        Kind::Decimal => format!("{}.{}", number / 2, ["0", "50"][number % 2]),
        Kind::Date => format!("\"2024-02-{:02}\"", number + 15),
        Kind::Time => format!("\"2025-01-01T00:00:00.{number:02}Z\""),
        Kind::Uuid => format!("\"{}\"", super::data::uuid(number)),
        _ => format!("\"{}\"", TEXTS[number % TEXTS.len()]),
    }
}

/// Keys made of text, with what could confuse an encoding.
#[rustfmt::skip]
const TEXTS: [&str; DOMAIN] = [
    "k", "K", "", "a,b", "a\\\\", "é", "\\\\N", "k1", "k 2", "日本", "\\u0001", "zz", "a/b", "%2F",
];
