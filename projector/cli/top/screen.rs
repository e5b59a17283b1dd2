//! A terminal that is drawn over, and given back as it was.

use std::io::{self, IsTerminal, Write, stdout};

use crate::cli::context::Form;

/// Another screen, without a cursor; the one before stays as it is.
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";
/// To the first line; to the end of a line; to the end of the screen.
const HOME: &str = "\u{1b}[H";
const REST_OF_LINE: &str = "\u{1b}[K";
const REST_OF_SCREEN: &str = "\u{1b}[J";
/// Columns and rows where the terminal does not say.
const USUAL: (usize, usize) = (80, 24);

/// The terminal, until dropped.
pub struct Screen(());

// === impl Screen ===

impl Screen {
    /// Takes the terminal over, where text goes to one.
    pub fn open(form: Form) -> Option<Screen> {
        if form == Form::Json || !stdout().is_terminal() {
            return None;
        }
        // It shows at the first line that is drawn whether there still is a terminal.
        let _ = write!(stdout(), "{ENTER}");
        Some(Screen(()))
    }

    /// Shows these lines, as far as there is room for them.
    pub fn draw(&mut self, lines: &[String]) -> io::Result<()> {
        let (columns, rows) = size();
        let mut out = String::from(HOME);
        for (at, line) in lines.iter().take(rows).enumerate() {
            let end = if at + 1 == rows { "" } else { "\r\n" };
            out.extend(line.chars().take(columns));
            out += REST_OF_LINE;
            out += end;
        }
        let mut terminal = stdout();
        terminal.write_all((out + REST_OF_SCREEN).as_bytes())?;
        terminal.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = write!(stdout(), "{LEAVE}").and_then(|()| stdout().flush());
    }
}

fn size() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => USUAL,
    }
}
