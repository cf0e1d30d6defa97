//! What the README says of keys and commands is what the program has. `UPDATE_DOCS=1 cargo test --test docs_in_sync`
//! writes the generated parts anew.

use std::fs;
use std::path::Path;

fn readme() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// The text between `<!-- NAME -->` and `<!-- /NAME -->`.
fn part<'t>(text: &'t str, name: &str) -> &'t str {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = text.find(&open).unwrap_or_else(|| panic!("README.md has no {open}")) + open.len();
    let upto = text[from..].find(&close).unwrap_or_else(|| panic!("README.md has no {close}")) + from;
    &text[from..upto]
}

/// What stands before and after a part of the text.
fn around<'t>(text: &'t str, part: &str) -> (&'t str, &'t str) {
    let from = part.as_ptr() as usize - text.as_ptr() as usize;
    (&text[..from], &text[from + part.len()..])
}

#[test]
fn the_keys_table_is_that_of_the_command_registry() {
    let text = fs::read_to_string(readme()).unwrap();
    let wanted = format!("{}\n", matchbook::ui::keys_markdown().trim_end());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let (before, after) = around(&text, part(&text, "keys"));
        fs::write(readme(), format!("{before}{wanted}{after}")).unwrap();
        return;
    }
    assert_eq!(part(&text, "keys"), wanted, "run UPDATE_DOCS=1 cargo test --test docs_in_sync");
}

#[test]
fn every_command_of_the_readme_is_understood() {
    let text = fs::read_to_string(readme()).unwrap();
    // Every second piece between fences is a block.
    let blocks = text.split("```").skip(1).step_by(2);
    let commands: Vec<&str> = blocks
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("matchbook ")?.split_whitespace().next())
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
        .collect();
    assert!(commands.len() > 5, "the README shows commands: {commands:?}");
    for command in commands {
        let status = std::process::Command::new(env!("CARGO_BIN_EXE_matchbook"))
            .args([command, "--help"])
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "README.md names `matchbook {command}`, which does not exist");
    }
}
