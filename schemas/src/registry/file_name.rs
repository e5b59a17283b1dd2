//! What the path of a file of the registry says.

/// A file's place in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The folders below the root, the service last.
    pub(super) folders: Vec<&'a str>,
    /// The event type.
    pub(super) ty: &'a str,
    /// What the file is.
    pub(super) role: Role,
}

/// What a file of the registry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `<EventType>.v<N>.json`
    Schema { version: u32 },
    /// `<EventType>.v<N>-to-v<N+1>.toml`
    Upcast { from: u32 },
}

/// What a path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    /// A file of the registry.
    Place(Place<'a>),
    /// No file of the registry, nor meant to be one.
    Other,
    /// Meant to be one, but wrongly named.
    Mistake { message: &'static str, hint: &'static str },
}

/// Reads the path of a file below `root`.
pub(super) fn read<'a>(root: &str, path: &'a str) -> Named<'a> {
    let below = path.strip_prefix(root.trim_end_matches('/')).unwrap_or(path);
    let mut folders: Vec<&str> = below.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let name = folders.pop().unwrap_or_default();
    let read = match name.rsplit_once('.') {
        Some((stem, "json")) => schema(stem),
        Some((stem, "toml")) => upcast(stem),
        _ => return Named::Other,
    };
    match read {
        Err(mistake) => mistake,
        Ok(_) if folders.is_empty() => Named::Mistake {
            message: "the file is in no service's folder",
            hint: "put it into a folder named like the service that publishes the type, such as orders/OrderPlaced.v1.json",
        },
        Ok((ty, role)) => Named::Place(Place { folders, ty, role }),
    }
}

fn schema(stem: &str) -> Result<(&str, Role), Named<'static>> {
    let read = stem.rsplit_once('.').and_then(|(ty, word)| Some((ty, crate::envelope::version_word(word)?)));
    match read {
        Some((ty, version)) if is_type_name(ty) => Ok((ty, Role::Schema { version })),
        _ => Err(Named::Mistake {
            message: "the file's name is not that of a schema",
            hint: "name it <EventType>.v<version>.json, such as OrderPlaced.v1.json",
        }),
    }
}

fn upcast(stem: &str) -> Result<(&str, Role), Named<'static>> {
    let read = stem.rsplit_once('.').and_then(|(ty, step)| {
        let (from, to) = step.split_once("-to-")?;
        let (from, to) = (crate::envelope::version_word(from)?, crate::envelope::version_word(to)?);
        (from.checked_add(1) == Some(to)).then_some((ty, from))
    });
    match read {
        Some((ty, from)) if is_type_name(ty) => Ok((ty, Role::Upcast { from })),
        _ => Err(Named::Mistake {
            message: "the file's name is not that of an upcast",
            hint: "name it <EventType>.v<N>-to-v<N+1>.toml, such as OrderPlaced.v1-to-v2.toml",
        }),
    }
}

/// Whether a name can be that of an event type, and of a file; `..` and hidden files are none.
pub(crate) fn is_type_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place = |folders, ty, role| Named::Place(Place { folders, ty, role });
        let orders = || vec!["shop", "orders"];
        for (root, path, expect) in [
            ("schemas", "schemas/shop/orders/A.v1.json", place(orders(), "A", Role::Schema { version: 1 })),
            ("schemas/", "schemas/shop/orders/A.v1.json", place(orders(), "A", Role::Schema { version: 1 })),
            ("", "shop/orders/A.v1-to-v2.toml", place(orders(), "A", Role::Upcast { from: 1 })),
            (".", "./orders/com.x.A.v10.json", place(vec!["orders"], "com.x.A", Role::Schema { version: 10 })),
            ("s", "s/README.md", Named::Other),
        ] {
            assert_eq!(read(root, path), expect, "{path}");
        }
    }

    #[test]
    fn mistakes() {
        for (path, expect) in [
            ("s/orders/A.json", "the file's name is not that of a schema"),
            ("s/orders/A.v0.json", "the file's name is not that of a schema"),
            ("s/orders/.v1.json", "the file's name is not that of a schema"),
            ("s/orders/.A.v1.json", "the file's name is not that of a schema"),
            ("s/orders/A.v1-to-v3.toml", "the file's name is not that of an upcast"),
            ("s/orders/notes.toml", "the file's name is not that of an upcast"),
            ("s/A.v1.json", "the file is in no service's folder"),
        ] {
            let Named::Mistake { message, .. } = read("s", path) else { panic!("{path}") };
            assert_eq!(message, expect, "{path}");
        }
    }
}
