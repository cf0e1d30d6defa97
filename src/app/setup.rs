//! What connects systems for the wizard. The home belongs to another room, whose owner hands this in.

use crate::domain::{Failure, FlowId, IntegrationId, Stream};
use futures::future::BoxFuture;

pub use crate::ui::{Draft, FlowDraft, Kind, Prompt, SavedView, TestReport};

/// Tests and saves connections and flows of a home.
pub trait Setup: Send + Sync {
    /// What can be connected.
    fn kinds(&self) -> Vec<Kind>;

    /// Tests a connection live; saves nothing.
    fn test(&self, draft: Draft) -> BoxFuture<'static, Result<TestReport, Failure>>;

    /// Saves a connection that passed its test: the configuration and its secrets, or nothing.
    fn save(&self, draft: Draft) -> BoxFuture<'static, Result<(), Failure>>;

    /// Keeps a view, in place of the one of its name.
    fn save_view(&self, view: SavedView) -> BoxFuture<'static, Result<(), Failure>>;

    /// Forgets a view.
    fn remove_view(&self, view: SavedView) -> BoxFuture<'static, Result<(), Failure>>;

    /// Saves a flow; returns its name.
    fn save_flow(&self, flow: FlowDraft) -> BoxFuture<'static, Result<String, Failure>>;

    /// Gives a flow up, with all its mappings, as soon as the home is closed; the interface ends with [`super::Exit::Reload`].
    fn give_up(&self, flow: FlowId);

    /// Deletes the orphans of a stream that are not matched, as soon as the home is closed; as [`Setup::give_up`].
    fn delete_orphans(&self, integration: IntegrationId, stream: Stream);

    /// A flow into the inventory that was added before the home was opened anew: its setup opens. Told once.
    fn guide(&self) -> Option<FlowId>;
}
