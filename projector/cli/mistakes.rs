//! Mistakes in files, as people and programs see them.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use schemas::{Diagnostic, SourceFile};
use serde_json::json;

/// Each mistake with its file, line and column, the text underlined, and what to write instead.
pub fn render(mistakes: &[Diagnostic], sources: &[SourceFile]) -> String {
    let renderer = if anstyle_is_wanted() { Renderer::styled() } else { Renderer::plain() };
    let rendered: Vec<String> = mistakes.iter().map(|mistake| render_one(&renderer, mistake, sources)).collect();
    rendered.join("\n\n") + "\n"
}

/// Colours only for people who see them and have not said no.
fn anstyle_is_wanted() -> bool {
    use std::io::IsTerminal;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

fn render_one(renderer: &Renderer, mistake: &Diagnostic, sources: &[SourceFile]) -> String {
    let source = sources.iter().find(|source| source.path == mistake.path);
    let title = Level::ERROR.primary_title(&mistake.message);
    let mut group = match (source, &mistake.span) {
        (Some(source), Some(span)) => {
            let span = within(&source.text, span.clone());
            let snippet = Snippet::source(&source.text).path(&source.path).annotation(AnnotationKind::Primary.span(span));
            title.element(snippet)
        }
        _ => title.element(annotate_snippets::Origin::path(&mistake.path)),
    };
    if let Some(hint) = &mistake.hint {
        group = group.element(Level::HELP.message(hint));
    }
    renderer.render(&[group])
}

/// The span, pulled into the text and onto whole characters: a mistake of ours must not hide the user's.
fn within(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start);
    start..floor(span.end).max(start)
}

/// A mistake as JSON, with line and column counted from 1.
pub fn to_json(mistake: &Diagnostic, sources: &[SourceFile]) -> serde_json::Value {
    let source = sources.iter().find(|source| source.path == mistake.path);
    let place = source.zip(mistake.span.as_ref()).map(|(source, span)| line_and_column(&source.text, span.start));
    json!({
        "path": mistake.path,
        "line": place.map(|(line, _)| line),
        "column": place.map(|(_, column)| column),
        "message": mistake.message,
        "hint": mistake.hint,
    })
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..within(text, at..at).start];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> SourceFile {
        SourceFile { path: "p.toml".into(), text: "a = 1\nbé = 2\n".into() }
    }

    #[test]
    fn a_mistake_is_underlined() {
        let mistake = Diagnostic::new("p.toml", 6..9, "bé is no setting").with_hint("did you mean be?");
        insta::assert_snapshot!(render(&[mistake], &[file()]), @r"
        error: bé is no setting
         --> p.toml:2:1
          |
        2 | bé = 2
          | ^^
          |
          = help: did you mean be?
        ");
    }

    #[test]
    fn places_are_counted_in_characters() {
        for (at, place) in [(0, (1, 1)), (6, (2, 1)), (10, (2, 4)), (99, (3, 1)), (8, (2, 2))] {
            assert_eq!(line_and_column(&file().text, at), place, "{at}");
        }
    }
}
