//! Faults of the transport in words: names that do not resolve, closed ports, and what is wrong with a certificate.

use rustls::CertificateError;
use rustls::pki_types::UnixTime;
use std::error::Error as StdError;
use std::io;
use time::OffsetDateTime;

/// What went wrong on the way, without the address (it is said elsewhere).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TransportFault {
    /// In words.
    pub(super) what: String,
    /// The vendor was too slow.
    pub(super) slow: bool,
    /// What to do about a fault that trying again cannot help; `None` when it can.
    pub(super) lasting: Option<&'static str>,
}

/// Words for an error of the HTTP library.
pub(super) fn transport_fault(error: &reqwest::Error) -> TransportFault {
    let passing = |what: &str, slow| TransportFault { what: what.to_owned(), slow, lasting: None };
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(fault)) => {
            let (what, remedy) = certificate_words(fault);
            return TransportFault { what, slow: false, lasting: Some(remedy) };
        }
        Some(_) => return passing("does not speak TLS that matchbook accepts", false),
        None => {}
    }
    if error.is_timeout() {
        return passing("did not answer in time", !error.is_connect());
    }
    if error.is_connect() {
        return passing(&connect_words(error), false);
    }
    if error.is_body() || error.is_decode() {
        return passing("broke off in the middle of an answer", false);
    }
    passing("closed the connection without an answer", false)
}

/// The certificate's issuer is not known, for a reason that the error does not tell.
pub(super) fn issuer_is_unknown(error: &reqwest::Error) -> bool {
    let Some(rustls::Error::InvalidCertificate(fault)) = find::<rustls::Error>(error) else { return false };
    matches!(fault, CertificateError::UnknownIssuer) || format!("{fault:?}").contains("CaUsedAsEndEntity")
}

/// The first error of that type in the chain; errors inside an `io::Error` count too.
fn find<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            let inner: &(dyn StdError + 'static) = inner;
            if let Some(found) = find::<E>(inner) {
                return Some(found);
            }
        }
        next = error.source();
    }
    None
}

fn connect_words(error: &reqwest::Error) -> String {
    let mut kinds = Vec::new();
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        kinds.extend(error.downcast_ref::<io::Error>().map(io::Error::kind));
        if error.to_string().contains("dns error") {
            return "cannot be found by its name (DNS)".into();
        }
        next = error.source();
    }
    let has = |kind| kinds.contains(&kind);
    if has(io::ErrorKind::ConnectionRefused) {
        "refuses connections".into()
    } else if has(io::ErrorKind::ConnectionReset) {
        "closed the connection".into()
    } else if has(io::ErrorKind::NetworkUnreachable) || has(io::ErrorKind::HostUnreachable) {
        "cannot be reached from this network".into()
    } else {
        "cannot be connected to".into()
    }
}

/// What is wrong with a certificate, and what to do about it.
fn certificate_words(fault: &CertificateError) -> (String, &'static str) {
    const CLOCK: &str = "nothing was sent; check this machine's clock; when it is right, whoever runs the server has to \
                         renew the certificate";
    const NAME: &str = "nothing was sent; check the address (base_url); when it is right, another server answers there";
    const OTHER: &str = "nothing was sent; check base_url, a proxy in between and this machine's clock";
    match fault {
        CertificateError::Expired => ("has an expired certificate".into(), CLOCK),
        CertificateError::ExpiredContext { not_after, .. } => {
            (format!("has an expired certificate (it ended {})", date(*not_after)), CLOCK)
        }
        CertificateError::NotValidYet => ("has a certificate that is not valid yet".into(), CLOCK),
        CertificateError::NotValidYetContext { not_before, .. } => {
            (format!("has a certificate that is not valid yet (it begins {})", date(*not_before)), CLOCK)
        }
        CertificateError::NotValidForName => ("has a certificate for another host name".into(), NAME),
        CertificateError::NotValidForNameContext { presented, .. } => {
            (format!("has a certificate for another host name{}", names(presented)), NAME)
        }
        CertificateError::Revoked => ("has a revoked certificate".into(), OTHER),
        CertificateError::UnknownIssuer => {
            ("has a certificate whose issuer is unknown: the chain is incomplete or it is self-signed".into(), OTHER)
        }
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => ("has a self-signed certificate".into(), OTHER),
        _ => ("has a certificate that is not accepted".into(), OTHER),
    }
}

fn date(at: UnixTime) -> String {
    let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_or_else(|_| "at an impossible time".into(), |t| t.date().to_string())
}

/// The first names that a certificate is for. The library writes each as `DnsName("name")`.
fn names(presented: &[String]) -> String {
    let name = |text: &String| Some(text.split('"').nth(1)?.to_owned());
    let names: Vec<String> = presented.iter().filter_map(name).take(3).collect();
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_told_apart() {
        let words = |e| certificate_words(&e).0;
        assert!(words(CertificateError::Expired).contains("expired"));
        assert!(words(CertificateError::NotValidForName).contains("another host name"));
        assert!(words(CertificateError::UnknownIssuer).contains("incomplete"));
    }

    #[test]
    fn an_error_inside_an_io_error_is_found() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let outer = io::Error::other(io::Error::other(tls));
        assert!(find::<rustls::Error>(&outer).is_some());
    }
}
