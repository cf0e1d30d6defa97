//! Certificates made in the test, and a server that shows them in front of a vendor.
#![allow(dead_code, reason = "each test file uses a part of it")]

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// A certificate with its chain, as a server shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// For 127.0.0.1, by a trusted authority, with the whole chain.
    Good,
    /// It vouches for itself.
    SelfSigned,
    /// It ended in 2020.
    Expired,
    /// It begins in 2990.
    NotYet,
    /// It is for `other.example`.
    OtherName,
    /// Without the certificate of its issuer.
    Incomplete,
    /// The chain is whole, of an authority that nobody trusts.
    UnknownAuthority,
}

impl Shown {
    /// Everything that is refused.
    pub const REFUSED: [Self; 6] =
        [Self::SelfSigned, Self::Expired, Self::NotYet, Self::OtherName, Self::Incomplete, Self::UnknownAuthority];

    /// What a refusal says of it, and a word of what to do.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Good => ("", ""),
            Self::SelfSigned => ("has a self-signed certificate", "base_url"),
            Self::Expired => ("has an expired certificate (it ended 2020-01-01)", "clock"),
            Self::NotYet => ("has a certificate that is not valid yet (it begins 2990-01-01)", "clock"),
            Self::OtherName => ("has a certificate for another host name: other.example", "base_url"),
            Self::Incomplete => ("sends an incomplete certificate chain", "the whole chain"),
            Self::UnknownAuthority => ("an authority that this machine does not trust", "certificate store"),
        }
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

type Authority = CertifiedIssuer<'static, KeyPair>;

/// A trusted authority with one below it, and one that nobody trusts.
pub struct Authorities {
    root: Authority,
    below: Authority,
    strange: Authority,
}

impl Authorities {
    pub fn new() -> Self {
        let of_itself = |name| CertifiedIssuer::self_signed(authority(name), new_key()).expect("an authority");
        let root = of_itself("Trusted Root");
        let below = CertifiedIssuer::signed_by(authority("Below the Root"), new_key(), &root).expect("an authority");
        Self { root, below, strange: of_itself("Strange Root") }
    }

    /// The certificate (DER) of the one that is to be trusted.
    pub fn trusted(&self) -> Vec<u8> {
        self.root.der().to_vec()
    }

    /// The same as a PEM file.
    pub fn trusted_pem(&self) -> String {
        self.root.pem()
    }

    /// A good chain and its key as PEM files, for servers that are not ours.
    pub fn good_pem(&self) -> (String, String) {
        let key = new_key();
        let mut leaf = params("Vendor");
        leaf.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        let leaf = leaf.signed_by(&key, &self.below).expect("a certificate");
        (format!("{}{}", leaf.pem(), self.below.pem()), key.serialize_pem())
    }

    fn acceptor(&self, shown: Shown) -> TlsAcceptor {
        let key = new_key();
        let mut leaf = params("Vendor");
        leaf.subject_alt_names = match shown {
            Shown::OtherName => vec![SanType::DnsName("other.example".try_into().expect("a name"))],
            _ => vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))],
        };
        match shown {
            Shown::Expired => leaf.not_after = date_time_ymd(2020, 1, 1),
            Shown::NotYet => leaf.not_before = date_time_ymd(2990, 1, 1),
            _ => {}
        }
        let by = |issuer: &Issuer<'_, KeyPair>| leaf.signed_by(&key, issuer).expect("a certificate").der().clone();
        let chain = match shown {
            Shown::SelfSigned => vec![leaf.self_signed(&key).expect("a certificate").der().clone()],
            Shown::Incomplete => vec![by(&self.below)],
            Shown::UnknownAuthority => vec![by(&self.strange), self.strange.der().clone()],
            _ => vec![by(&self.below), self.below.der().clone()],
        };
        TlsAcceptor::from(Arc::new(server(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())))
    }
}

fn server(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a key that fits")
}

/// An https server on loopback that passes on what it is sent.
pub struct Front {
    /// Its address, for example `https://127.0.0.1:4711`.
    pub address: String,
    /// Bytes that came in through the encryption.
    received: Arc<AtomicUsize>,
    acceptor: Arc<Mutex<TlsAcceptor>>,
    /// Connections end when another certificate is shown.
    changed: watch::Sender<()>,
}

impl Front {
    /// Shows that certificate; what comes through goes to the vendor at that address, or nowhere.
    pub async fn start(authorities: &Authorities, shown: Shown, vendor: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("https://{}", listener.local_addr().expect("an address"));
        let acceptor = Arc::new(Mutex::new(authorities.acceptor(shown)));
        let received = Arc::new(AtomicUsize::new(0));
        let (changed, _) = watch::channel(());
        let (current, count, changes) = (Arc::clone(&acceptor), Arc::clone(&received), changed.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let acceptor = current.lock().expect("a lock").clone();
                let (count, mut change) = (Arc::clone(&count), changes.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = change.changed() => {}
                        () = serve(&acceptor, socket, vendor, &count) => {}
                    }
                });
            }
        });
        Self { address, received, acceptor, changed }
    }

    /// Shows another certificate from now on.
    pub fn show(&self, authorities: &Authorities, shown: Shown) {
        *self.acceptor.lock().expect("a lock") = authorities.acceptor(shown);
        self.changed.send_replace(());
    }

    /// Bytes that clients sent after the handshake.
    pub fn received(&self) -> usize {
        self.received.load(Ordering::SeqCst)
    }
}

async fn serve(acceptor: &TlsAcceptor, socket: TcpStream, vendor: Option<SocketAddr>, count: &AtomicUsize) {
    let Ok(mut tls) = acceptor.accept(socket).await else { return };
    if let Some(vendor) = vendor {
        let Ok(mut vendor) = TcpStream::connect(vendor).await else { return };
        // How a connection ends is the client's affair.
        let _ = copy_bidirectional(&mut tls, &mut vendor).await;
        return;
    }
    let mut bytes = [0; 1024];
    while let Ok(read @ 1..) = tls.read(&mut bytes).await {
        count.fetch_add(read, Ordering::SeqCst);
    }
}
