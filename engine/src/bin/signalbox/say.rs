//! Standard output: what was asked for.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stdout};

use engine::diagnostic::Diagnostic;

/// Writes `text` and an end of line. A reader that has had enough, as `head` has, ends the program; it is no fault.
pub fn say(text: impl Display) -> Result<(), Vec<Diagnostic>> {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            let message = format!("cannot be written: {error}");
            Err(vec![Diagnostic::new("standard output", message, "make room, or send it elsewhere")])
        }
    }
}
