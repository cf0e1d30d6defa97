//! The person's own file beside a mapping that comes with matchbook: what it names takes the place of the built-in,
//! field by field; everything else stays.

use crate::connectors::source::KEYS;
use toml::{Table, Value};

/// Puts what `own` names in the place of what `base` has. Tables are taken key by key; a source that is written as a
/// table, a list and a plain value are taken whole.
pub(super) fn merge(base: &mut Table, own: Table) {
    for (key, value) in own {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) if !is_source(old) && !is_source(&new) => merge(old, new),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// A table whose keys are all those of a source.
fn is_source(table: &Table) -> bool {
    !table.is_empty() && table.keys().all(|key| KEYS.contains(&key.as_str()))
}

/// The line of the key at that path, from 1; of the deepest part of it that the text has.
pub(super) fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let parsed = toml::de::DeTable::parse(text).ok()?;
    let mut table = parsed.get_ref();
    let mut at = None;
    for name in path {
        let Some((key, value)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
        at = Some(key.span().start);
        match value.get_ref() {
            toml::de::DeValue::Table(inner) => table = inner,
            _ => break,
        }
    }
    at.map(|offset| line_at(text, offset))
}

/// The line of a byte, from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_replaced_and_its_neighbours_stay() {
        let mut base: Table = toml::from_str(
            "[f]\nmodel = \"a\"\nname = [\"x\"]\ntype = { id = \"i\", name = { path = \"n\", values = { a = \"b\" } } }",
        )
        .unwrap();
        let own: Table =
            toml::from_str("[f]\nmodel = { constant = \"c\" }\ntype = { name = { path = \"m\" } }").unwrap();
        merge(&mut base, own);
        let wanted: Table = toml::from_str(
            "[f]\nmodel = { constant = \"c\" }\nname = [\"x\"]\ntype = { id = \"i\", name = { path = \"m\" } }",
        )
        .unwrap();
        assert_eq!(base, wanted);
    }

    #[test]
    fn lines_are_found_by_the_path_of_a_key() {
        let text = "# own\n[streams.devices.fields]\nserial = \"s\"\nmodel = \"m\"\n";
        assert_eq!(line_of(text, &["streams", "devices", "fields", "model"]), Some(4));
        assert_eq!(line_of(text, &["streams", "devices", "words"]), Some(2));
        assert_eq!(line_of(text, &["vendor"]), None);
    }
}
