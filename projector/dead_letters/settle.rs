//! Giving orders, and seeing to it that they are carried out.

use std::thread;
use std::time::{Duration, Instant};

use super::filter::Filter;
use super::repairs::{BadRepair, Repair};
use crate::clock;
use crate::fault::Fault;
use crate::run::{Definition, Goal, Halt, Supervisor, run_all};
use crate::state::views::StoredDeadLetter;
use crate::state::{Action, Build, Order, Pause, ProjectionRecord, Standing};
use crate::stores::Stores;

/// How often it is looked whether the owner has done its work.
const LOOK: Duration = Duration::from_millis(100);
/// How long an owner may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where orders for one projection are given.
pub struct Desk {
    stores: Stores,
    projection: String,
    build: Build,
}

/// Why no orders can be given.
#[derive(Debug, thiserror::Error)]
pub enum CannotSettle {
    /// There is no such projection, or nothing of it is live.
    #[error("there is no projection {0}")]
    NoProjection(String),
    /// What the orders would be given to is about to be replaced.
    #[error("generation {number} of {projection} is being built: wait until it is live, and look again what cannot be applied")]
    Rebuilding {
        /// The projection.
        projection: String,
        /// The new generation.
        number: u64,
    },
    /// There is no dead letter at this position.
    #[error("{projection}: there is no dead letter at position {position}")]
    NoLetter {
        /// The projection.
        projection: String,
        /// The position.
        position: u64,
    },
    /// A repair is none.
    #[error(transparent)]
    BadRepair(#[from] BadRepair),
    /// A store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The orders are given, but the projection cannot go on.
    #[error("the orders are given, but {projection} halted")]
    Halted {
        /// The projection.
        projection: String,
        /// Why.
        source: Halt,
    },
}

/// Whether orders have been carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// They have.
    Out,
    /// They will be, when the pause ends.
    AfterPause(Pause),
    /// They will be, by the owner, which has not come to it yet.
    ByOwner,
    /// They will be, by the next owner: there is none.
    ByNobody,
    /// They will be, where they still mean something, by the generation that the next run builds: the definitions have changed.
    ByNextGeneration,
}

/// What came of orders.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many dead letters they were about.
    pub asked: usize,
    /// How many of these are gone.
    pub gone: usize,
    /// Those that stay, as they are now.
    pub stay: Vec<StoredDeadLetter>,
    /// How many dead letters there are now.
    pub left: u64,
}

// === impl Desk ===

impl Desk {
    /// Where orders for the live generation of this projection are given.
    pub fn open(stores: Stores, projection: &str) -> Result<Desk, CannotSettle> {
        let record = record(&stores, projection)?;
        let none = || CannotSettle::NoProjection(projection.to_owned());
        let build = record.live_build().ok_or_else(none)?.clone();
        // One that has been live somebody has gone back from.
        if let Some(newer) = record.builds.iter().find(|other| other.number > build.number && !other.went_live) {
            return Err(CannotSettle::Rebuilding { projection: projection.to_owned(), number: newer.number });
        }
        Ok(Desk { stores, projection: projection.to_owned(), build })
    }

    /// The dead letters that are meant: of these positions, which must all be there, or of any where none is named.
    pub fn select(&self, positions: &[u64], filter: &Filter) -> Result<Vec<StoredDeadLetter>, CannotSettle> {
        if !positions.is_empty() {
            let letters = positions.iter().map(|position| self.letter(*position)).collect::<Result<Vec<_>, _>>()?;
            return Ok(letters.into_iter().filter(|letter| filter.admits(letter)).collect());
        }
        let mut letters = Vec::new();
        filter.scan(&*self.stores.views, (&self.projection, None), 0, usize::MAX, |letter| {
            letters.push(letter);
            Ok::<_, CannotSettle>(())
        })?;
        Ok(letters)
    }

    /// The dead letter of this position.
    pub fn letter(&self, position: u64) -> Result<StoredDeadLetter, CannotSettle> {
        let none = || CannotSettle::NoLetter { projection: self.projection.clone(), position };
        self.stores.views.dead_letter(&self.projection, position)?.ok_or_else(none)
    }

    /// What these repairs ask for: each must be of a dead letter.
    pub fn repairs(&self, repairs: Vec<Repair>) -> Result<Vec<(u64, Action)>, CannotSettle> {
        let check = |repair: Repair| {
            repair.check(&self.letter(repair.position)?)?;
            Ok((repair.position, Action::Repair(repair.event)))
        };
        repairs.into_iter().map(check).collect()
    }

    /// Gives orders, in the name of `by`; they are stored when this returns.
    pub fn give(&self, actions: Vec<(u64, Action)>, by: &str, reason: Option<&str>) -> Result<Vec<Order>, CannotSettle> {
        let (at, by, reason) = (clock::now_micros(), by.to_owned(), reason.map(str::to_owned));
        let order = |(position, action)| Order { position, action, by: by.clone(), at, reason: reason.clone() };
        let orders: Vec<Order> = actions.into_iter().map(order).collect();
        self.stores.builds.order(&self.projection, self.build.number, &orders)?;
        Ok(orders)
    }

    /// Waits until the owner of the projection has carried out orders, if it has an owner and is not paused.
    pub fn wait(&self, orders: &[Order]) -> Result<Carried, CannotSettle> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.look(orders)? {
                Carried::ByOwner if Instant::now() < deadline => thread::sleep(LOOK),
                carried => return Ok(carried),
            }
        }
    }

    /// Whether orders have been carried out by now.
    pub fn look(&self, orders: &[Order]) -> Result<Carried, CannotSettle> {
        let record = record(&self.stores, &self.projection)?;
        if self.is_done(orders)? {
            return Ok(Carried::Out);
        }
        Ok(match (record.pause, record.standing) {
            (Some(pause), _) => Carried::AfterPause(pause),
            (None, Standing::Running) => Carried::ByOwner,
            (None, _) => Carried::ByNobody,
        })
    }

    /// Carries out all orders as the owner of the projection, for as long as it takes. `definition`: as it stands in the files.
    pub fn carry_out(&self, supervisor: &Supervisor, definition: &Definition) -> Result<Carried, CannotSettle> {
        if definition.plan.fingerprint != self.build.fingerprint {
            return Ok(Carried::ByNextGeneration);
        }
        let outcomes = run_all(supervisor, std::slice::from_ref(definition), Goal::Settle);
        match outcomes.into_iter().find_map(|outcome| outcome.halt) {
            None => Ok(Carried::Out),
            Some(Halt::Paused { pause }) => Ok(Carried::AfterPause(pause)),
            // Whoever has taken it over carries them out.
            Some(Halt::Fenced { .. }) => Ok(Carried::ByOwner),
            Some(source) => Err(CannotSettle::Halted { projection: self.projection.clone(), source }),
        }
    }

    /// What has become of the dead letters of these orders.
    pub fn report(&self, orders: &[Order]) -> Result<Report, CannotSettle> {
        let store = self.stores.builds.open(&self.projection, self.build.number, &self.build.catalogue)?;
        let positions: Vec<u64> = orders.iter().map(|order| order.position).collect();
        let stay = store.letters(&positions)?;
        Ok(Report { asked: orders.len(), gone: orders.len() - stay.len(), stay, left: store.dead_letters()? })
    }

    fn is_done(&self, orders: &[Order]) -> Result<bool, CannotSettle> {
        let store = self.stores.builds.open(&self.projection, self.build.number, &self.build.catalogue)?;
        let open = store.asked(usize::MAX >> 1)?.orders;
        Ok(!orders.iter().any(|order| open.contains(order)))
    }
}

fn record(stores: &Stores, projection: &str) -> Result<ProjectionRecord, CannotSettle> {
    let records = stores.builds.projections()?;
    let found = records.into_iter().find(|record| record.name == projection);
    found.ok_or_else(|| CannotSettle::NoProjection(projection.to_owned()))
}
