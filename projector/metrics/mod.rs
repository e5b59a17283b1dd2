//! Metrics for Prometheus: what [`families`] lists, of all projections of this process, in the text format of OpenMetrics.
//!
//! Nothing here asks the log or a store: a scrape is answered at once, above all while they do not answer.

pub mod families;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::run::{Board, Health, Observed, Place, Progress, Wait};
use crate::status::ProjectionStatus;
use families::{FAMILIES, Family, Figure, Sample};

/// What an answer in this format is called.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is known of a projection at one time.
#[derive(Debug)]
pub struct Seen {
    projection: String,
    place: Arc<Place>,
    progress: Progress,
    health: Health,
    waits: Vec<Wait>,
    observed: Option<Arc<Observed>>,
    now: Instant,
}

/// Labels of a sample.
type Labels = Vec<(&'static str, String)>;

/// All metrics; `stall_after`: for how long nothing may go on before a projection counts as stalled.
pub fn render(board: &Board, stall_after: Duration) -> Result<String, fmt::Error> {
    let observed = board.observed();
    let seen = board.places().into_iter().map(|(name, place)| Seen::new(name, place, observed.clone(), stall_after));
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape(seen.collect())));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

// === impl Seen ===

impl Seen {
    fn new(projection: String, place: Arc<Place>, observed: Option<Arc<Observed>>, stall_after: Duration) -> Seen {
        let (now, progress, health) = (Instant::now(), place.progress.borrow().clone(), place.health(stall_after));
        Seen { projection, waits: place.waits.at(now), place, progress, health, observed, now }
    }

    /// What the stores have said of it last.
    fn status(&self) -> Option<&ProjectionStatus> {
        let projections = &self.observed.as_ref()?.status.projections;
        projections.iter().find(|projection| projection.record.name == self.projection)
    }

    /// How long ago that was.
    fn observed_ago(&self) -> Option<Duration> {
        Some(self.now.saturating_duration_since(self.observed.as_ref()?.at))
    }

    fn labels(&self, sample: Option<&Sample>) -> Labels {
        let own = sample.map(|sample| sample.labels.clone()).unwrap_or_default();
        std::iter::once(("projection", self.projection.clone())).chain(own).collect()
    }
}

/// All projections at one time.
#[derive(Debug)]
struct Scrape(Vec<Seen>);

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let version = Sample { labels: vec![("version", env!("CARGO_PKG_VERSION").to_owned())], value: 1.0 };
        let info = encoder.encode_descriptor(families::BUILD.0, families::BUILD.1, None, MetricType::Gauge)?;
        put(info, MetricType::Gauge, &version.labels, version.value)?;
        FAMILIES.iter().try_for_each(|family| self.encode_family(family, &mut encoder))
    }
}

impl Scrape {
    fn encode_family(&self, family: &Family, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = family.figure.kind();
        let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
        for seen in &self.0 {
            match family.figure {
                Figure::Gauge(samples) | Figure::Counter(samples) => {
                    for sample in samples(seen) {
                        let labels = seen.labels(Some(&sample));
                        put_into(&mut metric, kind, &labels, sample.value)?;
                    }
                }
                Figure::Histogram(histogram) => {
                    histogram(&seen.place.meters).encode(metric.encode_family(&seen.labels(None))?)?;
                }
            }
        }
        Ok(())
    }
}

fn put(mut metric: MetricEncoder<'_>, kind: MetricType, labels: &Labels, value: f64) -> fmt::Result {
    put_into(&mut metric, kind, labels, value)
}

fn put_into(metric: &mut MetricEncoder<'_>, kind: MetricType, labels: &Labels, value: f64) -> fmt::Result {
    let sample = metric.encode_family(labels)?;
    match kind {
        MetricType::Counter => ConstCounter::new(value).encode(sample),
        _ => ConstGauge::new(value).encode(sample),
    }
}
