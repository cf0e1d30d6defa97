//! The grid of companies and integrations: which company is known where, joined by what was decided.

use super::messages::{
    Coverage, CoverageCell, CoverageRow, CoverageShow, CoverageSort, CoverageSpec, CoverageSum, StreamData,
};
use super::search::Needle;
use super::tables::{IntegrationTables, Standing};
use super::world::World;
use crate::domain::{DayCount, Flow, IntegrationId, RecordId, Stream, StreamProgress, text};
use rustc_hash::{FxHashMap, FxHashSet};

/// Most rows of one answer.
const LIMIT: usize = 500;

/// What is asked, and of what.
pub struct Asked<'a> {
    /// Facts and decisions.
    pub world: &'a World,
    /// Flows.
    pub flows: &'a [Flow],
    /// Vendors' names.
    pub vendors: &'a [(IntegrationId, String)],
    /// One count a day.
    pub trend: Vec<DayCount>,
}

/// Companies that decisions join. Each points to another of its group, the first to itself.
struct Groups {
    parent: Vec<u32>,
    of: FxHashMap<(usize, RecordId), u32>,
    members: Vec<(usize, RecordId)>,
}

impl Groups {
    fn add(&mut self, integration: usize, id: &RecordId) -> u32 {
        let next = u32::try_from(self.parent.len()).unwrap_or(u32::MAX);
        let at = *self.of.entry((integration, id.clone())).or_insert(next);
        if at == next {
            self.parent.push(next);
            self.members.push((integration, id.clone()));
        }
        at
    }

    fn root(&self, mut at: u32) -> u32 {
        while self.parent[at as usize] != at {
            at = self.parent[at as usize];
        }
        at
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The lower one leads, so that a group is named by the first integration that has it.
        self.parent[a.max(b) as usize] = a.min(b);
    }
}

/// The grid's rows from a position on.
pub fn coverage(asked: Asked<'_>, spec: &CoverageSpec, offset: u64, limit: u32) -> Coverage {
    let used = |id: &IntegrationId| asked.flows.iter().any(|f| f.source == *id || f.target == *id);
    let integrations: Vec<(IntegrationId, String)> = asked.vendors.iter().filter(|(id, _)| used(id)).cloned().collect();
    let all = rows(&asked, &integrations);
    let sum = sum(&all, integrations.len());
    let mut shown: Vec<CoverageRow> = all.into_iter().filter(|row| is_shown(row, spec, &integrations)).collect();
    let gap = |row: &CoverageRow| row.devices - row.covered;
    let missing = |row: &CoverageRow| row.cells.iter().filter(|c| c.is_none()).count();
    shown.sort_by_cached_key(|row| {
        let name = row.name.to_lowercase();
        match spec.sort {
            CoverageSort::Gap => (u64::MAX - gap(row), usize::MAX - missing(row), name),
            CoverageSort::Name => (0, 0, name),
            CoverageSort::Devices => (u64::MAX - row.devices, 0, name),
        }
    });
    let total = shown.len();
    let from = usize::try_from(offset).unwrap_or(total).min(total);
    let rows = shown.into_iter().skip(from).take((limit as usize).min(LIMIT)).collect();
    Coverage { integrations, total: total as u64, offset: from as u64, rows, sum, trend: asked.trend }
}

fn is_shown(row: &CoverageRow, spec: &CoverageSpec, integrations: &[(IntegrationId, String)]) -> bool {
    let kind = match &spec.show {
        CoverageShow::All => true,
        CoverageShow::Gaps => row.covered < row.devices || row.cells.iter().any(Option::is_none),
        CoverageShow::Missing(id) => {
            integrations.iter().position(|(i, _)| i == id).is_some_and(|at| row.cells[at].is_none())
        }
    };
    let needle = Needle::new(&spec.find);
    let found = || row.cells.iter().flatten().any(|cell| needle.is_in(&cell.name));
    kind && (needle.is_empty() || needle.is_in(&row.name) || found())
}

fn sum(rows: &[CoverageRow], columns: usize) -> CoverageSum {
    let mut sum = CoverageSum { missing: vec![0; columns], ..CoverageSum::default() };
    for row in rows {
        sum.companies += 1;
        sum.everywhere += u64::from(row.cells.iter().all(Option::is_some));
        for (at, cell) in row.cells.iter().enumerate() {
            sum.missing[at] += u64::from(cell.is_none());
        }
        sum.devices += row.devices;
        sum.covered += row.covered;
    }
    sum
}

fn rows(asked: &Asked<'_>, integrations: &[(IntegrationId, String)]) -> Vec<CoverageRow> {
    let groups = groups(asked, integrations);
    let mut at_root: FxHashMap<u32, usize> = FxHashMap::default();
    let mut rows: Vec<CoverageRow> = Vec::new();
    for (node, (integration, id)) in groups.members.iter().enumerate() {
        let root = groups.root(u32::try_from(node).unwrap_or(u32::MAX));
        let tables = asked.world.tables_of(&integrations[*integration].0);
        let name = text::clean(tables.companies.get(id).map_or("", |c| &c.name)).into_owned();
        let devices = u64::from(tables.extra.get(id).map_or(0, |e| e.devices));
        let at = *at_root.entry(root).or_insert_with(|| {
            rows.push(CoverageRow {
                name: name.clone(),
                cells: vec![None; integrations.len()],
                devices: 0,
                covered: 0,
            });
            rows.len() - 1
        });
        match &mut rows[at].cells[*integration] {
            Some(cell) => {
                cell.records += 1;
                cell.devices += devices;
            }
            empty => *empty = Some(CoverageCell { id: id.clone(), name, devices, records: 1 }),
        }
    }
    for (integration, id, devices, covered) in devices(asked, integrations) {
        let row = groups.of.get(&(integration, id)).and_then(|node| at_root.get(&groups.root(*node)));
        if let Some(at) = row {
            rows[*at].devices += devices;
            rows[*at].covered += covered;
        }
    }
    rows
}

fn groups(asked: &Asked<'_>, integrations: &[(IntegrationId, String)]) -> Groups {
    let mut groups = Groups { parent: Vec::new(), of: FxHashMap::default(), members: Vec::new() };
    let place = |id: &IntegrationId| integrations.iter().position(|(i, _)| i == id);
    for (at, (id, _)) in integrations.iter().enumerate() {
        let tables = asked.world.tables_of(id);
        let needs = asked.flows.iter().any(|f| f.source == *id && f.needs_devices);
        for company in tables.companies.live().iter().filter(|c| tables.is_listed(&c.id)) {
            if !needs || has_devices(tables, &company.id) || is_decided(asked, id, &company.id) {
                groups.add(at, &company.id);
            }
        }
    }
    for flow in asked.flows {
        let (Some(source), Some(target)) = (place(&flow.source), place(&flow.target)) else { continue };
        let Some(decided) = asked.world.decided(&flow.id, Stream::Companies) else { continue };
        for (left, right) in decided.iter().filter_map(|(left, right)| Some((left, right.as_ref()?))) {
            let ends = (groups.of.get(&(source, left.clone())), groups.of.get(&(target, right.clone())));
            if let (Some(&a), Some(&b)) = ends {
                groups.join(a, b);
            }
        }
    }
    groups
}

fn has_devices(tables: &IntegrationTables, id: &RecordId) -> bool {
    tables.extra.get(id).is_some_and(|e| e.devices > 0)
}

fn is_decided(asked: &Asked<'_>, integration: &IntegrationId, id: &RecordId) -> bool {
    let mut flows = asked.flows.iter().filter(|f| f.source == *integration);
    flows.any(|f| {
        let decided = asked.world.decided(&f.id, Stream::Companies);
        decided.and_then(|d| d.get(id)).is_some_and(Option::is_some)
    })
}

/// Devices of each company of the flows' sources, and how many of them have a match.
fn devices(asked: &Asked<'_>, integrations: &[(IntegrationId, String)]) -> Vec<(usize, RecordId, u64, u64)> {
    let mut counted = Vec::new();
    for flow in asked.flows.iter().filter(|f| f.streams.contains(&Stream::Devices)) {
        let Some(source) = integrations.iter().position(|(id, _)| *id == flow.source) else { continue };
        let decided = asked.world.decided(&flow.id, Stream::Devices);
        let mut of: FxHashMap<&RecordId, (u64, u64)> = FxHashMap::default();
        for device in asked.world.tables_of(&flow.source).devices.live() {
            let Some(company) = &device.company else { continue };
            let has = decided.and_then(|d| d.get(&device.id)).is_some_and(Option::is_some);
            let count = of.entry(company).or_default();
            count.0 += 1;
            count.1 += u64::from(has);
        }
        counted.extend(of.into_iter().map(|(id, (devices, covered))| (source, id.clone(), devices, covered)));
    }
    counted
}

/// What is stored of one stream, of which so many records are switched off.
pub fn data(
    world: &World,
    flows: &[Flow],
    integration: &IntegrationId,
    state: &StreamProgress,
    off: u64,
) -> StreamData {
    let tables = world.tables_of(integration);
    let stream = state.stream;
    let known = tables.list(stream).is_some();
    let standing =
        |wanted: Standing| (0..tables.count(stream)).filter(|at| tables.standing(stream, *at) == wanted).count();
    let mut data = StreamData {
        stream,
        label: state.label.clone(),
        live: if known { tables.count_live(stream) as u64 + standing(Standing::LeftOut) as u64 } else { state.stored },
        left_out: tables.register.left_out(stream),
        orphaned: standing(Standing::Orphaned) as u64,
        matched: 0,
        disconnected: 0,
        off,
        failed: state.counts.bad,
        finished: state.finished,
    };
    let mut ids: FxHashSet<&RecordId> = FxHashSet::default();
    for flow in flows {
        let Some(decided) = world.decided(&flow.id, stream) else { continue };
        if flow.source == *integration {
            ids.extend(decided.iter().filter(|(_, target)| target.is_some()).map(|(source, _)| source));
        }
        if flow.target == *integration {
            ids.extend(decided.values().flatten());
        }
    }
    let place = |id: &RecordId| tables.list(stream).and_then(|list| list.place(id));
    for at in ids.into_iter().filter_map(place) {
        data.matched += 1;
        data.disconnected += u64::from(tables.standing(stream, at) == Standing::Orphaned);
    }
    data
}
