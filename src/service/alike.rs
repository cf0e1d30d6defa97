//! What rows have in common, and the groups of open rows that are like one that was decided.

use super::messages::{Alike, AlikeGroup, AlikeRows, DecideAction, Filter, Sort, ViewSpec};
use super::rows::{FlowState, Row};
use super::tables::IntegrationTables;
use super::views::{self, Sides};
use crate::domain::{Cardinality, DecisionKind, RecordId, Stream, text};
use crate::matching::alias::begins_with;

/// Shortest beginning of a name that says something.
const SHORTEST: usize = 3;

/// Whether a row has that in common.
pub fn is_alike(source: &IntegrationTables, stream: Stream, at: usize, row: &Row, alike: &Alike) -> bool {
    match alike {
        Alike::Prefix(prefix) => {
            source.facts_at(stream, at).is_some_and(|facts| begins_with(facts.name(), prefix.as_str()))
        }
        Alike::Rule(rule) => row.best.is_some() && rule_of(&row.why) == *rule,
    }
}

/// The rule behind a reason: without its numbers, and without the values after a colon.
pub fn rule_of(why: &str) -> String {
    let rule = why.split(':').next().unwrap_or_default();
    let words = rule.split_whitespace().filter(|word| !word.chars().any(|c| c.is_ascii_digit()));
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Beginnings of a name that others may share, longest first: up to a separator, or without the number at its end.
fn beginnings(name: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if bare.len() < name.len() {
        found.push(bare);
    }
    let separators = name.char_indices().filter(|(_, c)| matches!(c, '-' | '_' | '.' | ' ' | '/' | '|'));
    found.extend(separators.map(|(at, c)| &name[..at + c.len_utf8()]));
    found.retain(|part| part.chars().filter(|c| c.is_alphanumeric()).count() >= SHORTEST && part.len() < name.len());
    found.sort_by_key(|part| std::cmp::Reverse(part.len()));
    found.dedup();
    found
}

/// What was decided on the row, and the open rows that are like it.
pub fn alike(state: &mut FlowState, sides: Sides<'_>, stream: Stream, source: &RecordId) -> Option<AlikeRows> {
    let at = views::position(sides.source, stream, source)?;
    let row = state.queue(stream)?.rows.get(at)?.clone();
    let name = sides.source.facts_at(stream, at)?.name().to_owned();
    let matched = row.matched().cloned();
    let shares = stream == Stream::Companies && state.flow.cardinality == Cardinality::ManyToOne;
    let action = match row.decision.as_ref().map(|d| &d.kind) {
        Some(DecisionKind::Ignored) => DecideAction::Ignore,
        Some(DecisionKind::Deferred) => DecideAction::Defer,
        _ => DecideAction::Accept,
    };
    let mut groups = Vec::new();
    let view = |alike: Option<Alike>, company: Option<RecordId>| ViewSpec {
        flow: state.flow.id.clone(),
        stream,
        filter: Filter::Open,
        find: String::new(),
        sort: Sort::default(),
        company,
        alike,
    };
    let mut wanted: Vec<(String, ViewSpec)> = Vec::new();
    for prefix in beginnings(&name) {
        let label = format!("names that begin with “{}”", text::clean(prefix));
        wanted.push((label, view(Some(Alike::Prefix(prefix.to_owned())), None)));
    }
    if let Some(company) = sides.source.company_of(stream, at).filter(|_| stream != Stream::Companies) {
        let label = format!("all of {}", views::company_name(sides.source, Some(company)));
        wanted.push((label, view(None, Some(company.clone()))));
    }
    // A match keeps the reason that it was accepted for; of other decided rows none is known any more.
    let reason = match row.decision.as_ref() {
        Some(decision) if matched.is_some() => decision.why.as_str(),
        _ if row.best.is_some() => &row.why,
        _ => "",
    };
    let rule = rule_of(reason);
    if !rule.is_empty() {
        wanted.push((
            format!("proposed for the same reason: {}", text::clean(&rule)),
            view(Some(Alike::Rule(rule)), None),
        ));
    }
    let mut last = 0;
    for (label, view) in wanted {
        let rows = views::order(state, sides, &view).iter().filter(|other| **other as usize != at).count() as u64;
        // A shorter beginning that adds nothing says nothing.
        let prefix = matches!(view.alike, Some(Alike::Prefix(_)));
        if rows > 0 && !(prefix && rows == last) {
            groups.push(AlikeGroup { label, view, rows });
        }
        last = if prefix { rows } else { last };
    }
    let target = matched.filter(|_| shares).map(|id| views::target_label(state, sides, stream, &id, true));
    Some(AlikeRows { source: source.clone(), name: text::clean(&name).into_owned(), action, target, groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_lose_their_numbers_and_values() {
        assert_eq!(rule_of("14 of 18 serials"), "of serials");
        assert_eq!(rule_of("name alike: dental"), "name alike");
        assert_eq!(rule_of("serial"), "serial");
    }

    #[test]
    fn names_share_beginnings() {
        assert_eq!(beginnings("TEST-PC-01"), ["TEST-PC-", "TEST-"]);
        assert_eq!(beginnings("LAPTOP123"), ["LAPTOP"]);
        assert!(beginnings("Ab1").is_empty() && beginnings("Reception").is_empty());
    }
}
