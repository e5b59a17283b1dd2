//! Exit codes.

use std::process::ExitCode;

/// How a command ends, for the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, and the answer is yes.
    Success = 0,
    /// Done, and the answer is no: a document is missing, a check found mistakes, a view differs.
    No = 1,
    /// The command line or the configuration is wrong; nothing was done.
    Usage = 2,
    /// The log or a store failed.
    Store = 3,
    /// A projection could not go on.
    Halted = 4,
    /// Done, and there is something to apply.
    Changes = 5,
}

/// The codes, for `--help`.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  done, and the answer is no: a document is missing, mistakes were found, a view differs
  2  the command line or the configuration is wrong
  3  the log or a store failed
  4  a projection could not go on
  5  done, and `apply` would change something";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
