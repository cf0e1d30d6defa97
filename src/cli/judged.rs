//! How good a queue's automatic matches are, judged by what the simulator knows.

use super::vendors::{Judgement, Queue, Vendors};
use super::{home, summary};
use crate::domain::{Failure, FlowId, RecordId};
use crate::service::messages::{Filter, Query, QueueRow, Sort, StateCounts, View, ViewSpec};
use crate::simulator::Verdict;
use serde::Serialize;

/// Rows asked for at once.
const WINDOW: u32 = 500;

/// One queue and how good it is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Judged {
    /// Rows by state.
    pub counts: StateCounts,
    /// Pairs that there are.
    pub true_pairs: u64,
    /// Matched automatically, and right.
    pub right: u64,
    /// Matched to an older record of the same thing.
    pub older_record: u64,
    /// Matched automatically, and wrong.
    pub wrong: u64,
    /// Of the true pairs, matched automatically.
    pub share_automatic: f64,
    /// Proposals for a person whose best candidate is right.
    pub proposed_right: u64,
    /// Proposals for a person whose best candidate is wrong.
    pub proposed_wrong: u64,
    /// The first wrong automatic matches.
    pub wrong_rows: Vec<WrongRow>,
}

/// A wrong automatic match.
#[derive(Clone, Debug, Serialize)]
pub struct WrongRow {
    /// Source id.
    pub source: String,
    /// Its name.
    pub name: String,
    /// Id of the target it was matched to.
    pub target: String,
    /// Id of the target that would be right; `None` where there is none.
    pub right: Option<String>,
    /// The evidence it was matched on.
    pub why: String,
}

/// Wrong matches listed.
const WRONG_ROWS: usize = 50;

impl Judged {
    /// Judges every row of a flow's queue.
    ///
    /// # Errors
    /// The service's; when the vendors are gone.
    pub async fn of(home: &home::Home, vendors: &mut Vendors, flow: FlowId, queue: Queue) -> Result<Self, Failure> {
        let mut judged = Self::default();
        let view = ViewSpec {
            flow,
            stream: queue.stream,
            filter: Filter::All,
            find: String::new(),
            sort: Sort::default(),
            company: None,
            alike: None,
        };
        let mut offset = 0;
        loop {
            let query = Query::Window { view: view.clone(), offset, limit: WINDOW, anchor: None };
            let View::Window(window) = home.query(query).await? else { return Err(summary::wrong_answer()) };
            let proposed: Vec<_> = window.rows.iter().filter_map(|row| Some((row, row.target.as_ref()?))).collect();
            let pairs = proposed.iter().map(|(row, target)| (row.id.to_string(), target.id.to_string())).collect();
            let judgements = vendors.judge(queue, pairs).await?;
            for ((row, target), judgement) in proposed.into_iter().zip(judgements) {
                judged.row(row, &target.id, judgement);
            }
            judged.counts = window.counts;
            offset += window.rows.len() as u64;
            if window.rows.is_empty() || offset >= window.total {
                break;
            }
        }
        judged.finish(vendors.pairs(queue).await?);
        Ok(judged)
    }

    fn row(&mut self, row: &QueueRow, target: &RecordId, judgement: Judgement) {
        let Judgement { verdict, right } = judgement;
        let slot = match (row.state.is_open(), verdict) {
            (false, Verdict::Right) => &mut self.right,
            (false, Verdict::Neutral) => &mut self.older_record,
            (false, _) => &mut self.wrong,
            (true, Verdict::Right | Verdict::Neutral) => &mut self.proposed_right,
            (true, _) => &mut self.proposed_wrong,
        };
        *slot += 1;
        let wrong = !matches!(verdict, Verdict::Right | Verdict::Neutral);
        if !row.state.is_open() && wrong && self.wrong_rows.len() < WRONG_ROWS {
            self.wrong_rows.push(WrongRow {
                source: row.id.to_string(),
                name: row.name.clone(),
                target: target.to_string(),
                right,
                why: row.why.clone(),
            });
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a share for display")]
    fn finish(&mut self, pairs: u64) {
        self.true_pairs = pairs;
        self.share_automatic = if pairs == 0 { 1.0 } else { self.right as f64 / pairs as f64 };
    }
}
