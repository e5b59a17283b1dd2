//! Customers: they register, change their names, leave, and some come back.

use std::fmt::Write;

use super::words::{COUNTRIES, FIRST_NAMES, LAST_NAMES};
use super::world::Clock;

const SERVICE: &str = "customers";

/// All customers there ever were, by number.
#[derive(Default)]
pub(super) struct Customers {
    count: usize,
    gone: Vec<usize>,
}

/// The id of a customer.
pub(super) fn customer_id(number: usize) -> String {
    format!("c-{number:06}")
}

// === impl Customers ===

impl Customers {
    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn step(&mut self, clock: &mut Clock) {
        match clock.random.below(100) {
            0..80 => self.register(clock),
            80..88 => self.rename(clock),
            88..96 => self.change_email(clock),
            96..98 => self.delete(clock),
            _ => self.come_back(clock),
        }
    }

    /// Somebody new.
    pub(super) fn register(&mut self, clock: &mut Clock) {
        self.count += 1;
        say_registered(clock, self.count - 1);
    }

    /// A customer who buys something: a few buy most of it.
    pub(super) fn buyer(&self, clock: &mut Clock) -> usize {
        clock.random.skewed(self.count)
    }

    fn rename(&self, clock: &mut Clock) {
        let id = customer_id(clock.random.below(self.count));
        let (first, last) = (clock.random.pick(&FIRST_NAMES), clock.random.pick(&LAST_NAMES));
        let _ = write!(clock.data, r#"{{"customer_id":"{id}","name":"{first} {last}"}}"#);
        clock.say(SERVICE, "CustomerRenamed", 1, &id);
    }

    fn change_email(&self, clock: &mut Clock) {
        let id = customer_id(clock.random.below(self.count));
        let number = clock.random.below(10_000);
        let _ = write!(clock.data, r#"{{"customer_id":"{id}","email":"{id}.{number}@mail.example"}}"#);
        clock.say(SERVICE, "CustomerEmailChanged", 1, &id);
    }

    fn delete(&mut self, clock: &mut Clock) {
        let number = clock.random.below(self.count);
        let id = customer_id(number);
        self.gone.push(number);
        let _ = write!(clock.data, r#"{{"customer_id":"{id}"}}"#);
        clock.say(SERVICE, "CustomerDeleted", 1, &id);
    }

    fn come_back(&mut self, clock: &mut Clock) {
        match self.gone.pop() {
            Some(number) => say_registered(clock, number),
            None => self.register(clock),
        }
    }
}

fn say_registered(clock: &mut Clock, number: usize) {
    let id = customer_id(number);
    let (first, last) = (clock.random.pick(&FIRST_NAMES), clock.random.pick(&LAST_NAMES));
    let country = clock.random.pick(&COUNTRIES);
    let newsletter = clock.random.chance(30);
    let _ = write!(
        clock.data,
        r#"{{"customer_id":"{id}","name":"{first} {last}","email":"{first}.{number}@Mail.Example","country":"{country}","newsletter":{newsletter}"#
    );
    if clock.random.chance(60) {
        let (year, month, day) = (clock.random.between(1940, 2008), clock.random.between(1, 12), clock.random.between(1, 28));
        let _ = write!(clock.data, r#","born_on":"{year}-{month:02}-{day:02}""#);
    }
    clock.data.push('}');
    clock.say(SERVICE, "CustomerRegistered", 1, &id);
}
