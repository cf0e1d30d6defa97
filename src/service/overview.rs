//! What the header, the Integrations pane and the tabs show.

use super::messages::{BudgetView, FlowView, ImportView, IntegrationState, IntegrationView, Overview, TabView};
use super::rows::FlowState;
use super::tables::Tables;
use crate::connectors::Connector;
use crate::domain::{FlowId, IntegrationId, RunState, Stream, StreamProgress, Timestamp};
use crate::sync::{Supervisor, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One integration as the service runs it.
pub struct Integration {
    /// Its id.
    pub id: IntegrationId,
    /// What talks to it.
    pub connector: Arc<dyn Connector>,
}

/// Everything the overview is made of.
pub struct Parts<'a> {
    /// The home's name.
    pub home: &'a str,
    /// Store read.
    pub ready: bool,
    /// Integrations in order.
    pub integrations: &'a [Integration],
    /// Where each stream stands.
    pub progress: &'a BTreeMap<(IntegrationId, Stream), StreamProgress>,
    /// Paused integrations.
    pub paused: &'a BTreeSet<IntegrationId>,
    /// Paused flows.
    pub paused_flows: &'a BTreeSet<FlowId>,
    /// Next scheduled runs.
    pub next: &'a BTreeMap<Task, Timestamp>,
    /// Flows in order.
    pub flows: &'a [FlowState],
    /// What runs, for the streams that nobody wants.
    pub supervisor: &'a Supervisor,
    /// Facts, for what is left out.
    pub tables: &'a Tables,
}

/// Puts the overview together.
pub fn overview(parts: &Parts<'_>) -> Overview {
    Overview {
        home: parts.home.to_owned(),
        ready: parts.ready,
        integrations: parts.integrations.iter().map(|i| integration(parts, i)).collect(),
        flows: parts.flows.iter().map(|f| flow(parts, f)).collect(),
        cards: 0,
    }
}

fn integration(parts: &Parts<'_>, integration: &Integration) -> IntegrationView {
    let infos = integration.connector.streams();
    let paused = parts.paused.contains(&integration.id);
    // A stream that nobody wants is shown as long as somebody once asked for it.
    let shown = |stream| {
        let known = parts.progress.get(&(integration.id.clone(), stream));
        parts.supervisor.is_wanted(&integration.id, stream) || known.is_some_and(|p| p.state != RunState::Never)
    };
    let streams: Vec<StreamProgress> = infos
        .iter()
        .filter(|info| shown(info.stream))
        .map(|info| {
            let known = parts.progress.get(&(integration.id.clone(), info.stream)).cloned();
            let mut progress = known
                .unwrap_or_else(|| StreamProgress::never(integration.id.clone(), info.stream, info.word_many.clone()));
            let left_out = parts.tables.get(&integration.id).map_or(0, |tables| tables.register.left_out(info.stream));
            progress.left_out = left_out.min(progress.stored);
            let task = Task { integration: integration.id.clone(), stream: info.stream };
            progress.next = parts.next.get(&task).copied().filter(|_| !paused);
            progress
        })
        .collect();
    IntegrationView {
        id: integration.id.clone(),
        vendor: integration.connector.vendor().to_owned(),
        name: shown_name(parts.integrations, &integration.id),
        state: state(&streams, paused),
        last: {
            let wanted = |s: &&StreamProgress| parts.supervisor.is_wanted(&integration.id, s.stream);
            streams.iter().filter(wanted).map(|s| s.finished).min().flatten()
        },
        next: streams.iter().filter_map(|s| s.next).min(),
        budget: integration.connector.budget().map(|b| BudgetView {
            used: b.used,
            limit: b.limit,
            window_s: b.window_s,
        }),
        streams,
    }
}

/// The state of an integration as a whole, from its streams.
pub fn state(streams: &[StreamProgress], paused: bool) -> IntegrationState {
    let busy = |s: &StreamProgress| matches!(s.state, RunState::Running | RunState::Queued | RunState::Waiting { .. });
    if streams.iter().any(busy) {
        return IntegrationState::Syncing;
    }
    let failed = streams.iter().find_map(|s| match &s.state {
        RunState::Failed { failure } => Some(failure.clone()),
        _ => None,
    });
    if let Some(failure) = streams.iter().find_map(|s| s.state.refused_key()).cloned() {
        IntegrationState::Refused { failure }
    } else if paused {
        IntegrationState::Paused
    } else if let Some(failure) = failed {
        IntegrationState::Failed { failure }
    } else if streams.iter().any(|s| matches!(s.state, RunState::Asks { .. })) {
        IntegrationState::Asks
    } else if streams.iter().all(|s| s.state == RunState::Never) {
        IntegrationState::New
    } else {
        IntegrationState::Ok
    }
}

/// What an integration is called on the screen: its vendor's name, or its own where two are of one vendor.
pub fn shown_name(integrations: &[Integration], id: &IntegrationId) -> String {
    let Some(found) = integrations.iter().find(|i| i.id == *id) else { return id.to_string() };
    let vendor = found.connector.vendor();
    let alone = integrations.iter().filter(|i| i.connector.vendor() == vendor).count() == 1;
    if alone { vendor.to_owned() } else { id.to_string() }
}

fn word(parts: &Parts<'_>, id: &IntegrationId, stream: Stream) -> String {
    let found = parts.integrations.iter().find(|i| i.id == *id);
    let infos = found.map(|i| i.connector.streams()).unwrap_or_default();
    infos.into_iter().find(|i| i.stream == stream).map_or_else(|| stream.to_string(), |i| i.word_one)
}

/// A tab's title: `Companies`.
fn title(stream: Stream) -> String {
    let mut name = stream.name().to_owned();
    name[..1].make_ascii_uppercase();
    name
}

fn flow(parts: &Parts<'_>, state: &FlowState) -> FlowView {
    let (source, target) =
        (shown_name(parts.integrations, &state.flow.source), shown_name(parts.integrations, &state.flow.target));
    let tabs = state.streams().filter_map(|stream| {
        let queue = state.queue(stream)?;
        Some(TabView {
            stream,
            label: match (stream, state.flow.is_import()) {
                (Stream::DeviceTypes, _) => "Types".to_owned(),
                // What is not in the inventory yet is staged for it.
                (Stream::Devices, true) => "Staged".to_owned(),
                _ => title(stream),
            },
            source_word: word(parts, &state.flow.source, stream),
            target_word: word(parts, &state.flow.target, stream),
            counts: queue.counts,
            generation: queue.generation,
        })
    });
    let import = state.flow.is_import().then(|| ImportView {
        running: state.importing,
        ready: state.ready.total(),
        manages: state.flow.manages(),
        source: state.flow.source.clone(),
    });
    FlowView {
        id: state.flow.id.clone(),
        paused: parts.paused_flows.contains(&state.flow.id),
        label: format!("{source} → {target}"),
        tabs: tabs.collect(),
        source_id: state.flow.source.clone(),
        target_id: state.flow.target.clone(),
        source,
        target,
        import,
    }
}
