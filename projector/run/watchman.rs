//! Watches how fast projections go, and tells the operator when one stalls, once, and when it goes on.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::board::Board;
use super::health::Health;

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(1);

/// Watches until nobody holds the other end of `ended`.
pub fn serve(board: &Board, stall_after: Duration, ended: &Receiver<()>) {
    let mut stalled = BTreeSet::new();
    while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
        look(board, stall_after, &mut stalled);
    }
}

fn look(board: &Board, stall_after: Duration, stalled: &mut BTreeSet<String>) {
    board.candidates().iter().for_each(|(_, place)| place.measure());
    for (projection, place) in board.places() {
        place.measure();
        match place.health(stall_after) {
            Health::Stalled(stall) if stalled.insert(projection.clone()) => tracing::warn!(projection, "stalled: {stall}"),
            Health::Stalled(_) => {}
            _ if stalled.remove(&projection) => tracing::info!(projection, "no longer stalled"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_is_told_once_and_its_end_too() {
        let (board, mut stalled) = (Board::default(), BTreeSet::new());
        let place = board.place("shop");
        look(&board, Duration::ZERO, &mut stalled);
        look(&board, Duration::ZERO, &mut stalled);
        assert_eq!(stalled.len(), 1);
        place.progress.send_modify(|progress| progress.stage = crate::run::Stage::Stopped);
        look(&board, Duration::ZERO, &mut stalled);
        assert!(stalled.is_empty());
    }
}
