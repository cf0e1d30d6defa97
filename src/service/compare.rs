//! Both sides of a row, field by field, with the engine's evidence and the next-best candidates.

use super::inside;
use super::messages::{CandidateView, Compare, DecisionView, FieldPair, Relation};
use super::rows::FlowState;
use super::solver;
use super::tables::IntegrationTables;
use super::views::{self, Sides};
use super::world::World;
use crate::domain::{
    Actor, Candidate, Company, Device, Evidence, Failure, FailureClass, Flow, JunkList, Mac, Proposal, Record,
    RecordId, Serial, Stream, text,
};
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
    fn sides(&self) -> Sides<'_> {
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
    let fields = fields(context, left.as_ref().map(|r| &r.record), right.as_ref().map(|r| &r.record));
    let against =
        chosen.as_ref().map(|id| views::target_label(context.state, sides, stream, id, inner.matched() == Some(id)));
    let mut warnings = Vec::new();
    if let Some(against) = &against
        && against.taken_by > 0
    {
        warnings.push(format!("target already taken by {} other record(s)", against.taken_by));
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

fn fields(context: &Context<'_>, left: Option<&Record>, right: Option<&Record>) -> Vec<FieldPair> {
    match (left, right) {
        (Some(Record::Company(l)), r) => {
            let r = match r {
                Some(Record::Company(r)) => Some(r.as_ref()),
                _ => None,
            };
            company_fields(l, r)
        }
        (Some(Record::Device(l)), r) => {
            let r = match r {
                Some(Record::Device(r)) => Some(r.as_ref()),
                _ => None,
            };
            device_fields(context, l, r)
        }
        _ => Vec::new(),
    }
}

fn company_fields(left: &Company, right: Option<&Company>) -> Vec<FieldPair> {
    let mut fields = Vec::new();
    let mut push = |label: &str, of: &dyn Fn(&Company) -> String| {
        fields.push(field(label, &of(left), &right.map(of).unwrap_or_default()));
    };
    push("name", &|c| c.name.clone());
    push("short name", &|c| c.short_name.clone().unwrap_or_default());
    push("type", &|c| c.types.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", "));
    push("status", &|c| c.status.as_ref().map(|s| s.name.clone()).unwrap_or_default());
    push("domain", &|c| c.domain.clone().unwrap_or_default());
    push("phone", &|c| c.phone.clone().unwrap_or_default());
    push("address", &|c| {
        c.address
            .as_ref()
            .map(|a| [&a.street, &a.zip, &a.city].map(String::as_str).join(" ").trim().to_owned())
            .unwrap_or_default()
    });
    push("id", &|c| c.id.to_string());
    finish(fields)
}

fn device_fields(context: &Context<'_>, left: &Device, right: Option<&Device>) -> Vec<FieldPair> {
    let mut fields = Vec::new();
    let sides = context.sides();
    let junk = &context.world.junk;
    let mut push = |label: &str, of: &dyn Fn(&Device) -> String| {
        fields.push(field(label, &of(left), &right.map(of).unwrap_or_default()));
    };
    push("name", &|d| d.name.clone());
    push("host name", &|d| d.host_name.clone().unwrap_or_default());
    push("serial", &|d| d.serial.clone().unwrap_or_default());
    push("MAC", &|d| d.interfaces.iter().filter_map(|i| i.mac.clone()).collect::<Vec<_>>().join(" "));
    push("hardware UUID", &|d| d.hardware_uuid.clone().unwrap_or_default());
    push("maker", &|d| d.manufacturer.clone().unwrap_or_default());
    push("model", &|d| d.model.clone().unwrap_or_default());
    push("type", &|d| d.device_type.as_ref().map(|t| t.name.clone()).unwrap_or_default());
    push("user", &|d| d.user.clone().unwrap_or_default());
    push("system", &|d| d.details.system.os.clone().unwrap_or_default());
    push("seen or changed", &|d| d.last_seen.or(d.updated).map(|t| t.date().to_string()).unwrap_or_default());
    push("id", &|d| d.id.to_string());
    let company = |tables: &IntegrationTables, device: &Device| {
        views::company_name(tables, device.company.as_ref().map(RecordId::from).as_ref())
    };
    let theirs = right.map(|d| company(sides.target, d)).unwrap_or_default();
    fields.insert(1, field("company", &company(sides.source, left), &theirs));
    for pair in &mut fields {
        if matches!(pair.label.as_str(), "serial" | "MAC") {
            pair.relation = identifier_relation(junk, pair);
        }
    }
    finish(fields)
}

fn field(label: &str, left: &str, right: &str) -> FieldPair {
    let left = text::clean(left).into_owned();
    let right = text::clean(right).into_owned();
    let relation = relation(&left, &right);
    FieldPair { label: label.into(), left, right, relation }
}

/// Empty pairs say nothing; ids are never compared.
fn finish(mut fields: Vec<FieldPair>) -> Vec<FieldPair> {
    fields.retain(|f| !(f.left.is_empty() && f.right.is_empty()));
    for pair in &mut fields {
        if pair.label == "id" {
            pair.relation = Relation::Unknown;
        }
    }
    fields
}

/// Alike enough to be called similar: half of the letters in common (Jaro–Winkler 0.85).
const SIMILAR: f64 = 0.85;

fn relation(left: &str, right: &str) -> Relation {
    if left.is_empty() || right.is_empty() {
        return Relation::Unknown;
    }
    let plain = |t: &str| -> String { any_ascii::any_ascii(t).chars().filter(char::is_ascii_alphanumeric).collect() };
    let (l, r) = (plain(left).to_lowercase(), plain(right).to_lowercase());
    if l == r {
        Relation::Same
    } else if l.contains(&r) || r.contains(&l) || strsim::jaro_winkler(&l, &r) >= SIMILAR {
        Relation::Similar
    } else {
        Relation::Differs
    }
}

fn identifier_relation(junk: &JunkList, pair: &FieldPair) -> Relation {
    let is_junk = |value: &str| {
        if pair.label == "serial" {
            return Serial::parse(value).is_some_and(|s| junk.serial_reason(&s).is_some());
        }
        let macs = Mac::parse_all(value);
        !macs.is_empty() && macs.iter().all(|m| junk.mac_reason(*m).is_some())
    };
    if (!pair.left.is_empty() && is_junk(&pair.left)) || (!pair.right.is_empty() && is_junk(&pair.right)) {
        return Relation::Junk;
    }
    if pair.label == "serial" {
        return relation(&pair.left, &pair.right);
    }
    let (left, right) = (Mac::parse_all(&pair.left), Mac::parse_all(&pair.right));
    if left.is_empty() || right.is_empty() {
        Relation::Unknown
    } else if left.iter().any(|m| right.contains(m)) {
        Relation::Same
    } else {
        Relation::Differs
    }
}
