//! Entities folded by PostgreSQL itself, from the same events, by rules that were written down once more in SQL.

use std::io::Write;

use postgres::Client;
use projections::engine::LogEvent;
use projections::plan::Plan;

use crate::memory::Build;
use crate::tables::{self, quoted};

/// Folds the events into the plan's tables with this script.
pub fn fold(client: &mut Client, plan: &Plan, events: &[LogEvent], script: &str) {
    load(client, events);
    tables::create(client, plan);
    client.batch_execute(script).expect("the script folds every event");
    tables::index(client, plan);
}

/// Asserts that the rows of the build are those of the tables.
pub fn assert_rows(client: &mut Client, build: &Build) {
    client.batch_execute("CREATE SCHEMA ours; SET search_path = ours").expect("a schema is created");
    tables::create(client, &build.plan);
    tables::fill(client, &build.plan, &build.rows());
    client.batch_execute("SET search_path = public").expect("the schema is there");
    for entity in &build.plan.entities {
        let name = quoted(&entity.name);
        for (left, right) in [("ours", "public"), ("public", "ours")] {
            let only_left = format!(
                "SELECT to_jsonb(t)::text FROM {left}.{name} t EXCEPT ALL SELECT to_jsonb(t)::text FROM {right}.{name} t LIMIT 3"
            );
            let rows: Vec<String> =
                client.query(&only_left, &[]).expect("rows can be compared").iter().map(|row| row.get(0)).collect();
            assert!(rows.is_empty(), "rows of {name} only in {left}:\n{}", rows.join("\n"));
        }
    }
}

/// A table of the events.
fn load(client: &mut Client, events: &[LogEvent]) {
    client.batch_execute("CREATE TABLE raw (position bigint, event json)").expect("the table is created");
    let mut writer = client.copy_in("COPY raw FROM STDIN").expect("COPY starts");
    for event in events {
        let text = std::str::from_utf8(&event.data).expect("events are UTF-8").replace('\\', "\\\\");
        writeln!(writer, "{}\t{text}", event.position).expect("COPY goes on");
    }
    writer.finish().expect("events are JSON");
    let split = "CREATE TABLE events AS SELECT position, event->>'id' AS id, event->>'type' AS type,
        (event->>'time')::timestamptz AS time, event->'data' AS data FROM raw";
    client.batch_execute(split).expect("events have an envelope");
}
