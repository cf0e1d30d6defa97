//! What the screens of a flow into the inventory remember: the form of a company, the steps of a setup.

use super::State;
use crate::domain::{FlowId, RecordId, Stream};
use crate::service::messages::{Given, IntegrationState};
use crate::ui::key::{Key, KeyCode};
use crate::ui::widgets::number::thousands;
use tui_input::Input;

/// A company that is added to the inventory.
#[derive(Debug)]
pub struct Adding {
    /// The flow.
    pub flow: FlowId,
    /// Its origin.
    pub source: RecordId,
    /// What the origin offers is known.
    pub known: bool,
    /// Its name.
    pub name: Input,
    /// Its primary domain.
    pub domain: Input,
    /// Domains of the origin.
    pub domains: Vec<String>,
    /// The domain is in focus.
    pub on_domain: bool,
}

impl Adding {
    /// Before anything is known of the origin.
    #[must_use]
    pub fn new(flow: FlowId, source: RecordId) -> Self {
        Self {
            flow,
            source,
            known: false,
            name: Input::default(),
            domain: Input::default(),
            domains: Vec::new(),
            on_domain: false,
        }
    }

    /// What was entered.
    #[must_use]
    pub fn given(&self) -> Given {
        let filled = |input: &Input| Some(input.value().trim().to_owned()).filter(|text| !text.is_empty());
        Given { name: filled(&self.name), domain: filled(&self.domain) }
    }

    /// The next of the origin's domains, or the one before.
    pub fn next_domain(&mut self, key: Key) {
        let count = self.domains.len();
        let at = self.domains.iter().position(|domain| domain == self.domain.value()).unwrap_or(0);
        let step = if key.code == KeyCode::Left { count - 1 } else { 1 };
        if let Some(domain) = self.domains.get((at + step) % count) {
            self.domain = Input::new(domain.clone());
        }
    }
}

/// A step of a setup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The key of the source.
    Connect,
    /// Source companies to the inventory's.
    Map,
    /// Source types to the inventory's.
    Types,
    /// Devices.
    Import,
}

/// The steps in their order.
pub const STEPS: [Step; 4] = [Step::Connect, Step::Map, Step::Types, Step::Import];

/// How far a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepView {
    /// What it is called.
    pub name: String,
    /// How far it is.
    pub text: String,
    /// Nothing is left to do.
    pub done: bool,
}

impl State {
    /// How far the setup of a flow is.
    #[must_use]
    pub fn setup_steps(&self, flow: &FlowId) -> Vec<StepView> {
        let Some(view) = self.overview.flows.iter().find(|f| f.id == *flow) else { return Vec::new() };
        let Some(import) = &view.import else { return Vec::new() };
        let source = self.integration_view(&import.source);
        let state = source.map(|i| &i.state);
        let connected =
            matches!(state, Some(IntegrationState::Ok | IntegrationState::Syncing | IntegrationState::Asks));
        let mut steps = vec![StepView {
            name: format!("Connect {}", view.source),
            text: match state {
                Some(IntegrationState::Ok) => "connected and synced".to_owned(),
                Some(IntegrationState::Syncing) => "connected; the sync is running".to_owned(),
                Some(IntegrationState::New) => "connected; not synced yet: s syncs".to_owned(),
                Some(IntegrationState::Paused) => "paused: p resumes".to_owned(),
                Some(IntegrationState::Refused { failure } | IntegrationState::Failed { failure }) => {
                    failure.what.clone()
                }
                Some(IntegrationState::Asks) => "a question waits: !".to_owned(),
                None => "not connected".to_owned(),
            },
            done: connected,
        }];
        let tab = |stream: Stream| view.tabs.iter().find(|tab| tab.stream == stream);
        let count = |stream: Stream, word: &str| match tab(stream) {
            Some(tab) => {
                let (done, all) = (tab.counts.matched + tab.counts.ignored, tab.counts.total());
                let text = format!("{} of {} {word}", thousands(tab.counts.matched), thousands(all));
                (text, all > 0 && done == all)
            }
            None => ("not part of this flow".to_owned(), true),
        };
        let word = tab(Stream::Companies).map_or("company", |tab| tab.source_word.as_str());
        let (text, done) = count(Stream::Companies, "mapped");
        steps.push(StepView { name: format!("Map: {word} to company"), text, done });
        let (text, done) = count(Stream::DeviceTypes, "mapped or created");
        steps.push(StepView { name: "Device types".to_owned(), text, done });
        let (mut text, mut done) = count(Stream::Devices, "in the inventory");
        if import.ready > 0 {
            text = format!("{text}, {} ready to import", thousands(import.ready));
            done = false;
        }
        steps.push(StepView { name: "Import devices".to_owned(), text, done });
        steps
    }
}
