//! What a token is good for.

use std::fmt;
use std::str::FromStr;

/// One thing that its holder may do: `read:VIEW`, `publish:SERVICE` or `operate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Reads these views.
    Read(Scope),
    /// Publishes events as these services.
    Publish(Scope),
    /// Sees dead letters, and changes how projections run.
    Operate,
}

/// What a role is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `*`.
    All,
    /// The view or service of this name; a view's may have its projection's and a dot before it.
    Named(String),
}

/// A text that is no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no role; there are read:VIEW, publish:SERVICE and operate, with * for all views or services")]
pub struct BadRole(String);

// === impl Role ===

impl FromStr for Role {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Role, BadRole> {
        let scope = |name: &str| match name {
            "" => Err(BadRole(text.to_owned())),
            "*" => Ok(Scope::All),
            name => Ok(Scope::Named(name.to_owned())),
        };
        match text.split_once(':') {
            Some(("read", name)) => scope(name).map(Role::Read),
            Some(("publish", name)) => scope(name).map(Role::Publish),
            None if text == "operate" => Ok(Role::Operate),
            _ => Err(BadRole(text.to_owned())),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Role::Read(scope) => write!(f, "read:{scope}"),
            Role::Publish(scope) => write!(f, "publish:{scope}"),
            Role::Operate => f.write_str("operate"),
        }
    }
}

// === impl Scope ===

impl Scope {
    /// Whether it is for this view.
    pub fn has_view(&self, projection: &str, view: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Named(name) => match name.split_once('.') {
                Some((of, name)) => of == projection && name == view,
                None => name == view,
            },
        }
    }

    /// Whether it is for this service. One that cannot be told is in all of them only.
    pub fn has_service(&self, service: Option<&str>) -> bool {
        match self {
            Scope::All => true,
            Scope::Named(name) => service == Some(name),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => f.write_str("*"),
            Scope::Named(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_come_back_from_their_text() {
        for text in ["read:*", "read:shop.orders", "publish:*", "publish:orders", "operate"] {
            assert_eq!(text.parse::<Role>().unwrap().to_string(), text);
        }
        for text in ["", "read", "read:", "operate:all", "write:x", "*"] {
            assert!(text.parse::<Role>().is_err(), "{text}");
        }
    }
}
