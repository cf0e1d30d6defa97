//! Which key does what: the registry's defaults with the person's changes laid over them.

use super::command::{COMMANDS, Command, CommandId, Context, command};
use super::key::Key;
use std::collections::{BTreeMap, HashMap};

/// Keys by pane.
#[derive(Clone, Debug)]
pub struct Keymap {
    lookup: HashMap<(Context, Key), CommandId>,
    keys: HashMap<CommandId, Vec<Key>>,
}

impl Keymap {
    /// Lays `overrides` (command name → keys) over the defaults. What cannot be used is left out and named in the
    /// second value, one sentence each.
    #[must_use]
    pub fn new(overrides: &BTreeMap<String, Vec<String>>) -> (Self, Vec<String>) {
        let mut wrong = Vec::new();
        for name in overrides.keys().filter(|name| !COMMANDS.iter().any(|c| c.name == name.as_str())) {
            wrong.push(format!("keys: there is no command `{name}`; `:` lists them"));
        }
        let mut map = Self { lookup: HashMap::new(), keys: HashMap::new() };
        // Changed commands first: where a changed key meets a default of another command, the person's choice wins.
        let (changed, kept): (Vec<_>, Vec<_>) = COMMANDS.iter().partition(|c| overrides.contains_key(c.name));
        for c in changed {
            for text in &overrides[c.name] {
                match Key::parse(text) {
                    Some(key) => map.bind(c, key, Some(&mut wrong)),
                    None => wrong.push(format!("keys.{}: `{text}` is not a key", c.name)),
                }
            }
        }
        for c in kept {
            for key in c.keys.iter().filter_map(|text| Key::parse(text)) {
                map.bind(c, key, None);
            }
        }
        (map, wrong)
    }

    fn bind(&mut self, c: &Command, key: Key, wrong: Option<&mut Vec<String>>) {
        let taken = c.contexts.iter().find_map(|context| self.lookup.get(&(*context, key)).copied());
        match (taken, wrong) {
            (Some(other), Some(wrong)) => {
                wrong.push(format!("keys.{}: `{key}` already means `{}`", c.name, command(other).name));
            }
            (Some(_), None) => {}
            (None, _) => {
                for context in c.contexts {
                    self.lookup.insert((*context, key), c.id);
                }
                self.keys.entry(c.id).or_default().push(key);
            }
        }
    }

    /// What a key does in a pane.
    #[must_use]
    pub fn get(&self, context: Context, key: Key) -> Option<CommandId> {
        self.lookup.get(&(context, key)).copied()
    }

    /// The keys of a command, first one first.
    #[must_use]
    pub fn keys(&self, id: CommandId) -> &[Key] {
        self.keys.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The keys of a command as text (`j Down`); a row of digits as `2…9`.
    #[must_use]
    pub fn text(&self, id: CommandId, more: &str) -> String {
        let keys = self.keys(id);
        if id == CommandId::Take
            && let [first, .., last] = keys
        {
            return format!("{first}{more}{last}");
        }
        keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_default_key_means_two_things_in_a_pane() {
        for context in [Context::Integrations, Context::Queue, Context::Log] {
            let mut seen: HashMap<Key, &str> = HashMap::new();
            for c in COMMANDS.iter().filter(|c| c.contexts.contains(&context)) {
                for text in c.keys {
                    let key = Key::parse(text).unwrap_or_else(|| panic!("{text} of {} is not a key", c.name));
                    if let Some(other) = seen.insert(key, c.name) {
                        panic!("{text} means {other} and {} in {context:?}", c.name);
                    }
                }
            }
        }
    }

    #[test]
    fn names_and_ids_are_unique() {
        for (i, c) in COMMANDS.iter().enumerate() {
            assert!(COMMANDS[i + 1..].iter().all(|o| o.name != c.name && o.id != c.id), "{}", c.name);
        }
    }

    #[test]
    fn no_destructive_command_has_a_ctrl_chord() {
        for c in COMMANDS.iter().filter(|c| c.destructive && c.id != CommandId::Redo) {
            assert!(c.keys.iter().all(|k| !k.starts_with("Ctrl-")), "{}", c.name);
        }
    }

    #[test]
    fn changes_win_over_defaults_and_mistakes_are_named() {
        let changes = BTreeMap::from([
            ("queue.accept".to_owned(), vec!["y".to_owned(), "Hyper-q".to_owned()]),
            ("queue.acept".to_owned(), vec!["a".to_owned()]),
        ]);
        let (map, wrong) = Keymap::new(&changes);
        let y = Key::parse("y").expect("a key");
        assert_eq!(map.get(Context::Queue, y), Some(CommandId::Accept));
        assert_eq!(map.get(Context::Queue, Key::parse("a").expect("a key")), None);
        assert_eq!(wrong.len(), 2);
    }
}
