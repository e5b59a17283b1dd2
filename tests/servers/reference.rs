//! What must come out: what the embedded store makes of the same events, undisturbed.

use std::collections::BTreeMap;

use projections::codec::Key;
use projector::state::DocumentBody;

use crate::folder::Folder;
use crate::stored_views;

/// What `status` says that does not depend on where and when.
const FACTS: [&str; 6] = ["position", "dead_letters", "broken_documents", "parked_keys", "pending_jobs", "lag"];

/// All documents of the shop: version and body by view and key.
pub type Documents = BTreeMap<(String, Key), (u64, DocumentBody)>;

/// That the folder holds what the embedded store holds after the same events.
pub fn assert_as_embedded(folder: &Folder, events: Vec<Vec<u8>>) {
    folder.run(&["verify", "shop"]);
    let embedded = embedded(events);
    let (found, expected) = (documents(folder), documents(&embedded));
    assert!(!expected.is_empty());
    for (place, document) in &expected {
        assert_eq!(found.get(place), Some(document), "{place:?}");
    }
    assert_eq!(found.len(), expected.len());
    let (status, expected) = (folder.shop(), embedded.shop());
    for fact in FACTS {
        assert_eq!(status[fact], expected[fact], "{fact}");
    }
}

/// A folder with everything in one file, which nobody has disturbed.
pub fn embedded(events: Vec<Vec<u8>>) -> Folder {
    let embedded = Folder::embedded();
    embedded.publish(events);
    embedded.run(&["run", "--until-caught-up"]);
    embedded
}

/// All documents of a folder.
pub fn documents(folder: &Folder) -> Documents {
    let (stores, mut all) = (folder.stores(), Documents::new());
    for view in stores.views.views().expect("the store answers") {
        let found = stored_views::documents(&*stores.views, &view).into_iter();
        all.extend(found.map(|document| ((view.spec.name.clone(), document.key), (document.version, document.body))));
    }
    all
}
