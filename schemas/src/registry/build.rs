//! Building the registry from its files. Every mistake is collected; a type with one is left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::file_name::{self, Named, Role};
use super::{EventType, Version};
use crate::upcast::{self, CompileUpcast};
use crate::{Diagnostic, SourceFile};

/// The files of one event type.
#[derive(Default)]
struct Parts<'f> {
    schemas: BTreeMap<u32, Part<'f>>,
    upcasts: BTreeMap<u32, Part<'f>>,
}

/// One file, and the folders that hold it.
struct Part<'f> {
    file: &'f SourceFile,
    folders: Vec<&'f str>,
}

/// Builds the event types of the files below `root`.
pub(super) fn build(
    root: &str,
    files: &[SourceFile],
    compile: &dyn CompileUpcast,
) -> Result<BTreeMap<String, Arc<EventType>>, Vec<Diagnostic>> {
    let mut mistakes = Vec::new();
    let mut types = BTreeMap::new();
    for (name, parts) in collect(root, files, &mut mistakes) {
        if let Some(event_type) = parts.event_type(name, compile, &mut mistakes) {
            types.insert(name.to_owned(), Arc::new(event_type));
        }
    }
    if mistakes.is_empty() { Ok(types) } else { Err(mistakes) }
}

/// The files by type.
fn collect<'f>(root: &str, files: &'f [SourceFile], mistakes: &mut Vec<Diagnostic>) -> BTreeMap<&'f str, Parts<'f>> {
    let mut types: BTreeMap<&str, Parts<'f>> = BTreeMap::new();
    for file in files {
        match file_name::read(root, &file.path) {
            Named::Other => {}
            Named::Mistake { message, hint } => mistakes.push(Diagnostic::of_file(&file.path, message).with_hint(hint)),
            Named::Place(place) => {
                let parts = types.entry(place.ty).or_default();
                mistakes.extend(parts.add(place.role, Part { file, folders: place.folders }));
            }
        }
    }
    types
}

// === impl Parts ===

impl<'f> Parts<'f> {
    fn add(&mut self, role: Role, part: Part<'f>) -> Option<Diagnostic> {
        let (parts, number) = match role {
            Role::Schema { version } => (&mut self.schemas, version),
            Role::Upcast { from } => (&mut self.upcasts, from),
        };
        if let Some(earlier) = parts.get(&number) {
            let message = format!("the same is already declared in {}", earlier.file.path);
            return Some(
                Diagnostic::of_file(&part.file.path, message).with_hint("names of event types are unique over all services"),
            );
        }
        parts.insert(number, part);
        None
    }

    fn event_type(&self, name: &str, compile: &dyn CompileUpcast, mistakes: &mut Vec<Diagnostic>) -> Option<EventType> {
        let known = mistakes.len();
        let versions = self.versions(mistakes);
        self.check_folders(mistakes);
        self.check_gaps(name, mistakes);
        self.check_upcasts(mistakes);
        if mistakes.len() > known {
            return None;
        }
        let versions = self.link(versions, compile, mistakes);
        let service = (*self.schemas.values().next()?.folders.last()?).to_owned();
        (mistakes.len() == known).then(|| EventType { name: name.to_owned(), service, versions })
    }

    fn versions(&self, mistakes: &mut Vec<Diagnostic>) -> Vec<Version> {
        let mut versions = Vec::new();
        for (number, part) in &self.schemas {
            match Version::read(*number, part.file) {
                Ok(version) => versions.push(version),
                Err(found) => mistakes.extend(found),
            }
        }
        versions
    }

    /// All files of a type lie in one folder: a type has one owner.
    fn check_folders(&self, mistakes: &mut Vec<Diagnostic>) {
        let mut parts = self.schemas.values().chain(self.upcasts.values());
        let Some(first) = parts.next() else { return };
        for part in parts.filter(|part| part.folders != first.folders) {
            let message = format!("the type's other files are in the folder {}", first.folders.join("/"));
            mistakes.push(Diagnostic::of_file(&part.file.path, message).with_hint("an event type is owned by one service"));
        }
    }

    fn check_gaps(&self, name: &str, mistakes: &mut Vec<Diagnostic>) {
        for ((before, _), (after, part)) in self.schemas.iter().zip(self.schemas.iter().skip(1)) {
            if before + 1 != *after {
                let message = format!("v{after} follows v{before}: {name}.v{}.json is missing", before + 1);
                mistakes.push(Diagnostic::of_file(&part.file.path, message));
            }
        }
    }

    /// An upcast stands between two versions.
    fn check_upcasts(&self, mistakes: &mut Vec<Diagnostic>) {
        for (from, part) in &self.upcasts {
            for number in [*from, from + 1] {
                if !self.schemas.contains_key(&number) {
                    mistakes.push(Diagnostic::of_file(&part.file.path, format!("there is no schema of v{number}")));
                }
            }
        }
    }

    /// Gives each version the upcast to the next.
    fn link(&self, versions: Vec<Version>, compile: &dyn CompileUpcast, mistakes: &mut Vec<Diagnostic>) -> Vec<Version> {
        let mut linked: Vec<Version> = Vec::new();
        for version in versions {
            if let Some(older) = linked.last_mut() {
                let file = self.upcasts.get(&older.number).map(|part| part.file);
                older.upcast_text = file.map(|file| file.text.clone());
                match upcast::read(file, older, &version, compile) {
                    Ok(upcast) => older.upcast = Some(upcast),
                    Err(found) => mistakes.extend(found),
                }
            }
            linked.push(version);
        }
        linked
    }
}
