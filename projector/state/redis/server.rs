//! The server that has certain keys: the only one there is, or the master that has their slot just now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use redis::{Connection, ErrorKind, RedisError, RedisResult, ServerErrorKind};

use super::node::{Line, Node, Refused, Run};
use super::nodes::Nodes;
use super::route::{self, Address, Next, Search};
use super::url::Deployment;
use crate::fault::Fault;

/// Whoever has the keys of one slot.
pub struct Server {
    nodes: Arc<Nodes>,
    /// Who has answered last.
    seat: Mutex<Option<Arc<Node>>>,
}

/// The servers of slots, by a name for each slot.
pub struct Servers {
    nodes: Arc<Nodes>,
    by_name: Mutex<HashMap<String, Arc<Server>>>,
}

// === impl Server ===

impl Server {
    /// One of these; found when it is first asked.
    pub fn new(nodes: Arc<Nodes>) -> Server {
        Server { nodes, seat: Mutex::default() }
    }

    /// Asks a question on a connection that nobody else uses. It is asked again where a connection turns out to have been closed, and
    /// where another node has the slot: it must be one that may be repeated, and names a key of the slot in its first command, for that is
    /// what a node recognizes the slot by.
    pub fn ask<T>(&self, operation: &'static str, question: impl Fn(&mut Connection) -> RedisResult<T>) -> Result<T, Fault> {
        self.ask_in_run(operation, question).map(|(answer, _)| answer)
    }

    /// The same, with the name of the run that has answered.
    pub fn ask_in_run<T>(
        &self,
        operation: &'static str,
        question: impl Fn(&mut Connection) -> RedisResult<T>,
    ) -> Result<(T, Run), Fault> {
        self.ask_on_line(operation, |line| question(&mut line.connection))
    }

    /// The same for a question that watches something beyond its answer.
    pub fn ask_on_line<T>(
        &self,
        operation: &'static str,
        question: impl Fn(&mut Line) -> RedisResult<T>,
    ) -> Result<(T, Run), Fault> {
        let mut search = Search::new(self.likeliest(), self.nodes.addresses());
        let mut failure = None;
        while let Some(address) = search.next() {
            let node = self.nodes.at(&address)?;
            let refused = match node.ask_on_line(&question) {
                Ok(answer) => {
                    self.sit(node);
                    return Ok(answer);
                }
                Err(refused) => refused,
            };
            match route::next(&refused, &address) {
                Next::At(owner) => search.redirect(owner),
                Next::Another => {
                    failure.get_or_insert_with(|| self.fault(operation, &address, refused));
                }
                Next::Nowhere => {
                    self.stand_up();
                    return Err(self.fault(operation, &address, refused));
                }
            }
        }
        self.stand_up();
        Err(failure.unwrap_or_else(|| self.unavailable(operation, "its nodes do not agree on who has the slot")))
    }

    /// Something stored that cannot be read.
    pub fn damaged(&self, reason: impl Into<String>) -> Fault {
        Fault::Damaged { place: self.place(), reason: reason.into() }
    }

    /// Something that was stored and is gone.
    pub fn lost(&self, what: impl Into<String>) -> Fault {
        Fault::Lost { place: self.place(), what: what.into() }
    }

    /// Something that somebody dropped who has something newer.
    pub fn gone(&self, what: impl Into<String>) -> Fault {
        Fault::Gone { place: self.place(), what: what.into() }
    }

    /// Something that the server cannot do.
    pub fn unfit(&self, reason: impl Into<String>) -> Fault {
        Fault::Unfit { place: self.place(), reason: reason.into() }
    }

    /// Something that did not work now, and may later.
    pub fn unavailable(&self, operation: &'static str, reason: &str) -> Fault {
        Fault::Unavailable { operation, place: self.place(), source: reason.into() }
    }

    fn place(&self) -> String {
        self.nodes.place().to_owned()
    }

    fn likeliest(&self) -> Option<Address> {
        self.seat.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|node| node.address().clone())
    }

    /// This node has the slot.
    fn sit(&self, node: Arc<Node>) {
        let mut seat = self.seat.lock().unwrap_or_else(PoisonError::into_inner);
        if seat.as_ref().is_some_and(|known| Arc::ptr_eq(known, &node)) {
            return;
        }
        *seat = Some(node.clone());
        drop(seat);
        if self.nodes.deployment() == Deployment::Cluster
            && let Err(refused) = self.nodes.learn_from(&node)
        {
            // Those that are known already have to do.
            tracing::debug!("{} does not say which nodes there are: {refused}", self.nodes.place_of(node.address()));
        }
    }

    /// It is not known who has the slot.
    fn stand_up(&self) {
        *self.seat.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn fault(&self, operation: &'static str, address: &Address, refused: Refused) -> Fault {
        let place = self.nodes.place_of(address);
        let (operation, error) = match refused {
            Refused::Unfit(reason) => return Fault::Unfit { place, reason },
            Refused::Unreachable(error) => ("connecting", error),
            Refused::Failed(error) => (operation, error),
        };
        match error.kind() {
            ErrorKind::UnexpectedReturnType | ErrorKind::Parse => Fault::Damaged { place, reason: error.to_string() },
            _ if error.code() == Some("WRONGTYPE") => Fault::Damaged { place, reason: error.to_string() },
            _ if needs_a_person(&error) => Fault::Unfit { place, reason: error.to_string() },
            ErrorKind::Server(ServerErrorKind::Ask | ServerErrorKind::TryAgain) => {
                let source =
                    format!("the slot is on its way to another master, and nothing of it is used until it is there ({error})");
                Fault::Unavailable { operation, place, source: source.into() }
            }
            _ => Fault::Unavailable { operation, place, source: Box::new(error) },
        }
    }
}

// === impl Servers ===

impl Servers {
    /// Those of these nodes.
    pub fn new(nodes: Arc<Nodes>) -> Servers {
        Servers { nodes, by_name: Mutex::default() }
    }

    /// The server of the slot that is called so.
    pub fn of(&self, name: &str) -> Arc<Server> {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = by_name.get(name) {
            return server.clone();
        }
        by_name.entry(name.to_owned()).or_insert_with(|| Arc::new(Server::new(self.nodes.clone()))).clone()
    }

    /// Of how many slots keys may be in one question: where several masters have them, of one.
    pub fn together(&self) -> usize {
        match self.nodes.deployment() {
            Deployment::Standalone => usize::MAX,
            Deployment::Cluster => 1,
        }
    }
}

/// Whether it stays as it is until somebody changes the server or the configuration. What Redis says in passing (it loads, it is
/// a replica just now, it is out of memory, it cannot write to its disk, a slot is on its way) is not of this kind.
fn needs_a_person(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => true,
        ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::CrossSlot) => true,
        ErrorKind::Server(ServerErrorKind::ResponseError) => {
            !error.detail().is_some_and(|said| said.contains("max number of clients"))
        }
        _ => matches!(error.code(), Some("WRONGPASS" | "NOAUTH")),
    }
}
