//! Dead letters as operators see and settle them: found by what is known of them, tried again, repaired, discarded.

mod filter;
mod repairs;
mod settle;

use serde_json::{Value, json};

use crate::clock;
use crate::state::Order;
use crate::state::views::StoredDeadLetter;

pub use filter::Filter;
pub use repairs::{BadRepair, Repair, parse as parse_repairs};
pub use settle::{CannotSettle, Carried, Desk, Report};

/// A dead letter as JSON. Its event is text where it can be, and otherwise its bytes as numbers: nothing of it is lost.
pub fn to_json(letter: &StoredDeadLetter) -> Value {
    let event = match str::from_utf8(&letter.event) {
        Ok(text) => json!(text),
        Err(_) => json!(letter.event),
    };
    json!({
        "position": letter.position,
        "time": clock::shown(letter.time),
        "kind": letter.kind,
        "reason": letter.reason,
        "keys": letter.keys,
        "event": event,
    })
}

/// An order as JSON.
pub fn order_to_json(order: &Order) -> Value {
    json!({
        "position": order.position,
        "action": order.action.word(),
        "by": order.by,
        "at": clock::shown(order.at),
        "reason": order.reason,
        "event": order.action.event(),
    })
}
