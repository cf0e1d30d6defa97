//! `queue`: rows of a queue as text, JSON lines or CSV.

use super::args::QueueArguments;
use super::{Outcome, home, output, setup};
use crate::domain::{Failure, MatchState, text};
use crate::service::messages::{Filter, Query, QueueRow, Sort, View, ViewSpec};

/// Rows asked for at once.
const WINDOW: u32 = 500;

/// Prints the rows.
///
/// # Errors
/// What keeps the home from opening, an unknown flow, stream or filter.
pub async fn run(arguments: QueueArguments) -> Result<Outcome, Failure> {
    let view = ViewSpec {
        flow: arguments.flow.as_str().into(),
        stream: setup::stream(&arguments.stream)?,
        filter: filter(&arguments.filter)?,
        find: arguments.find.clone(),
        sort: Sort::default(),
        company: None,
        alike: None,
    };
    let home = home::open(false).await?;
    home.service.settled().await?;
    let mut out = Printer::new(&arguments);
    let result = print(&home, view, arguments.limit.unwrap_or(u64::MAX), &mut out).await;
    home.service.stop().await;
    result.map(|()| Outcome::Done)
}

async fn print(home: &home::Home, view: ViewSpec, limit: u64, out: &mut Printer) -> Result<(), Failure> {
    let mut offset = 0;
    while offset < limit {
        let wanted = u32::try_from(limit - offset).unwrap_or(WINDOW).min(WINDOW);
        let query = Query::Window { view: view.clone(), offset, limit: wanted, anchor: None };
        let View::Window(window) = home.query(query).await? else { break };
        for row in &window.rows {
            out.row(row)?;
        }
        offset += window.rows.len() as u64;
        if window.rows.is_empty() || offset >= window.total {
            break;
        }
    }
    out.end()
}

/// The filter of that name.
///
/// # Errors
/// Usage, with the names.
pub fn filter(name: &str) -> Result<Filter, Failure> {
    match name {
        "open" => Ok(Filter::Open),
        "all" => Ok(Filter::All),
        "orphaned" => Ok(Filter::Orphaned),
        "left-out" => Ok(Filter::LeftOut),
        "unimported" => Ok(Filter::Unimported),
        _ => MatchState::ALL.into_iter().find(|s| s.name() == name).map(Filter::State).ok_or_else(|| {
            let states: Vec<&str> = MatchState::ALL.iter().map(|s| s.name()).collect();
            output::usage(
                format!("there is no filter “{name}”"),
                format!("filters: open, all, orphaned, left-out, unimported, {}", states.join(", ")),
            )
        }),
    }
}

const COLUMNS: [&str; 12] = [
    "id",
    "name",
    "company",
    "serial",
    "state",
    "target_id",
    "target_name",
    "confidence",
    "why",
    "orphaned",
    "left_out",
    "detail",
];

enum Printer {
    Text,
    Json,
    Csv(Box<csv::Writer<std::io::Stdout>>),
}

impl Printer {
    fn new(arguments: &QueueArguments) -> Self {
        if arguments.json {
            Self::Json
        } else if arguments.csv {
            let mut writer = csv::Writer::from_writer(std::io::stdout());
            // A stdout that is gone is told by the first row.
            let _ = writer.write_record(COLUMNS);
            Self::Csv(Box::new(writer))
        } else {
            Self::Text
        }
    }

    fn row(&mut self, row: &QueueRow) -> Result<(), Failure> {
        match self {
            Self::Json => output::json(row),
            Self::Text => {
                let target = row.target.as_ref().map_or("–", |t| t.name.as_str());
                let sure = row.confidence.map_or_else(String::new, |c| format!("{} %", c.percent()));
                output::line(&format!(
                    "{}\t{}\t{}\t→ {target}\t{sure}\t{}",
                    row.state.name(),
                    row.id,
                    row.name,
                    row.why
                ))
            }
            Self::Csv(writer) => {
                let target = row.target.as_ref();
                let cells = [
                    row.id.to_string(),
                    row.name.clone(),
                    row.company.clone(),
                    row.serial.clone(),
                    row.state.name().to_owned(),
                    target.map(|t| t.id.to_string()).unwrap_or_default(),
                    target.map(|t| t.name.clone()).unwrap_or_default(),
                    row.confidence.map(|c| format!("{:.4}", c.get())).unwrap_or_default(),
                    row.why.clone(),
                    row.orphaned.to_string(),
                    row.left_out.clone(),
                    row.detail.clone(),
                ];
                let cells = cells.iter().map(|cell| text::csv_cell(cell));
                writer.write_record(cells).map_err(|e| match e.into_kind() {
                    csv::ErrorKind::Io(e) => output::broken(&e),
                    other => output::broken(&std::io::Error::other(format!("{other:?}"))),
                })
            }
        }
    }

    fn end(&mut self) -> Result<(), Failure> {
        match self {
            Self::Csv(writer) => writer.flush().map_err(|e| output::broken(&e)),
            _ => Ok(()),
        }
    }
}
