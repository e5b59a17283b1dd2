//! Who may do what over HTTP: holders of tokens, and the roles that they have. Pure, but for the randomness of new tokens.

mod file;
mod role;
mod token;

use std::sync::Arc;

pub use role::{BadRole, Role, Scope};
pub use token::{BadHash, NoRandomness, Token, TokenHash};

/// Who is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever is on this machine; but not pages from elsewhere in a browser on it.
    ThisMachine,
    /// Whoever reaches the address.
    Anyone,
    /// Whoever has one of these tokens.
    Holders(Vec<Arc<Holder>>),
}

/// Somebody with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name, for people.
    pub name: String,
    /// What is known of the token.
    pub hash: TokenHash,
    /// What the holder may do.
    pub roles: Vec<Role>,
    /// How many requests a second; `None`: as many as others.
    pub requests_per_second: Option<u32>,
}

// === impl Holder ===

impl Holder {
    /// Whether the holder may read this view.
    pub fn may_read(&self, projection: &str, view: &str) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Read(scope) if scope.has_view(projection, view)))
    }

    /// Whether the holder may publish as this service; `None`: as one that cannot be told.
    pub fn may_publish(&self, service: Option<&str>) -> bool {
        self.roles.iter().any(|role| matches!(role, Role::Publish(scope) if scope.has_service(service)))
    }

    /// Whether the holder may see dead letters, and change how projections run.
    pub fn may_operate(&self) -> bool {
        self.roles.contains(&Role::Operate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_for_what_they_name() {
        let hash = TokenHash::of("x");
        let roles = ["read:orders", "read:shop.people", "publish:billing"].map(|role| role.parse().unwrap()).to_vec();
        let holder = Holder { name: "a".into(), hash, roles, requests_per_second: None };
        assert!(holder.may_read("shop", "orders") && holder.may_read("other", "orders"));
        assert!(holder.may_read("shop", "people") && !holder.may_read("other", "people"));
        assert!(holder.may_publish(Some("billing")) && !holder.may_publish(Some("orders")) && !holder.may_publish(None));
        assert!(!holder.may_operate());
        let all = ["read:*", "publish:*", "operate"].map(|role| role.parse().unwrap()).to_vec();
        let all = Holder { roles: all, ..holder };
        assert!(all.may_read("a", "b") && all.may_publish(None) && all.may_operate());
    }
}
