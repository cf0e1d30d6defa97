//! Checks of one integration: name, connection, credentials, each permission, clock, budget, age of the key.

use super::Findings;
use crate::cli::home;
use crate::config::{IntegrationConfig, Paths};
use crate::connectors::{self, ConnectionReport, Connector, Host, Tuning};
use crate::domain::{Failure, FailureClass, Timestamp};
use crate::secrets::{Credentials, Vault};
use std::sync::Arc;
use std::time::Duration;

/// Keys that the vendor revokes when nobody uses them for so many days, by connector (IT Glue, "Getting started with
/// the API": keys not used for 90 days are revoked).
const IDLE_DAYS: [(&str, i64); 1] = [("itglue", 90)];

/// Share of those days after which it is said.
const IDLE_SHARE: f64 = 0.66;

/// Clock differences that are worth a warning, in seconds: times of changes are compared with the vendor's.
const SKEW: i64 = 60;

/// Less patience than a sync: a person waits.
fn tuning() -> Tuning {
    Tuning {
        tries: 2,
        limit_tries: 0,
        longest_wait: Duration::ZERO,
        connect_timeout: Duration::from_secs(8),
        read_timeout: Duration::from_secs(20),
        total_timeout: Duration::from_secs(30),
        ..Tuning::default()
    }
}

/// Checks it; `last` is when it last synced well.
pub async fn check(
    findings: &mut Findings,
    integration: &IntegrationConfig,
    vault: Option<&Vault>,
    paths: &Paths,
    last: Option<Timestamp>,
) {
    let name = integration.name.as_str();
    let credentials = vault.and_then(|vault| vault.get(&integration.name)).unwrap_or_else(Credentials::none);
    let connection = home::connection(integration, credentials, paths);
    let host = connectors::host_of(&connection);
    let connector = match connectors::connect_with(connection, Arc::new(|_| {}), tuning()) {
        Ok(connector) => connector,
        Err(failure) => return findings.failure(name, failure),
    };
    let host = host.ok().flatten();
    let found = match &host {
        Some(host) => resolves(findings, name, host).await,
        None => true,
    };
    if found {
        let report = connector.test().await;
        encryption(findings, name, host.as_ref(), report.as_ref().err());
        reached(findings, name, report, host.is_some());
        clock(findings, name, &*connector);
        budget(findings, name, &*connector);
    }
    age(findings, name, &integration.connector, last);
}

async fn resolves(findings: &mut Findings, name: &str, host: &Host) -> bool {
    let check = format!("{name} DNS");
    let place = (host.name.as_str(), host.port);
    let found = tokio::time::timeout(Duration::from_secs(8), tokio::net::lookup_host(place)).await;
    let known = found.is_ok_and(|answer| answer.is_ok_and(|mut addresses| addresses.next().is_some()));
    if known {
        findings.ok(&check, &host.name);
    } else {
        let remedy = "check the network, the name servers and base_url";
        findings.fail(&check, format!("{} cannot be found by its name", host.name), remedy);
    }
    known
}

/// The words of every refused certificate have this one in them.
const CERTIFICATE: &str = "certificate";

/// Says whether the connection is encrypted, or why its certificate is refused.
fn encryption(findings: &mut Findings, name: &str, host: Option<&Host>, failure: Option<&Failure>) {
    let Some(host) = host else { return };
    let check = format!("{name} TLS");
    match failure {
        Some(failure) if failure.what.contains(CERTIFICATE) => findings.failure(&check, failure.clone()),
        // Nothing answered: whether its certificate is good is not known.
        Some(failure) if !answered(failure.class) => {}
        _ if host.encrypted => findings.ok(&check, format!("valid certificate for {}", host.name)),
        _ => findings.ok(&check, "none: it is this machine"),
    }
}

/// A failure of this class came as an answer.
const fn answered(class: FailureClass) -> bool {
    matches!(class, FailureClass::Credentials | FailureClass::Permission | FailureClass::Limit)
}

fn reached(findings: &mut Findings, name: &str, report: Result<ConnectionReport, Failure>, online: bool) {
    let (connection, credentials) = (format!("{name} connection"), format!("{name} credentials"));
    match report {
        Ok(report) => {
            let account = report.account.map_or_else(String::new, |account| format!(" ({account})"));
            if online {
                findings.ok(&connection, "answers");
                findings.ok(&credentials, format!("accepted{account}"));
            } else {
                findings.ok(&connection, "the files can be read");
            }
            for (permission, granted) in &report.permissions {
                let check = format!("{name} permission");
                if *granted {
                    findings.ok(&check, permission);
                } else {
                    findings.fail(&check, format!("“{permission}” is missing"), report.notes.join(" "));
                }
            }
            let complete = report.permissions.iter().all(|(_, granted)| *granted);
            for note in report.notes.iter().filter(|_| complete) {
                findings.ok(name, note);
            }
        }
        Err(failure) => match failure.class {
            FailureClass::Credentials => {
                findings.ok(&connection, "answers");
                findings.failure(&credentials, failure);
            }
            FailureClass::Permission => {
                findings.ok(&connection, "answers");
                findings.failure(&format!("{name} permission"), failure);
            }
            FailureClass::Limit => findings.warn(&connection, failure.what, failure.remedy),
            // Said on the line of its own.
            _ if online && failure.what.contains(CERTIFICATE) => {}
            _ => findings.failure(&connection, failure),
        },
    }
}

fn clock(findings: &mut Findings, name: &str, connector: &dyn Connector) {
    let Some(skew) = connector.clock_skew() else { return };
    let check = format!("{name} clock");
    let seconds = skew.whole_seconds();
    if seconds.abs() <= SKEW {
        findings.ok(&check, format!("{seconds} s from this machine's"));
    } else {
        let way = if seconds > 0 { "behind" } else { "ahead of" };
        let text = format!("this machine's clock is {} s {way} the vendor's", seconds.abs());
        findings.warn(&check, text, "set the clock (NTP): certificates and the times of changes depend on it");
    }
}

fn budget(findings: &mut Findings, name: &str, connector: &dyn Connector) {
    let Some(budget) = connector.budget() else { return };
    let left = budget.limit.saturating_sub(budget.used);
    let text = format!("{left} of {} requests left in {} s, as far as known here", budget.limit, budget.window_s);
    let check = format!("{name} budget");
    if left * 10 < budget.limit {
        findings.warn(&check, text, "syncs wait until more are free; other programs may use the same key");
    } else {
        findings.ok(&check, text);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of days")]
fn age(findings: &mut Findings, name: &str, connector: &str, last: Option<Timestamp>) {
    let Some((_, most)) = IDLE_DAYS.iter().find(|(listed, _)| *listed == connector) else { return };
    let check = format!("{name} key");
    let Some(last) = last else {
        findings.ok(&check, format!("never used by a sync yet; the vendor revokes keys idle for {most} days"));
        return;
    };
    let days = (Timestamp::now_utc() - last).whole_days();
    let text = format!("last used by a sync {days} days ago; the vendor revokes keys idle for {most} days");
    if days as f64 > *most as f64 * IDLE_SHARE {
        findings.warn(&check, text, "sync it; a schedule keeps the key alive");
    } else {
        findings.ok(&check, text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn idle(days: i64) -> Status {
        let mut findings = Findings::default();
        age(&mut findings, "docs", "itglue", Some(Timestamp::now_utc() - time::Duration::days(days)));
        findings.0[0].status
    }

    #[test]
    fn a_key_that_is_idle_for_long_is_said() {
        assert_eq!((idle(3), idle(70)), (Status::Ok, Status::Warn));
        let mut findings = Findings::default();
        age(&mut findings, "rmm", "addigy", None);
        assert!(findings.0.is_empty());
    }

    #[test]
    fn every_class_has_its_line() {
        let status = |class| {
            let mut findings = Findings::default();
            reached(&mut findings, "x", Err(Failure::new(class, "what", "do")), true);
            findings.0.into_iter().map(|c| (c.what, c.status)).collect::<Vec<_>>()
        };
        let line = |check: &str, status| (check.to_owned(), status);
        assert_eq!(
            status(FailureClass::Credentials),
            [line("x connection", Status::Ok), line("x credentials", Status::Fail)]
        );
        assert_eq!(status(FailureClass::Vendor), [line("x connection", Status::Fail)]);
        assert_eq!(status(FailureClass::Limit), [line("x connection", Status::Warn)]);
    }
}
