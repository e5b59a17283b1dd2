//! What an overview looks like as lines: pure.

use serde_json::Value;

use crate::cli::say::printable;

/// What the columns are called.
const HEADS: [&str; 9] = ["PROJECTION", "STATE", "LAG", "RATE", "LATENCY", "POSITION", "GEN", "DEAD", "LAST MINUTE"];
/// Samples that a row of bars shows.
const BARS: usize = 30;
/// Samples that become one bar.
const SAMPLES_OF_BAR: usize = 2;
/// From nothing to the most.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Where the numbers of a sample are in it.
const EVENTS: usize = 5;
const COMMITS: usize = 6;
const DELAY: usize = 8;
/// How many samples tell how long events take now.
const LATELY: usize = 10;

/// For a screen: a table, and below it what else there is to say.
pub fn table(overview: &Value) -> Vec<String> {
    let rows: Vec<[String; 9]> = projections(overview).iter().map(row).collect();
    let heads = HEADS.map(str::to_owned);
    let widths: Vec<usize> = (0..HEADS.len())
        .map(|column| rows.iter().chain([&heads]).map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &[String; 9]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut lines = vec![title(overview), String::new(), line(&heads)];
    lines.extend(rows.iter().map(line));
    lines.extend(projections(overview).iter().flat_map(details));
    lines.push(String::new());
    lines.push("End with Ctrl-C.".to_owned());
    lines
}

/// For a pipe: a line for each projection, and what else there is to say.
pub fn lines(overview: &Value) -> Vec<String> {
    let now = overview["now"].as_str().unwrap_or_default();
    let error = overview["error"].as_str().map(|error| format!("{now}  {}", printable(error)));
    let line = |projection: &Value| {
        let [name, state, lag, rate, delay, position, generation, dead, _] = row(projection);
        format!(
            "{now}  {name}  {state}  lag {lag}  rate {rate}  latency {delay}  position {position}  generation {generation}  dead letters {dead}"
        )
    };
    let of = |projection: &Value| std::iter::once(line(projection)).chain(details(projection)).collect::<Vec<_>>();
    projections(overview).iter().flat_map(of).chain(error).collect()
}

/// For programs: what one round adds to the one before is not repeated in each.
pub fn without_trails(overview: &Value) -> Value {
    let mut json = overview.clone();
    for projection in json["projections"].as_array_mut().into_iter().flatten() {
        if let Some(members) = projection.as_object_mut() {
            members.remove("trail");
        }
    }
    json
}

fn title(overview: &Value) -> String {
    let now = overview["now"].as_str().unwrap_or_default();
    match (overview["error"].as_str(), overview["version"].as_str()) {
        (Some(error), _) => format!("projector  {}", printable(error)),
        (None, Some(version)) => format!("projector {version}  {now}"),
        (None, None) => format!("projector  {now}  no daemon answers here: as it is stored"),
    }
}

fn projections(overview: &Value) -> &[Value] {
    overview["projections"].as_array().map_or(&[], Vec::as_slice)
}

fn row(projection: &Value) -> [String; 9] {
    let daemon = &projection["daemon"];
    let state = daemon["state"].as_str().or(projection["state"].as_str()).unwrap_or("unknown");
    let dead = projection["dead_letters"].as_object().map(|kinds| kinds.values().filter_map(Value::as_u64).sum::<u64>());
    let position = daemon["position"].as_u64().or(projection["position"].as_u64());
    [
        printable(projection["name"].as_str().unwrap_or_default()),
        state.to_owned(),
        lag(projection),
        daemon["events_per_second"].as_f64().map_or_else(unknown, |rate| format!("{rate:.0}/s")),
        delay(projection).map_or_else(unknown, |millis| format!("{millis:.1} ms")),
        position.map_or_else(unknown, |position| position.to_string()),
        projection["generation"].as_u64().map_or_else(unknown, |number| number.to_string()),
        dead.map_or_else(unknown, |dead| dead.to_string()),
        bars(projection),
    ]
}

fn unknown() -> String {
    "-".to_owned()
}

/// As the daemon has seen it last, else as it is stored.
fn lag(projection: &Value) -> String {
    let daemon = &projection["daemon"];
    let seen = daemon["head"].as_u64().zip(daemon["position"].as_u64()).map(|(head, position)| head.saturating_sub(position));
    match seen.or(projection["lag"]["events"].as_u64()) {
        None => unknown(),
        Some(0) => "0 events".to_owned(),
        Some(events) => {
            let seconds = projection["lag"]["seconds"].as_f64().unwrap_or(0.0);
            format!("{events} events {seconds:.1} s")
        }
    }
}

/// The longest that an event has taken lately from the log to the views, in milliseconds.
fn delay(projection: &Value) -> Option<f64> {
    let samples = samples(projection).iter().rev().take(LATELY);
    let busy = samples.filter(|sample| sample[COMMITS].as_u64() > Some(0));
    busy.filter_map(|sample| sample[DELAY].as_f64()).max_by(f64::total_cmp)
}

fn bars(projection: &Value) -> String {
    let samples = samples(projection);
    let last = &samples[samples.len().saturating_sub(BARS * SAMPLES_OF_BAR)..];
    let sum = |samples: &[Value]| samples.iter().filter_map(|sample| sample[EVENTS].as_u64()).sum::<u64>();
    // A bar that is not full yet would look like a stop.
    let sums: Vec<u64> = last.chunks_exact(SAMPLES_OF_BAR).map(sum).collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let height = |sum: &u64| HEIGHTS[usize::try_from(sum * (HEIGHTS.len() as u64 - 1) / most).unwrap_or(0)];
    sums.iter().map(height).collect()
}

fn samples(projection: &Value) -> &[Value] {
    projection["trail"]["samples"].as_array().map_or(&[], Vec::as_slice)
}

/// What is built, what is waited for, and why it does not go on.
fn details(projection: &Value) -> Vec<String> {
    let name = printable(projection["name"].as_str().unwrap_or_default());
    let reason = projection["daemon"]["reason"].as_str().or(projection["reason"].as_str());
    let reason = reason.map(|reason| format!("{name}: {}", printable(reason)));
    let waits = projection["daemon"]["retrying"].as_array().into_iter().flatten();
    let waits = waits.map(|wait| {
        let (port, seconds) = (wait["port"].as_str().unwrap_or_default(), wait["seconds"].as_f64().unwrap_or(0.0));
        format!("{name}: waits for the {port}, {seconds:.0} s so far: {}", printable(wait["error"].as_str().unwrap_or_default()))
    });
    reason.into_iter().chain(waits).chain(building(&name, &projection["building"])).collect()
}

fn building(name: &str, building: &Value) -> Option<String> {
    let number = building["generation"].as_u64()?;
    let [position, head] = ["position", "head"].map(|field| building[field].as_u64().unwrap_or(0));
    let stage = building["stage"].as_str().unwrap_or_default();
    let to_go = building["seconds_to_go"].as_f64().filter(|seconds| *seconds > 0.0);
    let to_go = to_go.map(|seconds| format!(", about {seconds:.0} s to go")).unwrap_or_default();
    Some(format!("{name}: generation {number}, {stage}: {position} of {head} events{to_go}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn overview() -> Value {
        let sample = |number: u64| json!([number, 0, 1.0, 0, 0, number * 10, 1, 2.0, number as f64]);
        let shop = json!({
            "name": "shop", "generation": 2, "dead_letters": { "parked": 1, "unknown_type": 2 }, "lag": { "events": 9, "seconds": 0.5 },
            "daemon": { "state": "well", "position": 93, "head": 100, "events_per_second": 41.6, "reason": null,
                "retrying": [{ "port": "tables", "seconds": 3.2, "error": "refused\u{1b}[2J" }] },
            "building": { "generation": 3, "stage": "fold", "position": 50, "head": 100, "seconds_to_go": 4.2 },
            "trail": { "samples": (1..9).map(sample).collect::<Vec<_>>() },
        });
        let stored =
            json!({ "name": "auction", "state": "halted", "reason": "the log was replaced", "generation": 1, "position": 7 });
        json!({ "version": "1.2.3", "now": "2026-01-01T00:00:00Z", "projections": [stored, shop] })
    }

    #[test]
    fn a_screen() {
        insta::assert_snapshot!(table(&overview()).join("\n"), @r"
        projector 1.2.3  2026-01-01T00:00:00Z

        PROJECTION  STATE   LAG             RATE  LATENCY  POSITION  GEN  DEAD  LAST MINUTE
        auction     halted  -               -     -        7         1    -
        shop        well    7 events 0.5 s  42/s  8.0 ms   93        2    3     ▂▄▆█
        auction: the log was replaced
        shop: waits for the tables, 3 s so far: refused\u{1b}[2J
        shop: generation 3, fold: 50 of 100 events, about 4 s to go

        End with Ctrl-C.
        ");
    }

    #[test]
    fn a_pipe() {
        insta::assert_snapshot!(lines(&overview()).join("\n"), @r"
        2026-01-01T00:00:00Z  auction  halted  lag -  rate -  latency -  position 7  generation 1  dead letters -
        auction: the log was replaced
        2026-01-01T00:00:00Z  shop  well  lag 7 events 0.5 s  rate 42/s  latency 8.0 ms  position 93  generation 2  dead letters 3
        shop: waits for the tables, 3 s so far: refused\u{1b}[2J
        shop: generation 3, fold: 50 of 100 events, about 4 s to go
        ");
    }

    #[test]
    fn programs_get_what_is_known_without_the_past() {
        let json = without_trails(&overview());
        assert_eq!((&json["projections"][1]["trail"], &json["projections"][1]["generation"]), (&Value::Null, &json!(2)));
    }
}
