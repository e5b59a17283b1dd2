//! What goes wrong, and when: a seeded plan.

use std::fmt;

use projector::demo::Random;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A process is killed as a power cut would, and started again.
    Kill(Target),
    /// A process stands still for longer than anybody waits for it, and goes on.
    Pause(Target),
    /// A connection breaks.
    Cut(Break),
    /// A second owner is started while the first one works.
    Rival,
    /// The owner stands still with a finished batch in its hands while another takes over and works; then it goes on.
    Zombie,
}

/// Whom it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Owner,
    Log,
    State,
    Tables,
}

/// Which connection breaks, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// Events stop to come.
    Events,
    /// A commit arrives in half.
    Commit,
    /// A commit is done, but who sent it does not hear of it.
    CommitAnswer,
    /// Rows are written, but who sent them does not hear of it.
    RowsAnswer,
}

/// One step of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// What goes wrong.
    pub fault: Fault,
    /// Whether the next fault comes before everybody has recovered from this one.
    pub is_followed_at_once: bool,
}

/// Every fault there is; those that take long come once in a while only.
pub const QUICK: [Fault; 10] = [
    Fault::Kill(Target::Owner),
    Fault::Kill(Target::Log),
    Fault::Kill(Target::State),
    Fault::Kill(Target::Tables),
    Fault::Cut(Break::Events),
    Fault::Cut(Break::Commit),
    Fault::Cut(Break::CommitAnswer),
    Fault::Cut(Break::RowsAnswer),
    Fault::Rival,
    Fault::Zombie,
];
/// Those during which a process stands still for long.
pub const SLOW: [Fault; 4] =
    [Fault::Pause(Target::Owner), Fault::Pause(Target::Log), Fault::Pause(Target::State), Fault::Pause(Target::Tables)];
/// One fault in so many is a slow one.
const SLOW_ONE_IN: usize = 10;
/// One fault in so many does not wait for the one before.
const AT_ONCE_ONE_IN: usize = 4;

/// So many strikes: each fault once, then as the seed has it.
pub fn plan(seed: u64, strikes: usize) -> Vec<Strike> {
    let mut random = Random::new(seed);
    let each = SLOW.into_iter().chain(QUICK).map(|fault| Strike { fault, is_followed_at_once: false });
    let (mut plan, rest) = (each.collect::<Vec<_>>(), strikes.saturating_sub(SLOW.len() + QUICK.len()));
    plan.extend((0..rest).map(|_| strike(&mut random)));
    plan
}

fn strike(random: &mut Random) -> Strike {
    let faults = if random.below(SLOW_ONE_IN) == 0 { &SLOW[..] } else { &QUICK[..] };
    Strike { fault: faults[random.below(faults.len())], is_followed_at_once: random.below(AT_ONCE_ONE_IN) == 0 }
}

// === impl Fault ===

impl Fault {
    /// Whether rows have to flow again, not documents only, before everybody has recovered.
    pub fn is_of_tables(self) -> bool {
        matches!(self, Fault::Kill(Target::Tables) | Fault::Pause(Target::Tables) | Fault::Cut(Break::RowsAnswer))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, whom) = match self {
            Fault::Kill(target) => ("kill", target.name()),
            Fault::Pause(target) => ("pause", target.name()),
            Fault::Cut(Break::Events) => ("cut", "events"),
            Fault::Cut(Break::Commit) => ("cut", "commit"),
            Fault::Cut(Break::CommitAnswer) => ("cut", "commit's answer"),
            Fault::Cut(Break::RowsAnswer) => ("cut", "rows' answer"),
            Fault::Rival => ("rival", ""),
            Fault::Zombie => ("zombie", ""),
        };
        write!(f, "{what} {whom}")
    }
}

// === impl Target ===

impl Target {
    fn name(self) -> &'static str {
        match self {
            Target::Owner => "projector",
            Target::Log => "nats-server",
            Target::State => "redis-server",
            Target::Tables => "clickhouse-server",
        }
    }
}
