//! The inventory on the screen: the list of its records.

use crate::domain::Stream;
use crate::service::messages::{InventoryList, InventoryRow, Ticket};
use tui_input::Input;

/// Streams that the inventory keeps, in their order.
pub const STREAMS: [Stream; 3] = [Stream::Companies, Stream::Devices, Stream::DeviceTypes];

/// Records asked for at once.
pub const WINDOW: u64 = 200;

/// The list of the inventory's records.
#[derive(Debug)]
pub struct Register {
    /// Which records.
    pub stream: Stream,
    /// Text that they contain.
    pub input: Input,
    /// That text is being typed.
    pub typing: bool,
    /// The records around the screen; `None` before the first answer.
    pub list: Option<InventoryList>,
    /// The question under way, and whether it is out of date already.
    pub asked: Option<(Ticket, bool)>,
    /// Position of the chosen record.
    pub cursor: u64,
    /// Position of the first record on the screen.
    pub top: u64,
    /// The chosen record is to be taken out: a yes is waited for.
    pub removing: bool,
    /// The chosen record was asked for, to be changed; with the name of its company.
    pub opening: Option<(Ticket, String)>,
}

impl Register {
    /// With nothing known yet.
    #[must_use]
    pub fn new(stream: Stream) -> Self {
        Self {
            stream,
            input: Input::default(),
            typing: false,
            list: None,
            asked: None,
            cursor: 0,
            top: 0,
            removing: false,
            opening: None,
        }
    }

    /// Records that the text fits.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.list.as_ref().map_or(0, |list| list.total)
    }

    /// The record at a position, when it is known.
    #[must_use]
    pub fn row(&self, at: u64) -> Option<&InventoryRow> {
        let list = self.list.as_ref()?;
        list.rows.get(usize::try_from(at.checked_sub(list.offset)?).ok()?)
    }

    /// The chosen record.
    #[must_use]
    pub fn current(&self) -> Option<&InventoryRow> {
        self.row(self.cursor)
    }

    /// Position of the first record to ask for when those on the screen are not all known.
    #[must_use]
    pub fn wants(&self, page: u64) -> Option<u64> {
        let last = (self.top + page).min(self.len()).saturating_sub(1);
        let known =
            self.list.is_some() && (self.len() == 0 || (self.row(self.top).is_some() && self.row(last).is_some()));
        (!known).then(|| self.top.saturating_sub(WINDOW / 2))
    }
}
