//! Why a certificate's issuer is unknown: the host is asked once more for its chain. Nothing but the handshake is
//! sent, and the handshake always ends there.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What is wrong with a chain whose issuer is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChainFault {
    /// The certificate vouches for itself.
    SelfSigned,
    /// The issuer's certificate is missing.
    Incomplete,
    /// The chain is whole and ends at an authority that this machine does not trust.
    UnknownAuthority,
}

impl ChainFault {
    /// In words, after the host's name.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::SelfSigned => "has a self-signed certificate",
            Self::Incomplete => "sends an incomplete certificate chain: its issuer's certificate is missing",
            Self::UnknownAuthority => "has a certificate of an authority that this machine does not trust",
        }
    }

    /// What to do about it.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::SelfSigned => {
                "nothing was sent; check the address (base_url): no vendor's certificate vouches for itself. A server of \
                 your own needs one of an authority that this machine trusts"
            }
            Self::Incomplete => {
                "nothing was sent; whoever runs the server (or a proxy in between) has to send the whole chain, with the \
                 issuer's certificate"
            }
            Self::UnknownAuthority => {
                "nothing was sent; when it is your company's proxy or authority, add its certificate to this machine's \
                 certificate store (or name its file in SSL_CERT_FILE); otherwise check base_url"
            }
        }
    }
}

/// Asks a host for its chain. Blocks for at most about twice the time given; `None` when it does not say.
pub(super) fn look(host: &str, port: u16, patience: Duration) -> Option<ChainFault> {
    let host = host.trim_matches(['[', ']']);
    // A name may have an address that cannot be reached from here beside one that can.
    let addresses = (host, port).to_socket_addrs().ok()?;
    let mut socket = addresses.take(2).find_map(|address| TcpStream::connect_timeout(&address, patience).ok())?;
    socket.set_read_timeout(Some(patience)).ok()?;
    socket.set_write_timeout(Some(patience)).ok()?;
    let provider = Arc::new(ring::default_provider());
    let seen = Arc::new(Seen { provider: Arc::clone(&provider), fault: Mutex::new(None) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let mut connection = ClientConnection::new(Arc::new(config), name).ok()?;
    // Always an error: the verifier refuses every chain after it has looked at it.
    let _ = connection.complete_io(&mut socket);
    *seen.fault.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks at a chain and refuses it.
#[derive(Debug)]
struct Seen {
    provider: Arc<CryptoProvider>,
    fault: Mutex<Option<ChainFault>>,
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = judge(end, between);
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn judge(end: &[u8], between: &[CertificateDer<'_>]) -> Option<ChainFault> {
    let (issuer, subject) = names(end)?;
    if issuer == subject {
        return Some(ChainFault::SelfSigned);
    }
    let mut wanted = issuer;
    for _ in between {
        match between.iter().filter_map(|c| names(c)).find(|(_, subject)| *subject == wanted) {
            Some((issuer, subject)) if issuer == subject => return Some(ChainFault::UnknownAuthority),
            Some((issuer, _)) => wanted = issuer,
            None => return Some(ChainFault::Incomplete),
        }
    }
    // A chain need not send its root, so that a complete one of an unknown authority ends like this too.
    Some(if between.is_empty() { ChainFault::Incomplete } else { ChainFault::UnknownAuthority })
}

/// Issuer and subject of a certificate (RFC 5280, 4.1), as their bytes.
fn names(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut rest, _) = element(certificate)?;
    let (tag, _, after_version) = element(rest)?;
    if tag == 0xA0 {
        rest = after_version;
    }
    let (_, _, rest) = element(rest)?; // serial number
    let (_, _, rest) = element(rest)?; // signature algorithm
    let (_, issuer, rest) = element(rest)?;
    let (_, _, rest) = element(rest)?; // validity
    let (_, subject, _) = element(rest)?;
    Some((issuer, subject))
}

/// The first DER element: its tag, its contents, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7F);
        let bytes = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), &rest[count..])
    };
    Some((tag, rest.get(..length)?, &rest[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};

    fn named(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    /// A certificate that vouches for itself, an authority, and a certificate of the authority.
    fn certificates() -> [CertificateDer<'static>; 3] {
        let own = named("own").self_signed(&KeyPair::generate().unwrap()).unwrap();
        let authority = CertifiedIssuer::self_signed(named("authority"), KeyPair::generate().unwrap()).unwrap();
        let leaf = named("leaf").signed_by(&KeyPair::generate().unwrap(), &authority).unwrap();
        [own.der().clone(), authority.der().clone(), leaf.der().clone()]
    }

    #[test]
    fn chains_are_told_apart() {
        let [own, authority, leaf] = certificates();
        assert_eq!(judge(&own, &[]), Some(ChainFault::SelfSigned));
        assert_eq!(judge(&leaf, &[]), Some(ChainFault::Incomplete));
        assert_eq!(judge(&leaf, std::slice::from_ref(&own)), Some(ChainFault::Incomplete));
        assert_eq!(judge(&leaf, &[authority]), Some(ChainFault::UnknownAuthority));
    }

    #[test]
    fn what_is_no_certificate_says_nothing() {
        let [_, _, leaf] = certificates();
        for bytes in [&b""[..], b"\x30", b"\x30\x82", b"\x30\xff\xff", &leaf[..40], &[0x30; 64]] {
            assert_eq!(judge(bytes, &[]), None);
        }
    }
}
