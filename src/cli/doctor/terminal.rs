//! Checks of the terminal that the command runs in.

use super::Findings;
use crate::app;
use std::process::Command;

/// Smallest terminal in which every pane has room.
const SMALLEST: (u16, u16) = (80, 24);

/// Looks at the terminal; `get` gives a variable of the environment.
pub fn check(findings: &mut Findings, get: &dyn Fn(&str) -> Option<String>) {
    let Ok(size) = rustix::termios::tcgetwinsize(rustix::stdio::stdout()) else {
        findings.ok("terminal", "none here; the commands work without");
        return;
    };
    let (columns, rows) = (size.ws_col, size.ws_row);
    let text = format!("{columns}×{rows}, TERM={}", get("TERM").unwrap_or_default());
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        findings.warn("terminal", text, "80×24 or more shows everything");
    } else {
        findings.ok("terminal", text);
    }
    abilities(findings, get);
    if get("TMUX").is_some_and(|tmux| !tmux.is_empty()) {
        clipboard(findings);
    }
}

fn abilities(findings: &mut Findings, get: &dyn Fn(&str) -> Option<String>) {
    let abilities = app::detect(get);
    if abilities.unicode {
        findings.ok("characters", "UTF-8");
    } else {
        let remedy = "set LANG to a UTF-8 locale (LANG=C.UTF-8), or ascii = true under [ui]";
        findings.warn("characters", "the locale does not write UTF-8; frames are drawn in ASCII", remedy);
    }
    let full = get("COLORTERM").is_some_and(|c| c == "truecolor" || c == "24bit");
    let many = get("TERM").is_some_and(|term| term.contains("256color") || term.contains("direct"));
    match (abilities.colour, full || many) {
        (false, _) => findings.ok("colours", "off (NO_COLOR or TERM); marks and words stand for them"),
        (true, true) => findings.ok("colours", if full { "24 bit" } else { "256" }),
        (true, false) => findings.ok("colours", "16; theme = \"16\" under [ui] uses the terminal's own"),
    }
}

/// Copying goes through tmux only where it lets programs set the clipboard.
fn clipboard(findings: &mut Findings) {
    let asked = Command::new("tmux").args(["show-options", "-gv", "set-clipboard"]).output();
    let said = asked.map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned()).unwrap_or_default();
    if said == "on" {
        findings.ok("clipboard", "tmux passes it on");
    } else {
        let remedy = "`tmux set-option -g set-clipboard on`, also in ~/.tmux.conf, lets `y` copy";
        findings.warn("clipboard", format!("tmux has set-clipboard {said}"), remedy);
    }
}
