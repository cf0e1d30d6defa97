//! The settings of an integration with their choices, counted.

use super::super::messages::{ChoiceList, ChoiceView, ScopedStream, SyncSettings};
use super::labels::Label;
use super::preview::{Context, Decided, word};
use super::register::Register;
use crate::connectors::{self, Choice};
use crate::domain::scope::same_name;
use crate::domain::{ScopeRule, Stream, SyncScope, text};
use rustc_hash::FxHashMap;

/// Least likeness of a known name that is offered for an unknown one (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.75;

/// Puts the settings together. `vendor` is the vendor's name, `offered` what it said can be chosen.
pub fn settings(
    context: &Context<'_>,
    register: &Register,
    vendor: &str,
    offered: &[connectors::ChoiceList],
) -> SyncSettings {
    let decided = Decided::of(context);
    let scope = register.scope();
    let delivers = |stream: Stream| context.streams.iter().any(|info| info.stream == stream);
    let lists: Vec<ChoiceList> = ScopeRule::LISTS
        .into_iter()
        .filter(|rule| rule.stream().is_some_and(delivers))
        .map(|rule| {
            let theirs = offered.iter().find(|list| list.rule == rule).map_or(&[][..], |list| &list.choices);
            list(context, register, &decided, rule, theirs)
        })
        // A list without any choice is one that the vendor does not have.
        .filter(|list| !list.choices.is_empty())
        .collect();
    let streams = Stream::MATCHED.into_iter().filter(|stream| delivers(*stream));
    SyncSettings {
        integration: context.integration.clone(),
        vendor: vendor.to_owned(),
        warnings: warnings(&lists, scope),
        scope: (**scope).clone(),
        lists,
        streams: streams.map(|stream| stream_counts(context, register, &decided, stream)).collect(),
    }
}

fn list(
    context: &Context<'_>,
    register: &Register,
    decided: &Decided,
    rule: ScopeRule,
    theirs: &[Choice],
) -> ChoiceList {
    let stream = rule.stream().unwrap_or(Stream::Companies);
    let mut counts: FxHashMap<Option<Label>, ChoiceView> = FxHashMap::default();
    for (id, entry) in register.each(stream).filter(|(_, entry)| !entry.orphaned) {
        let (matched, open) = (decided.is_matched(stream, id), decided.is_open(stream, id));
        for value in entry.values(rule) {
            let choice = counts.entry(value).or_insert_with(|| ChoiceView {
                name: value.map(|label| text::clean(register.name(label)).into_owned()).unwrap_or_default(),
                known: true,
                ..ChoiceView::default()
            });
            choice.records += 1;
            choice.matched += u64::from(matched);
            choice.open += u64::from(open);
        }
    }
    let none = counts.remove(&None).unwrap_or_default();
    let mut choices: Vec<ChoiceView> = counts.into_values().collect();
    for choice in theirs {
        offer(&mut choices, choice);
    }
    for chosen in register.scope().chosen(rule) {
        if !choices.iter().any(|choice| same_name(&choice.name, chosen)) {
            choices.push(ChoiceView { name: text::clean(chosen).into_owned(), ..ChoiceView::default() });
        }
    }
    choices.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.name.cmp(&b.name)));
    ChoiceList { rule, title: title(context, rule), choices, none }
}

/// Puts a choice of the vendor's own list in. One that its users have retired is offered only where records have it.
fn offer(choices: &mut Vec<ChoiceView>, choice: &Choice) {
    let name = text::clean(choice.name.trim());
    match choices.iter_mut().find(|known| same_name(&known.name, &name)) {
        Some(known) => known.at_vendor = choice.count,
        None if (choice.active || choice.count.unwrap_or(0) > 0) && !name.is_empty() => choices.push(ChoiceView {
            name: name.into_owned(),
            known: true,
            at_vendor: choice.count,
            ..ChoiceView::default()
        }),
        None => {}
    }
}

/// What the vendor's users call the list: `Configuration types`.
fn title(context: &Context<'_>, rule: ScopeRule) -> String {
    let stream = rule.stream().unwrap_or(Stream::Companies);
    let mut words = word(context.streams, stream, 1);
    words.push_str(match rule {
        ScopeRule::CompanyTypes | ScopeRule::DeviceTypes => " types",
        ScopeRule::CompanyStatuses | ScopeRule::DeviceStatuses => " statuses",
        ScopeRule::Classifications => " classifications",
        _ => " queues or boards",
    });
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn stream_counts(context: &Context<'_>, register: &Register, decided: &Decided, stream: Stream) -> ScopedStream {
    let listed = || register.each(stream).filter(|(_, entry)| !entry.orphaned);
    let records = listed().count() as u64;
    ScopedStream {
        stream,
        word: word(context.streams, stream, 2),
        records,
        left_out: register.left_out(stream),
        matched: listed().filter(|(id, _)| decided.is_matched(stream, id)).count() as u64,
    }
}

/// Names in the settings that nothing has, with what was probably meant. Says nothing before the vendor's records are
/// known.
pub fn warnings(lists: &[ChoiceList], scope: &SyncScope) -> Vec<String> {
    let mut warnings = Vec::new();
    for list in lists.iter().filter(|list| list.choices.iter().any(|choice| choice.known)) {
        let known: Vec<&str> =
            list.choices.iter().filter(|choice| choice.known).map(|choice| choice.name.as_str()).collect();
        for name in scope.chosen(list.rule).iter().filter(|name| !known.iter().any(|k| same_name(k, name))) {
            let name = text::clean(name);
            let meant = closest(&name, &known).map(|known| format!(" — did you mean “{known}”?")).unwrap_or_default();
            warnings.push(format!("{}: nothing has “{name}”{meant}", list.rule));
        }
    }
    warnings
}

fn closest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let scored = known.iter().map(|known| (strsim::jaro_winkler(&name, &known.to_lowercase()), *known));
    scored.filter(|(score, _)| *score >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}
