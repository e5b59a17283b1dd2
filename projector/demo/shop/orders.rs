//! Orders and what becomes of them: they are paid, packed in one or two parcels and delivered; a few are changed,
//! cancelled or refunded on the way.

use std::fmt::Write;

use super::customers::{Customers, customer_id};
use super::products::{Products, sku};
use super::words::{CARRIERS, NOTES, REASONS};
use super::world::Clock;

/// At most so many orders are under way; then the oldest of them move first.
const UNDER_WAY: usize = 4_000;

/// The orders that are under way.
#[derive(Default)]
pub(super) struct Orders {
    count: usize,
    open: Vec<Order>,
}

struct Order {
    number: usize,
    lines: usize,
    /// What it costs, in cents.
    total: usize,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    Placed,
    Paid,
    /// So many parcels are on their way.
    Shipped(usize),
}

// === impl Orders ===

impl Orders {
    /// Somebody buys something.
    pub(super) fn place(&mut self, clock: &mut Clock, customers: &Customers, products: &Products) {
        let number = self.count;
        self.count += 1;
        let customer = customer_id(customers.buyer(clock));
        let lines = 1 + clock.random.skewed(6);
        // One service still runs the version that knows no channels.
        let version = if clock.random.chance(5) { 1 } else { 2 };
        write_head(clock, &order_id(number), &customer, version);
        let total = write_lines(clock, products, lines);
        clock.say("orders", "OrderPlaced", version, &order_id(number));
        self.open.push(Order { number, lines, total, stage: Stage::Placed });
    }

    /// One of the orders moves on.
    pub(super) fn step(&mut self, clock: &mut Clock) {
        if self.open.is_empty() {
            return;
        }
        let place = if self.open.len() > UNDER_WAY { 0 } else { clock.random.below(self.open.len()) };
        let order = &mut self.open[place];
        let chance = clock.random.below(100);
        let goes_on = match order.stage {
            Stage::Placed if chance < 4 => cancel(order, clock),
            Stage::Placed if chance < 8 => change(order, clock),
            Stage::Placed => pay(order, clock),
            Stage::Paid if chance < 2 => refund(order, clock) && cancel(order, clock),
            Stage::Paid => ship(order, clock),
            Stage::Shipped(parcels) => deliver(order, parcels, clock),
        };
        if !goes_on {
            self.open.swap_remove(place);
        }
    }
}

fn order_id(number: usize) -> String {
    format!("o-{number:07}")
}

fn write_head(clock: &mut Clock, id: &str, customer: &str, version: u32) {
    let express = clock.random.chance(20);
    if version == 1 {
        let _ = write!(clock.data, r#"{{"order_id":"{id}","customer":"{customer}","express":{express}"#);
        return;
    }
    let channel = clock.random.pick(&["web", "web", "app", "phone"]);
    let delivery = if express { "express" } else { "standard" };
    let _ = write!(clock.data, r#"{{"order_id":"{id}","customer_id":"{customer}","channel":"{channel}","delivery":"{delivery}""#);
    if clock.random.chance(10) {
        let note = clock.random.pick(&NOTES);
        let _ = write!(clock.data, r#","gift_note":"{note}""#);
    }
}

/// Writes the lines and the end of the data; the total is in cents.
fn write_lines(clock: &mut Clock, products: &Products, lines: usize) -> usize {
    let mut total = 0;
    clock.data.push_str(r#","lines":["#);
    for line_no in 1..=lines {
        let (product, price) = products.bought(clock);
        let quantity = 1 + clock.random.skewed(5);
        total += quantity * price;
        let (comma, sku) = (if line_no == 1 { "" } else { "," }, sku(product));
        let _ = write!(
            clock.data,
            r#"{comma}{{"line_no":{line_no},"sku":"{sku}","quantity":{quantity},"unit_price":{}.{:02}}}"#,
            price / 100,
            price % 100
        );
    }
    clock.data.push_str("]}");
    total
}

// What can become of an order; each says whether the order is still under way.

fn cancel(order: &mut Order, clock: &mut Clock) -> bool {
    let (id, reason) = (order_id(order.number), clock.random.pick(&REASONS));
    let _ = write!(clock.data, r#"{{"order_id":"{id}","reason":"{reason}"}}"#);
    clock.say("orders", "OrderCancelled", 1, &id);
    false
}

/// The last line is taken off, or of the first one another quantity is wanted.
fn change(order: &mut Order, clock: &mut Clock) -> bool {
    let id = order_id(order.number);
    if order.lines > 1 && clock.random.chance(40) {
        let _ = write!(clock.data, r#"{{"order_id":"{id}","line_no":{}}}"#, order.lines);
        order.lines -= 1;
        clock.say("orders", "OrderLineRemoved", 1, &id);
    } else {
        let quantity = clock.random.between(1, 9);
        let _ = write!(clock.data, r#"{{"order_id":"{id}","line_no":1,"quantity":{quantity}}}"#);
        clock.say("orders", "OrderLineAdjusted", 1, &id);
    }
    true
}

fn pay(order: &mut Order, clock: &mut Clock) -> bool {
    say_payment(order, clock, "PaymentCaptured", order.total);
    order.stage = Stage::Paid;
    true
}

fn refund(order: &mut Order, clock: &mut Clock) -> bool {
    let amount = if clock.random.chance(70) { order.total } else { order.total / 2 };
    say_payment(order, clock, "PaymentRefunded", amount);
    clock.pass(60_000);
    true
}

fn say_payment(order: &Order, clock: &mut Clock, ty: &'static str, amount: usize) {
    let (id, payment) = (order_id(order.number), clock.uuid());
    let (whole, cents) = (amount / 100, amount % 100);
    let _ = write!(clock.data, r#"{{"payment_id":"{payment}","order_id":"{id}","amount":"{whole}.{cents:02}""#);
    if ty == "PaymentCaptured" {
        let method = clock.random.pick(&["card", "card", "transfer", "voucher"]);
        let _ = write!(clock.data, r#","method":"{method}""#);
    }
    clock.data.push('}');
    clock.say("payments", ty, 1, &id);
}

fn ship(order: &mut Order, clock: &mut Clock) -> bool {
    let parcels = if order.lines > 2 { clock.random.between(1, 2) } else { 1 };
    let id = order_id(order.number);
    for parcel in 1..=parcels {
        let (carrier, tracking) = (clock.random.pick(&CARRIERS), clock.uuid());
        let (kilos, grams) = (clock.random.below(20), clock.random.below(1000));
        let _ = write!(
            clock.data,
            r#"{{"order_id":"{id}","parcel_no":{parcel},"carrier":"{carrier}","tracking_id":"{tracking}","weight_kg":{kilos}.{grams:03}}}"#
        );
        clock.say("shipping", "OrderShipped", 1, &id);
        clock.pass(60_000);
    }
    order.stage = Stage::Shipped(parcels);
    true
}

/// One parcel arrives, the last one first.
fn deliver(order: &mut Order, parcels: usize, clock: &mut Clock) -> bool {
    let id = order_id(order.number);
    let _ = write!(clock.data, r#"{{"order_id":"{id}","parcel_no":{parcels}"#);
    if clock.random.chance(30) {
        clock.data.push_str(r#","signed_by":"a neighbour""#);
    }
    clock.data.push('}');
    clock.say("shipping", "OrderDelivered", 1, &id);
    order.stage = Stage::Shipped(parcels - 1);
    parcels > 1
}
