//! Sync settings of the fake service: made-up choices whose counts a preview adds up.

use matchbook::domain::{DayCount, IntegrationId, RecordId, ScopeRule, Stream, SyncScope};
use matchbook::service::messages::{
    ChoiceList, ChoiceView, Coverage, CoverageCell, CoverageRow, CoverageShow, CoverageSpec, CoverageSum, MovedRecord,
    ScopePreview, ScopedStream, StreamData, StreamMove, SyncSettings,
};

fn list(rule: ScopeRule, title: &str, choices: &[(&str, u64)], none: u64) -> ChoiceList {
    let choice = |name: &str, records: u64| ChoiceView {
        name: name.to_owned(),
        records,
        matched: records / 3,
        open: records / 4,
        known: true,
        at_vendor: None,
    };
    ChoiceList {
        rule,
        title: title.to_owned(),
        choices: choices.iter().map(|(name, records)| choice(name, *records)).collect(),
        none: choice("", none),
    }
}

fn lists() -> Vec<ChoiceList> {
    vec![
        list(ScopeRule::CompanyTypes, "Organization types", &[("Client", 214), ("Vendor", 31), ("Prospect", 12)], 3),
        list(ScopeRule::Classifications, "Organization classifications", &[("Gold", 40), ("Silver", 90)], 127),
        list(
            ScopeRule::DeviceTypes,
            "Configuration types",
            &[("Workstation", 3210), ("Server", 412), ("Printer", 288), ("Network", 190)],
            61,
        ),
        list(ScopeRule::DeviceStatuses, "Configuration statuses", &[("Active", 3900), ("Inactive", 261)], 0),
        list(ScopeRule::TicketQueues, "Ticket queues or boards", &[("Help Desk", 8120), ("Sales", 75)], 0),
    ]
}

/// The settings of an integration.
/// `asked`: the vendor knows a type that nothing stored has.
pub fn settings(integration: IntegrationId, vendor: &str, scope: &SyncScope, asked: bool) -> SyncSettings {
    let stream = |stream: Stream, word: &str, records| ScopedStream {
        stream,
        word: word.to_owned(),
        records,
        left_out: 0,
        matched: records / 3,
    };
    let mut lists = lists();
    if asked {
        let name = "Archived".to_owned();
        lists[0].choices.insert(0, ChoiceView { name, known: true, at_vendor: Some(44), ..ChoiceView::default() });
    }
    SyncSettings {
        integration,
        vendor: vendor.to_owned(),
        scope: scope.clone(),
        lists,
        streams: vec![
            stream(Stream::Companies, "organizations", 260),
            stream(Stream::Devices, "configurations", 4161),
            stream(Stream::Contacts, "contacts", 1902),
            stream(Stream::Locations, "locations", 377),
            stream(Stream::Tickets, "tickets", 8195),
        ],
        warnings: Vec::new(),
    }
}

/// Records of each stream within a scope, as if each were judged by one list only.
fn outside(scope: &SyncScope) -> Vec<(Stream, u64, Vec<(String, u64)>)> {
    let mut sums: Vec<(Stream, u64, Vec<(String, u64)>)> = Vec::new();
    for list in lists() {
        let stream = list.rule.stream().expect("a list has a stream");
        let choices = list.choices.iter().filter(|choice| !scope.takes(list.rule, &choice.name));
        let mut names: Vec<(String, u64)> = choices.map(|choice| (choice.name.clone(), choice.records)).collect();
        if !scope.takes_none(list.rule) && list.none.records > 0 {
            names.push((String::new(), list.none.records));
        }
        let sum = names.iter().map(|(_, records)| records).sum::<u64>();
        match sums.iter_mut().find(|(s, _, _)| *s == stream) {
            Some((_, total, all)) => {
                *total += sum;
                all.extend(names);
            }
            None => sums.push((stream, sum, names)),
        }
    }
    for (stream, records) in [(Stream::Contacts, 1902), (Stream::Locations, 377)] {
        sums.push((stream, if scope.wants(stream) { 0 } else { records }, Vec::new()));
    }
    sums
}

/// What other settings would do.
pub fn preview(now: &SyncScope, scope: &SyncScope) -> ScopePreview {
    let mut preview = ScopePreview::default();
    for ((stream, before, _), (_, after, names)) in outside(now).into_iter().zip(outside(scope)) {
        let moved = |records: u64| StreamMove {
            stream,
            word: if records == 1 { stream.one().to_owned() } else { stream.name().to_owned() },
            records,
            matched: records / 3,
        };
        if after > before {
            preview.leaves.push(moved(after - before));
        }
        if after < before {
            preview.enters.push(moved(before - after));
        }
        for (n, (name, _)) in names.iter().enumerate() {
            preview.first.push(MovedRecord {
                stream,
                id: RecordId::from(format!("{stream}-{n}")),
                name: format!("Harbor {name} {n}"),
                leaves: true,
                why: if name.is_empty() { "it has no type".to_owned() } else { format!("type {name} is not chosen") },
                matched: n == 0,
            });
        }
    }
    preview.asks = scope.widens(now).iter().map(ToString::to_string).collect();
    preview
}

/// Sixty companies, of which every third is not in the documentation.
pub fn coverage(spec: &CoverageSpec, offset: u64, limit: u32) -> Coverage {
    let cell =
        |i: u64, name: String| CoverageCell { id: RecordId::from(format!("s{i}")), name, devices: i, records: 1 };
    let all: Vec<CoverageRow> = (0..60_u64)
        .map(|i| {
            let name = super::company(usize::try_from(i).expect("small"));
            let documented = (i % 3 != 0).then(|| cell(i, format!("{name} LLC")));
            let covered = if documented.is_some() { i } else { 0 };
            CoverageRow { cells: vec![Some(cell(i, name.clone())), documented], name, devices: i, covered }
        })
        .collect();
    let needle = spec.find.to_lowercase();
    let fits = |row: &&CoverageRow| {
        let kind = match spec.show {
            CoverageShow::All => true,
            CoverageShow::Gaps => row.covered < row.devices,
            CoverageShow::Missing(_) => row.cells.iter().any(Option::is_none),
        };
        kind && row.name.to_lowercase().contains(&needle)
    };
    let shown: Vec<CoverageRow> = all.iter().filter(fits).cloned().collect();
    let sum = CoverageSum {
        companies: 60,
        everywhere: 40,
        missing: vec![0, 20],
        devices: all.iter().map(|r| r.devices).sum(),
        covered: all.iter().map(|r| r.covered).sum(),
    };
    let day = |d: u32| DayCount {
        day: 20_000 + d,
        devices: 1_000,
        devices_matched: 500 + 10 * u64::from(d),
        ..DayCount::default()
    };
    Coverage {
        integrations: vec![("addigy".into(), "Addigy".to_owned()), ("itglue".into(), "IT Glue".to_owned())],
        total: shown.len() as u64,
        offset,
        rows: shown.into_iter().skip(usize::try_from(offset).expect("small")).take(limit as usize).collect(),
        sum,
        trend: (0..30).map(day).collect(),
    }
}

/// What is stored of every integration.
pub fn data() -> Vec<StreamData> {
    let data = |stream, label: &str, live| StreamData {
        stream,
        label: label.to_owned(),
        live,
        left_out: live / 50,
        orphaned: 12,
        matched: live / 2,
        disconnected: 3,
        off: live / 1_000,
        failed: 1,
        finished: Some(super::noon()),
    };
    vec![data(Stream::Companies, "policies", 60), data(Stream::Devices, "devices", 3_000)]
}
