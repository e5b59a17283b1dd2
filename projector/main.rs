//! The `projector` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    projector::cli::main()
}
