//! What goes wrong with a statement, sorted by what can be done about it.

use std::time::Duration;

use clickhouse::error::Error;

use crate::fault::Fault;

/// Why a statement did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The server did not answer in time.
    #[error("there is no answer after {} seconds", .0.as_secs())]
    Late(Duration),
    /// The server refused.
    #[error("{said}")]
    Refused {
        /// The number of the error.
        code: u32,
        /// What the server said.
        said: String,
    },
    /// What else the client says.
    #[error(transparent)]
    Client(Error),
}

/// There is no such table.
const UNKNOWN_TABLE: u32 = 60;

/// Errors that stay until somebody changes the server, its tables or our configuration. All others may pass: too many parts (252), too little memory,
/// a server that starts or stops, a replica that lost its keeper.
const STAY: [u32; 20] = [
    16,  // no such column
    36,  // bad arguments
    42,  // number of arguments
    43,  // illegal type of argument
    44,  // illegal column
    46,  // unknown function
    47,  // unknown identifier
    50,  // unknown type
    53,  // type mismatch
    62,  // syntax error
    81,  // unknown database
    115, // unknown setting
    117, // incorrect data: another type than the table's
    164, // read-only
    192, // unknown user
    193, // wrong password
    194, // a password is required
    497, // access denied
    516, // authentication failed
    701, // no such cluster
];

// === impl Problem ===

impl Problem {
    /// What the client said.
    pub fn of(error: Error) -> Problem {
        match error {
            Error::BadResponse(said) => match code(&said) {
                Some(code) => Problem::Refused { code, said: first_line(&said) },
                None => Problem::Client(Error::BadResponse(first_line(&said))),
            },
            other => Problem::Client(other),
        }
    }

    /// As a fault of this place.
    pub fn into_fault(self, operation: &'static str, place: &str) -> Fault {
        let place = place.to_owned();
        match &self {
            Problem::Refused { code: UNKNOWN_TABLE, .. } => Fault::Lost { place, what: "a table".to_owned() },
            Problem::Refused { code, said } if STAY.contains(code) => {
                Fault::Unfit { place, reason: format!("{operation} failed: {said}") }
            }
            _ => Fault::Unavailable { operation, place, source: self.into() },
        }
    }
}

/// The number in `Code: 60. DB::Exception: …`.
fn code(said: &str) -> Option<u32> {
    let digits = said.trim_start().strip_prefix("Code: ")?;
    digits[..digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len())].parse().ok()
}

/// Stack traces and the like are for the server's own log.
fn first_line(said: &str) -> String {
    said.lines().next().unwrap_or_default().chars().take(1000).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(said: &str) -> Fault {
        Problem::of(Error::BadResponse(said.to_owned())).into_fault("writing rows", "http://ch/shop")
    }

    #[test]
    fn errors_are_sorted_by_what_can_be_done() {
        assert!(matches!(fault("Code: 252. DB::Exception: Too many parts (TOO_MANY_PARTS)"), Fault::Unavailable { .. }));
        assert!(matches!(fault("Code: 60. DB::Exception: Unknown table\nStack"), Fault::Lost { .. }));
        assert!(matches!(fault("<html>502"), Fault::Unavailable { .. }));
        assert!(matches!(Problem::Late(Duration::from_secs(5)).into_fault("x", "y"), Fault::Unavailable { .. }));
        let refused = fault("Code: 516. DB::Exception: ann: Authentication failed\nStack trace");
        let expected = "http://ch/shop cannot be used: writing rows failed: Code: 516. DB::Exception: ann: Authentication failed";
        assert_eq!(refused.to_string(), expected);
    }
}
