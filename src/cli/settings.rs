//! `settings`: what is synced of an integration, and what a change of it would do or does.

use super::args::SettingsArguments;
use super::{Outcome, home, output};
use crate::domain::{Failure, IntegrationId, Stream, SyncScope, TypesMode};
use crate::service::messages::{
    ChoiceList, ChoiceView, Command, Query, Reply, Request, ScopePreview, StreamMove, SyncSettings, View,
};
use serde_json::{Value, json};

/// Least likeness of a setting's name that is offered for an unknown one (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.75;

/// Shows or changes.
///
/// # Errors
/// What keeps the home from opening, an unknown integration or setting, a configuration that cannot be written.
pub async fn run(arguments: SettingsArguments) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    let result = shown(&home, &arguments).await;
    home.service.stop().await;
    result.map(|()| Outcome::Done)
}

async fn shown(home: &home::Home, arguments: &SettingsArguments) -> Result<(), Failure> {
    let integration: IntegrationId = arguments.integration.as_str().into();
    let settings =
        match home.query(Query::SyncSettings { integration: integration.clone(), ask: arguments.ask }).await? {
            View::SyncSettings(settings) => *settings,
            _ => return Ok(()),
        };
    if arguments.set.is_empty() {
        for warning in &settings.warnings {
            output::say(&format!("warning: {warning}"));
        }
        return if arguments.json { output::json(&settings) } else { print(&settings) };
    }
    let scope = changed(&settings.scope, &arguments.set)?;
    let query = Query::PreviewSyncSettings { integration: integration.clone(), scope: scope.clone() };
    let View::ScopePreview(preview) = home.query(query).await? else { return Ok(()) };
    let unknown = unknown_names(&settings, &scope);
    for warning in &unknown {
        output::say(&format!("warning: {warning}"));
    }
    let mut text = String::new();
    if arguments.yes {
        let command = Command::SetSyncSettings { integration: integration.clone(), scope: scope.clone(), sync: false };
        if let Reply::Done(done) = home.service.ask(Request::Command(command)).await? {
            text = done.text;
        }
        home.service.settled().await?;
    }
    if arguments.json {
        return output::json(&json!({
            "integration": integration, "scope": scope, "preview": preview, "warnings": unknown, "applied": arguments.yes,
        }));
    }
    say_moves(&preview, arguments.yes)?;
    if arguments.yes {
        output::say(&text);
        if !preview.asks.is_empty() {
            output::say(&format!("next: matchbook sync {integration}"));
        }
    } else {
        output::say("nothing was changed; --yes instead of --dry-run does it");
    }
    Ok(())
}

/// The settings with `KEY=VALUE` put in.
fn changed(scope: &SyncScope, pairs: &[String]) -> Result<SyncScope, Failure> {
    let written = |e: serde_json::Error| output::usage(format!("the settings cannot be read: {e}"), "");
    let mut all = serde_json::to_value(scope).map_err(written)?;
    for pair in pairs {
        let (key, text) = pair.split_once('=').ok_or_else(|| {
            output::usage(format!("“{pair}” is not KEY=VALUE"), "for example --set company_types=Client,Partner")
        })?;
        let known = all.get(key.trim()).cloned().ok_or_else(|| unknown_key(key.trim(), &all))?;
        all[key.trim()] = value(key.trim(), text.trim(), &known)?;
    }
    serde_json::from_value(all).map_err(written)
}

fn unknown_key(key: &str, all: &Value) -> Failure {
    let keys: Vec<&str> = all.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
    let scored = keys.iter().map(|known| (strsim::jaro_winkler(key, known), known));
    let best = scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    let meant = best.map(|(_, known)| format!(" — did you mean `{known}`?")).unwrap_or_default();
    output::usage(format!("there is no sync setting `{key}`{meant}"), format!("settings: {}", keys.join(", ")))
}

/// A value of the kind that the setting has: names with commas between them or a JSON list, true or false, a number.
fn value(key: &str, text: &str, known: &Value) -> Result<Value, Failure> {
    let wrong = |wanted: &str| output::usage(format!("{key}=“{text}” is not {wanted}"), "");
    match known {
        Value::Array(_) if text.starts_with('[') => {
            serde_json::from_str::<Vec<String>>(text).map(Value::from).map_err(|_| wrong("a JSON list of names"))
        }
        Value::Array(_) => {
            Ok(text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect::<Vec<_>>().into())
        }
        Value::Bool(_) => match text {
            "true" | "yes" | "on" => Ok(true.into()),
            "false" | "no" | "off" => Ok(false.into()),
            _ => Err(wrong("true or false")),
        },
        Value::Number(_) => text.parse::<u32>().map(Value::from).map_err(|_| wrong("a number")),
        _ => match text {
            "all" | "any" => Ok(text.into()),
            _ => Err(wrong("`all` or `any`")),
        },
    }
}

/// Names of the new settings that the vendor's records do not have.
fn unknown_names(settings: &SyncSettings, scope: &SyncScope) -> Vec<String> {
    let mut warnings = Vec::new();
    for list in &settings.lists {
        let known: Vec<&str> = list.choices.iter().filter(|c| c.known).map(|c| c.name.as_str()).collect();
        for name in scope.chosen(list.rule) {
            if !known.iter().any(|known| crate::domain::scope::same_name(known, name)) {
                warnings.push(format!("{}: nothing has “{name}”; known: {}", list.rule, known.join(", ")));
            }
        }
    }
    warnings
}

fn print(settings: &SyncSettings) -> Result<(), Failure> {
    let scope = &settings.scope;
    output::line(&format!("{}\t{}", settings.integration, settings.vendor))?;
    for list in &settings.lists {
        print_list(list, scope)?;
    }
    let takes = |stream: Stream| match stream {
        Stream::Contacts | Stream::Locations | Stream::Tickets => format!("{stream} = {}\t", scope.wants(stream)),
        _ => String::new(),
    };
    for stream in &settings.streams {
        output::line(&format!(
            "{}\t{}{} records, {} left out, {} matched",
            stream.word,
            takes(stream.stream),
            stream.records,
            stream.left_out,
            stream.matched
        ))?;
    }
    if settings.streams.iter().any(|stream| stream.stream == Stream::Tickets) {
        output::line(&format!("ticket_months = {}", scope.ticket_months))?;
    }
    Ok(())
}

fn print_list(list: &ChoiceList, scope: &SyncScope) -> Result<(), Failure> {
    let mode = match (list.rule, scope.company_types_mode) {
        (crate::domain::ScopeRule::CompanyTypes, TypesMode::All) => "\tcompany_types_mode = all",
        (crate::domain::ScopeRule::CompanyTypes, TypesMode::Any) => "\tcompany_types_mode = any",
        _ => "",
    };
    let all = if scope.chosen(list.rule).is_empty() { "\tall" } else { "" };
    output::line(&format!("{}\t{}{all}{mode}", list.title, list.rule))?;
    for choice in &list.choices {
        print_choice(scope.takes(list.rule, &choice.name), &choice.name, choice)?;
    }
    if list.none.records > 0 {
        print_choice(scope.takes_none(list.rule), "(none)", &list.none)?;
    }
    Ok(())
}

fn print_choice(taken: bool, name: &str, choice: &ChoiceView) -> Result<(), Failure> {
    let mark = if taken { "x" } else { " " };
    let ChoiceView { records, matched, open, at_vendor, .. } = choice;
    let there = at_vendor.map(|n| format!(", {n} at the vendor")).unwrap_or_default();
    output::line(&format!("  [{mark}] {name}\t{records} records, {matched} matched, {open} open{there}"))
}

fn say_moves(preview: &ScopePreview, done: bool) -> Result<(), Failure> {
    let (leave, enter) = if done { ("left", "came back") } else { ("would leave", "would come back") };
    output::line(&format!("{leave}: {}", moves(&preview.leaves)))?;
    output::line(&format!("{enter}: {}", moves(&preview.enters)))?;
    for moved in &preview.first {
        let (sign, why) = if moved.leaves { ("-", moved.why.as_str()) } else { ("+", "") };
        let matched = if moved.matched { ", keeps its match" } else { "" };
        output::line(&format!("  {sign} {} {}\t{}\t{why}{matched}", moved.stream.one(), moved.id, moved.name))?;
    }
    if !preview.asks.is_empty() {
        output::line(&format!("a sync may bring more: {}", preview.asks.join(", ")))?;
    }
    Ok(())
}

fn moves(moves: &[StreamMove]) -> String {
    let one = |m: &StreamMove| match m.matched {
        0 => format!("{} {}", m.records, m.word),
        matched => format!("{} {} ({matched} matched)", m.records, m.word),
    };
    if moves.is_empty() { "nothing".into() } else { moves.iter().map(one).collect::<Vec<_>>().join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[&str]) -> Result<SyncScope, Failure> {
        changed(&SyncScope::default(), &pairs.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn values_are_read_by_the_kind_of_their_setting() {
        let scope = set(&[
            "company_types = Client, Partner",
            "company_types_mode=any",
            "device_types=[\"Mac, old\"]",
            "untyped=off",
            "contacts=no",
            "ticket_months=3",
        ])
        .unwrap();
        assert_eq!(scope.company_types, ["Client", "Partner"]);
        assert_eq!((scope.company_types_mode, scope.device_types.len()), (TypesMode::Any, 1));
        assert_eq!((scope.untyped, scope.contacts, scope.ticket_months), (false, false, 3));
        assert_eq!(changed(&scope, &["company_types=".into()]).unwrap().company_types, [""; 0], "all again");
        for (pair, words) in [
            ("company_type=Client", "did you mean `company_types`?"),
            ("contacts", "is not KEY=VALUE"),
            ("contacts=perhaps", "is not true or false"),
            ("ticket_months=-1", "is not a number"),
            ("company_types_mode=some", "is not `all` or `any`"),
            ("device_types=[1]", "is not a JSON list"),
        ] {
            let failure = set(&[pair]).unwrap_err();
            assert!(failure.what.contains(words), "{pair}: {failure}");
        }
    }
}
