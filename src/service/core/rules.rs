//! Rules: listed, removed, applied in every flow or in their own alone. Each change is a history entry and can be undone.

use super::super::messages::{Done, View};
use super::super::reply::ReplyTo;
use super::super::{rules, writer};
use super::{Core, Entry, Pending};
use crate::domain::{Failure, FailureClass, FlowId, Rule, RuleChange, RuleId};

impl Core {
    pub(super) fn list_rules(&self, flow: Option<&FlowId>) -> Result<View, Failure> {
        if let Some(flow) = flow {
            self.flow_at(flow)?;
        }
        Ok(View::Rules(self.rules.of(flow).map(rules::view).collect()))
    }

    pub(super) fn remove_rule(&mut self, reply: ReplyTo, id: RuleId) {
        let Some(rule) = self.rules.get(id).cloned() else { return reply.failed(no_such_rule(id)) };
        let what = format!("removed the rule {}", rule.text());
        let flow = rule.flow.clone();
        self.change_rule(reply, &flow, RuleChange::removes(rule), &what);
    }

    pub(super) fn scope_rule(&mut self, reply: ReplyTo, id: RuleId, everywhere: bool) {
        let Some(rule) = self.rules.get(id).cloned() else { return reply.failed(no_such_rule(id)) };
        if everywhere && !rule.may_hold_everywhere() {
            let what = format!("rule {} speaks of two records of the flow {}", id.0, rule.flow);
            return reply.failed(Failure::new(
                FailureClass::Usage,
                what,
                "only rules on companies can hold everywhere",
            ));
        }
        let place = if everywhere { "everywhere".to_owned() } else { format!("in {} only", rule.flow) };
        if rule.everywhere == everywhere {
            return reply.done(Done { text: format!("the rule holds {place} already"), ..Done::default() });
        }
        let what = format!("applied {place}: {}", rule.text());
        let flow = rule.flow.clone();
        let after = Rule { everywhere, ..rule.clone() };
        self.change_rule(reply, &flow, RuleChange { id, before: Some(rule), after: Some(after) }, &what);
    }

    fn change_rule(&mut self, reply: ReplyTo, flow: &FlowId, change: RuleChange, what: &str) {
        let stream = change.before.as_ref().map_or(crate::domain::Stream::Companies, |rule| rule.stream);
        // A rule outlives its flow in the configuration.
        let Ok(at) = self.flow_at(flow) else {
            let what = format!("rule {} belongs to the flow {flow}, which is not configured", change.id.0);
            return reply.failed(Failure::new(FailureClass::Usage, what, "add the flow again to change its rules"));
        };
        let by = self.by();
        let entry = Entry {
            rules: vec![change],
            ..Entry::new(stream, Vec::new(), crate::domain::text::clean(what).into_owned())
        };
        self.commit(at, entry, by, writer::Waiting { reply: Some(reply), skipped: Vec::new(), later: false });
    }

    /// Puts rule changes into the book and, as soon as the facts are free, before the engines.
    pub(super) fn put_rules(&mut self, changes: &[RuleChange]) {
        if changes.is_empty() {
            return;
        }
        self.rules.apply(changes);
        self.adopt_rules();
        let rules = changes.iter().flat_map(|change| [&change.before, &change.after]).flatten();
        let everywhere = rules.clone().any(|rule| rule.everywhere);
        let flows: Vec<FlowId> = rules.map(|rule| rule.flow.clone()).collect();
        for state in self.flows.iter_mut().filter(|state| everywhere || flows.contains(&state.flow.id)) {
            state.due.decided = true;
            self.pending.push_back(Pending::Rules(state.flow.id.clone()));
        }
    }
}

fn no_such_rule(id: RuleId) -> Failure {
    Failure::new(FailureClass::Usage, format!("there is no rule {}", id.0), "`matchbook alias list` shows the rules")
}
