//! The file that names the tokens: a table for each, by the name of its holder.
//!
//! Mistakes say where they are by name, and not by place: what stands there may be a token, and is not to be shown.

use std::sync::Arc;

use schemas::{Diagnostic, SourceFile};
use toml::de::{DeTable, DeValue};

use super::{Holder, Role};

/// What an entry can say.
const KEYS: [&str; 3] = ["hash", "roles", "requests_per_second"];

/// Reads a file and collects what is wrong with it.
struct Reader<'f> {
    path: &'f str,
    mistakes: Vec<Diagnostic>,
}

impl Holder {
    /// The holders of a file, or every mistake in it.
    pub fn parse_all(file: &SourceFile) -> Result<Vec<Arc<Holder>>, Vec<Diagnostic>> {
        let (table, errors) = DeTable::parse_recoverable(&file.text);
        let mut reader = Reader { path: &file.path, mistakes: Vec::new() };
        errors.iter().for_each(|error| reader.refuse(error.message()));
        let entries = table.get_ref().iter();
        let holders: Vec<Arc<Holder>> =
            entries.filter_map(|(name, value)| reader.holder(name.get_ref(), value.get_ref())).map(Arc::new).collect();
        if holders.is_empty() && reader.mistakes.is_empty() {
            reader.refuse("there is no token in it: `projector token create` prints what to write");
        }
        if reader.mistakes.is_empty() { Ok(holders) } else { Err(reader.mistakes) }
    }
}

// === impl Reader ===

impl Reader<'_> {
    fn refuse(&mut self, message: impl Into<String>) {
        self.mistakes.push(Diagnostic::of_file(self.path, message));
    }

    fn holder(&mut self, name: &str, value: &DeValue<'_>) -> Option<Holder> {
        let DeValue::Table(table) = value else {
            self.refuse(format!("{name} is no table: write [{name}], and below it its hash and its roles"));
            return None;
        };
        for key in table.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            self.refuse(format!("{name}: a token has no {}: it has {}", key.get_ref(), KEYS.join(", ")));
        }
        let (hash, roles, requests_per_second) = (self.hash(name, table), self.roles(name, table), self.limit(name, table));
        Some(Holder { name: name.to_owned(), hash: hash?, roles: roles?, requests_per_second: requests_per_second? })
    }

    fn hash(&mut self, name: &str, table: &DeTable<'_>) -> Option<super::TokenHash> {
        let parsed = match table.get("hash").map(|value| value.get_ref()) {
            Some(DeValue::String(text)) => text.parse().map_err(|bad: super::BadHash| bad.to_string()),
            _ => Err("the hash is missing".to_owned()),
        };
        parsed.map_err(|reason| self.refuse(format!("{name}: {reason}"))).ok()
    }

    fn roles(&mut self, name: &str, table: &DeTable<'_>) -> Option<Vec<Role>> {
        let Some(DeValue::Array(written)) = table.get("roles").map(|value| value.get_ref()) else {
            self.refuse(format!("{name}: its roles are missing: write roles = [\"read:*\"]"));
            return None;
        };
        let mut roles = Vec::with_capacity(written.len());
        for role in written {
            let text = if let DeValue::String(text) = role.get_ref() { text.as_ref() } else { "" };
            match text.parse() {
                Ok(role) => roles.push(role),
                Err(bad) => self.refuse(format!("{name}: {bad}")),
            }
        }
        (roles.len() == written.len()).then_some(roles)
    }

    /// `Some(None)` where nothing is said.
    fn limit(&mut self, name: &str, table: &DeTable<'_>) -> Option<Option<u32>> {
        let Some(value) = table.get("requests_per_second") else { return Some(None) };
        let number = match value.get_ref() {
            DeValue::Integer(number) => number.to_string().parse().ok().filter(|number| *number > 0),
            _ => None,
        };
        if number.is_none() {
            self.refuse(format!("{name}: requests_per_second is a whole number from 1 on"));
        }
        number.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Arc<Holder>>, String> {
        let parsed = Holder::parse_all(&SourceFile { path: "tokens.toml".into(), text: text.into() });
        parsed.map_err(|mistakes| mistakes.iter().map(|mistake| format!("{mistake}\n")).collect())
    }

    #[test]
    fn tokens_by_name() {
        let hash = super::super::TokenHash::of("abc");
        let text = format!("[shop]\nhash = \"{hash}\"\nroles = [\"read:orders\", \"operate\"]\nrequests_per_second = 5\n");
        let roles = vec!["read:orders".parse().unwrap(), Role::Operate];
        let expected = Holder { name: "shop".into(), hash, roles, requests_per_second: Some(5) };
        assert_eq!(parse(&text), Ok(vec![Arc::new(expected)]));
    }

    #[test]
    fn all_mistakes_are_told_and_no_secret() {
        let text =
            "x = 1\n[a]\nhash = \"projector_123\"\nroles = [\"reed:x\", 3]\n[b]\nrequests_per_second = 0\ntoken = \"t0p\"\n";
        let said = parse(text).unwrap_err();
        insta::assert_snapshot!(said, @r#"
        tokens.toml: a: the hash is not sha256: and 64 hexadecimal digits, as `projector token create` prints it
        tokens.toml: a: 'reed:x' is no role; there are read:VIEW, publish:SERVICE and operate, with * for all views or services
        tokens.toml: a: '' is no role; there are read:VIEW, publish:SERVICE and operate, with * for all views or services
        tokens.toml: b: a token has no token: it has hash, roles, requests_per_second
        tokens.toml: b: the hash is missing
        tokens.toml: b: its roles are missing: write roles = ["read:*"]
        tokens.toml: b: requests_per_second is a whole number from 1 on
        tokens.toml: x is no table: write [x], and below it its hash and its roles
        "#);
        assert!(!said.contains("123") && !said.contains("t0p"));
        insta::assert_snapshot!(parse("").unwrap_err(), @"tokens.toml: there is no token in it: `projector token create` prints what to write");
    }
}
