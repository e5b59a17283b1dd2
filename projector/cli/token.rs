//! `token`: who may do what over HTTP.

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::{Context, Form};
use super::exit::Exit;
use super::failure::Failure;
use crate::access::{Role, Token as Secret, TokenHash};

/// Tokens for HTTP
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Create(Create),
}

/// Print a new token, and what to write into the file that http.tokens names
///
/// Only its hash is kept there: the token itself is printed this once.
#[derive(Debug, Args)]
struct Create {
    /// Whose it is: a name in the file, and in what the daemon says
    name: String,
    /// What it is good for: read:VIEW, publish:SERVICE or operate; * is all views or services
    #[arg(long = "role", value_name = "ROLE", required = true)]
    roles: Vec<Role>,
}

impl Token {
    /// Runs the command.
    pub fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let Command::Create(create) = self.command;
        create.run(context)
    }
}

impl Create {
    fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let token = Secret::create().map_err(|none| Failure::Refused(none.to_string()))?;
        let (hash, roles) = (TokenHash::of(token.reveal()), self.roles.iter().map(ToString::to_string).collect::<Vec<_>>());
        match context.form() {
            Form::Json => context.print(json!({
                "name": self.name, "token": token.reveal(), "hash": hash.to_string(), "roles": roles,
            }))?,
            Form::Text => {
                context.print(token.reveal())?;
                context.print(entry(&self.name, &hash, &roles))?;
            }
        }
        Ok(Exit::Success)
    }
}

/// The lines for the file, with what they say in comments.
fn entry(name: &str, hash: &TokenHash, roles: &[String]) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let roles = roles.iter().map(|role| quoted(role)).collect::<Vec<_>>().join(", ");
    format!("\n[{}]\nhash = \"{hash}\"\nroles = [{roles}]", quoted(name))
}
