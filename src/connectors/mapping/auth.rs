//! How the key is sent: headers made of the credentials and of the account's own settings.

use crate::secrets::Credentials;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// How the key is sent. One header with one secret as it is, or several made of templates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Auth {
    /// The header, where there is one …
    header: Option<String>,
    /// … and the name of the secret in it.
    secret: Option<String>,
    /// Headers by name.
    headers: BTreeMap<String, Template>,
}

/// A header's value: a text in which `{name}` stands for a secret or a setting.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "a text, or { basic = \"text\" }")]
enum Template {
    Plain(String),
    Basic(Basic),
}

/// Basic authentication with that text in base64.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basic {
    basic: String,
}

/// What the templates and paths are filled with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    /// From the vault.
    pub(crate) credentials: Credentials,
    /// From the configuration.
    pub(crate) options: BTreeMap<String, String>,
}

impl Values {
    /// The value of that name: the configuration's before the vault's; `None` when it is missing or empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let option = self.options.get(name).map(|value| value.trim());
        let secret = || self.credentials.get(name).map(|secret| secret.expose_secret().trim());
        option.filter(|value| !value.is_empty()).or_else(secret).filter(|value| !value.is_empty())
    }
}

impl Auth {
    /// The headers with their templates; true for basic authentication.
    fn templates(&self) -> BTreeMap<&str, (bool, String)> {
        let one = self.header.as_deref().zip(self.secret.as_deref());
        let mut all: BTreeMap<&str, (bool, String)> =
            one.map(|(header, secret)| (header, (false, format!("{{{secret}}}")))).into_iter().collect();
        for (header, template) in &self.headers {
            let value = match template {
                Template::Plain(text) => (false, text.clone()),
                Template::Basic(Basic { basic }) => (true, basic.clone()),
            };
            all.insert(header, value);
        }
        all
    }

    /// The headers of an account; the error is the name of what is missing.
    pub(crate) fn headers(&self, values: &Values) -> Result<Vec<(String, SecretString)>, String> {
        let mut headers = Vec::new();
        for (header, (basic, text)) in self.templates() {
            let filled = fill(&text, values)?;
            let value = if basic {
                format!("Basic {}", STANDARD.encode(filled.as_bytes()))
            } else {
                filled.as_str().to_owned()
            };
            headers.push((header.to_owned(), SecretString::from(value)));
        }
        Ok(headers)
    }
}

/// The text with the values in it.
fn fill(text: &str, values: &Values) -> Result<Zeroizing<String>, String> {
    let mut filled = Zeroizing::new(String::with_capacity(128));
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| after.to_owned())?;
        filled.push_str(before);
        filled.push_str(values.get(name).ok_or_else(|| name.to_owned())?);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let secrets = [("public_key", "pub"), ("private_key", "pri"), ("client_id", "0-1")];
        Values {
            credentials: Credentials::from_pairs(secrets.map(|(name, text)| (name, SecretString::from(text)))),
            options: [("company".to_owned(), "acme".to_owned())].into_iter().collect(),
        }
    }

    #[test]
    fn headers_are_made_of_secrets_and_settings() {
        let auth: Auth = toml::from_str(
            "[headers]\nAuthorization = { basic = \"{company}+{public_key}:{private_key}\" }\nclientId = \"{client_id}\"",
        )
        .unwrap();
        let headers = auth.headers(&values()).unwrap();
        let shown: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.expose_secret())).collect();
        assert_eq!(shown, [("Authorization", "Basic YWNtZStwdWI6cHJp"), ("clientId", "0-1")]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let auth: Auth = toml::from_str("header = \"x-api-key\"\nsecret = \"api_key\"").unwrap();
        assert_eq!(auth.headers(&values()).unwrap_err(), "api_key");
    }
}
