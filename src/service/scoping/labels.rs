//! Names of types, statuses and queues, each kept once.

use rustc_hash::FxHashMap;

/// Number of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(u32);

/// The names of one integration, as first seen; names that differ only in case are one.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    names: Vec<Box<str>>,
    numbers: FxHashMap<Box<str>, Label>,
}

impl Labels {
    /// The number of a name, given now if it has none.
    pub fn number(&mut self, name: &str) -> Label {
        let folded = name.trim().to_lowercase();
        if let Some(number) = self.numbers.get(folded.as_str()) {
            return *number;
        }
        // Four billion different names do not fit into memory.
        let number = Label(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.trim().into());
        self.numbers.insert(folded.into(), number);
        number
    }

    /// The name of a number that this register gave.
    pub fn name(&self, label: Label) -> &str {
        self.names.get(label.0 as usize).map_or("", |name| name)
    }
}
