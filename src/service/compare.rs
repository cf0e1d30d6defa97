//! Both sides of a row, field by field, with the engine's evidence and the next-best candidates.

use super::fields;
use super::inside;
use super::messages::{CandidateView, Compare, DecisionView};
use super::rows::FlowState;
use super::solver;
use super::tables::IntegrationTables;
use super::views::{self, Sides};
use super::world::World;
use crate::domain::{Actor, Candidate, Evidence, Failure, FailureClass, Flow, Proposal, RecordId, Stream, text};
use crate::store::Store;

/// Candidates shown; the keys `1`…`9`.
const CANDIDATES: usize = 9;

/// What the compare view needs at hand.
pub struct Context<'a> {
    /// Facts and decisions.
    pub world: &'a World,
    /// The flow's rows.
    pub state: &'a FlowState,
    /// For the full records.
    pub store: &'a Store,
    /// Vendors' names.
    pub names: (&'a str, &'a str),
}

impl Context<'_> {
    /// Both sides of the flow.
    pub fn sides(&self) -> Sides<'_> {
        sides_of(self.world, &self.state.flow)
    }
}

/// Both sides of a flow.
pub fn sides_of<'a>(world: &'a World, flow: &Flow) -> Sides<'a> {
    Sides { source: world.tables_of(&flow.source), target: world.tables_of(&flow.target) }
}

/// Compares a row with a target.
///
/// # Errors
/// When there is no such row, or the store cannot be read.
pub fn compare(
    context: &Context<'_>,
    stream: Stream,
    source: &RecordId,
    target: Option<&RecordId>,
) -> Result<Compare, Failure> {
    let sides = context.sides();
    let at = views::position(sides.source, stream, source).ok_or_else(|| gone(source))?;
    let row = views::row_view(context.state, sides, stream, at).ok_or_else(|| gone(source))?;
    let inner = context.state.queue(stream).and_then(|q| q.rows.get(at)).ok_or_else(|| gone(source))?;
    let asked = target.or_else(|| inner.matched());
    let (proposal, pair) = explained(context, stream, at, asked);
    let chosen = asked.cloned().or_else(|| best(&proposal));
    let flow = &context.state.flow;
    let left = context.store.record(&flow.source, stream, source)?;
    let right = match &chosen {
        Some(id) => context.store.record(&flow.target, stream, id)?,
        None => None,
    };
    let fields = fields::fields(context, left.as_ref().map(|r| &r.record), right.as_ref().map(|r| &r.record));
    let against =
        chosen.as_ref().map(|id| views::target_label(context.state, sides, stream, id, inner.matched() == Some(id)));
    let mut warnings = Vec::new();
    if let Some(against) = &against
        && against.taken_by > 0
    {
        warnings.push(match against.taken_by {
            1 => "target already taken by 1 other record".to_owned(),
            n => format!("target already taken by {n} other records"),
        });
    }
    if right.as_ref().is_some_and(|r| r.orphaned.is_some()) {
        warnings.push("the target is no longer listed by its vendor".into());
    }
    if let Some(why) = chosen.as_ref().and_then(|id| sides.target.register.why(stream, id)) {
        warnings.push(format!("the target is left out by the sync settings: {}", text::clean(&why)));
    }
    warnings.extend(other_company(context, stream, source, chosen.as_ref()));
    Ok(Compare {
        generation: context.state.queue(stream).map_or(0, |q| q.generation),
        source: context.names.0.to_owned(),
        target: context.names.1.to_owned(),
        against,
        fields,
        evidence: pair.into_iter().flat_map(|c| c.evidence).map(cleaned).collect(),
        note: note(&proposal, &row, stream),
        candidates: proposal.candidates.iter().take(CANDIDATES).map(|c| candidate(context, stream, c)).collect(),
        decided: inner.decision.as_deref().map(|d| DecisionView {
            kind: d.kind.clone(),
            who: who(&d.actor),
            at: d.at,
            why: text::clean(&d.why).into_owned(),
        }),
        warnings,
        pages: [&left, &right].map(|record| {
            let page = record.as_ref().and_then(|r| r.record.page());
            page.map(|page| text::clean(page).into_owned()).unwrap_or_default()
        }),
        row,
    })
}

fn gone(source: &RecordId) -> Failure {
    Failure::new(FailureClass::Usage, format!("there is no record {source} in this queue"), "refresh the queue")
}

fn cleaned(mut evidence: Evidence) -> Evidence {
    evidence.note = text::clean(&evidence.note).into_owned();
    evidence
}

/// An actor's name for a person.
pub fn who(actor: &Actor) -> String {
    match actor {
        Actor::Person(name) => text::clean(name).into_owned(),
        Actor::Engine => "matchbook".into(),
        Actor::QuickMatch(name) => format!("{} by Quick Match", text::clean(name)),
    }
}

fn note(proposal: &Proposal, row: &super::messages::QueueRow, stream: Stream) -> String {
    if row.waits {
        return "waits for its company: match the company first".into();
    }
    // A row without a candidate keeps only why.
    if Stream::INSIDE.contains(&stream) && proposal.candidates.is_empty() && row.state.is_open() {
        return row.why.clone();
    }
    text::clean(&proposal.note).into_owned()
}

fn best(proposal: &Proposal) -> Option<RecordId> {
    proposal.candidates.first().map(|c| c.target.clone())
}

/// The row's proposal, and the row beside the target that is asked for (the best candidate when none is), built from what
/// the engine found out. Both are empty while it has found out nothing, or the records are no longer what it read.
fn explained(
    context: &Context<'_>,
    stream: Stream,
    at: usize,
    asked: Option<&RecordId>,
) -> (Proposal, Option<Candidate>) {
    let (world, state) = (context.world, context.state);
    let sides = context.sides();
    if stream == Stream::DeviceTypes {
        return (Proposal::default(), None);
    }
    if Stream::INSIDE.contains(&stream) {
        let found = state.queue(stream).zip(views::id_at(sides.source, stream, at));
        return found.map(|(queue, id)| inside::explained(queue, sides, stream, id, asked)).unwrap_or_default();
    }
    let settings = world.settings(&state.flow);
    let problem = solver::problem(sides, world.known_of(&state.flow.id), &settings);
    let Some(answers) = state.engine.as_ref().and_then(|engine| engine.answers(&problem)) else {
        return (Proposal::default(), None);
    };
    let proposal = answers.proposal_now(stream, at).unwrap_or_default();
    let of = |id: &RecordId| proposal.candidates.iter().find(|c| c.target == *id).cloned();
    let pair = match asked {
        Some(id) => of(id).or_else(|| answers.pair_now(stream, at, target_position(sides, stream, id)?)),
        None => proposal.candidates.first().cloned(),
    };
    (proposal, pair)
}

fn target_position(sides: Sides<'_>, stream: Stream, id: &RecordId) -> Option<usize> {
    views::position(sides.target, stream, id)
}

fn other_company(
    context: &Context<'_>,
    stream: Stream,
    source: &RecordId,
    target: Option<&RecordId>,
) -> Option<String> {
    let sides = context.sides();
    let at = views::position(sides.source, stream, source)?;
    let right = sides.target.facts(stream, target?)?.company()?;
    let expected = context.state.company_row(sides.source, stream, at)?.matched()?;
    (expected != right).then(|| {
        format!(
            "other company: this {} belongs to {}, the target to {}",
            stream.one(),
            views::company_name(sides.target, Some(expected)),
            views::company_name(sides.target, Some(right))
        )
    })
}

fn candidate(context: &Context<'_>, stream: Stream, candidate: &Candidate) -> CandidateView {
    let sides = context.sides();
    CandidateView {
        target: views::target_label(context.state, sides, stream, &candidate.target, false),
        confidence: candidate.confidence,
        why: text::clean(&solver::evidence_words(&candidate.evidence)).into_owned(),
        detail: target_detail(sides.target, stream, &candidate.target),
    }
}

/// What tells targets of equal names apart: type, city, devices; or company, serial, model, email, address.
pub fn target_detail(tables: &IntegrationTables, stream: Stream, id: &RecordId) -> String {
    let mut parts: Vec<String> = Vec::new();
    match stream {
        Stream::Companies => {
            if let Some(extra) = tables.extra.get(id) {
                if !extra.kind.is_empty() {
                    parts.push(extra.kind.to_string());
                }
                parts.push(super::decide::counted(Stream::Devices, u64::from(extra.devices)));
            }
            if let Some(city) = tables.companies.get(id).and_then(|c| c.city.as_deref()) {
                parts.insert(0, city.to_owned());
            }
        }
        _ => {
            if let Some(facts) = tables.facts(stream, id) {
                parts.push(views::company_name(tables, facts.company()));
                parts.push(facts.detail().into_owned());
                parts.extend(facts.serial().map(|s| format!("SN {s}")));
                parts.extend(facts.model().map(str::to_owned));
            }
        }
    }
    parts.push(format!("#{id}"));
    parts.retain(|p| !p.is_empty());
    text::clean(&parts.join(" · ")).into_owned()
}
