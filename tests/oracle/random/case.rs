//! A random case: schemas, a projection, and a log. The seed decides all of it.

use std::collections::BTreeSet;
use std::fmt::Write;

use projector::demo::Random;
use schemas::SourceFile;

use super::folds::{self, EventModel};
use super::model::Model;
use super::writer::Writer;

/// What a seed stands for.
pub struct Case {
    /// The schemas.
    pub schemas: Vec<SourceFile>,
    /// `projection.toml` and the SELECTs.
    pub projection: Vec<SourceFile>,
    /// The events, as they are published.
    pub log: Vec<Vec<u8>>,
    /// The constructs that occur.
    pub used: BTreeSet<&'static str>,
}

// === impl Case ===

impl Case {
    /// The case of this seed.
    pub fn new(seed: u64) -> Case {
        let mut random = Random::new(seed);
        let model = Model::random(&mut random);
        let mut writer = Writer::new(random, &model);
        let events = folds::events(&mut writer);
        let projection = projection(&mut writer, &model, &events);
        let log = log(&mut writer, &events);
        Case { schemas: events.iter().flat_map(EventModel::files).collect(), projection, log, used: writer.used }
    }
}

fn projection(writer: &mut Writer<'_>, model: &Model, events: &[EventModel]) -> Vec<SourceFile> {
    let policy = writer.random.pick(&["park", "skip"]);
    let mut text = format!("name = \"random\"\nsubjects = [\">\"]\n\n[dead_letters]\npolicy = \"{policy}\"\nlimit = 1000000\n");
    for (number, entity) in model.entities.iter().enumerate() {
        let key: Vec<_> = entity.columns[..entity.key_len].iter().map(|column| format!("\"{}\"", column.name)).collect();
        let _ = write!(text, "\n[entities.{}]\nkey = [{}]\n", entity.name, key.join(", "));
        for event in events.iter().filter(|event| event.entity == number) {
            text += &event.rule(writer);
        }
    }
    let mut files = Vec::new();
    for number in 0..writer.random.between(1, 3) {
        let _ = write!(text, "\n[views.v{number}]\nquery = \"v{number}.sql\"\n");
        files.push(SourceFile { path: format!("projections/random/v{number}.sql"), text: writer.view() });
    }
    files.push(SourceFile { path: "projections/random/projection.toml".to_owned(), text });
    files
}

fn log(writer: &mut Writer<'_>, events: &[EventModel]) -> Vec<Vec<u8>> {
    let length = [20, 100, 400, 1500][writer.random.below(4)];
    let mut log: Vec<Vec<u8>> = Vec::new();
    for number in 0..length {
        let text = match writer.random.below(100) {
            0 => broken(writer, number),
            1 if !log.is_empty() => {
                writer.used.insert("duplicate event");
                log.push(log[writer.random.below(log.len())].clone());
                continue;
            }
            // Rows are set far more often than they go.
            chance => {
                let mut event = &events[writer.random.below(events.len())];
                if event.effect == folds::Effect::Drop && chance < 70 {
                    event = &events[event.entity * 4];
                }
                event.write(writer, number)
            }
        };
        log.push(text.into_bytes());
    }
    log
}

/// An event that nobody can apply.
fn broken(writer: &mut Writer<'_>, number: u64) -> String {
    writer.used.insert("broken event");
    let event = |source: &str, ty: &str, data: &str| {
        format!(r#"{{"specversion":"1.0","id":"x{number}","source":"/{source}","type":"{ty}","data":{data}}}"#)
    };
    match writer.random.below(5) {
        0 => "{\"specversion\":".to_owned(),
        1 => event("random", "Unheard", "{}"),
        2 => event("stranger", "Set0", "{}"),
        3 => event("random", "Set0", r#"{"k0":[]}"#),
        _ => event("random", "Set0", r#"{"k0":null,"k1":null}"#),
    }
}
