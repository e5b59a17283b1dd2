//! What operators ask of a session.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::state::{Asked, Order, Pause};

/// How often a session looks at what is asked for.
pub const GLANCE: Duration = Duration::from_millis(500);

/// What is asked for, as far as it is known and not yet done.
#[derive(Default)]
pub struct Desk {
    pause: Option<Pause>,
    /// By name.
    orders: BTreeMap<String, Order>,
    /// The names of those that are carried out by what is not committed yet.
    under_way: BTreeSet<String>,
    looked: Option<Instant>,
}

// === impl Desk ===

impl Desk {
    /// Takes in what the store says is asked for.
    pub fn put(&mut self, asked: Asked) {
        self.looked = Some(Instant::now());
        self.pause = asked.pause;
        let orders = asked.orders.into_iter().map(|order| (order.name(), order));
        self.orders = orders.filter(|(name, _)| !self.under_way.contains(name)).collect();
    }

    /// The pause, if there is one.
    pub fn pause(&self) -> Option<&Pause> {
        self.pause.as_ref()
    }

    /// The orders that are left.
    pub fn orders(&self) -> &BTreeMap<String, Order> {
        &self.orders
    }

    /// What is folded now carries these out.
    pub fn take(&mut self, names: &[String]) {
        for name in names {
            self.orders.remove(name);
            self.under_way.insert(name.clone());
        }
    }

    /// They have been carried out.
    pub fn carried(&mut self, names: &[String]) {
        for name in names {
            self.under_way.remove(name);
        }
    }

    /// Whether it is time to ask the store again, where commits keep a session from ever being idle.
    pub fn is_time_to_look(&self) -> bool {
        self.looked.is_none_or(|looked| looked.elapsed() >= GLANCE)
    }
}
