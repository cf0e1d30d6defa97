//! The inventory beside imports: auto-sync, pauses, what a record is made of, the list.

use super::super::compare::sides_of;
use super::super::decide::{self, By};
use super::super::messages::{Done, InventoryCommand, InventoryList, InventoryQuery, InventoryRow, Selection, View};
use super::super::reply::ReplyTo;
use super::super::{detail, views, writer};
use super::Core;
use super::import::WINDOW;
use crate::domain::{Actor, FlowId, IntegrationId, RecordId, Rule, RuleChange, RuleKind, Stream, text};
use rustc_hash::FxHashSet;

impl Core {
    pub(super) fn change_inventory(&mut self, reply: ReplyTo, command: InventoryCommand) {
        match command {
            InventoryCommand::Import { flow, stream, rows, anyway, given } => {
                self.import(reply, (&flow, stream), &rows, anyway, given);
            }
            InventoryCommand::AddRecord { record } => self.add_record(reply, *record),
            InventoryCommand::EditRecord { stream, id, fields } => self.edit_record(reply, stream, id, fields),
            InventoryCommand::RemoveRecord { stream, id } => self.remove_record(reply, stream, id),
            InventoryCommand::AutoSync { flow, types, on } => self.auto_sync(reply, &flow, &types, on),
            InventoryCommand::PauseRows { flow, rows, on } => self.pause_rows(reply, &flow, &rows, on),
            InventoryCommand::RefreshRows { flow, rows } => self.refresh_rows(reply, &flow, &rows),
        }
    }

    pub(super) fn ask_inventory(&mut self, reply: ReplyTo, query: InventoryQuery) {
        let answer = match query {
            InventoryQuery::Plan { flow, stream, rows, anyway, offset, limit } => {
                return self.import_plan(reply, (flow, stream), rows, anyway, (offset, limit));
            }
            InventoryQuery::Origin { flow, source } => return self.origin(reply, &flow, source),
            InventoryQuery::Detail { integration, stream, id } => return self.detail(reply, integration, stream, id),
            InventoryQuery::List { stream, find, offset, limit } => Ok(self.inventory(stream, &find, offset, limit)),
        };
        match answer {
            Ok(view) => reply.view(view),
            Err(failure) => reply.failed(failure),
        }
    }

    /// Turns auto-sync of types on or off. Only with a mapping: what would a device be imported as?
    fn auto_sync(&mut self, reply: ReplyTo, flow: &FlowId, types: &[RecordId], on: bool) {
        let at = match self.import_at(flow, Stream::DeviceTypes) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let state = &self.flows[at];
        let source = self.world.tables_of(&state.flow.source);
        let mut named = Vec::new();
        let mut skipped: Vec<(String, u64)> = Vec::new();
        let mut skip = |reason: &str| match skipped.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += 1,
            None => skipped.push((reason.to_owned(), 1)),
        };
        for id in types {
            let Some(place) = source.types.position(id) else {
                skip("there is no such type");
                continue;
            };
            let mapped = state.types.rows.get(place).is_some_and(|row| row.matched().is_some());
            match (on, mapped, state.auto.contains(id)) {
                (true, false, _) => skip("map the type first: auto-sync needs a type of the inventory"),
                (true, true, true) | (false, _, false) => skip("it is so already"),
                _ => named.push((id.clone(), source.types.all()[place].name.to_string())),
            }
        }
        let what = if on { "auto-sync on for" } else { "auto-sync off for" };
        self.set_rules(reply, at, (Stream::DeviceTypes, RuleKind::AutoSync), named, on, skipped, what);
    }

    /// Pauses or resumes companies.
    fn pause_rows(&mut self, reply: ReplyTo, flow: &FlowId, rows: &Selection, on: bool) {
        let at = match self.import_at(flow, Stream::Companies) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let rules = self.flows[at].flow.clone();
        let sides = sides_of(&self.world, &rules);
        let positions = decide::positions(&mut self.flows[at], sides, Stream::Companies, rows);
        let companies = positions.iter().filter_map(|&at| sides.source.companies.all().get(at));
        let paused = &self.flows[at].paused;
        let named: Vec<(RecordId, String)> = companies
            .filter(|company| paused.contains(&company.id) != on)
            .map(|company| (company.id.clone(), company.name.clone()))
            .collect();
        let same = (positions.len() - named.len()) as u64;
        let skipped = if same > 0 { vec![("it is so already".to_owned(), same)] } else { Vec::new() };
        let what = if on { "paused" } else { "resumed" };
        self.set_rules(reply, at, (Stream::Companies, RuleKind::Paused), named, on, skipped, what);
    }

    /// Asks the source what changed; the companies' names follow when it has answered.
    fn refresh_rows(&mut self, reply: ReplyTo, flow: &FlowId, rows: &Selection) {
        let at = match self.import_at(flow, Stream::Companies) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let rules = self.flows[at].flow.clone();
        let sides = sides_of(&self.world, &rules);
        let positions = decide::positions(&mut self.flows[at], sides, Stream::Companies, rows);
        if let [one] = positions.as_slice()
            && let Some(id) = views::id_at(sides.source, Stream::Companies, *one).cloned()
        {
            // The vendor is asked for that one alone where it can be; else it lists until the record comes.
            let task = crate::sync::Task { integration: rules.source, stream: Stream::Companies };
            return self.sync_record(reply, task, id);
        }
        let started = self.start_sync(Some(&rules.source), Some(Stream::Companies), false);
        let companies = decide::counted(Stream::Companies, positions.len() as u64);
        let text =
            if started == 0 { "already syncing".to_owned() } else { format!("asking the source for {companies}") };
        reply.done(Done { rows: positions.len() as u64, text, ..Done::default() });
    }

    #[expect(clippy::too_many_arguments, reason = "one call from each of two places")]
    fn set_rules(
        &mut self,
        reply: ReplyTo,
        at: usize,
        (stream, kind): (Stream, RuleKind),
        named: Vec<(RecordId, String)>,
        on: bool,
        skipped: Vec<(String, u64)>,
        what: &str,
    ) {
        if named.is_empty() {
            let text = skipped.first().map_or_else(|| "nothing to do".to_owned(), |(reason, _)| reason.clone());
            return reply.done(Done { skipped, text, ..Done::default() });
        }
        let (by, flow) = (self.by(), self.flows[at].flow.id.clone());
        let mut next = self.rules.next();
        let mut changes = Vec::new();
        let names: Vec<String> = named.iter().map(|(_, name)| text::clean(name).into_owned()).collect();
        for (id, name) in named {
            if on {
                let rule = Rule {
                    id: next,
                    kind,
                    flow: flow.clone(),
                    everywhere: false,
                    stream,
                    source: id,
                    target: RecordId::default(),
                    left: name,
                    right: String::new(),
                    actor: by.actor.clone(),
                    at: by.at,
                };
                next.0 += 1;
                changes.push(RuleChange::adds(rule));
            } else {
                let rules = self.rules.named(kind, &flow).filter(|rule| rule.source == id);
                changes.extend(rules.cloned().map(RuleChange::removes));
            }
        }
        let text = match &names[..] {
            [name] => format!("{what} {name}"),
            many => format!("{what} {}", decide::counted(stream, many.len() as u64)),
        };
        let entry = super::Entry { rules: changes, ..super::Entry::new(stream, Vec::new(), text) };
        self.commit(at, entry, by, writer::Waiting { reply: Some(reply), skipped, later: false });
    }

    /// What rules say of a flow's types and companies is looked up for each row: kept beside the rows.
    pub(super) fn adopt_rules(&mut self) {
        for state in self.flows.iter_mut().filter(|state| state.flow.is_import()) {
            let of = |kind| self.rules.named(kind, &state.flow.id).map(|rule| rule.source.clone()).collect();
            let (auto, paused): (FxHashSet<RecordId>, FxHashSet<RecordId>) =
                (of(RuleKind::AutoSync), of(RuleKind::Paused));
            if state.auto != auto || state.paused != paused {
                (state.auto, state.paused) = (auto, paused);
                state.types.outdate();
                state.companies.outdate();
                self.outbox.queue(&state.flow.id);
            }
        }
    }

    /// What a company of the source offers.
    fn origin(&self, reply: ReplyTo, flow: &FlowId, source: RecordId) {
        let at = match self.import_at(flow, Stream::Companies) {
            Ok(at) => at,
            Err(failure) => return reply.failed(failure),
        };
        let (store, integration) = (self.store.clone(), self.flows[at].flow.source.clone());
        self.off_thread(reply, move || detail::origin(&store, &integration, source).map(View::Origin));
    }

    /// Everything that is known of a record.
    fn detail(&self, reply: ReplyTo, integration: IntegrationId, stream: Stream, id: RecordId) {
        let place = self.vendor(&integration);
        let tables = self.world.tables_of(&integration);
        let company = tables.facts(stream, &id).and_then(|facts| facts.company()).cloned();
        let company = Some(views::company_name(tables, company.as_ref())).filter(|name| !name.is_empty());
        let store = self.store.clone();
        self.off_thread(reply, move || {
            detail::detail(&store, &integration, (stream, id), place, company).map(View::Detail)
        });
    }

    /// Records of the inventory, in the order of their names.
    fn inventory(&self, stream: Stream, find: &str, offset: u64, limit: u32) -> View {
        let tables = self.world.tables_of(&IntegrationId::inventory());
        let needle = super::super::search::Needle::new(find);
        let mut found: Vec<usize> = (0..tables.count_live(stream))
            .filter(|&at| {
                let facts = tables.facts_at(stream, at);
                needle.is_empty() || facts.is_some_and(|facts| facts.holds(&|text| needle.is_in(text)))
            })
            .collect();
        found.sort_by_cached_key(|&at| tables.facts_at(stream, at).map(|facts| facts.name().to_lowercase()));
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(found.len());
        let upto = (from + (limit as usize).min(WINDOW)).min(found.len());
        let clean = |text: Option<&str>| text.map(|t| text::clean(t).into_owned()).unwrap_or_default();
        let row = |&at: &usize| {
            let facts = tables.facts_at(stream, at)?;
            Some(InventoryRow {
                id: facts.id().clone(),
                name: clean(Some(facts.name())),
                company: views::company_name(tables, facts.company()),
                serial: clean(facts.serial()),
                model: clean(facts.model()),
                devices: tables.extra.get(facts.id()).filter(|_| stream == Stream::Companies).map_or(0, |e| e.devices),
                sources: Vec::new(),
            })
        };
        let mut rows: Vec<InventoryRow> = found[from..upto].iter().filter_map(row).collect();
        for state in self.flows.iter().filter(|state| state.flow.is_import()) {
            let source = self.world.tables_of(&state.flow.source);
            let Some(queue) = state.queue(stream) else { continue };
            for (at, inner) in queue.rows.iter().enumerate() {
                let Some(target) = inner.matched() else { continue };
                if let Some(row) = rows.iter_mut().find(|row| row.id == *target)
                    && let Some(facts) = source.facts_at(stream, at)
                {
                    row.sources.push((state.flow.id.to_string(), clean(Some(facts.name()))));
                }
            }
        }
        View::Inventory(InventoryList { total: found.len() as u64, offset: from as u64, rows })
    }

    /// The person or the engine behind an import.
    pub(super) fn engine(&self) -> By {
        By { actor: Actor::Engine, at: self.clock.now() }
    }
}
