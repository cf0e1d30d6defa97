//! Credentials written as lines, as another tool or a person exports them.

use super::Credentials;
use crate::domain::{Failure, FailureClass, IntegrationId};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// Reads `INTEGRATION.FIELD=value` lines; empty lines and those that begin with `#` say nothing. Nothing that stands
/// in a line is ever repeated in a failure, only its number.
///
/// # Errors
/// `BadData` when a line has another form, or names a field twice.
pub fn from_lines(text: &str) -> Result<BTreeMap<IntegrationId, Credentials>, Failure> {
    let mut found: BTreeMap<IntegrationId, BTreeMap<String, SecretString>> = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let named = line.split_once('=').and_then(|(name, value)| Some((name.trim().rsplit_once('.')?, value.trim())));
        let Some(((integration, field), value)) = named.filter(|((i, f), v)| is_name(i) && is_name(f) && !v.is_empty())
        else {
            return Err(wrong(number, "is not INTEGRATION.FIELD=value"));
        };
        let fields = found.entry(IntegrationId::new(integration)).or_default();
        if fields.insert(field.to_owned(), SecretString::from(value)).is_some() {
            return Err(wrong(number, "names a field a second time"));
        }
    }
    Ok(found.into_iter().map(|(name, fields)| (name, Credentials::from_pairs(fields))).collect())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn wrong(line: u32, what: &str) -> Failure {
    let remedy = "write one secret a line, for example itglue.api_key=…; nothing was taken";
    Failure::new(FailureClass::BadData, format!("line {line} {what}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn lines_become_credentials() {
        let found =
            from_lines("# from the old tool\n\nitglue.api_key = ITG.a=b\nhq.cw.public_key=p\nhq.cw.private_key=q")
                .unwrap();
        let value =
            |name: &str, field: &str| found[&IntegrationId::new(name)].get(field).map(|s| s.expose_secret().to_owned());
        assert_eq!(value("itglue", "api_key").as_deref(), Some("ITG.a=b"));
        assert_eq!(value("hq.cw", "private_key").as_deref(), Some("q"));
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number_only() {
        for text in ["a.b=hush\nhush-hush", "a.b=hush\na.b=hush", "a.b=hush\nab=hush", "a.b=hush\na.b="] {
            let failure = from_lines(text).unwrap_err();
            assert!(failure.what.contains("line 2") && !failure.to_string().contains("hush"), "{failure}");
        }
    }
}
