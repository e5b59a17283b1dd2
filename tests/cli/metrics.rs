//! `/metrics`, read as strictly as Prometheus reads it.

use std::collections::{BTreeMap, BTreeSet};

use crate::sandbox::{Sandbox, person};

/// What was exposed: families by name, with their samples.
#[derive(Default)]
struct Exposed {
    families: BTreeMap<String, Family>,
    seen: BTreeSet<String>,
}

#[derive(Default)]
struct Family {
    kind: String,
    samples: Vec<Sample>,
}

struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

// === impl Exposed ===

impl Exposed {
    /// Reads an exposition; panics at whatever is not as it should be.
    fn read(text: &str) -> Exposed {
        let (mut exposed, mut current) = (Exposed::default(), String::new());
        let body = text.strip_suffix("# EOF\n").expect("the end is marked");
        for line in body.lines() {
            match line.strip_prefix("# ").map(|comment| comment.splitn(3, ' ').collect::<Vec<_>>()) {
                Some(words) => exposed.describe(&words, &mut current),
                None => exposed.take(&current, line),
            }
        }
        exposed.families.values().filter(|family| family.kind == "histogram").for_each(Family::check_histogram);
        exposed
    }

    fn describe(&mut self, words: &[&str], current: &mut String) {
        match words {
            ["HELP", name, help] => {
                assert!(is_name(name) && !help.is_empty(), "{words:?}");
                assert!(self.families.insert((*name).to_owned(), Family::default()).is_none(), "{name} comes twice");
                *current = (*name).to_owned();
            }
            ["TYPE", name, kind] => {
                assert!(name == current && ["gauge", "counter", "histogram"].contains(kind), "{words:?}");
                self.families.get_mut(*name).unwrap().kind = (*kind).to_owned();
            }
            _ => panic!("{words:?}"),
        }
    }

    fn take(&mut self, current: &str, line: &str) {
        let (series, value) = line.rsplit_once(' ').expect("a sample has a value");
        assert!(self.seen.insert(series.to_owned()), "{series} comes twice");
        let (name, labels) = series.split_once('{').expect("each sample has labels");
        let family = self.families.get_mut(current).expect("a family is described before its samples");
        let suffix = name.strip_prefix(current).expect("samples stand below their family");
        let allowed: &[&str] = match family.kind.as_str() {
            "counter" => &["_total"],
            "histogram" => &["_sum", "_count", "_bucket"],
            _ => &[""],
        };
        assert!(allowed.contains(&suffix), "{line}");
        let labels = labels.strip_suffix('}').expect("labels end").split(',').map(label).collect();
        family.samples.push(Sample { name: name.to_owned(), labels, value: value.parse().expect("a value is a number") });
    }

    fn value(&self, family: &str, label: (&str, &str)) -> f64 {
        let is_wanted = |sample: &&Sample| sample.labels.get(label.0).is_some_and(|value| value == label.1);
        self.families[family].samples.iter().find(is_wanted).unwrap_or_else(|| panic!("{family} lacks {label:?}")).value
    }
}

// === impl Family ===

impl Family {
    fn check_histogram(&self) {
        let of = |suffix: &str| self.samples.iter().filter(|sample| sample.name.ends_with(suffix)).collect::<Vec<_>>();
        let (buckets, counts) = (of("_bucket"), of("_count"));
        assert!(buckets.is_sorted_by(|a, b| a.value <= b.value), "buckets add up");
        let last = buckets.last().expect("there are buckets");
        assert!(last.labels["le"] == "+Inf" && last.value == counts[0].value && counts.len() == 1, "the last bucket has all");
    }
}

fn label(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').expect("a label has a value");
    assert!(is_name(name), "{text}");
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).expect("values are quoted");
    (name.to_owned(), value.to_owned())
}

fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[test]
fn all_metrics_are_exposed_in_the_format_of_prometheus() {
    let sandbox = Sandbox::new();
    sandbox.apply(&[&person("a", "Ann", 20)]);
    let daemon = sandbox.daemon();
    daemon.ask("POST", "/v1/events?accept=any", &format!("[{},{{}}]", person("b", "Bob", 7)));
    daemon.ask("GET", "/v1/views/persons_by_age/b?min_position=3&timeout=30s", "");
    // What the stores say is asked for from time to time.
    let exposed = loop {
        let answer = daemon.ask("GET", "/metrics", "");
        let exposed = Exposed::read(answer.split_once("\n\n").expect("there is a body").1);
        if exposed.families.values().all(|family| !family.samples.is_empty()) {
            break exposed;
        }
        std::thread::yield_now();
    };
    assert_eq!(exposed.value("projector_health", ("health", "well")), 1.0);
    assert_eq!(exposed.value("projector_health", ("health", "stalled")), 0.0);
    assert_eq!(exposed.value("projector_position", ("store", "state")), 3.0);
    assert_eq!(exposed.value("projector_lag_events", ("store", "state")), 0.0);
    assert_eq!(exposed.value("projector_events", ("outcome", "applied")), 1.0);
    assert_eq!(exposed.value("projector_events", ("outcome", "dead")), 1.0);
    assert_eq!(exposed.value("projector_retries", ("port", "state")), 0.0);
}
