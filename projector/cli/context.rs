//! What every command needs: the configuration, the stores, and a place to print.

use std::fmt::Display;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::config::{self, Config};
use crate::stores::Stores;

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One JSON value a line.
    Json,
}

/// What every command needs.
pub struct Context {
    config_file: Option<PathBuf>,
    form: Form,
    out: BufWriter<Stdout>,
}

// === impl Context ===

impl Context {
    /// `config_file`: the configuration that was asked for.
    pub fn new(config_file: Option<PathBuf>, form: Form) -> Context {
        Context { config_file, form, out: BufWriter::new(io::stdout()) }
    }

    /// The configuration of the present folder.
    pub fn config(&self) -> Result<Config, Failure> {
        self.config_of(Path::new(""))
    }

    /// The configuration of this folder.
    pub fn config_of(&self, folder: &Path) -> Result<Config, Failure> {
        // CONFIG names the file itself; it is no setting.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name != "PROJECTOR_CONFIG");
        Ok(config::load(folder, self.config_file.as_deref(), environment)?)
    }

    /// The stores, for a command that only reads.
    pub fn existing_stores(&self) -> Result<Stores, Failure> {
        Ok(Stores::open_existing(&self.config()?)?)
    }

    /// How answers are printed.
    pub fn form(&self) -> Form {
        self.form
    }

    /// Prints a line.
    pub fn print(&mut self, line: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.out, "{line}")?)
    }

    /// Prints what was held back.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}
