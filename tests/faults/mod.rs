//! The faults of the matrix: what goes wrong on the way, at the vendor or with this machine, and how it must end.
#![allow(dead_code, reason = "each test file uses a part of it")]

use super::between::{Answer, Asked, Between, Sent};
use super::fault_vendors::Subject;
use matchbook::simulator::{Failing, Simulator};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// That many answers of the listing, from that one on (0 is the first).
    Answers(usize, usize, Bad),
    /// The listing itself is not what it should be.
    Listing(Odd),
    /// The world changes after the first page was answered.
    World(Change),
    /// The key is taken away after the first page was answered.
    KeyRevokedMeanwhile,
    /// The key is taken away before.
    KeyRevoked,
    /// The vendor's name leads nowhere.
    NoName,
    /// The certificate is not accepted.
    Certificate(super::tls::Shown),
    /// This machine's clock is that many minutes ahead.
    Clock(i64),
    /// The vendor's clock says that many minutes more than it is.
    VendorsClock(i64),
}

/// How an answer is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bad {
    /// 429, with that `Retry-After`.
    Limited(Option<&'static str>),
    /// That status without a body.
    Status(u16),
    /// A web page with that status.
    WebPage(u16),
    /// It arrives otherwise.
    Sent(Sent),
    /// No JSON.
    Malformed,
    /// More than is taken in.
    Large,
}

/// How a listing is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// Each page begins with the last row of the one before.
    Repeats,
    /// The count is higher than the rows.
    TotalTooHigh,
    /// The count ends with the third page.
    TotalTooLow,
    /// One page in the middle is empty.
    EmptyPage,
    /// Nothing is listed.
    Empty,
}

/// How the world changes meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A row that was listed vanishes, so that those behind it move up.
    Delete,
    /// A row that was listed comes back under a new id.
    Shift,
}

/// How it must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The run gets through.
    Good,
    /// The run fails with that class.
    Fails(&'static str),
    /// The run asks a person, and applies nothing; where nothing was known it gets through.
    Asks,
}

/// A fault.
pub struct Fault {
    pub name: &'static str,
    pub wrong: Wrong,
    pub end: End,
}

const fn fault(name: &'static str, wrong: Wrong, end: End) -> Fault {
    Fault { name, wrong, end }
}

const fn passing(name: &'static str, count: usize, bad: Bad) -> Fault {
    fault(name, Wrong::Answers(0, count, bad), End::Good)
}

const fn lasting(name: &'static str, bad: Bad, class: &'static str) -> Fault {
    fault(name, Wrong::Answers(0, usize::MAX, bad), End::Fails(class))
}

const fn later(name: &'static str, bad: Bad) -> Fault {
    fault(name, Wrong::Answers(2, usize::MAX, bad), End::Fails("vendor"))
}

const fn listing(name: &'static str, odd: Odd, end: End) -> Fault {
    fault(name, Wrong::Listing(odd), end)
}

const fn certificate(name: &'static str, shown: super::tls::Shown) -> Fault {
    fault(name, Wrong::Certificate(shown), End::Fails("vendor"))
}

/// Every fault.
pub static FAULTS: [Fault; 42] = [
    passing("429 with Retry-After", 2, Bad::Limited(Some("0"))),
    passing("429 without Retry-After", 2, Bad::Limited(None)),
    lasting("429 for a day", Bad::Limited(Some("86400")), "limit"),
    passing("500", 3, Bad::Status(500)),
    passing("502 with a web page", 3, Bad::WebPage(502)),
    passing("503", 3, Bad::Status(503)),
    lasting("503 again and again", Bad::Status(503), "vendor"),
    later("503 from the third page on", Bad::Status(503)),
    passing("reset before the answer", 3, Bad::Sent(Sent::Lost)),
    lasting("reset again and again", Bad::Sent(Sent::Lost), "vendor"),
    passing("cut in the body", 3, Bad::Sent(Sent::Cut)),
    lasting("cut again and again", Bad::Sent(Sent::Cut), "vendor"),
    later("cut from the third page on", Bad::Sent(Sent::Cut)),
    passing("slow drip", usize::MAX, Bad::Sent(Sent::Drip)),
    passing("stalled in the body", 1, Bad::Sent(Sent::Stalled)),
    lasting("stalled again and again", Bad::Sent(Sent::Stalled), "vendor"),
    passing("malformed JSON", 3, Bad::Malformed),
    lasting("malformed again and again", Bad::Malformed, "vendor"),
    passing("a web page instead", 3, Bad::WebPage(200)),
    lasting("a web page again and again", Bad::WebPage(200), "vendor"),
    passing("a body over the cap", 1, Bad::Large),
    lasting("over the cap again and again", Bad::Large, "vendor"),
    listing("duplicate rows across pages", Odd::Repeats, End::Good),
    listing("a total that is too high", Odd::TotalTooHigh, End::Good),
    listing("a total that is too low", Odd::TotalTooLow, End::Good),
    listing("an empty page in the middle", Odd::EmptyPage, End::Good),
    listing("an empty list with 200", Odd::Empty, End::Asks),
    fault("a row vanishes meanwhile", Wrong::World(Change::Delete), End::Good),
    fault("rows shift meanwhile", Wrong::World(Change::Shift), End::Good),
    fault("key revoked", Wrong::KeyRevoked, End::Fails("credentials")),
    fault("key revoked meanwhile", Wrong::KeyRevokedMeanwhile, End::Fails("credentials")),
    fault("clock an hour ahead", Wrong::Clock(60), End::Good),
    fault("clock an hour behind", Wrong::Clock(-60), End::Good),
    fault("vendor's clock an hour ahead", Wrong::VendorsClock(60), End::Good),
    fault("vendor's clock an hour behind", Wrong::VendorsClock(-60), End::Good),
    fault("no such name (DNS)", Wrong::NoName, End::Fails("vendor")),
    certificate("self-signed certificate", super::tls::Shown::SelfSigned),
    certificate("expired certificate", super::tls::Shown::Expired),
    certificate("certificate not valid yet", super::tls::Shown::NotYet),
    certificate("certificate of another name", super::tls::Shown::OtherName),
    certificate("incomplete chain", super::tls::Shown::Incomplete),
    certificate("unknown authority", super::tls::Shown::UnknownAuthority),
];

impl Fault {
    /// Lets it happen from now on; counts how often it struck.
    pub fn strike(&self, simulator: &Arc<Simulator>, line: &Between, subject: Subject, struck: &Arc<AtomicUsize>) {
        let (wrong, simulator, struck) = (self.wrong, Arc::clone(simulator), Arc::clone(struck));
        if wrong == Wrong::KeyRevoked {
            simulator.control().revoke_key(subject.vendor());
            struck.store(1, Ordering::SeqCst);
            return;
        }
        let (mut pages, mut last): (usize, Option<Value>) = (0, None);
        line.meddle(move |asked, answer| {
            if let Wrong::VendorsClock(minutes) = wrong {
                let shown = time::OffsetDateTime::now_utc() + time::Duration::minutes(minutes);
                answer.header("date", &shown.format(&time::format_description::well_known::Rfc2822).expect("a date"));
                struck.fetch_add(1, Ordering::SeqCst);
            }
            if !subject.lists(asked) {
                return;
            }
            let page = pages;
            pages += 1;
            let met = match wrong {
                Wrong::Answers(from, count, bad) => page >= from && page - from < count && spoil(bad, answer),
                Wrong::Listing(odd) => distort(odd, page, subject, answer, &mut last),
                Wrong::World(change) if page == 0 => meanwhile(change, &simulator, subject, answer),
                Wrong::KeyRevokedMeanwhile if page == 0 => {
                    simulator.control().revoke_key(subject.vendor());
                    subject.rows(&mut parsed(answer)).is_some_and(|rows| rows.len() >= super::PAGE)
                }
                _ => false,
            };
            struck.fetch_add(usize::from(met), Ordering::SeqCst);
        });
    }
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn spoil(bad: Bad, answer: &mut Answer) -> bool {
    match bad {
        Bad::Limited(after) => {
            answer.replace(429, "application/json", "");
            if let Some(after) = after {
                answer.header("retry-after", after);
            }
        }
        Bad::Status(status) => answer.replace(status, "text/plain", ""),
        Bad::WebPage(status) => answer.replace(status, "text/html", "<html><body>Bad gateway</body></html>"),
        Bad::Sent(sent) => answer.sent = sent,
        Bad::Malformed => answer.body.splice(answer.body.len() / 2..answer.body.len() / 2, *b"\x00}{\"").for_each(drop),
        // Spaces are good JSON.
        Bad::Large => answer.body.resize(super::BODY_CAP + 1, b' '),
    }
    true
}

/// Whether there was anything to distort.
fn distort(odd: Odd, page: usize, subject: Subject, answer: &mut Answer, last: &mut Option<Value>) -> bool {
    let mut body = parsed(answer);
    let included = body.get("included").cloned();
    let Some(rows) = subject.rows(&mut body) else { return false };
    let met = match odd {
        Odd::Repeats => {
            // A vendor that repeats a row also repeats what JSON:API includes with it.
            let shown = json!({"row": rows.last(), "included": included});
            let before = last.replace(shown);
            if let Some(before) = &before {
                rows.insert(0, before["row"].clone());
                let included = body.get_mut("included").and_then(Value::as_array_mut);
                if let (Some(all), Value::Array(more)) = (included, &before["included"]) {
                    all.extend(more.iter().cloned());
                }
            }
            before.is_some()
        }
        Odd::EmptyPage => {
            let middle = page == 1 && !rows.is_empty();
            if middle {
                rows.clear();
            }
            middle
        }
        Odd::Empty => {
            rows.clear();
            subject.set_total(&mut body, |_| 0);
            answer.headers.retain(|(name, _)| name != "link");
            true
        }
        Odd::TotalTooHigh => subject.set_total(&mut body, |total| total + 30),
        Odd::TotalTooLow => subject.set_total(&mut body, |total| total.min(3 * super::PAGE as u64)),
    };
    answer.body = body.to_string().into_bytes();
    met
}

/// Changes the world by the first row that was just listed.
fn meanwhile(change: Change, simulator: &Simulator, subject: Subject, answer: &Answer) -> bool {
    let mut body = parsed(answer);
    let Some(rows) = subject.rows(&mut body).filter(|rows| rows.len() >= super::PAGE) else { return false };
    let id = match &rows[0]["id"] {
        Value::Null => rows[0]["agentid"].clone(),
        id => id.clone(),
    };
    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    match change {
        Change::Delete => subject.delete(simulator, &id),
        Change::Shift => subject.shift(simulator, &id, &json!(rows[0])),
    }
}

/// The gate's own way to shift rows.
pub const SHIFTED: Failing = Failing::Shifted;

/// Which request it is.
pub fn path(asked: &Asked) -> &str {
    asked.target.split('?').next().unwrap_or_default()
}
