//! Where a passphrase comes from: the terminal, a file descriptor, or a command of the configuration. Never an argument
//! and never the environment, which other processes of this machine can read.

use super::output;
use crate::config::{self, Paths};
use crate::domain::{Failure, FailureClass};
use secrecy::{ExposeSecret, SecretString};
use std::io::{IsTerminal, Read};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use zeroize::Zeroizing;

/// `--passphrase-fd`, which is given before any command knows that it needs it.
static DESCRIPTOR: OnceLock<u32> = OnceLock::new();

/// Longest passphrase, in bytes.
const LONGEST: usize = 4096;

/// Remembers the file descriptor of `--passphrase-fd`.
pub fn from_descriptor(number: u32) {
    let _ = DESCRIPTOR.set(number);
}

/// The passphrase of this home's vault.
///
/// # Errors
/// A descriptor or command that gives none; no terminal to ask on.
pub fn of_vault(paths: &Paths) -> Result<SecretString, Failure> {
    if let Some(number) = DESCRIPTOR.get() {
        return read_descriptor(*number);
    }
    // A configuration that cannot be read is said by whoever needs the rest of it.
    let command = config::load(&paths.config).map(|loaded| loaded.config.vault.passphrase_command).unwrap_or_default();
    match command.split_first() {
        Some((program, arguments)) => ask_command(program, arguments),
        None => ask("Passphrase of the vault"),
    }
}

/// A new passphrase: from the descriptor, or asked for twice.
///
/// # Errors
/// As [`of_vault`]; two different answers.
pub fn new(descriptor: Option<u32>) -> Result<SecretString, Failure> {
    if let Some(number) = descriptor {
        return read_descriptor(number);
    }
    let first = ask("New passphrase of the vault")?;
    if first.expose_secret().is_empty() {
        return Err(output::usage("an empty passphrase protects nothing", "type one; nothing was changed"));
    }
    if ask("Once more")?.expose_secret() == first.expose_secret() {
        Ok(first)
    } else {
        Err(output::usage("the two are different", "try again; nothing was changed"))
    }
}

/// Asks for a secret on the terminal, unseen.
///
/// # Errors
/// When stdin is no terminal.
pub fn ask(prompt: &str) -> Result<SecretString, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(output::usage(
            format!("{prompt} is needed, and stdin is no terminal"),
            "run it in a terminal; for scripts: --secrets-stdin for keys, --passphrase-fd N or passphrase_command \
             for a vault",
        ));
    }
    rpassword::prompt_password(format!("{prompt}: ")).map(SecretString::from).map_err(|e| {
        Failure::new(FailureClass::Local, format!("cannot read from the terminal: {e}"), "run it in a terminal")
    })
}

fn read_descriptor(number: u32) -> Result<SecretString, Failure> {
    let source = format!("file descriptor {number}");
    let file = std::fs::File::open(format!("/dev/fd/{number}")).map_err(|e| {
        let remedy =
            format!("open it for this process, for example `matchbook … --passphrase-fd {number} {number}<FILE`");
        output::usage(format!("{source} cannot be read: {e}"), remedy)
    })?;
    first_line(file, &source)
}

fn ask_command(program: &str, arguments: &[String]) -> Result<SecretString, Failure> {
    let source = format!("passphrase_command ({program})");
    let remedy = "run it by hand; [vault] in config.toml names it";
    let failed = |why: &dyn std::fmt::Display| {
        Failure::new(FailureClass::Usage, format!("{source} gave no passphrase: {why}"), remedy)
    };
    let started = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|e| failed(&e))?;
    let out = child.stdout.take().ok_or_else(|| failed(&"it has no output"))?;
    let said = first_line(out, &source);
    let status = child.wait().map_err(|e| failed(&e))?;
    if status.success() { said } else { Err(failed(&status)) }
}

/// The first line, which is all of the secret; the rest is read too, so that the other side can end.
fn first_line(source: impl Read, name: &str) -> Result<SecretString, Failure> {
    // Large enough from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let read = source.take(LONGEST as u64 + 1).read_to_end(&mut bytes);
    let failed = |why: &str| output::usage(format!("{name} {why}"), "it must give one line, the passphrase");
    read.map_err(|e| failed(&format!("cannot be read: {e}")))?;
    if bytes.len() > LONGEST {
        return Err(failed("gave more than a passphrase"));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("gave no text"))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(SecretString::from(line)),
        _ => Err(failed("gave an empty passphrase")),
    }
}

/// Asks for a setting on the terminal.
///
/// # Errors
/// When stdin is no terminal, or nothing is entered.
pub fn ask_text(prompt: &str) -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(output::usage(
            format!("{prompt} is needed, and stdin is no terminal"),
            "run it in a terminal, or pass settings with --option NAME=VALUE",
        ));
    }
    output::ask(prompt);
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| {
        Failure::new(FailureClass::Local, format!("cannot read from the terminal: {e}"), "run it in a terminal")
    })?;
    match line.trim() {
        "" => Err(output::usage(format!("{prompt} is needed"), "start again and enter it")),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_passphrase() {
        let read = |text: &str| first_line(text.as_bytes(), "it").map(|s| s.expose_secret().to_owned());
        assert_eq!(read("correct horse\r\nmore").unwrap(), "correct horse");
        assert!(read("\nhush").unwrap_err().what.contains("empty"));
        let long = read(&"hush".repeat(2000)).unwrap_err().to_string();
        assert!(!long.contains("hush"), "{long}");
    }

    #[test]
    fn a_command_that_fails_is_named_and_what_it_said_is_not() {
        let arguments = ["-c".to_owned(), "echo hush; exit 3".to_owned()];
        let failure = ask_command("sh", &arguments).unwrap_err().to_string();
        assert!(failure.contains("passphrase_command (sh)") && !failure.contains("hush"), "{failure}");
        assert_eq!(ask_command("echo", &["horse".to_owned()]).unwrap().expose_secret(), "horse");
    }
}
