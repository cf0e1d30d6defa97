//! `cards`: what syncs found that a person decides, and the answers.

use super::args::{CardAnswer, CardsCommand};
use super::{Outcome, home, output};
use crate::domain::{Failure, IntegrationId, Stream};
use crate::service::messages::{CardAbout, CardView, Command, Query, Reply, Request, View};

/// Lists the cards, or answers one.
///
/// # Errors
/// What keeps the home from opening, or a card that is no longer there.
pub async fn run(command: Option<CardsCommand>, json: bool) -> Result<Outcome, Failure> {
    let home = home::open(false).await?;
    home.service.settled().await?;
    let result = match command {
        None => list(&home, json).await,
        Some(CardsCommand::Yes(CardAnswer { key })) => answer(&home, key, true).await,
        Some(CardsCommand::No(CardAnswer { key })) => answer(&home, key, false).await,
    };
    home.service.stop().await;
    result
}

async fn list(home: &home::Home, json: bool) -> Result<Outcome, Failure> {
    let cards = all(home).await?;
    if json {
        output::json(&cards)?;
        return Ok(Outcome::Done);
    }
    if cards.is_empty() {
        output::say("nothing waits for you");
    }
    for card in &cards {
        output::line(&format!("{}\t{}", card.key, card.title))?;
        for line in &card.lines {
            output::line(&format!("  {line}"))?;
        }
        output::line(&format!("  yes: {}", card.yes))?;
        output::line(&format!("  no: {}", card.no))?;
    }
    Ok(Outcome::Done)
}

async fn all(home: &home::Home) -> Result<Vec<CardView>, Failure> {
    match home.query(Query::Cards).await? {
        View::Cards(cards) => Ok(cards),
        _ => Ok(Vec::new()),
    }
}

async fn answer(home: &home::Home, key: String, yes: bool) -> Result<Outcome, Failure> {
    if let Reply::Done(done) = home.service.ask(Request::Command(Command::AnswerCard { key, yes })).await? {
        output::say(&done.text);
    }
    home.service.settled().await?;
    Ok(Outcome::Done)
}

/// Accepts what the last syncs asked about these streams, as it was listed; returns how many there were.
///
/// # Errors
/// When one is no longer as it was, or the disk refuses.
pub async fn accept_mass_changes(
    home: &home::Home,
    integration: Option<&IntegrationId>,
    stream: Option<Stream>,
) -> Result<usize, Failure> {
    home.service.settled().await?;
    let mut accepted = 0;
    for card in all(home).await? {
        let CardAbout::MassChange { integration: of, stream: asked } = &card.about else { continue };
        if integration.is_none_or(|i| i == of) && stream.is_none_or(|s| s == *asked) {
            answer(home, card.key, true).await?;
            accepted += 1;
        }
    }
    Ok(accepted)
}
