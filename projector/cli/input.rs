//! Lines of files and of standard input.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use super::failure::Failure;

/// Where lines come from.
#[derive(Clone)]
pub enum Input<'p> {
    /// A file.
    File(&'p str),
    /// Standard input.
    Stdin,
    /// What was read from this path.
    Read(&'p str, Arc<[u8]>),
}

// === impl Input ===

impl<'p> Input<'p> {
    /// The file of this path; `-` is standard input.
    pub fn of(path: &'p str) -> Input<'p> {
        if path == "-" { Input::Stdin } else { Input::File(path) }
    }

    /// What to call it.
    pub fn name(&self) -> &str {
        match self {
            Input::File(path) | Input::Read(path, _) => path,
            Input::Stdin => "-",
        }
    }

    /// The same lines, such that they can be read twice: a pipe is read whole, by whatever name it goes.
    pub fn repeatable(self) -> Result<Input<'p>, Failure> {
        let path = match self {
            Input::File(path) if !fs::metadata(path).is_ok_and(|found| found.is_file()) => path,
            Input::Stdin => "-",
            Input::File(_) | Input::Read(..) => return Ok(self),
        };
        let mut bytes = Vec::new();
        let read = self.open().and_then(|mut input| input.read_to_end(&mut bytes));
        read.map_err(|source| Failure::Unreadable { path: path.to_owned(), source })?;
        Ok(Input::Read(path, bytes.into()))
    }

    /// Hands each line that is not blank, with its number, to `each`; as bytes, for a line need not be UTF-8 to be published.
    pub fn for_each_line(self, mut each: impl FnMut(u64, Vec<u8>) -> Result<(), Failure>) -> Result<(), Failure> {
        let name = self.name().to_owned();
        let unreadable = |source| Failure::Unreadable { path: name.clone(), source };
        let mut reader = self.open().map_err(unreadable)?;
        for number in 1.. {
            let mut line = Vec::new();
            if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                break;
            }
            line.truncate(line.trim_ascii_end().len());
            if !line.is_empty() {
                each(number, line)?;
            }
        }
        Ok(())
    }

    fn open(self) -> io::Result<Box<dyn BufRead + 'p>> {
        Ok(match self {
            Input::File(path) => Box::new(BufReader::new(File::open(path)?)),
            Input::Stdin => Box::new(io::stdin().lock()),
            Input::Read(_, bytes) => Box::new(io::Cursor::new(bytes)),
        })
    }
}
