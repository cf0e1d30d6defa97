//! A JSON tree that borrows from the answer's bytes: most of a page is keys and short texts that are looked at once.
//!
//! Every well-formed JSON parses, whatever the vendor's schema says, so that a row of the wrong shape is that row's
//! fault and not the page's.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Real(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object, in the order of the answer.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// The row as JSON, for a person to read.
    pub(crate) fn shown(&self) -> String {
        let mut out = String::new();
        self.show(&mut out);
        out
    }

    fn show(&self, out: &mut String) {
        use std::fmt::Write as _;
        // What is longer is cut anyway.
        if out.len() > 4 * super::fields::RAW_ROW {
            return;
        }
        let _ = match self {
            Json::Null => write!(out, "null"),
            Json::Bool(value) => write!(out, "{value}"),
            Json::Int(value) => write!(out, "{value}"),
            Json::Real(value) => write!(out, "{value}"),
            Json::Text(text) => write!(out, "{}", serde_json::Value::from(&**text)),
            Json::List(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    item.show(out);
                }
                write!(out, "]")
            }
            Json::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    let _ = write!(out, "{}{}:", if at > 0 { "," } else { "" }, serde_json::Value::from(&**key));
                    value.show(out);
                }
                write!(out, "}}")
            }
        };
    }

    /// The member of that name; `-` and `_` are the same, since vendors mix them.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(members) => members.iter().find(|(k, _)| same_key(k, key)).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The elements of an array; empty for anything else.
    pub(crate) fn items(&self) -> &[Json<'a>] {
        if let Json::List(items) = self { items } else { &[] }
    }

    /// A text or a number as text, without the white space around it; `None` when nothing is left.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Json::Text(t) => Some(t.trim()).filter(|t| !t.is_empty()).map(Cow::Borrowed),
            Json::Int(n) => Some(n.to_string().into()),
            Json::Real(n) => Some(n.to_string().into()),
            _ => None,
        }
    }

    /// A number, also one written as text.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "measurements, not identifiers")]
            Json::Int(n) => Some(*n as f64),
            Json::Real(n) => Some(*n),
            Json::Text(t) => t.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            _ => None,
        }
    }

    /// A count, also one written as text.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Json::Int(n) => u64::try_from(*n).ok(),
            Json::Text(t) => t.trim().parse().ok(),
            _ => None,
        }
    }
}

/// Byte by byte, with `-` and `_` alike.
pub(crate) fn same_key(a: &str, b: &str) -> bool {
    a.len() == b.len()
        && a.bytes().zip(b.bytes()).all(|(x, y)| x == y || (matches!(x, b'-' | b'_') && matches!(y, b'-' | b'_')))
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, v: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(v))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
        Ok(Json::Int(v))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "beyond i64 no vendor counts exactly")]
        Ok(i64::try_from(v).map_or(Json::Real(v as f64), Json::Int))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Self::Value, E> {
        Ok(Json::Real(v))
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(v)))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(v.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(4);
        while let Some(key) = map.next_key::<Key<'de>>()? {
            members.push((key.0, map.next_value()?));
        }
        Ok(Json::Object(members))
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(v)))
            }

            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borrows_what_has_no_escapes() {
        let json: Json<'_> = serde_json::from_str(r#"{"plain":"text","esc\u0061ped":"a\nb"}"#).unwrap();
        let Json::Object(members) = &json else { panic!("an object") };
        assert!(matches!(&members[0], (Cow::Borrowed("plain"), Json::Text(Cow::Borrowed("text")))));
        assert_eq!(json.get("escaped").unwrap().text().unwrap(), "a\nb");
    }

    #[test]
    fn kebab_and_snake_are_one() {
        let json: Json<'_> = serde_json::from_str(r#"{"page_count":3,"total-count":"7"}"#).unwrap();
        assert_eq!(json.get("page-count").unwrap().count(), Some(3));
        assert_eq!(json.get("total_count").unwrap().count(), Some(7));
        assert!(json.get("page.count").is_none());
    }

    #[test]
    fn identifiers_are_text_or_number() {
        assert_eq!(Json::Int(42).text().unwrap(), "42");
        assert_eq!(Json::Text("  42 ".into()).text().unwrap(), "42");
        assert!(Json::Text("  ".into()).text().is_none());
        assert!(Json::Null.text().is_none());
    }
}
