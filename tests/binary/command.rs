//! The binary as a test runs it: in a folder, and with nothing of the environment of whoever runs the tests.

use std::env;
use std::path::Path;
use std::process::Command;

/// The binary with these arguments, in this folder.
pub fn command<'a>(folder: &Path, arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_projector"));
    command.current_dir(folder).args(arguments);
    // Each setting is also a variable.
    for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PROJECTOR_")) {
        command.env_remove(name);
    }
    command
}
