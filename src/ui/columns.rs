//! The queue's columns, each once: name, heading, width rule, for which streams, by what it sorts.

use super::state::State;
use crate::domain::Stream;
use crate::service::messages::SortKey;

/// Which column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnId {
    State,
    Name,
    Detail,
    Devices,
    Company,
    Model,
    Id,
    Target,
    TargetId,
    Confidence,
    Why,
}

/// One column.
#[derive(Debug)]
pub struct Column {
    /// Which.
    pub id: ColumnId,
    /// Name in the configuration and the menu.
    pub name: &'static str,
    /// Fewest cells of use, and the most that it can fill.
    pub width: (u16, u16),
    /// Its share of what is left.
    pub weight: u16,
    /// Given up when it does not fit: the highest first; 0 stays as long as it can.
    pub rank: u8,
    /// What orders the rows by it.
    pub sort: Option<SortKey>,
    /// Has something to say of a stream.
    pub of: fn(Stream) -> bool,
}

const fn any(_: Stream) -> bool {
    true
}

fn companies(stream: Stream) -> bool {
    stream == Stream::Companies
}

fn inside(stream: Stream) -> bool {
    stream != Stream::Companies
}

fn devices(stream: Stream) -> bool {
    stream == Stream::Devices
}

macro_rules! columns {
    ($($id:ident $name:literal $width:expr, $weight:literal, $rank:literal, $sort:expr, $of:path;)*) => {
        /// Every column, in the order in which they stand unless a person says otherwise.
        pub const COLUMNS: &[Column] = &[$(Column {
            id: ColumnId::$id, name: $name, width: $width, weight: $weight, rank: $rank, sort: $sort, of: $of,
        }),*];
    };
}

columns! {
    State "state" (11, 11), 0, 0, Some(SortKey::State), any;
    Name "name" (14, 44), 3, 0, Some(SortKey::Name), any;
    Devices "devices" (5, 5), 0, 1, Some(SortKey::Devices), companies;
    Detail "detail" (12, 40), 1, 1, None, inside;
    Company "company" (16, 34), 2, 3, Some(SortKey::Company), inside;
    Model "model" (12, 28), 1, 4, None, devices;
    Id "id" (8, 24), 1, 6, None, any;
    Target "target" (16, 46), 3, 0, None, any;
    TargetId "target-id" (8, 24), 1, 5, None, any;
    Confidence "confidence" (4, 4), 0, 0, Some(SortKey::Confidence), any;
    Why "why" (12, 90), 2, 0, None, any;
}

/// Room that has to be left over before a column that nobody asked for is shown.
const SPARE: u16 = 18;

/// The column of that name.
#[must_use]
pub fn column(id: ColumnId) -> &'static Column {
    COLUMNS.iter().find(|c| c.id == id).unwrap_or(&COLUMNS[0])
}

/// Columns of a stream that can be shown.
pub fn of(stream: Stream) -> impl Iterator<Item = &'static Column> {
    COLUMNS.iter().filter(move |c| (c.of)(stream))
}

/// Columns shown and the cells that each takes, from left to right.
pub type Widths = Vec<(ColumnId, u16)>;

/// Which columns a list of that width shows. `chosen` are a person's, in that order; else what fits well. A list with
/// a heading for each company has no company column.
#[must_use]
pub fn fit(stream: Stream, chosen: Option<&[ColumnId]>, grouped: bool, room: u16) -> Widths {
    let shown = |c: &&Column| !(grouped && c.id == ColumnId::Company);
    let mut columns: Vec<&Column> = match chosen {
        Some(ids) => ids.iter().map(|id| column(*id)).filter(|c| (c.of)(stream)).filter(shown).collect(),
        None => of(stream).filter(shown).collect(),
    };
    let needed = |columns: &[&Column]| columns.iter().map(|c| least(c, stream) + 1).sum::<u16>();
    loop {
        // What nobody asked for has to leave the others room to breathe.
        let spare = if chosen.is_none() && columns.iter().any(|c| c.rank > 1) { SPARE } else { 0 };
        if needed(&columns) + spare <= room || columns.len() < 2 {
            break;
        }
        let Some(at) = (0..columns.len()).max_by_key(|at| (columns[*at].rank, *at)) else { break };
        columns.remove(at);
    }
    let mut widths: Widths = columns.iter().map(|c| (c.id, least(c, stream))).collect();
    share_out(&mut widths, stream, room.saturating_sub(needed(&columns)));
    widths
}

/// Serials are short and always of use; what tells people, places and tickets apart is a text.
fn least(c: &Column, stream: Stream) -> u16 {
    if c.id == ColumnId::Detail && stream != Stream::Devices { 18 } else { c.width.0 }
}

fn most(c: &Column, stream: Stream) -> u16 {
    if c.id == ColumnId::Detail && stream == Stream::Devices { 16 } else { c.width.1 }
}

fn share_out(widths: &mut Widths, stream: Stream, mut left: u16) {
    while left > 0 {
        let open = |(id, width): &(ColumnId, u16)| column(*id).weight > 0 && *width < most(column(*id), stream);
        let weights: u16 = widths.iter().filter(|w| open(w)).map(|(id, _)| column(*id).weight).sum();
        if weights == 0 {
            break;
        }
        let round = left;
        for entry in widths.iter_mut().filter(|w| open(w)) {
            let c = column(entry.0);
            let part = (round * c.weight / weights).max(1).min(left).min(most(c, stream) - entry.1);
            entry.1 += part;
            left -= part;
        }
    }
}

/// A column's heading.
#[must_use]
pub fn heading(state: &State, stream: Stream, id: ColumnId) -> String {
    let words = state.tab_view().map(|(_, t)| (t.source_word.clone(), t.target_word.clone()));
    let (source, target) = words.unwrap_or_else(|| ("Source".to_owned(), "Target".to_owned()));
    match id {
        ColumnId::State => "State".to_owned(),
        ColumnId::Name => source,
        ColumnId::Target => target,
        ColumnId::Detail => match stream {
            Stream::Contacts => "Email",
            Stream::Locations => "Address",
            Stream::Tickets => "Title",
            _ => "Serial",
        }
        .to_owned(),
        ColumnId::Devices => "Dev".to_owned(),
        ColumnId::Company => "Company".to_owned(),
        ColumnId::Model => "Model".to_owned(),
        ColumnId::Id => "Id".to_owned(),
        ColumnId::TargetId => "Target id".to_owned(),
        ColumnId::Confidence => "Conf".to_owned(),
        ColumnId::Why => "Why".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(stream: Stream, room: u16) -> Vec<&'static str> {
        fit(stream, None, false, room).into_iter().map(|(id, _)| column(id).name).collect()
    }

    #[test]
    fn a_wide_list_shows_more_and_every_width_fits() {
        assert_eq!(names(Stream::Devices, 76), ["state", "name", "detail", "target", "confidence", "why"]);
        assert!(names(Stream::Devices, 120).contains(&"company"));
        assert!(names(Stream::Devices, 160).contains(&"model"));
        for stream in Stream::MATCHED {
            for room in 0..220 {
                let widths = fit(stream, None, false, room);
                let used: u16 = widths.iter().map(|(_, w)| w + 1).sum();
                assert!(used <= room || widths.len() == 1, "{stream} {room}: {widths:?}");
            }
        }
    }

    #[test]
    fn chosen_columns_keep_their_order() {
        let chosen = [ColumnId::Name, ColumnId::Company, ColumnId::State];
        let widths = fit(Stream::Devices, Some(&chosen), false, 100);
        assert_eq!(widths.iter().map(|w| w.0).collect::<Vec<_>>(), chosen);
        let grouped = fit(Stream::Devices, Some(&chosen), true, 100);
        assert_eq!(grouped.len(), 2);
    }
}
