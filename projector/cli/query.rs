//! `query`: lists of documents.

use clap::Args;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::get::find_view;
use crate::state::DocumentBody;
use crate::tables::Request;

/// How many documents are printed where nothing is said.
const LIMIT: usize = 100;
/// How many are read at once where all are wanted.
const PAGE: usize = 1000;

/// Print documents of a view that satisfy conditions, one JSON a line
#[derive(Debug, Args)]
pub struct Query {
    /// The view, or projection.view where several projections have one of the name
    view: String,
    /// A condition on a declared filter column: `status=paid`, or with !=, <, <=, >, >=; `status[in]=paid,sent`; `status[prefix]=p`; `\N` is NULL
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    conditions: Vec<String>,
    /// A column to sort by, descending with `-` before it; several count in turn
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true, value_delimiter = ',')]
    order: Vec<String>,
    /// Print at most so many
    #[arg(long, default_value_t = LIMIT, conflicts_with = "all")]
    limit: usize,
    /// Print all
    #[arg(long)]
    all: bool,
}

impl Query {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.existing_stores()?;
        let lists = stores.lists()?;
        let view = find_view(stores.views.views()?, &self.view)?;
        let mut left = if self.all { usize::MAX } else { self.limit };
        let mut request = Request { conditions: self.conditions, order: self.order, ..Request::default() };
        while left > 0 {
            request.limit = left.min(PAGE);
            let list = request.resolve(&view.spec).map_err(|error| Failure::Refused(error.to_string()))?;
            let page = lists.select(&view, &list)?.value;
            left -= page.documents.len();
            for document in page.documents {
                if let DocumentBody::Json(json) = document.body {
                    context.print(json)?;
                }
            }
            match page.next {
                Some(next) => request.cursor = Some(next.to_string()),
                None => break,
            }
        }
        Ok(Exit::Success)
    }
}
