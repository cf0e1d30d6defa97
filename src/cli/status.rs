//! `status`: what the header and the Integrations pane show, as text or JSON.

use super::{Outcome, home, output};
use crate::domain::{Failure, RunState};
use crate::service::messages::{IntegrationState, IntegrationView, Overview, Query, View};

/// Prints the overview.
///
/// # Errors
/// What keeps the home from opening.
pub async fn run(json: bool) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let View::Overview(overview) = home.query(Query::Overview).await? else { return Ok(Outcome::Done) };
    if json {
        output::json(&overview)?;
    } else {
        print(&overview)?;
    }
    home.service.stop().await;
    Ok(Outcome::Done)
}

/// An integration's state in words.
pub fn state_words(view: &IntegrationView) -> String {
    match &view.state {
        IntegrationState::New => "never synced".into(),
        IntegrationState::Ok => "OK".into(),
        IntegrationState::Syncing => "syncing".into(),
        IntegrationState::Paused => "paused".into(),
        IntegrationState::Refused { failure } => format!("key refused: {failure}"),
        IntegrationState::Failed { failure } => format!("failed: {failure}"),
        IntegrationState::Asks => "asks: the last sync would change too much; see `matchbook cards`".into(),
    }
}

fn print(overview: &Overview) -> Result<(), Failure> {
    if overview.integrations.is_empty() {
        output::say("no integration is connected; `matchbook connect addigy --connector addigy` connects one");
    }
    for view in &overview.integrations {
        let (last, next) = (output::clock(view.last), output::clock(view.next));
        output::line(&format!("{}\t{}\t{}\tlast {last}\tnext {next}", view.id, view.vendor, state_words(view)))?;
        for stream in &view.streams {
            let failed = match &stream.state {
                RunState::Failed { failure } => format!("\t{}: {failure}", failure.class.words()),
                RunState::Asks { change } => format!("\t{}", change.text(&stream.label)),
                _ => String::new(),
            };
            output::line(&format!("  {}\t{}{failed}", stream.label, stream.stored))?;
        }
    }
    for flow in &overview.flows {
        let paused = if flow.paused { "\tpaused" } else { "" };
        output::line(&format!("{}\t{}{paused}", flow.id, flow.label))?;
        for tab in &flow.tabs {
            let c = &tab.counts;
            output::line(&format!(
                "  {}\tconflict {}  suggested {}  unmatched {} ({} wait for their company)  deferred {}  matched {}  ignored {}",
                tab.stream, c.conflict, c.suggested, c.unmatched, c.waiting, c.deferred, c.matched, c.ignored
            ))?;
        }
    }
    Ok(())
}
