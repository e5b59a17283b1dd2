//! `get`: documents by key.

use clap::Args;
use projections::codec::{Key, parse_key};
use serde_json::json;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use super::say::{printable, say};
use crate::state::{DocumentBody, LiveView};

/// Print documents, one JSON a line; exit 1 where one is missing or has no value
#[derive(Debug, Args)]
pub struct Get {
    /// The view, or projection.view where several projections have one of the name
    view: String,
    /// Keys: their parts joined with commas; `\` stands before a comma within a part, and `\N` is NULL
    #[arg(required = true, value_name = "KEY", allow_hyphen_values = true)]
    keys: Vec<String>,
}

impl Get {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let stores = context.existing_stores()?;
        let view = find_view(stores.views.views()?, &self.view)?;
        let keys = self.keys.iter().map(|text| key(&view, text)).collect::<Result<Vec<_>, _>>()?;
        let found = stores.views.documents(&view, &keys)?.value;
        let mut exit = Exit::Success;
        for (text, document) in self.keys.iter().zip(found) {
            match document.map(|document| document.body) {
                Some(DocumentBody::Json(json)) => context.print(json)?,
                Some(DocumentBody::Broken(reason)) => {
                    say(printable(&format!("{}: document {text} has no value: {reason}", self.view)));
                    context.print(json!({ "$broken": reason }))?;
                    exit = Exit::No;
                }
                None => {
                    say(format_args!("{}: there is no document {text}", self.view));
                    exit = Exit::No;
                }
            }
        }
        Ok(exit)
    }
}

/// The key that the text names.
pub fn key(view: &LiveView, text: &str) -> Result<Key, Failure> {
    parse_key(text, &view.spec.key_types()).map_err(|error| Failure::Refused(format!("'{text}': {error}")))
}

/// The view of this name.
pub fn find_view(views: Vec<LiveView>, name: &str) -> Result<LiveView, Failure> {
    if views.is_empty() {
        return Err(Failure::Refused("there are no views yet: run the daemon first".to_owned()));
    }
    LiveView::named(views, name).map_err(|not_named| Failure::Refused(not_named.to_string()))
}
