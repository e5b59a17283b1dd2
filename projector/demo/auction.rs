//! Nexmark's people, auctions and bids as events of three services.

use std::fmt::Write;

use nexmark::EventGenerator;
use nexmark::config::NexmarkConfig;
use nexmark::event::{self, Event};

use super::envelope::{Envelope, Generated, write_time};

/// 2026-01-01T00:00:00Z in milliseconds; the generator's own default is the time of day.
const START: u64 = 1_767_225_600_000;

/// Endless events of the Nexmark benchmark, as its generator yields them.
pub struct Auction {
    events: EventGenerator,
    data: String,
}

// === impl Auction ===

impl Auction {
    /// The events that this seed stands for; each seed has its own stretch of the generator's sequence.
    pub fn new(seed: u64) -> Auction {
        // The generator derives each event from its number, so another first number is another seed. Every stretch
        // must start at a whole round of its 50 proportions, where a person comes first.
        let first_event_id = (seed as usize % 1_000_000) * 50_000_000;
        let config = NexmarkConfig { base_time: START, first_event_id, ..NexmarkConfig::default() };
        Auction { events: EventGenerator::new(config), data: String::new() }
    }

    fn person(&mut self, number: u64, person: &event::Person) -> Generated {
        let event::Person { id, name, email_address, credit_card, city, state, extra, .. } = person;
        let _ = write!(
            self.data,
            r#"{{"person_id":{id},"name":"{name}","email":"{email_address}","credit_card":"{credit_card}","city":"{city}","state":"{state}","registered_at":""#
        );
        write_time(&mut self.data, person.date_time as i64);
        let _ = write!(self.data, r#"","extra":"{extra}"}}"#);
        self.wrap("people", "PersonRegistered", number, *id, person.date_time)
    }

    fn auction(&mut self, number: u64, auction: &event::Auction) -> Generated {
        let event::Auction { id, item_name, description, initial_bid, reserve, seller, category, extra, .. } = auction;
        let _ = write!(
            self.data,
            r#"{{"auction_id":{id},"item_name":"{item_name}","description":"{description}","initial_bid":{initial_bid},"reserve":{reserve},"seller_id":{seller},"category":{category},"opened_at":""#
        );
        write_time(&mut self.data, auction.date_time as i64);
        self.data.push_str(r#"","expires_at":""#);
        write_time(&mut self.data, auction.expires as i64);
        let _ = write!(self.data, r#"","extra":"{extra}"}}"#);
        self.wrap("auctions", "AuctionOpened", number, *id, auction.date_time)
    }

    fn bid(&mut self, number: u64, bid: &event::Bid) -> Generated {
        let event::Bid { auction, bidder, price, channel, url, extra, .. } = bid;
        let _ = write!(
            self.data,
            r#"{{"auction_id":{auction},"bidder_id":{bidder},"price":{price},"channel":"{channel}","url":"{url}","bid_at":""#
        );
        write_time(&mut self.data, bid.date_time as i64);
        let _ = write!(self.data, r#"","extra":"{extra}"}}"#);
        self.wrap("bids", "BidPlaced", number, *auction, bid.date_time)
    }

    fn wrap(&self, service: &'static str, ty: &'static str, number: u64, subject: usize, time: u64) -> Generated {
        let subject = subject.to_string();
        Envelope { domain: "auction", service, ty, version: 1, number, subject: &subject, time: time as i64 }.wrap(&self.data)
    }
}

impl Iterator for Auction {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        let number = self.events.offset();
        let event = self.events.next()?;
        self.data.clear();
        Some(match &event {
            Event::Person(person) => self.person(number, person),
            Event::Auction(auction) => self.auction(number, auction),
            Event::Bid(bid) => self.bid(number, bid),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Auction;

    #[test]
    fn a_seed_gives_the_same_bytes_again_and_another_seed_others() {
        let events = |seed| Auction::new(seed).take(200).map(|event| event.bytes).collect::<Vec<_>>();
        assert_eq!(events(1), events(1));
        assert_ne!(events(1), events(2));
    }

    #[test]
    fn events_are_json_and_come_in_nexmarks_proportions() {
        let mut counts = [0; 3];
        for event in Auction::new(3).take(500) {
            serde_json::from_slice::<serde_json::Value>(&event.bytes).unwrap();
            counts[["people", "auctions", "bids"].iter().position(|service| *service == event.service).unwrap()] += 1;
        }
        assert_eq!(counts, [10, 30, 460]);
    }
}
