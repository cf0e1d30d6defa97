//! Certificates that are not accepted are told apart in words, and the key is never sent to their owner.

mod connector_support;

use connector_support::{Connected, VENDORS, connected, impatient};
use matchbook::domain::FailureClass;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::Read;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SELF: &[u8] = include_bytes!("connector_support/tls/self.der");
const SELF_KEY: &[u8] = include_bytes!("connector_support/tls/self.key.der");
const CA: &[u8] = include_bytes!("connector_support/tls/ca.der");
const LEAF: &[u8] = include_bytes!("connector_support/tls/leaf.der");
const LEAF_KEY: &[u8] = include_bytes!("connector_support/tls/leaf.key.der");

/// An https server on loopback with that chain; counts the bytes that clients send after the handshake.
fn server(chain: &[&'static [u8]], key: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            chain.iter().map(|der| CertificateDer::from(*der)).collect(),
            PrivatePkcs8KeyDer::from(key).into(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let received = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&received);
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            while connection.complete_io(&mut socket).is_ok_and(|(read, _)| read > 0) {
                let mut plain = Vec::new();
                let _ = connection.reader().read_to_end(&mut plain);
                count.fetch_add(plain.len(), Ordering::SeqCst);
            }
        }
    });
    (address, received)
}

async fn refused(it: &Connected, received: &AtomicUsize, words: &str) {
    let failure = it.failure().await;
    assert_eq!(failure.class, FailureClass::Vendor);
    assert!(failure.what.contains(words), "{failure}");
    assert!(it.texts().is_empty(), "a bad certificate is not tried again");
    assert_eq!(received.load(Ordering::SeqCst), 0, "nothing was sent");
}

#[tokio::test]
async fn a_self_signed_certificate_is_refused_by_name() {
    for vendor in VENDORS {
        let (address, received) = server(&[SELF], SELF_KEY);
        refused(&connected(vendor, &address, impatient()), &received, "self-signed").await;
    }
}

#[tokio::test]
async fn an_incomplete_chain_is_refused_by_name() {
    for vendor in VENDORS {
        let (address, received) = server(&[LEAF], LEAF_KEY);
        refused(&connected(vendor, &address, impatient()), &received, "incomplete certificate chain").await;
    }
}

#[tokio::test]
async fn an_unknown_authority_is_refused_by_name() {
    for vendor in VENDORS {
        let (address, received) = server(&[LEAF, CA], LEAF_KEY);
        refused(&connected(vendor, &address, impatient()), &received, "does not trust").await;
    }
}
