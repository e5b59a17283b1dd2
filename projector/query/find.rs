//! Finds the view that a path names.

use axum::http::StatusCode;

use super::{Api, Problem};
use crate::run::{Board, Stage};
use crate::state::LiveView;
use crate::state::views::NotNamed;

impl Api {
    /// The view of this name, as it is live now.
    pub async fn find(&self, name: &str) -> Result<LiveView, Problem> {
        let views = self.blocking(|api| Ok(api.stores.views.views()?)).await?;
        LiveView::named(views, name).map_err(|not_named| match not_named {
            NotNamed::Nothing { .. } => no_view(&self.board, name),
            several @ NotNamed::Several { .. } => Problem::bad_request(several.to_string()),
        })
    }
}

/// What a projection shows is known once it has started.
fn no_view(board: &Board, name: &str) -> Problem {
    let projections = board.all();
    match projections.iter().find(|(_, progress)| progress.stage == Stage::Starting) {
        Some((projection, _)) => {
            let detail = format!("there is no view {name} yet; {projection} is starting");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail)
        }
        None => Problem::new(StatusCode::NOT_FOUND, "no_view", format!("there is no view {name}")),
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn views_are_known_once_projections_have_started() {
        let board = Board::default();
        let shop = board.place("shop");
        let status = || no_view(&board, "orders").into_response().status();
        assert_eq!(status(), StatusCode::SERVICE_UNAVAILABLE);
        shop.progress.send_modify(|progress| progress.stage = Stage::Live);
        assert_eq!(status(), StatusCode::NOT_FOUND);
    }
}
