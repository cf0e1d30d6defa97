//! A terminal's screen as SVG: what the README shows.

use std::fmt::Write as _;

/// Size of a cell in the picture, pixels.
const CELL: (f32, f32) = (8.4, 18.0);
const BACKGROUND: &str = "#1c1f26";
const FOREGROUND: &str = "#d5d8df";
/// The sixteen colours of the picture; a terminal has its own.
const PALETTE: [&str; 16] = [
    "#1c1f26", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf", "#7f8696", "#ff7b86",
    "#b5e890", "#ffd88f", "#7cc4ff", "#de8ff5", "#6fd3e0", "#ffffff",
];

fn colour(colour: vt100::Color, otherwise: &str) -> String {
    match colour {
        vt100::Color::Default => otherwise.to_owned(),
        vt100::Color::Idx(index) => PALETTE.get(usize::from(index)).map_or(otherwise, |c| c).to_owned(),
        vt100::Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

/// The screen, cell by cell, so that columns stand straight in any font.
pub fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (f32::from(columns.get()) * CELL.0 + 16.0, f32::from(rows.get()) * CELL.1 + 16.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace, Menlo, \
         Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"6\" \
         fill=\"{BACKGROUND}\"/>\n"
    );
    for row in 0..rows.get() {
        for column in 0..columns.get() {
            if let Some(cell) = screen.cell(row, column) {
                paint(&mut svg, cell, f32::from(column) * CELL.0 + 8.0, f32::from(row) * CELL.1 + 8.0);
            }
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn paint(svg: &mut String, cell: &vt100::Cell, x: f32, y: f32) {
    let (mut fg, mut bg) = (colour(cell.fgcolor(), FOREGROUND), colour(cell.bgcolor(), BACKGROUND));
    if cell.inverse() {
        std::mem::swap(&mut fg, &mut bg);
    }
    // Writing to a String does not fail.
    if bg != BACKGROUND {
        let (width, height) = CELL;
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{bg}\"/>"
        );
    }
    let text = cell.contents();
    if text.trim().is_empty() {
        return;
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let weight = if cell.bold() { " font-weight=\"bold\"" } else { "" };
    let line = if cell.underline() { " text-decoration=\"underline\"" } else { "" };
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{fg}\"{weight}{line}>{text}</text>", y + 14.0);
}
