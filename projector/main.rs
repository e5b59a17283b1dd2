//! The `projector` program.

use std::process::ExitCode;

/// What the engine keeps is many small things, made in one thread and often freed in another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    projector::cli::main()
}
