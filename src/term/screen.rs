//! What the terminal shows, and the bytes that change it: only cells that differ, one write for each frame.

use crossterm::clipboard::CopyToClipboard;
use crossterm::{cursor, queue, terminal};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use std::io::{self, Write};

/// Standard output without a buffer of its own: a frame must leave in one piece.
#[derive(Debug, Default)]
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        rustix::io::write(rustix::stdio::stdout(), bytes).map_err(Into::into)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The screen of a terminal behind a writer.
#[derive(Debug)]
pub struct Screen<W: Write> {
    wire: W,
    bytes: Vec<u8>,
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    /// The terminal's content is unknown.
    unknown: bool,
}

impl<W: Write> Screen<W> {
    /// A screen of that size (columns, rows) whose content is unknown.
    pub fn new(wire: W, (width, height): (u16, u16)) -> Self {
        let area = Rect::new(0, 0, width, height);
        let bytes = Vec::with_capacity(16 * 1024);
        Self { wire, bytes, shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, unknown: true }
    }

    /// The terminal has this size now; everything is painted anew.
    pub fn resize(&mut self, (width, height): (u16, u16)) {
        let area = Rect::new(0, 0, width, height);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.unknown = true;
    }

    /// Forgets what the terminal shows; the next frame paints everything.
    pub fn forget(&mut self) {
        self.unknown = true;
    }

    /// Paints a frame. `paint` fills an empty buffer and says where the cursor belongs. Writes nothing when nothing
    /// differs. Returns the bytes written.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn frame(&mut self, paint: impl FnOnce(&mut Buffer) -> Option<Position>) -> io::Result<usize> {
        self.next.reset();
        let cursor = paint(&mut self.next);
        if std::mem::take(&mut self.unknown) {
            queue!(self.bytes, cursor::Hide, terminal::Clear(terminal::ClearType::All))?;
            self.cursor = None;
            self.shown.reset();
        }
        for y in 0..self.next.area.height {
            distrust(&mut self.shown, &self.next, y);
        }
        let changes = self.shown.diff(&self.next);
        let painted = !changes.is_empty();
        // The backend names a cell's place only where the cell does not follow the one before; after one of which
        // terminals disagree how wide it is, the place has to be named.
        for run in changes.chunk_by(|(_, _, before), _| !is_disputed(before.symbol())) {
            CrosstermBackend::new(&mut self.bytes).draw(run.iter().copied())?;
        }
        self.place_cursor(cursor, painted)?;
        std::mem::swap(&mut self.shown, &mut self.next);
        self.send()
    }

    fn place_cursor(&mut self, cursor: Option<Position>, painted: bool) -> io::Result<()> {
        let pen = &mut self.bytes;
        match cursor {
            Some(at) if painted || self.cursor != cursor => {
                queue!(pen, cursor::MoveTo(at.x, at.y))?;
                if self.cursor.is_none() {
                    queue!(pen, cursor::Show)?;
                }
            }
            None if self.cursor.is_some() => queue!(pen, cursor::Hide)?,
            _ => {}
        }
        self.cursor = cursor;
        Ok(())
    }

    /// Prints lines one below the other, where a shell's are; for what is read aloud.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn print(&mut self, lines: &[String]) -> io::Result<()> {
        for line in lines {
            self.bytes.extend_from_slice(line.as_bytes());
            // The terminal is in raw mode: a line feed alone would not go back to the left.
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.send().map(drop)
    }

    /// Sends text to the terminal's clipboard (OSC 52). Whether the terminal takes it is not told.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        queue!(self.bytes, CopyToClipboard::to_clipboard_from(text))?;
        self.send().map(drop)
    }

    fn send(&mut self) -> io::Result<usize> {
        let count = self.bytes.len();
        if count > 0 {
            let sent = write_all(&mut self.wire, &self.bytes);
            self.bytes.clear();
            sent?;
            self.wire.flush()?;
        }
        Ok(count)
    }

    /// The writer.
    pub fn wire(&self) -> &W {
        &self.wire
    }

    /// What the terminal shows.
    #[must_use]
    pub fn shown(&self) -> &Buffer {
        &self.shown
    }
}

/// Several characters in one cell, or a pictogram: terminals disagree how many cells such take.
fn is_disputed(symbol: &str) -> bool {
    !symbol.is_ascii() && (symbol.chars().nth(1).is_some() || symbol.chars().any(|c| c >= '\u{1F000}'))
}

/// A line that changes and has, or had, something whose width is disputed is painted whole: what is left of it may stand
/// in cells that are empty here.
fn distrust(shown: &mut Buffer, next: &Buffer, y: u16) {
    let width = usize::from(next.area.width);
    let line = usize::from(y) * width..usize::from(y + 1) * width;
    let (Some(old), Some(new)) = (shown.content.get_mut(line.clone()), next.content.get(line)) else { return };
    if *old != *new && old.iter().chain(new).any(|cell| is_disputed(cell.symbol())) {
        for cell in old {
            // A look that no cell has.
            cell.modifier = Modifier::all();
        }
    }
}

fn write_all(wire: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match wire.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    #[test]
    fn an_unchanged_frame_sends_nothing() {
        let mut screen = Screen::new(Vec::new(), (20, 3));
        let paint = |b: &mut Buffer| {
            b.set_string(0, 0, "hello", Style::new());
            None
        };
        assert!(screen.frame(paint).expect("memory") > 5);
        assert_eq!(screen.frame(paint).expect("memory"), 0);
        screen.forget();
        assert!(screen.frame(paint).expect("memory") > 5);
    }

    #[test]
    fn a_line_with_marks_that_stand_beside_their_letter_somewhere_is_painted_whole() {
        let line = |text: &'static str| {
            move |b: &mut Buffer| {
                b.set_string(0, 0, text, Style::new());
                None
            }
        };
        let mut screen = Screen::new(Vec::new(), (8, 1));
        screen.frame(line("\u{92c}\u{93e}x|")).expect("memory");
        let first = String::from_utf8_lossy(screen.wire()).into_owned();
        // What follows the marks is sent to its place by name.
        assert!(!first.contains("\u{92c}\u{93e}x") && first.contains("Hx|"), "{first:?}");
        let sent = screen.wire().len();
        screen.frame(line("ab|")).expect("memory");
        let second = String::from_utf8_lossy(&screen.wire()[sent..]).into_owned();
        // Also the cells that are as empty as before.
        assert!(second.contains("ab|     "), "{second:?}");
        let sent = screen.wire().len();
        screen.frame(line("ab|")).expect("memory");
        assert_eq!(screen.wire().len(), sent, "nothing changed");
    }

    #[test]
    fn the_clipboard_gets_base64() {
        let mut screen = Screen::new(Vec::new(), (20, 3));
        screen.copy("abc").expect("memory");
        assert_eq!(String::from_utf8_lossy(screen.wire()), "\u{1b}]52;c;YWJj\u{1b}\\");
    }
}
