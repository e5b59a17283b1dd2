//! Which dead letters a command is about.

use clap::Args;

use crate::clock;
use crate::dead_letters::Filter;

/// What is known of the dead letters that are meant; all that is said must be so
#[derive(Debug, Args)]
pub struct Selection {
    /// Of this kind; may come several times
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// With this in their reason
    #[arg(long, value_name = "TEXT")]
    matching: Option<String>,
    /// That touch this entity key, as `orders=o-17`
    #[arg(long, value_name = "ENTITY=KEY")]
    key: Option<String>,
    /// That came into the log at this time or later, as `2026-03-01T10:00:00Z`
    #[arg(long, value_parser = clock::read, value_name = "TIME")]
    since: Option<i64>,
    /// That came into the log before this time
    #[arg(long, value_parser = clock::read, value_name = "TIME")]
    until: Option<i64>,
    /// From this position on
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    /// Up to this position
    #[arg(long, value_name = "POSITION")]
    to: Option<u64>,
}

impl From<&Selection> for Filter {
    fn from(selection: &Selection) -> Filter {
        let Selection { kind, matching, key, since, until, from, to } = selection;
        let (since, until, from, to) = (*since, *until, *from, *to);
        Filter { kinds: kind.clone(), matching: matching.clone(), key: key.clone(), since, until, from, to }
    }
}
