//! Finds the view that a path names.

use super::{Api, Caller, Code, Problem};
use crate::run::{Board, Stage};
use crate::state::LiveView;
use crate::state::views::NotNamed;

impl Api {
    /// The view of this name, as it is live now, for who may read it. Blocks.
    pub fn find(&self, caller: &Caller, name: &str) -> Result<LiveView, Problem> {
        let view = LiveView::named(self.stores.views.views()?, name).map_err(|not_named| match not_named {
            NotNamed::Nothing { .. } => no_view(&self.board, name),
            several @ NotNamed::Several { .. } => Problem::bad_request(several.to_string()),
        })?;
        caller.may_read(&view)?;
        Ok(view)
    }
}

/// What a projection shows is known once it has started.
fn no_view(board: &Board, name: &str) -> Problem {
    let projections = board.all();
    match projections.iter().find(|(_, progress)| progress.stage == Stage::Starting) {
        Some((projection, _)) => {
            let detail = format!("there is no view {name} yet; {projection} is starting");
            Problem::new(Code::Starting, detail)
        }
        None => Problem::new(Code::NoView, format!("there is no view {name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_known_once_projections_have_started() {
        let board = Board::default();
        let shop = board.place("shop");
        let code = || no_view(&board, "orders").code();
        assert_eq!(code(), Code::Starting);
        shop.progress.send_modify(|progress| progress.stage = Stage::Live);
        assert_eq!(code(), Code::NoView);
    }
}
