//! What happens in the shop, step by step, in the order in which it happens.

use super::super::envelope::{Envelope, Generated};
use super::super::random::Random;
use super::customers::Customers;
use super::orders::Orders;
use super::products::Products;

/// 2026-01-01T00:00:00Z in milliseconds.
const START: i64 = 1_767_225_600_000;
/// The longest pause between two steps, in milliseconds: some thousand orders a day.
const PAUSE: usize = 20_000;

/// The state of the shop, as far as it decides what can happen next.
pub(super) struct World {
    customers: Customers,
    products: Products,
    orders: Orders,
    clock: Clock,
}

/// Chance, time, and what was said so far.
pub(super) struct Clock {
    pub random: Random,
    pub data: String,
    time: i64,
    number: u64,
    said: Vec<Generated>,
}

// === impl World ===

impl World {
    pub(super) fn new(seed: u64) -> World {
        let clock = Clock { random: Random::new(seed), data: String::new(), time: START, number: 0, said: Vec::new() };
        World { customers: Customers::default(), products: Products::default(), orders: Orders::default(), clock }
    }

    /// Something happens: the events that say so, one or a few.
    pub(super) fn step(&mut self) -> Vec<Generated> {
        let World { customers, products, orders, clock } = self;
        clock.time += 1 + clock.random.below(PAUSE) as i64;
        if customers.len() < 10 {
            customers.register(clock);
        } else if products.len() < 20 {
            products.add(clock);
        } else {
            match clock.random.below(1000) {
                0..40 => customers.step(clock),
                40..50 => products.step(clock),
                50..325 => orders.place(clock, customers, products),
                _ => orders.step(clock),
            }
        }
        std::mem::take(&mut self.clock.said)
    }
}

// === impl Clock ===

impl Clock {
    /// Publishes the event whose data was written to `data`.
    pub(super) fn say(&mut self, service: &'static str, ty: &'static str, version: u32, subject: &str) {
        self.number += 1;
        let envelope = Envelope { domain: "shop", service, ty, version, number: self.number, subject, time: self.time };
        self.said.push(envelope.wrap(&self.data));
        self.data.clear();
    }

    /// Lets up to so many milliseconds go by.
    pub(super) fn pass(&mut self, millis: usize) {
        self.time += self.random.below(millis) as i64;
    }

    /// A random UUID of version 4.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.random.bits(), self.random.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 50),
            low & 0xffff_ffff_ffff
        )
    }
}
