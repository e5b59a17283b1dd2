//! Products: they are added, retitled, repriced, sold off, removed, and some are added again.

use std::fmt::Write;

use super::words::{ADJECTIVES, CATEGORIES, LABELS, THINGS};
use super::world::Clock;

const SERVICE: &str = "catalog";

/// All products there ever were, by number: their prices in cents.
#[derive(Default)]
pub(super) struct Products {
    prices: Vec<usize>,
    gone: Vec<usize>,
}

/// The stock keeping unit of a product.
pub(super) fn sku(number: usize) -> String {
    format!("p-{number:05}")
}

// === impl Products ===

impl Products {
    pub(super) fn len(&self) -> usize {
        self.prices.len()
    }

    pub(super) fn step(&mut self, clock: &mut Clock) {
        match clock.random.below(100) {
            0..45 => self.add(clock),
            45..90 => self.reprice(clock),
            90..94 => self.retitle(clock),
            94..96 => self.discontinue(clock),
            96..98 => self.remove(clock),
            _ => self.add_again(clock),
        }
    }

    /// Something new to buy.
    pub(super) fn add(&mut self, clock: &mut Clock) {
        self.prices.push(0);
        self.say_added(clock, self.prices.len() - 1);
    }

    /// A product that somebody buys, with its price in cents: a few sell best.
    pub(super) fn bought(&self, clock: &mut Clock) -> (usize, usize) {
        let number = clock.random.skewed(self.prices.len());
        (number, self.prices[number])
    }

    fn reprice(&mut self, clock: &mut Clock) {
        let number = clock.random.skewed(self.prices.len());
        let price = self.prices[number] * clock.random.between(70, 140) / 100;
        self.prices[number] = price.max(1);
        let id = sku(number);
        let (whole, cents) = (self.prices[number] / 100, self.prices[number] % 100);
        let _ = write!(clock.data, r#"{{"sku":"{id}","price":{whole}.{cents:02}}}"#);
        clock.say(SERVICE, "PriceChanged", 1, &id);
    }

    fn retitle(&self, clock: &mut Clock) {
        let id = sku(clock.random.below(self.prices.len()));
        let title = title(clock);
        let _ = write!(clock.data, r#"{{"sku":"{id}","title":"{title}"}}"#);
        clock.say(SERVICE, "ProductRetitled", 1, &id);
    }

    fn discontinue(&self, clock: &mut Clock) {
        let id = sku(clock.random.skewed(self.prices.len()));
        let _ = write!(clock.data, r#"{{"sku":"{id}"}}"#);
        clock.say(SERVICE, "ProductDiscontinued", 1, &id);
    }

    fn remove(&mut self, clock: &mut Clock) {
        let number = clock.random.below(self.prices.len());
        let id = sku(number);
        self.gone.push(number);
        let _ = write!(clock.data, r#"{{"sku":"{id}"}}"#);
        clock.say(SERVICE, "ProductRemoved", 1, &id);
    }

    fn add_again(&mut self, clock: &mut Clock) {
        match self.gone.pop() {
            Some(number) => self.say_added(clock, number),
            None => self.add(clock),
        }
    }

    fn say_added(&mut self, clock: &mut Clock, number: usize) {
        self.prices[number] = clock.random.between(199, 19_999);
        let (whole, cents) = (self.prices[number] / 100, self.prices[number] % 100);
        let (id, title) = (sku(number), title(clock));
        let category = clock.random.pick(&CATEGORIES);
        let weight = clock.random.between(50, 20_000);
        let _ = write!(
            clock.data,
            r#"{{"sku":"{id}","title":"{title}","category":"{category}","price":{whole}.{cents:02},"weight_grams":{weight},"labels":["#
        );
        for place in 0..clock.random.below(3) {
            let label = clock.random.pick(&LABELS);
            let _ = write!(clock.data, r#"{}"{label}""#, if place == 0 { "" } else { "," });
        }
        clock.data.push(']');
        if clock.random.chance(50) {
            let (width, height) = (clock.random.between(1, 200), clock.random.between(1, 9));
            let _ = write!(clock.data, r#","dimensions":{{"width":{width},"height":{width}.{height}}}"#);
        }
        clock.data.push('}');
        clock.say(SERVICE, "ProductAdded", 1, &id);
    }
}

fn title(clock: &mut Clock) -> String {
    format!("{} {} {}", clock.random.pick(&ADJECTIVES), clock.random.pick(&THINGS), clock.random.between(1, 99))
}
