//! The dashboard: one page for who operates projections, made of files that are part of the program. It knows nothing but what the API answers, has no build step,
//! and takes nothing from elsewhere.

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::query::{Code, Problem};

/// What the page may do: nothing but run its own scripts and ask its own server. Text of events can do no harm, should it ever get where it is not
/// meant to be.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page.
struct File {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const PAGE: File = File { name: "dashboard.html", kind: "text/html; charset=utf-8", text: include_str!("page/dashboard.html") };

const FILES: [File; 17] = [
    File { name: "dashboard.css", kind: "text/css; charset=utf-8", text: include_str!("page/dashboard.css") },
    script("api.js", include_str!("page/api.js")),
    script("documents.js", include_str!("page/documents.js")),
    script("dom.js", include_str!("page/dom.js")),
    script("format.js", include_str!("page/format.js")),
    script("history.js", include_str!("page/history.js")),
    script("letters.js", include_str!("page/letters.js")),
    script("lineage.js", include_str!("page/lineage.js")),
    script("list.js", include_str!("page/list.js")),
    script("main.js", include_str!("page/main.js")),
    script("now.js", include_str!("page/now.js")),
    script("operations.js", include_str!("page/operations.js")),
    script("plots.js", include_str!("page/plots.js")),
    script("projection.js", include_str!("page/projection.js")),
    script("standing.js", include_str!("page/standing.js")),
    script("trails.js", include_str!("page/trails.js")),
    PAGE,
];

/// The page at `/`, and its files. They say nothing of anybody's data, and are there for who has no token yet.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(async || PAGE.answer())).route("/dashboard/{file}", get(file))
}

async fn file(Path(name): Path<String>) -> Result<Response, Problem> {
    let file = FILES.iter().find(|file| file.name == name);
    file.map(File::answer).ok_or_else(|| Problem::new(Code::NotFound, "there is nothing at this path"))
}

const fn script(name: &'static str, text: &'static str) -> File {
    File { name, kind: SCRIPT, text }
}

// === impl File ===

impl File {
    fn answer(&self) -> Response {
        let headers: [(HeaderName, &str); 5] = [
            (header::CONTENT_TYPE, self.kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            // Another version of the program has other files.
            (header::CACHE_CONTROL, "no-cache"),
        ];
        (headers, self.text).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn all_files_of_the_page_are_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("projector/dashboard/page");
        let mut there: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let mut served: Vec<_> = FILES.iter().map(|file| file.name).collect();
        there.sort();
        served.sort_unstable();
        assert_eq!(there, served);
    }

    /// What builds HTML of text would let an event's text be more than text.
    #[test]
    fn scripts_make_no_markup_of_text() {
        for File { name, text, .. } in FILES.iter().filter(|file| file.kind == SCRIPT) {
            for way in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "Function(",
                "createContextualFragment",
            ] {
                assert!(!text.contains(way), "{name} uses {way}");
            }
        }
    }
}
