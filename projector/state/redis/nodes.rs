//! The servers of a place: one, or the nodes of a cluster as far as they are known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::Value;

use super::client::Clients;
use super::node::{Demand, Node, Refused};
use super::route::Address;
use super::topology::{self, Share};
use super::url::Deployment;
use crate::config::RedisPlace;
use crate::fault::Fault;

/// The servers of a place.
pub struct Nodes {
    clients: Clients,
    demand: Demand,
    deployment: Deployment,
    place: String,
    named: Vec<Address>,
    known: Mutex<Known>,
}

/// The servers that are known: those that were named, and those that a node told of.
struct Known {
    addresses: Arc<[Address]>,
    nodes: HashMap<Address, Arc<Node>>,
}

// === impl Nodes ===

impl Nodes {
    /// The servers of this place, which are to be like this; nothing is connected.
    pub fn new(place: &RedisPlace, demand: Demand) -> Result<Nodes, Fault> {
        let shown = place.url.to_string();
        match Clients::new(place) {
            Ok((clients, named)) => {
                let known = Mutex::new(Known { addresses: named.clone().into(), nodes: HashMap::new() });
                Ok(Nodes { clients, demand, deployment: place.url.deployment(), place: shown, named, known })
            }
            Err(reason) => Err(Fault::Unfit { place: shown, reason }),
        }
    }

    /// How they are set up.
    pub fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// The place, as its URL names it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The place, and which of its servers, where there may be several.
    pub fn place_of(&self, address: &Address) -> String {
        match self.deployment {
            Deployment::Standalone => self.place.clone(),
            Deployment::Cluster => format!("{} ({address})", self.place),
        }
    }

    /// Where they are; those that were named come first.
    pub fn addresses(&self) -> Arc<[Address]> {
        self.known().addresses.clone()
    }

    /// The server at this address.
    pub fn at(&self, address: &Address) -> Result<Arc<Node>, Fault> {
        if let Some(node) = self.known().nodes.get(address) {
            return Ok(node.clone());
        }
        let client = self.clients.client(address).map_err(|reason| Fault::Unfit { place: self.place_of(address), reason })?;
        let node = Arc::new(Node::new(address.clone(), client, self.demand));
        Ok(self.known().nodes.entry(address.clone()).or_insert(node).clone())
    }

    /// Lets a node of a cluster say which others there are: when it is gone they are to be asked.
    pub fn learn_from(&self, node: &Node) -> Result<Vec<Share>, Refused> {
        let (shares, _) = node.ask(|redis| {
            let found: Vec<Value> = redis::cmd("CLUSTER").arg("SLOTS").query(redis)?;
            Ok(topology::parse(&found, node.address())?)
        })?;
        let told = shares.iter().flat_map(|share| share.replicas.iter().chain([&share.master]));
        let mut addresses = self.named.clone();
        for address in told {
            if !addresses.contains(address) {
                addresses.push(address.clone());
            }
        }
        let mut known = self.known();
        known.nodes.retain(|address, _| addresses.contains(address));
        known.addresses = addresses.into();
        Ok(shares)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
