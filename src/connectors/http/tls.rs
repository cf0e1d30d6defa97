//! Faults of the transport in words: names that do not resolve, closed ports, and what is wrong with a certificate.

use rustls::CertificateError;
use std::error::Error as StdError;
use std::io;

/// What went wrong on the way, without the address (it is said elsewhere).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TransportFault {
    /// In words.
    pub(super) what: String,
    /// The vendor was too slow.
    pub(super) slow: bool,
    /// Trying again can help.
    pub(super) passing: bool,
}

/// Words for an error of the HTTP library.
pub(super) fn transport_fault(error: &reqwest::Error) -> TransportFault {
    if let Some(tls) = find::<rustls::Error>(error) {
        return TransportFault {
            what: tls_words(tls),
            slow: false,
            passing: !matches!(tls, rustls::Error::InvalidCertificate(_)),
        };
    }
    let passing = |what: &str, slow| TransportFault { what: what.to_owned(), slow, passing: true };
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

/// What is wrong with the encryption.
fn tls_words(error: &rustls::Error) -> String {
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return "does not speak TLS that matchbook accepts".into();
    };
    match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has an expired certificate".into(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "has a certificate that is not valid yet (or this machine's clock is wrong)".into()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "has a certificate for another host name".into()
        }
        CertificateError::Revoked => "has a revoked certificate".into(),
        CertificateError::UnknownIssuer => {
            "has a certificate whose issuer is unknown: the chain is incomplete or it is self-signed".into()
        }
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => "has a self-signed certificate".into(),
        _ => "has a certificate that is not accepted".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_told_apart() {
        let words = |e| tls_words(&rustls::Error::InvalidCertificate(e));
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
