//! One session in which everything goes wrong, with vendors that send the keys back in every way they can: no file, no
//! output, no export and no trace holds one of them in any form. Nor does a panic.

#[path = "leaks/panics.rs"]
mod panics;

mod between;
mod fault_vendors;
mod faults;
mod home;
mod pty;
mod sync_support;
mod tls;

/// Rows a page, for the vendors of the fault matrix.
const PAGE: usize = 30;
/// Largest body, for the faults of the fault matrix.
const BODY_CAP: usize = 1 << 20;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use between::{Answer, Asked, Between, Sent};
use fault_vendors::Subject;
use home::{Home, RUNTIME, text, vendors};
use matchbook::simulator::{Faults, Simulator};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tls::{Authorities, Front, Shown};

/// A key that a person mistyped, with everything that has to be escaped somewhere.
const MISTYPED: &str = "Mistyped \"key\"/ä+%41&=?\\x";
/// The passphrase of the vault.
const PASSPHRASE: &str = "correct horse \"battery\" stäple/41+";

/// Everything that the program writes in the session.
struct Written(Vec<(String, Vec<u8>)>);

impl Written {
    fn keep(&mut self, what: &str, output: std::process::Output) -> std::process::Output {
        self.0.push((format!("stdout of {what}"), output.stdout.clone()));
        self.0.push((format!("stderr of {what}"), output.stderr.clone()));
        output
    }
}

/// What the program was given and nobody may see, by name.
fn secrets(simulator: &Simulator, home: &Home) -> BTreeMap<String, String> {
    let ends = simulator.endpoints();
    let (cw, at) = (&ends.connectwise, &ends.autotask);
    let basic = format!("{}+{}:{}", cw.company, cw.public_key, cw.private_key);
    let vault_key = fs::read_to_string(home.file("vault.key")).unwrap_or_default();
    let identity = vault_key.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap_or("AGE-SECRET-KEY-1");
    [
        ("Addigy's key", ends.addigy.api_key.as_str()),
        ("IT Glue's key", &ends.itglue.api_key),
        ("ConnectWise's public key", &cw.public_key),
        ("ConnectWise's private key", &cw.private_key),
        ("ConnectWise's client id", &cw.client_id),
        ("ConnectWise's credentials as they are sent", &basic),
        ("Autotask's secret", &at.secret),
        ("Autotask's integration code", &at.integration_code),
        ("a mistyped key", MISTYPED),
        ("the passphrase", PASSPHRASE),
        ("the vault's own key", identity),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Every way in which a secret may be written.
fn forms(secret: &str) -> BTreeMap<&'static str, Vec<u8>> {
    let plain: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let pairs: Vec<String> = secret.bytes().map(|b| format!("{b:02x}")).collect();
    let every = format!("%{}", pairs.join("%")).to_uppercase();
    let json = serde_json::to_string(secret).unwrap();
    let debug = format!("{secret:?}");
    let inner = |quoted: &str| quoted.as_bytes()[1..quoted.len() - 1].to_vec();
    let hex = pairs.concat();
    let mut forms = BTreeMap::from([
        ("as it is", secret.as_bytes().to_vec()),
        ("in JSON", inner(&json)),
        ("in JSON in JSON", inner(&serde_json::to_string(&inner_text(&json)).unwrap())),
        ("in Rust's notation", inner(&debug)),
        ("in a form", plain.clone().into_bytes()),
        ("in a URL", plain.replace('+', "%20").into_bytes()),
        ("in a URL, small letters", plain.to_lowercase().into_bytes()),
        ("every byte encoded", every.into_bytes()),
        ("in hex", hex.clone().into_bytes()),
        ("in hex, large letters", hex.to_uppercase().into_bytes()),
        ("in UTF-16", secret.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ]);
    for (offset, names) in [
        (0, ["in base64", "in base64 for URLs"]),
        (1, ["in base64, one byte on", "in base64 for URLs, one byte on"]),
        (2, ["in base64, two bytes on", "in base64 for URLs, two bytes on"]),
    ] {
        let bytes = [&vec![0; offset], secret.as_bytes()].concat();
        // Only characters that hold nothing else's bits.
        let (from, to) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
        forms.insert(names[0], STANDARD.encode(&bytes).as_bytes()[from..to].to_vec());
        forms.insert(names[1], URL_SAFE.encode(&bytes).as_bytes()[from..to].to_vec());
    }
    forms
}

fn inner_text(quoted: &str) -> String {
    quoted[1..quoted.len() - 1].to_owned()
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Everything that is looked for, by its first eight bytes: the traces are long.
struct Wanted(FxHashMap<[u8; 8], Vec<(String, Vec<u8>)>>);

impl Wanted {
    fn new(secrets: &BTreeMap<String, String>) -> Self {
        let mut wanted: FxHashMap<[u8; 8], Vec<(String, Vec<u8>)>> = FxHashMap::default();
        for (name, secret) in secrets {
            for (form, bytes) in forms(secret) {
                let first = bytes[..8].try_into().unwrap();
                wanted.entry(first).or_default().push((format!("{name}, {form}"), bytes));
            }
        }
        Self(wanted)
    }

    /// The first that is there.
    fn found(&self, bytes: &[u8]) -> Option<&str> {
        (0..bytes.len().saturating_sub(7)).find_map(|at| {
            let first: [u8; 8] = bytes[at..at + 8].try_into().unwrap();
            let here = self.0.get(&first)?.iter().find(|(_, wanted)| bytes[at..].starts_with(wanted));
            here.map(|(name, _)| name.as_str())
        })
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

/// Answers that hold whatever the request's headers held: as text, in JSON, encoded, in headers, in a link.
fn echo((turn, requests): (usize, usize), asked: &Asked, answer: &mut Answer) {
    // Where an account lives is asked without a key.
    if asked.target.contains("zoneInformation") || asked.target.contains("companyinfo") {
        return;
    }
    let told = told(asked);
    let encoded: String = url::form_urlencoded::byte_serialize(told.as_bytes()).collect();
    let body =
        serde_json::json!({"error": told, "message": told, "errors": [{"title": told, "detail": told}], "code": "x"});
    // A refused key ends an integration's syncs: the last turn is for that.
    match if turn < 6 { requests % 5 } else { 5 + requests % 2 } {
        0 => answer.replace(500, "application/json", &body.to_string()),
        1 => answer.replace(200, "application/json", &format!("{{\"oops\": {told}")),
        2 => {
            answer.replace(302, "text/html", &told);
            answer.header("location", &format!("https://elsewhere.example/?key={encoded}"));
            answer.header("set-cookie", &format!("session={}", STANDARD.encode(&told)));
        }
        3 => answer.replace(422, "application/json", &STANDARD.encode(&told)),
        4 => answer.sent = Sent::Cut,
        5 => answer.replace(403, "application/json", &body.to_string()),
        _ => answer.replace(401, "application/json", &body.to_string()),
    }
}

/// The headers' values, and what is in them encoded.
fn told(asked: &Asked) -> String {
    let values: Vec<&str> = asked.headers.iter().map(|(_, value)| value.as_str()).collect();
    let decode = |value: &&str| String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ")?).ok()?).ok();
    let decoded: Vec<String> = values.iter().filter_map(decode).collect();
    format!("key {} {} is not liked", values.join(" | "), decoded.join(" "))
}

/// Good answers with the keys in rows: in one that cannot be read, and in the name of one that can.
fn echo_in_rows(subject: Subject, asked: &Asked, answer: &mut Answer) {
    let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return };
    if !subject.lists(asked) || subject.rows(&mut body).is_none_or(|rows| rows.len() < 3) {
        return;
    }
    let told = told(asked);
    let rows = subject.rows(&mut body).unwrap();
    rows[0] = serde_json::json!({"unreadable": told, "encoded": STANDARD.encode(&told)});
    let name = match subject {
        Subject::Addigy => &mut rows[1]["facts"]["device_name"]["value"],
        Subject::ItGlue => &mut rows[1]["attributes"]["name"],
        Subject::ConnectWise => &mut rows[1]["name"],
        Subject::Autotask => &mut rows[1]["referenceTitle"],
    };
    *name = format!("echoed {told}").into();
    answer.body = body.to_string().into_bytes();
}

/// The lines to each vendor, and the place that shows a bad certificate.
struct Vendors {
    simulator: Simulator,
    lines: Vec<(Subject, Between)>,
    front: Front,
}

fn start() -> Vendors {
    let simulator = vendors(6, 60, Faults::None);
    simulator.control().autotask().set_latency(matchbook::simulator::Latency::NONE);
    RUNTIME.block_on(async {
        let mut lines = Vec::new();
        for subject in Subject::ALL {
            lines.push((subject, Between::start(subject.socket(&simulator)).await));
        }
        let front = Front::start(&Authorities::new(), Shown::SelfSigned, None).await;
        Vendors { simulator, lines, front }
    })
}

/// `connect` with what the person types.
fn connect(home: &Home, vendors: &Vendors, subject: Subject, place: &str, mistyped: bool) -> std::process::Output {
    let connection = subject.through(&vendors.simulator, place);
    let name = subject.name();
    let url = connection.base_url.unwrap();
    let mut arguments =
        vec!["--trace-http", "connect", name, "--connector", name, "--base-url", &url, "--secrets-stdin"];
    let options: Vec<String> = connection.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for option in &options {
        arguments.extend(["--option", option]);
    }
    let ends = vendors.simulator.endpoints();
    let typed = |value: &str| if mistyped { MISTYPED.to_owned() } else { value.to_owned() };
    let stdin = match subject {
        Subject::Addigy => format!("api_key={}\n", typed(&ends.addigy.api_key)),
        Subject::ItGlue => format!("api_key={}\n", typed(&ends.itglue.api_key)),
        Subject::ConnectWise => {
            let end = &ends.connectwise;
            let private = typed(&end.private_key);
            format!("public_key={}\nprivate_key={private}\nclient_id={}\n", end.public_key, end.client_id)
        }
        Subject::Autotask => {
            let end = &ends.autotask;
            format!("secret={}\nintegration_code={}\n", typed(&end.secret), end.integration_code)
        }
    };
    home.run_with(&[("MATCHBOOK_LOG", "trace")], &arguments, &stdin)
}

/// Every command that shows or copies something.
fn look_around(home: &Home, written: &mut Written) {
    let (backup, export) = (home.file("copy.matchbook"), home.file("export"));
    let (backup, export) = (backup.to_str().unwrap(), export.to_str().unwrap());
    for arguments in [
        &["status", "--json"][..],
        &["status"],
        &["log", "--json"],
        &["log"],
        &["doctor"],
        &["doctor", "--json"],
        &["vault", "list"],
        &["history", "--json"],
        &["queue", "addigy-itglue", "--json"],
        &["why", "a", "--json"],
        &["why", "unreadable"],
        &["bad-rows"],
        &["bad-rows", "--json"],
        &["queue", "addigy-itglue", "--stream", "devices", "--filter", "all", "--json"],
        &["mapping", "itglue", "--json"],
        &["cards", "--json"],
        &["backup", backup],
        &["export", export],
        &["store", "verify"],
        &["vault", "rotate"],
        &["no-such-command"],
    ] {
        let output = home.run_with(&[("MATCHBOOK_LOG", "trace")], arguments, "");
        written.keep(&arguments.join(" "), output);
    }
}

#[test]
fn no_secret_of_a_session_full_of_faults_is_written_anywhere() {
    let (home, vendors, mut written) = (Home::new(), start(), Written(Vec::new()));
    written.keep("init", home.run(&["init"], ""));

    // Keys that are refused, and one that meets a bad certificate.
    for (subject, line) in &vendors.lines {
        let place = format!("http://{}", line.address);
        let output = written.keep("connect, mistyped", connect(&home, &vendors, *subject, &place, true));
        assert!(!output.status.success(), "{subject:?}");
    }
    let output = written
        .keep("connect, bad certificate", connect(&home, &vendors, Subject::Addigy, &vendors.front.address, false));
    assert!(text(&output.stderr).contains("self-signed"), "{}", text(&output.stderr));
    assert_eq!(vendors.front.received(), 0);

    // All is well.
    for (subject, line) in &vendors.lines {
        let place = format!("http://{}", line.address);
        let output = written.keep("connect", connect(&home, &vendors, *subject, &place, false));
        assert!(output.status.success(), "{subject:?}: {}", text(&output.stderr));
    }
    for source in ["addigy", "connectwise", "autotask"] {
        home.ok(&["flow", "add", source, "itglue"]);
    }
    let sync = ["sync", "--trace-http", "--full"];
    let output = written.keep("sync", home.run_with(&[("MATCHBOOK_LOG", "trace")], &sync, ""));
    assert!(output.status.success(), "{}", text(&output.stderr));
    look_around(&home, &mut written);

    // The vendors send keys back in good answers.
    for (subject, line) in &vendors.lines {
        let subject = *subject;
        line.meddle(move |asked, answer| echo_in_rows(subject, asked, answer));
    }
    written.keep("sync, echoed in rows", home.run_with(&[("MATCHBOOK_LOG", "trace")], &sync, ""));
    look_around(&home, &mut written);
    let bad = home.json(&["bad-rows", "--json"]);
    let raw: Vec<&str> = bad.as_array().unwrap().iter().filter_map(|row| row["raw"].as_str()).collect();
    assert!(raw.len() >= 4 && raw.iter().all(|r| r.contains("unreadable") && r.contains("«secret»")), "{bad}");
    let devices = home.ok(&["queue", "addigy-itglue", "--stream", "devices", "--filter", "all", "--json"]);
    assert!(devices.contains("echoed key") && devices.contains("«secret»"), "{devices}");

    // The vendors send back what they were sent, in every way they can.
    let echoed = Arc::new(Mutex::new(Vec::new()));
    for turn in 0..7 {
        for (_, line) in &vendors.lines {
            let echoed = Arc::clone(&echoed);
            let mut requests = turn;
            line.meddle(move |asked, answer| {
                echo((turn, requests), asked, answer);
                requests += 1;
                echoed.lock().unwrap().extend_from_slice(&answer.body);
            });
        }
        let sync = ["sync", "--trace-http", "--full", "--json"];
        written.keep("sync, echoed", home.run_with(&[("MATCHBOOK_LOG", "trace")], &sync, ""));
        let doctor = ["doctor", "--trace-http"];
        written.keep("doctor, echoed", home.run_with(&[("MATCHBOOK_LOG", "trace")], &doctor, ""));
    }
    look_around(&home, &mut written);

    // A vault with a passphrase, right and wrong.
    let secrets = secrets(&vendors.simulator, &home);
    let shell = |line: &str| {
        std::process::Command::new("sh")
            .args(["-c", line])
            .env("MATCHBOOK_HOME", home.path())
            .env("P", PASSPHRASE)
            .env("MATCHBOOK", home::program())
            .output()
            .unwrap()
    };
    let rotate = "printf '%s' \"$P\" | \"$MATCHBOOK\" vault rotate --to passphrase --new-passphrase-fd 0";
    let output = written.keep("vault rotate", shell(rotate));
    assert!(output.status.success(), "{}", text(&output.stderr));
    written.keep("vault list", shell("printf '%s' \"$P\" | \"$MATCHBOOK\" vault list --passphrase-fd 0"));
    written.keep("vault list, wrong", shell("printf 'x%s' \"$P\" | \"$MATCHBOOK\" vault list --passphrase-fd 0"));

    // The faults were met, and the traces are there to be looked through.
    let echoed = echoed.lock().unwrap();
    let met = |name: &str| holds(&echoed, secrets[name].as_bytes());
    for name in ["Addigy's key", "IT Glue's key", "ConnectWise's private key", "Autotask's secret"] {
        assert!(met(name), "{name} was sent back");
    }
    let files = files_below(home.path());
    let traces: Vec<&PathBuf> = files.iter().filter(|f| f.extension().is_some_and(|e| e == "jsonl")).collect();
    let traced: Vec<u8> = traces.iter().flat_map(|f| fs::read(f).unwrap()).collect();
    assert!(traced.len() > 10_000 && holds(&traced, b"is not liked"), "{traces:?}");
    for file in &files {
        if file.file_name().is_some_and(|name| name == "vault.key") {
            continue;
        }
        written.0.push((file.display().to_string(), fs::read(file).unwrap()));
    }
    assert!(written.0.len() > 80, "{} places", written.0.len());
    let wanted = Wanted::new(&secrets);
    assert!(wanted.found(STANDARD.encode(PASSPHRASE).as_bytes()).is_some(), "the search finds what is there");
    for (place, bytes) in &written.0 {
        assert_eq!(wanted.found(bytes), None, "in {place}");
    }
}
