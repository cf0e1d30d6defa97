//! `doctor`: looks at everything that has to be right and says, line by line, what is not and what to do. Changes
//! nothing but this: a store that cannot be read is set aside, as any other command would do.

mod home;
mod terminal;
mod vendors;

use super::{Outcome, output};
use crate::config::{self, Paths};
use crate::domain::{Failure, FailureClass, text};
use serde::Serialize;
use serde_json::json;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// It works, and a person should know.
    Warn,
    /// It does not work.
    Fail,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    #[serde(rename = "check")]
    pub what: String,
    /// How it is.
    pub status: Status,
    /// What was found.
    pub text: String,
    /// What to do; empty where there is nothing to do.
    pub remedy: String,
}

/// The lines so far.
#[derive(Default)]
pub struct Findings(Vec<Check>);

impl Findings {
    fn add(&mut self, check: &str, status: Status, found: impl AsRef<str>, remedy: impl Into<String>) {
        let text = text::clean(found.as_ref()).into_owned();
        self.0.push(Check { what: text::clean(check).into_owned(), status, text, remedy: remedy.into() });
    }

    /// As it should be.
    pub fn ok(&mut self, check: &str, found: impl AsRef<str>) {
        self.add(check, Status::Ok, found, "");
    }

    /// It works, and a person should know.
    pub fn warn(&mut self, check: &str, found: impl AsRef<str>, remedy: impl Into<String>) {
        self.add(check, Status::Warn, found, remedy);
    }

    /// It does not work.
    pub fn fail(&mut self, check: &str, found: impl AsRef<str>, remedy: impl Into<String>) {
        self.add(check, Status::Fail, found, remedy);
    }

    /// It does not work, in the failure's words.
    pub fn failure(&mut self, check: &str, failure: Failure) {
        self.add(check, Status::Fail, failure.what, failure.remedy);
    }

    fn worst(&self) -> Status {
        self.0.iter().map(|check| check.status).max().unwrap_or(Status::Ok)
    }
}

/// Runs every check; a check that fails does not keep the others from running.
///
/// # Errors
/// A failure when something does not work; what it is was printed.
pub async fn run(json: bool) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    let mut findings = Findings::default();
    let loaded = config::load(&paths.config);
    let config = home::configuration(&mut findings, &paths, loaded);
    let vault = home::vault(&mut findings, &paths, &config);
    home::permissions(&mut findings, &paths, &config);
    let last_use = home::store(&mut findings, &paths, &config);
    home::disk(&mut findings, &paths);
    terminal::check(&mut findings, &|name| std::env::var(name).ok());
    for integration in &config.integrations {
        let last = last_use.get(&integration.name).copied();
        vendors::check(&mut findings, integration, vault.as_ref(), &paths, last).await;
    }
    print(&findings, json)?;
    match findings.worst() {
        Status::Ok => Ok(Outcome::Done),
        Status::Warn => Ok(Outcome::Partly),
        Status::Fail => {
            let failed = findings.0.iter().filter(|c| c.status == Status::Fail).count();
            Err(Failure::new(FailureClass::Local, format!("{failed} checks failed"), "see the lines marked fail"))
        }
    }
}

fn print(findings: &Findings, json: bool) -> Result<(), Failure> {
    if json {
        return output::json(&json!({ "status": findings.worst(), "checks": findings.0 }));
    }
    let width = findings.0.iter().map(|c| c.what.chars().count()).max().unwrap_or_default();
    for Check { what, status, text, remedy } in &findings.0 {
        let word = match status {
            Status::Ok => "ok  ",
            Status::Warn => "warn",
            Status::Fail => "fail",
        };
        output::line(&format!("{word}  {what:<width$}  {text}"))?;
        if !remedy.is_empty() {
            output::line(&format!("      {:<width$}  → {remedy}", ""))?;
        }
    }
    Ok(())
}
