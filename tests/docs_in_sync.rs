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

#[test]
fn the_keys_table_is_that_of_the_command_registry() {
    let text = fs::read_to_string(readme()).unwrap();
    let wanted = format!("{}\n", matchbook::ui::keys_markdown().trim_end());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(readme(), text.replace(part(&text, "keys"), &wanted)).unwrap();
        return;
    }
    assert_eq!(part(&text, "keys"), wanted, "run UPDATE_DOCS=1 cargo test --test docs_in_sync");
}

#[test]
fn every_command_of_the_readme_is_understood() {
    let text = fs::read_to_string(readme()).unwrap();
    let commands: Vec<&str> =
        text.lines().filter_map(|l| l.strip_prefix("matchbook ")).filter_map(|l| l.split_whitespace().next()).collect();
    let commands: Vec<&str> =
        commands.into_iter().filter(|c| c.chars().all(|c| c.is_ascii_lowercase() || c == '-')).collect();
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
