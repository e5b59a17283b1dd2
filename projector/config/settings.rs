//! Settings as they were written: by dotted key, each with the place it comes from.

use std::collections::BTreeMap;
use std::ops::Range;

use schemas::{Diagnostic, SourceFile};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::DEFAULTS;

/// Environment variables that start like this are settings.
const PREFIX: &str = "PROJECTOR_";
/// Names below this are further from a known one than a slip of the hand is.
const SIMILAR: f64 = 0.75;

/// Settings by key.
#[derive(Clone, Debug)]
pub struct Settings {
    values: BTreeMap<String, Setting>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The value as text; strings without their quotes.
    pub text: String,
    origin: Origin,
}

/// Where a setting comes from.
#[derive(Clone, Debug)]
enum Origin {
    Default,
    File { path: String, span: Range<usize> },
    Environment(String),
}

// === impl Settings ===

impl Settings {
    /// All settings that there are, with their defaults.
    pub fn defaults() -> Settings {
        let mut settings = Settings { values: BTreeMap::new() };
        // A test makes sure that the defaults can be read.
        if let Ok(table) = DeTable::parse(DEFAULTS) {
            for (key, value) in flatten(table.get_ref()) {
                let text = text_of(value.get_ref()).unwrap_or_default();
                settings.values.insert(key.name, Setting { text, origin: Origin::Default });
            }
        }
        settings
    }

    /// Puts the settings of a file over these.
    pub fn overlay_file(&mut self, file: &SourceFile, mistakes: &mut Vec<Diagnostic>) {
        let (table, errors) = DeTable::parse_recoverable(&file.text);
        mistakes.extend(errors.iter().map(|error| match error.span() {
            Some(span) => Diagnostic::new(&file.path, span, error.message()),
            None => Diagnostic::of_file(&file.path, error.message()),
        }));
        for (key, value) in flatten(table.get_ref()) {
            match (self.values.get_mut(&key.name), text_of(value.get_ref())) {
                (None, _) => mistakes.push(self.unknown(&key, file)),
                (_, None) => {
                    let message = format!("{} cannot be {}", key.name, value.get_ref().type_str());
                    mistakes.push(Diagnostic::new(&file.path, value.span(), message));
                }
                (Some(setting), Some(text)) => {
                    let origin = Origin::File { path: file.path.clone(), span: value.span() };
                    *setting = Setting { text, origin };
                }
            }
        }
    }

    /// Puts environment variables over these.
    pub fn overlay_environment(&mut self, environment: impl Iterator<Item = (String, String)>, mistakes: &mut Vec<Diagnostic>) {
        for (variable, text) in environment.filter(|(name, _)| name.starts_with(PREFIX)) {
            let key = self.values.keys().find(|key| variable_of(key) == variable).cloned();
            match key.and_then(|key| self.values.get_mut(&key)) {
                Some(setting) => *setting = Setting { text, origin: Origin::Environment(variable) },
                None => {
                    let known: Vec<String> = self.values.keys().map(|key| variable_of(key)).collect();
                    let mistake = Diagnostic::of_file("environment", format!("{variable} is no setting"));
                    mistakes.push(with_nearest(mistake, &variable, known.iter().map(String::as_str)));
                }
            }
        }
    }

    /// The setting of this key.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.values.get(key)
    }

    /// Whether there is a setting of this name, with or without its section.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.values.keys().any(|key| key == name || key.rsplit_once('.').is_some_and(|(_, last)| last == name))
    }

    fn unknown(&self, key: &FlatKey, file: &SourceFile) -> Diagnostic {
        let mistake = Diagnostic::new(&file.path, key.span.clone(), format!("{} is no setting", key.name));
        with_nearest(mistake, &key.name, self.values.keys().map(String::as_str))
    }
}

// === impl Setting ===

impl Setting {
    /// A mistake in this setting.
    pub fn mistake(&self, key: &str, message: &str) -> Diagnostic {
        match &self.origin {
            Origin::Default => Diagnostic::of_file("defaults", format!("{key}: {message}")),
            Origin::File { path, span } => Diagnostic::new(path, span.clone(), format!("{key}: {message}")),
            Origin::Environment(variable) => Diagnostic::of_file("environment", format!("{variable}: {message}")),
        }
    }
}

/// A dotted key and where its last part is written.
struct FlatKey {
    name: String,
    span: Range<usize>,
}

/// The leaves of a table.
fn flatten<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(FlatKey, &'t Spanned<DeValue<'i>>)> {
    let mut leaves = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().to_string();
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() => {
                let inner = flatten(inner).into_iter();
                leaves.extend(inner.map(|(leaf, value)| (FlatKey { name: format!("{name}.{}", leaf.name), ..leaf }, value)));
            }
            // An empty section says nothing.
            DeValue::Table(_) => {}
            _ => leaves.push((FlatKey { name, span: key.span() }, value)),
        }
    }
    leaves
}

fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_uppercase())
}

fn with_nearest<'k>(mistake: Diagnostic, name: &str, known: impl Iterator<Item = &'k str>) -> Diagnostic {
    let scored = known.map(|known| (strsim::jaro_winkler(name, known), known));
    match scored.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((score, nearest)) if score >= SIMILAR => mistake.with_hint(format!("did you mean {nearest}?")),
        _ => mistake,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_read() {
        let settings = Settings::defaults();
        assert_eq!(settings.get("http.listen").unwrap().text, "127.0.0.1:8080");
        assert_eq!(settings.values.len(), DEFAULTS.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count());
    }

    #[test]
    fn later_settings_win_and_unknown_ones_are_refused() {
        let text = "schemas = \"s\"\nprojektions = \"p\"\n[log]\nurl = 3\n[run]\ncommit_events = [1]\n[http]\nlisten = \"a\"\n";
        let file = SourceFile { path: "p.toml".into(), text: text.into() };
        let (mut settings, mut mistakes) = (Settings::defaults(), Vec::new());
        settings.overlay_file(&file, &mut mistakes);
        let environment = [("PROJECTOR_HTTP_LISTEN", "b"), ("PROJECTOR_LOG_URI", "x"), ("HOME", "/")];
        settings.overlay_environment(environment.map(|(k, v)| (k.into(), v.into())).into_iter(), &mut mistakes);
        assert_eq!(settings.get("schemas").unwrap().text, "s");
        assert_eq!(settings.get("http.listen").unwrap().text, "b");
        let said: Vec<String> = mistakes.iter().map(|m| format!("{m} ({})", m.hint.as_deref().unwrap_or_default())).collect();
        assert_eq!(
            said,
            [
                "p.toml: projektions is no setting (did you mean projections?)",
                "p.toml: run.commit_events cannot be array ()",
                "environment: PROJECTOR_LOG_URI is no setting (did you mean PROJECTOR_LOG_URL?)",
            ]
        );
    }
}
