//! A shop of five services, whose events reach the log as those of independent services do: each service's in
//! its own order, but not in the order of one another. Payments come before their orders, customers register after they
//! bought, products are removed that orders name.

mod customers;
pub mod definitions;
mod orders;
mod products;
mod words;
mod world;

use std::collections::VecDeque;

use super::envelope::Generated;
use super::random::Random;
use world::World;

/// The services of the shop.
const SERVICES: [&str; 5] = ["customers", "catalog", "orders", "payments", "shipping"];
/// How many events wait at least to be interleaved: how far the services may drift apart.
const WINDOW: usize = 300;
/// For how many events one of the services lags behind the others.
const LAG: usize = 500;

/// Endless events of an invented shop.
pub struct Shop {
    world: World,
    waiting: [VecDeque<Generated>; SERVICES.len()],
    order: Random,
    lagging: usize,
    emitted: usize,
}

// === impl Shop ===

impl Shop {
    /// The events that this seed stands for.
    pub fn new(seed: u64) -> Shop {
        let mut order = Random::new(!seed);
        let lagging = order.below(SERVICES.len());
        Shop { world: World::new(seed), waiting: Default::default(), order, lagging, emitted: 0 }
    }

    fn fill(&mut self) {
        while self.waiting.iter().map(VecDeque::len).sum::<usize>() < WINDOW {
            for event in self.world.step() {
                let service = SERVICES.iter().position(|name| *name == event.service).unwrap_or(0);
                self.waiting[service].push_back(event);
            }
        }
    }

    /// A service with something to say, the busier the likelier; the lagging one only now and then.
    fn next_service(&mut self) -> usize {
        let weight = |shop: &Shop, service: usize| {
            let waiting = shop.waiting[service].len();
            if service == shop.lagging { waiting.div_ceil(10) } else { waiting }
        };
        let total = (0..SERVICES.len()).map(|service| weight(self, service)).sum();
        let mut place = self.order.below(total);
        for service in 0..SERVICES.len() {
            match place.checked_sub(weight(self, service)) {
                Some(rest) => place = rest,
                None => return service,
            }
        }
        0
    }
}

impl Iterator for Shop {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        self.fill();
        self.emitted += 1;
        if self.emitted.is_multiple_of(LAG) {
            self.lagging = self.order.below(SERVICES.len());
        }
        let service = self.next_service();
        self.waiting[service].pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn events(seed: u64, count: usize) -> Vec<Generated> {
        Shop::new(seed).take(count).collect()
    }

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_another_seed_others() {
        assert_eq!(events(1, 5_000), events(1, 5_000));
        assert_ne!(events(1, 100), events(2, 100));
    }

    #[test]
    fn every_type_occurs_and_every_event_is_json() {
        let mut counts = HashMap::new();
        for event in events(3, 20_000) {
            serde_json::from_slice::<serde_json::Value>(&event.bytes).unwrap();
            *counts.entry(event.ty).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 17, "{counts:?}");
    }

    #[test]
    fn payments_come_before_their_orders_now_and_then() {
        let mut placed = std::collections::HashSet::new();
        let mut early = 0;
        for event in events(4, 20_000) {
            let event_json: serde_json::Value = serde_json::from_slice(&event.bytes).unwrap();
            let order = event_json["data"]["order_id"].as_str().unwrap_or_default().to_owned();
            match event.ty {
                "OrderPlaced" => drop(placed.insert(order)),
                "PaymentCaptured" if !placed.contains(&order) => early += 1,
                _ => {}
            }
        }
        assert!(early > 10, "{early}");
    }
}
