//! `matchbook link --explain LEFT RIGHT`: what speaks for and against one pair, and why it is not what the row is proposed.

use super::read::Lists;
use crate::domain::{Evidence, EvidenceKind, Failure, FailureClass, Stream, Verdict, text};
use crate::matching::Answers;
use crate::matching::explain::grouped;

/// The explanation in lines: the answer, then the evidence, strongest first.
///
/// # Errors
/// [`FailureClass::Usage`] when a list has no such id.
pub fn pair(answers: &Answers<'_>, lists: &Lists, left: &str, right: &str) -> Result<Vec<String>, Failure> {
    let stream = if lists.are_devices { Stream::Devices } else { Stream::Companies };
    let (l, r) = if lists.are_devices {
        (
            lists.left_devices.iter().position(|d| d.id.as_str() == left),
            lists.right_devices.iter().position(|d| d.id.as_str() == right),
        )
    } else {
        (
            lists.left_companies.iter().position(|c| c.id.as_str() == left),
            lists.right_companies.iter().position(|c| c.id.as_str() == right),
        )
    };
    let missing = |side: &str, id: &str| {
        let id = text::clean(id);
        Failure::new(FailureClass::Usage, format!("the {side} list has no id {id}"), "give an id of each list")
    };
    let (l, r) = (l.ok_or_else(|| missing("left", left))?, r.ok_or_else(|| missing("right", right))?);
    let (left_name, right_name) = if lists.are_devices {
        (&*lists.left_devices[l].name, &*lists.right_devices[r].name)
    } else {
        (lists.left_companies[l].name.as_str(), lists.right_companies[r].name.as_str())
    };
    let proposal = answers.proposal(stream, l);
    let best = proposal.candidates.first().filter(|c| c.target.as_str() == right);
    let candidate = answers.pair(stream, l, r);
    let mut lines = vec![
        format!("{} = {} ?", text::clean(left_name), text::clean(right_name)),
        format!("confidence {:.1} %: {}", 100.0 * candidate.confidence.get(), answer(best.is_some(), &proposal)),
    ];
    let evidence = match best {
        Some(best) => best.evidence.clone(),
        None => answers.absence(stream, l, r),
    };
    lines.extend(evidence.iter().map(line));
    Ok(lines)
}

fn answer(is_best: bool, proposal: &crate::domain::Proposal) -> String {
    if !is_best {
        return "not what the row is proposed".into();
    }
    let verdict = match proposal.verdict {
        Verdict::Auto => "accepted by itself",
        Verdict::Suggest => "suggested",
        Verdict::Conflict => "in conflict",
        Verdict::None => "the best candidate, not good enough",
    };
    if proposal.note.is_empty() { verdict.into() } else { format!("{verdict} ({})", proposal.note) }
}

fn line(evidence: &Evidence) -> String {
    let rarity = match evidence.rarity {
        Some((n, of)) => format!(" ({} of {})", grouped(n), grouped(of)),
        None => String::new(),
    };
    let note = text::clean(&evidence.note);
    if evidence.kind == EvidenceKind::Guard && evidence.bits == 0.0 {
        return format!("{:13}{note}", "");
    }
    format!("{:+6.1} bits  {note}{rarity}", evidence.bits)
}
