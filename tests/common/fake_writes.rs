//! Writes of the fake service: one row would be made, one has something like it at the target; the outbox holds a write
//! of each kind.

use matchbook::domain::{FieldPolicy, FieldWrite, FlowId, Stream, Timestamp, UpdatePolicy, WriteField, WriteId};
use matchbook::service::messages::{NearHit, OutboxView, PlanRow, PlanView, PolicyView, View, WriteQuery, WriteView};

fn field(field: WriteField, old: Option<&str>, new: &str) -> FieldWrite {
    FieldWrite { field, old: old.map(str::to_owned), new: new.to_owned() }
}

fn row(source: &str, name: &str, near: Vec<NearHit>) -> PlanRow {
    let left =
        if near.is_empty() { String::new() } else { "IT Glue has something like it; look at it first".to_owned() };
    PlanRow {
        source: source.into(),
        stream: Stream::Devices,
        name: name.to_owned(),
        target: None,
        fields: vec![
            field(WriteField::Name, None, name),
            field(WriteField::Type, None, "Laptop"),
            field(WriteField::Status, None, "Active"),
            field(WriteField::Serial, None, "C02XK0AAJG5J"),
            field(WriteField::Notes, None, "Created by matchbook from Addigy. [matchbook addigy/devices/d1]"),
        ],
        interfaces: vec!["en0 14:7D:DA:00:00:01 10.0.0.9".to_owned(), "en5 14:7D:DA:00:00:05".to_owned()],
        notes: vec!["IT Glue has no model “MacBook Air (M9)”: left out".to_owned()],
        near,
        left,
    }
}

/// The answer to a question about writes.
pub fn view(query: &WriteQuery, flow: FlowId, at: Timestamp) -> View {
    match query {
        WriteQuery::Create { anyway, .. } => {
            let hit = NearHit {
                id: "8400117".into(),
                name: "front-MAC".to_owned(),
                company: "Harbor Dental Group LLC".to_owned(),
                why: "the same serial number".to_owned(),
                away: true,
            };
            let mut alike = row("d2", "front-MAC-2", vec![hit]);
            if *anyway {
                alike.left = String::new();
            }
            View::Plan(Box::new(PlanView {
                what: format!("makes {} of 2 on IT Glue", 1 + u64::from(*anyway)),
                writes: 1 + u64::from(*anyway),
                left: if *anyway { Vec::new() } else { vec![(alike.left.clone(), 1)] },
                warnings: vec!["Configurations made here do not flow on to a PSA by themselves.".to_owned()],
                rows: vec![alike, row("d1", "front-MAC-1", Vec::new())],
            }))
        }
        WriteQuery::Policies { .. } => View::Policies(Box::new(PolicyView {
            flow,
            source: "Addigy".to_owned(),
            target: "IT Glue".to_owned(),
            update: UpdatePolicy::Ask,
            fields: vec![
                (WriteField::Name, FieldPolicy::Target, vec![Stream::Companies, Stream::Devices]),
                (WriteField::Serial, FieldPolicy::Source, vec![Stream::Devices]),
            ],
        })),
        WriteQuery::Update { .. } => View::Plan(Box::default()),
        WriteQuery::Outbox { .. } => {
            let states = [
                ("planned", "", ""),
                ("confirmed", "", ""),
                ("refused", "IT Glue refuses it", "name: can't be blank"),
                ("unconfirmed", "IT Glue (127.0.0.1) answered 504", ""),
            ];
            let writes = (1..).zip(states).map(|(id, (state, why, said))| WriteView {
                id: WriteId(id),
                flow: flow.clone(),
                row: row(&format!("d{id}"), &format!("front-MAC-{id}"), Vec::new()),
                state: state.to_owned(),
                made: (state == "confirmed").then(|| "8400200".into()),
                why: why.to_owned(),
                said: said.to_owned(),
                who: "ann".to_owned(),
                changed: at,
            });
            View::Outbox(Box::new(OutboxView { writes: writes.collect(), planned: 1, moving: 1, stopped: Vec::new() }))
        }
    }
}
