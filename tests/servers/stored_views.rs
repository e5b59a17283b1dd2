//! All documents of a view, as a store hands them out.

use projector::state::{Document, KeyPage, LiveView, Views};

/// They, by key; nobody commits meanwhile.
pub fn documents(views: &dyn Views, view: &LiveView) -> Vec<Document> {
    let (mut keys, mut place) = (Vec::new(), None);
    loop {
        let KeyPage { keys: more, next } = views.keys(view, place.as_ref()).expect("the store answers");
        keys.extend(more);
        place = next;
        if place.is_none() {
            break;
        }
    }
    keys.sort_unstable();
    keys.dedup();
    let found = views.documents(view, &keys).expect("the store answers");
    found.value.into_iter().flatten().collect()
}
