//! `openapi`: the description of the HTTP API.

use clap::Args;

use super::context::Context;
use super::exit::Exit;
use super::failure::Failure;
use crate::query::openapi;

/// Print the OpenAPI description of the HTTP API, with a path and a schema for each view that is deployed
#[derive(Debug, Args)]
pub struct OpenApi {}

impl OpenApi {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let views = context.existing_stores()?.views.views()?;
        context.print(format_args!("{:#}", openapi::document(&views)))?;
        Ok(Exit::Success)
    }
}
