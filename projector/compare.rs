//! The documents of two generations of a projection, compared with each other, so that changed definitions can be judged before readers see what
//! they make.
//!
//! Both may go on meanwhile, and need not be at the same position. So a document is compared where it is known what both had at the smaller of
//! the two positions: where neither has changed it since. Memory is bounded: documents are read page by page.

use std::collections::BTreeSet;

use projections::codec::Key;

use crate::fault::Fault;
use crate::state::{Build, Document, KeyPlace, LiveView, ProjectionRecord, Reading, Views};
use crate::stores::Stores;
use crate::verify::{Difference, Mismatch, document_text, mismatch_of, shown_key};
use crate::view::ViewSpec;

/// How many documents are compared at once.
const PAGE: usize = 1000;

/// Two generations of a projection.
pub struct Pair {
    projection: String,
    old: Build,
    new: Build,
}

/// What is in a view of two generations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The view.
    pub view: String,
    /// Its documents in the one generation; `None`: it has no such view.
    pub old: Option<u64>,
    /// Its documents in the other one.
    pub new: Option<u64>,
    /// Those that differ, or that only one of them has.
    pub differences: u64,
    /// Those that have been changed since the smaller of the positions: they are not compared.
    pub moved: u64,
}

/// A document in one of the generations, and how far that was.
struct Side {
    position: u64,
    document: Option<Document>,
}

// === impl Pair ===

impl Pair {
    /// Those of these numbers; the number of one that is not there is the error.
    pub fn of(record: &ProjectionRecord, old: u64, new: u64) -> Result<Pair, u64> {
        let build = |number| record.builds.iter().find(|build| build.number == number).cloned().ok_or(number);
        Ok(Pair { projection: record.name.clone(), old: build(old)?, new: build(new)? })
    }

    /// Compares all views that one of them has, and hands each document that differs to `each`; what the one has is `stored` there, what the other has
    /// `fresh`.
    pub fn compare(&self, stores: &Stores, each: &mut dyn FnMut(&Difference)) -> Result<Vec<Counts>, Fault> {
        let specs = |build: &Build| build.catalogue.views.iter().map(|spec| spec.name.clone()).collect::<BTreeSet<_>>();
        let names = &specs(&self.old) | &specs(&self.new);
        names.iter().map(|name| self.view(&*stores.views, name, each)).collect()
    }

    fn view(&self, views: &dyn Views, name: &str, each: &mut dyn FnMut(&Difference)) -> Result<Counts, Fault> {
        let of = |build: &Build| {
            let spec = build.catalogue.views.iter().find(|spec| spec.name == name)?.clone();
            Some(LiveView { projection: self.projection.clone(), generation: build.number, spec })
        };
        let counts = Counts { view: name.to_owned(), ..Counts::default() };
        match (of(&self.old), of(&self.new)) {
            (Some(old), Some(new)) if is_same_key(&old.spec, &new.spec) => {
                let counts = Counts { old: Some(0), new: Some(0), ..counts };
                let mut comparison = Comparison { views, old, new, counts, each };
                comparison.by_new()?;
                comparison.by_old()?;
                Ok(comparison.counts)
            }
            // Documents of other keys have nothing to be compared with.
            (old, new) => {
                let count = |view: Option<LiveView>| view.map(|view| count(views, &view)).transpose();
                Ok(Counts { old: count(old)?, new: count(new)?, ..counts })
            }
        }
    }
}

fn is_same_key(old: &ViewSpec, new: &ViewSpec) -> bool {
    old.key_types() == new.key_types()
}

fn count(views: &dyn Views, view: &LiveView) -> Result<u64, Fault> {
    let mut found = 0;
    pages(views, view, &mut |keys| {
        found += keys.len() as u64;
        Ok(())
    })?;
    Ok(found)
}

/// All keys of a view's documents; some may come twice.
fn pages(views: &dyn Views, view: &LiveView, each: &mut dyn FnMut(&[Key]) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut place: Option<KeyPlace> = None;
    loop {
        let page = views.keys(view, place.as_ref())?;
        page.keys.chunks(PAGE).try_for_each(&mut *each)?;
        place = page.next;
        if place.is_none() {
            return Ok(());
        }
    }
}

struct Comparison<'c> {
    views: &'c dyn Views,
    old: LiveView,
    new: LiveView,
    counts: Counts,
    each: &'c mut dyn FnMut(&Difference),
}

/// What came of two sides.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Differs(Mismatch),
    Moved,
}

// === impl Comparison ===

impl Comparison<'_> {
    /// What the new one has.
    fn by_new(&mut self) -> Result<(), Fault> {
        let (views, view) = (self.views, self.new.clone());
        pages(views, &view, &mut |keys| {
            let pairs = self.read(keys)?;
            for (key, (old, new)) in keys.iter().zip(pairs) {
                *self.counts.new.get_or_insert(0) += u64::from(new.document.is_some());
                self.judge(key, old, new);
            }
            Ok(())
        })
    }

    /// What the old one alone has.
    fn by_old(&mut self) -> Result<(), Fault> {
        let (views, view) = (self.views, self.old.clone());
        pages(views, &view, &mut |keys| {
            let pairs = self.read(keys)?;
            for (key, (old, new)) in keys.iter().zip(pairs) {
                *self.counts.old.get_or_insert(0) += u64::from(old.document.is_some());
                if new.document.is_none() {
                    self.judge(key, old, new);
                }
            }
            Ok(())
        })
    }

    fn read(&self, keys: &[Key]) -> Result<Vec<(Side, Side)>, Fault> {
        let read = |view| {
            let Reading { position, value } = self.views.documents(view, keys)?;
            Ok(value.into_iter().map(move |document| Side { position, document }))
        };
        Ok(read(&self.old)?.zip(read(&self.new)?).collect::<Vec<_>>())
    }

    fn judge(&mut self, key: &Key, old: Side, new: Side) {
        match verdict(old, new) {
            Verdict::Same => {}
            Verdict::Moved => self.counts.moved += 1,
            Verdict::Differs(mismatch) => {
                self.counts.differences += 1;
                let (view, key) = (self.counts.view.clone(), shown_key(key));
                (self.each)(&Difference { view, key, mismatch });
            }
        }
    }
}

/// What is known of two sides at the smaller of their positions.
fn verdict(old: Side, new: Side) -> Verdict {
    let is_known = is_known(&old, new.position) && is_known(&new, old.position);
    match mismatch_of(old.document.map(document_text), new.document.map(document_text)) {
        None => Verdict::Same,
        Some(mismatch) if is_known => Verdict::Differs(mismatch),
        Some(_) => Verdict::Moved,
    }
}

/// Whether it is known what a side had at its own position or this one, whichever is smaller. Of a document that is not there it is not known since when.
fn is_known(side: &Side, other: u64) -> bool {
    side.position <= other || side.document.as_ref().is_some_and(|document| document.version <= other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::DocumentBody;

    /// At a position, with a text of a version.
    fn side(position: u64, document: Option<(u64, &str)>) -> Side {
        let document = document.map(|(version, text)| Document {
            key: Key::from_bytes(b"k"),
            version,
            body: DocumentBody::Json(text.to_owned()),
        });
        Side { position, document }
    }

    #[test]
    fn what_is_not_known_is_not_compared() {
        let differs = |old: Side, new: Side| match verdict(old, new) {
            Verdict::Same => "same",
            Verdict::Differs(_) => "differs",
            Verdict::Moved => "moved",
        };
        for (old, new, expected) in [
            ((9, Some((3, "{}"))), (5, Some((5, "{}"))), "same"),
            ((9, Some((3, "{}"))), (5, Some((5, "[]"))), "differs"),
            ((9, Some((7, "{}"))), (5, Some((5, "[]"))), "moved"),
            ((5, Some((5, "{}"))), (9, Some((7, "[]"))), "moved"),
            ((9, Some((3, "{}"))), (5, None), "differs"),
            ((9, Some((7, "{}"))), (5, None), "moved"),
            ((9, None), (5, Some((5, "[]"))), "moved"),
            ((5, None), (5, Some((5, "[]"))), "differs"),
            ((9, None), (5, None), "same"),
        ] {
            assert_eq!(differs(side(old.0, old.1), side(new.0, new.1)), expected, "{old:?} {new:?}");
        }
    }
}
