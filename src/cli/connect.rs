//! `connect`: tests credentials live, then saves them in the vault and the integration in the configuration.

use super::args::ConnectArguments;
use super::{Outcome, connecting, home, output, passphrase};
use crate::config::{self, IntegrationConfig, Paths};
use crate::connectors::{self, ConnectionReport, ConnectorInfo};
use crate::domain::{Failure, FailureClass, Stream};
use crate::secrets::Credentials;
use secrecy::SecretString;
use serde_json::json;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Connects.
///
/// # Errors
/// A connector that does not exist, a test that fails, files that cannot be written. Nothing is saved then.
pub async fn run(arguments: ConnectArguments) -> Result<Outcome, Failure> {
    let paths = Paths::discover(None)?;
    paths.create()?;
    let info = connector(&arguments.connector, &paths)?;
    let mut settings = settings(&arguments, &info, &paths)?;
    let credentials = enter(&info, &mut settings, arguments.secrets_stdin)?;
    let observer = Arc::new(|notice: connectors::HttpNotice| output::say(&notice.text));
    let connector = connectors::connect_with(
        home::connection(&settings, credentials.clone(), &paths),
        observer,
        super::logging::tuning(&paths)?,
    )?;
    let report = connector.test().await?;
    say(&info, &report);
    connecting::keep(&settings, credentials, &paths, &mut home::vault(&paths)?)?;
    output::say(&format!("{} is connected as “{}”", info.vendor, settings.name));
    output::say("next: `matchbook flow add SOURCE TARGET` once both sides are connected, then `matchbook`");
    let missing = report.permissions.iter().filter(|(_, has)| !has).count();
    if arguments.json {
        let permissions: Vec<_> =
            report.permissions.iter().map(|(name, has)| json!({ "name": name, "granted": has })).collect();
        output::json(&json!({
            "integration": settings.name, "connector": settings.connector, "account": report.account,
            "permissions": permissions, "notes": report.notes,
        }))?;
    }
    Ok(if missing > 0 { Outcome::Partly } else { Outcome::Done })
}

fn connector(name: &str, paths: &Paths) -> Result<ConnectorInfo, Failure> {
    let own: Option<&Path> = paths.mappings.is_dir().then_some(paths.mappings.as_path());
    let known = connectors::available_with(own);
    let names: Vec<String> = known.iter().map(|c| c.name.clone()).collect();
    known.into_iter().find(|c| c.name == name).ok_or_else(|| {
        output::usage(format!("there is no connector “{name}”"), format!("connectors: {}", names.join(", ")))
    })
}

/// The settings to save: those of the integration that has the name already, with what is new. Schedules and what is
/// synced stay when a key is replaced.
fn settings(arguments: &ConnectArguments, info: &ConnectorInfo, paths: &Paths) -> Result<IntegrationConfig, Failure> {
    let name = arguments.name.as_str().into();
    let known = config::load(&paths.config)?.config.integration(&name).cloned();
    let known = known.filter(|known| known.connector == info.name);
    let mut settings = known.unwrap_or_else(|| IntegrationConfig::new(arguments.name.as_str(), info.name.as_str()));
    if arguments.region.is_some() || arguments.base_url.is_some() {
        settings.region.clone_from(&arguments.region);
        settings.base_url.clone_from(&arguments.base_url);
    }
    for option in &arguments.option {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        if !info.options.iter().any(|known| known.name == name) || value.trim().is_empty() {
            return Err(not_an_option(name, info));
        }
        settings.options.insert(name.to_owned(), value.trim().to_owned());
    }
    for (stream, file) in [(Stream::Companies, &arguments.companies), (Stream::Devices, &arguments.devices)] {
        if let Some(file) = file {
            settings.files.insert(stream, absolute(file)?);
        }
    }
    if info.reads_files && settings.files.is_empty() {
        return Err(output::usage(
            format!("{} needs files", info.name),
            "name them: --companies companies.csv --devices devices.csv",
        ));
    }
    if !info.reads_files && !settings.files.is_empty() {
        return Err(output::usage(format!("{} reads no files", info.name), "use --connector csv"));
    }
    Ok(settings)
}

/// Names the option and never what was given for it: somebody may have put a key there.
fn not_an_option(name: &str, info: &ConnectorInfo) -> Failure {
    if info.secrets.iter().any(|secret| secret.name == name) {
        return output::usage(
            format!("{name} is kept in the vault and is not an option"),
            format!("leave it out and be asked for it, or give `{name}=…` with --secrets-stdin"),
        );
    }
    let names: Vec<&str> = info.options.iter().map(|known| known.name.as_str()).collect();
    let remedy = match names.as_slice() {
        [] => "it has none".to_owned(),
        names => format!("give --option NAME=VALUE; names: {}", names.join(", ")),
    };
    output::usage(format!("--option {name} is not one of {}, or has no value", info.name), remedy)
}

fn absolute(file: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(file).map_err(|e| output::usage(format!("{}: {e}", file.display()), "check the name"))
}

/// What a person has to enter: settings that are no secret go to `settings`, the rest is returned.
fn enter(info: &ConnectorInfo, settings: &mut IntegrationConfig, from_stdin: bool) -> Result<Credentials, Failure> {
    if info.secrets.is_empty() {
        return Ok(Credentials::none());
    }
    if from_stdin {
        return from_lines(info, settings, std::io::stdin().lock());
    }
    output::say(&info.permissions_help);
    if let Some(region) = info.regions.first().filter(|_| settings.region.is_none() && settings.base_url.is_none()) {
        let others: Vec<&str> = info.regions.iter().skip(1).map(|region| region.name.as_str()).collect();
        output::say(&format!(
            "The account is taken to be in {} ({}). Elsewhere: --region {}, or --base-url with its address.",
            region.label,
            region.base_url,
            others.join("|")
        ));
    }
    for option in &info.options {
        if !settings.options.contains_key(&option.name) {
            output::say(&option.help);
            settings.options.insert(option.name.clone(), passphrase::ask_text(&option.prompt)?);
        }
    }
    let mut pairs = Vec::new();
    for secret in &info.secrets {
        output::say(&secret.help);
        pairs.push((secret.name.clone(), passphrase::ask(&secret.prompt)?));
    }
    Ok(Credentials::from_pairs(pairs))
}

/// Reads `name=value` lines; a single line without a name is the only secret of a connector that has one.
fn from_lines(
    info: &ConnectorInfo,
    settings: &mut IntegrationConfig,
    input: impl BufRead,
) -> Result<Credentials, Failure> {
    let mut pairs: Vec<(String, SecretString)> = Vec::new();
    for line in input.lines() {
        let line = Zeroizing::new(line.map_err(|e| {
            Failure::new(FailureClass::Local, format!("cannot read stdin: {e}"), "pass the secrets as text")
        })?);
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let named = line.split_once('=').map(|(name, value)| (name.trim(), value.trim()));
        match named {
            Some((name, value)) if info.options.iter().any(|o| o.name == name) => {
                settings.options.insert(name.to_owned(), value.to_owned());
            }
            Some((name, value)) if info.secrets.iter().any(|s| s.name == name) => {
                pairs.push((name.to_owned(), value.to_owned().into()));
            }
            _ if info.secrets.len() == 1 => pairs.push((info.secrets[0].name.clone(), line.to_owned().into())),
            _ => return Err(output::usage("a line on stdin is not name=value", format!("names: {}", names(info)))),
        }
    }
    let mut missing: Vec<&str> =
        info.secrets.iter().map(|s| s.name.as_str()).filter(|n| !pairs.iter().any(|(p, _)| p == n)).collect();
    missing.extend(info.options.iter().map(|o| o.name.as_str()).filter(|name| !settings.options.contains_key(*name)));
    if missing.is_empty() {
        Ok(Credentials::from_pairs(pairs))
    } else {
        Err(output::usage(format!("stdin lacks {}", missing.join(", ")), "one `name=value` a line"))
    }
}

fn names(info: &ConnectorInfo) -> String {
    let options = info.options.iter().map(|option| option.name.as_str());
    options.chain(info.secrets.iter().map(|s| s.name.as_str())).collect::<Vec<_>>().join(", ")
}

fn say(info: &ConnectorInfo, report: &ConnectionReport) {
    let account = report.account.as_ref().map_or_else(String::new, |a| format!(" ({a})"));
    output::say(&format!("{} answered{account}", info.vendor));
    for (name, has) in &report.permissions {
        output::say(&format!("  {} {name}", if *has { "✓" } else { "✗ missing:" }));
    }
    for note in &report.notes {
        output::say(&format!("  {note}"));
    }
}
