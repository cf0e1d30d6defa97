//! Which addresses a key may be sent to.

use crate::domain::{Failure, FailureClass};
use url::{Host, Url};

/// The base address: https, or plain http to this machine. `prefix` is added to the path unless it already ends
/// with it.
pub(crate) fn base_address(text: &str, prefix: &str) -> Result<Url, Failure> {
    let usage = |what: &str| {
        let remedy = "correct base_url in the configuration, for example https://api.example.com";
        Failure::new(FailureClass::Usage, format!("the address “{text}” {what}"), remedy)
    };
    let mut url = Url::parse(text.trim()).map_err(|_| usage("is not a web address"))?;
    if !url.username().is_empty() || url.password().is_some() {
        let what = "base_url holds a user name or password";
        return Err(Failure::new(FailureClass::Usage, what, "remove it; keys are entered with connect"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(usage("has a query or a fragment"));
    }
    match url.scheme() {
        "https" if url.host().is_some() => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(usage("is not encrypted; plain http is only allowed to this machine")),
        _ => return Err(usage("is neither https nor http")),
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let path = if path.to_ascii_lowercase().ends_with(prefix.trim_end_matches('/')) {
        path
    } else {
        format!("{path}{prefix}")
    };
    url.set_path(&path);
    Ok(url)
}

/// True for this machine's own addresses.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_only_to_this_machine() {
        for good in ["https://api.example.com", "http://127.0.0.1:8080", "http://localhost:1/x/", "http://[::1]:9"] {
            assert!(base_address(good, "").is_ok(), "{good}");
        }
        for bad in
            ["http://api.example.com", "http://127.0.0.1.example.com", "ftp://x", "api.example.com", "", "https:"]
        {
            assert_eq!(base_address(bad, "").unwrap_err().class, FailureClass::Usage, "{bad}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        let failure = base_address("https://me:hunter2@api.example.com", "").unwrap_err();
        assert!(!failure.to_string().contains("hunter2"));
    }

    #[test]
    fn the_prefix_is_added_once() {
        let path = |base| base_address(base, "/api/v2").unwrap().path().to_owned();
        assert_eq!(path("https://api.example.com"), "/api/v2");
        assert_eq!(path("https://api.example.com/api/v2/"), "/api/v2");
        assert_eq!(path("http://127.0.0.1:1/addigy"), "/addigy/api/v2");
    }
}
