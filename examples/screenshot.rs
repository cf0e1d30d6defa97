//! Draws the README's picture: runs the demo in a real pseudo-terminal of 120×40, waits until both vendors are synced,
//! opens the device queue and writes the screen as SVG.
//!
//! `cargo build --release && cargo run --release --example screenshot -- assets/screen.svg`

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const COLS: u16 = 120;
const ROWS: u16 = 40;
/// Size of a cell in the picture, pixels.
const CELL: (f32, f32) = (8.4, 18.0);
const BACKGROUND: &str = "#1c1f26";
const FOREGROUND: &str = "#d5d8df";
/// The sixteen colours of the picture; a terminal has its own.
const PALETTE: [&str; 16] = [
    "#1c1f26", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf", "#7f8696", "#ff7b86",
    "#b5e890", "#ffd88f", "#7cc4ff", "#de8ff5", "#6fd3e0", "#ffffff",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::args().nth(1).ok_or("name the SVG file")?;
    let program =
        std::env::current_exe()?.parent().and_then(|d| d.parent()).ok_or("no target folder")?.join("matchbook");
    let pty = native_pty_system().openpty(PtySize { rows: ROWS, cols: COLS, pixel_width: 0, pixel_height: 0 })?;
    let mut command = CommandBuilder::new(program);
    command.args(["demo", "--vendors", "addigy,itglue", "--companies", "60", "--devices", "1000", "--seed", "4"]);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let mut child = pty.slave.spawn_command(command)?;
    drop(pty.slave);
    let bytes = reader(pty.master.try_clone_reader()?);
    let mut keys = pty.master.take_writer()?;
    let mut screen = vt100::Parser::new(ROWS.try_into()?, COLS.try_into()?, 0);
    settle(&mut screen, &bytes, |text: &str| text.matches(" OK").count() >= 2 && text.contains("matched"))?;
    for key in ["]", "j", "j"] {
        keys.write_all(key.as_bytes())?;
        settle(&mut screen, &bytes, |text| text.contains("Configuration"))?;
    }
    std::fs::write(&out, svg(screen.screen()))?;
    keys.write_all(b"q")?;
    child.wait()?;
    Ok(())
}

fn reader(mut from: Box<dyn Read + Send>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Reads until the screen is as wanted and nothing came for half a second.
fn settle(
    screen: &mut vt100::Parser,
    bytes: &Receiver<Vec<u8>>,
    wanted: impl Fn(&str) -> bool,
) -> Result<(), Box<dyn std::error::Error>> {
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        match bytes.recv_timeout(Duration::from_millis(500)) {
            Ok(more) => screen.process(&more),
            Err(RecvTimeoutError::Timeout) if wanted(&screen.screen().contents()) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err("the program ended".into()),
        }
        if Instant::now() > deadline {
            return Err(format!("the screen never was as wanted:\n{}", screen.screen().contents()).into());
        }
    }
}

fn colour(colour: vt100::Color, otherwise: &str) -> String {
    match colour {
        vt100::Color::Default => otherwise.to_owned(),
        vt100::Color::Idx(index) => PALETTE.get(usize::from(index)).map_or(otherwise, |c| c).to_owned(),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn svg(screen: &vt100::Screen) -> String {
    let (width, height) = (f32::from(COLS) * CELL.0 + 16.0, f32::from(ROWS) * CELL.1 + 16.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, Menlo, \
         Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" \
         fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..ROWS {
        let y = f32::from(row) * CELL.1 + 8.0;
        for col in 0..COLS {
            let Some(cell) = screen.cell(row, col) else { continue };
            let x = f32::from(col) * CELL.0 + 8.0;
            let (mut fg, mut bg) = (colour(cell.fgcolor(), FOREGROUND), colour(cell.bgcolor(), BACKGROUND));
            if cell.inverse() {
                std::mem::swap(&mut fg, &mut bg);
            }
            if bg != BACKGROUND {
                let _ = writeln!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{bg}\"/>",
                    CELL.0, CELL.1
                );
            }
            let text = cell.contents();
            if text.trim().is_empty() {
                continue;
            }
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let weight = if cell.bold() { " font-weight=\"bold\"" } else { "" };
            let opacity = if cell.dim() { " opacity=\"0.65\"" } else { "" };
            let _ =
                writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{fg}\"{weight}{opacity}>{text}</text>", y + 14.0);
        }
    }
    svg.push_str("</svg>\n");
    svg
}
