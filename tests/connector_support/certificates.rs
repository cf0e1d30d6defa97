//! Certificates that are not accepted are told apart in words, and the key is never sent to their owner.

use super::connector_support::{VENDORS, connected, impatient};
use super::tls::{Authorities, Front, Shown};
use matchbook::connectors::Tuning;
use matchbook::domain::FailureClass;

#[tokio::test]
async fn a_certificate_that_is_not_accepted_is_refused_by_name() {
    let authorities = Authorities::new();
    for shown in Shown::REFUSED {
        let front = Front::start(&authorities, shown, None).await;
        for vendor in VENDORS {
            let tuning = Tuning { authorities: vec![authorities.trusted()], ..impatient() };
            let it = connected(vendor, &front.address, tuning);
            let failure = it.failure().await;
            let (what, remedy) = shown.words();
            assert_eq!(failure.class, FailureClass::Vendor, "{shown:?}: {failure}");
            assert!(failure.what.contains(what) && failure.what.contains("127.0.0.1"), "{shown:?}: {failure}");
            assert!(failure.remedy.contains(remedy), "{shown:?}: {failure}");
            assert!(it.texts().is_empty(), "a bad certificate is not tried again");
            let test = it.connector.test().await.unwrap_err();
            assert!(test.what.contains(what), "{shown:?}: {test}");
        }
        assert_eq!(front.received(), 0, "{shown:?}: nothing was sent");
    }
}

/// Otherwise the refusals above could have another reason.
#[tokio::test]
async fn a_good_certificate_is_accepted_and_then_the_key_is_sent() {
    let authorities = Authorities::new();
    let front = Front::start(&authorities, Shown::Good, None).await;
    let (address, trusted) = (front.address.clone(), authorities.trusted());
    let tuning = Tuning { authorities: vec![trusted], ..impatient() };
    let it = connected(VENDORS[0], &address, tuning);
    let asked = tokio::spawn(async move { it.failure().await });
    while front.received() == 0 {
        tokio::task::yield_now().await;
    }
    asked.abort();
}

#[tokio::test]
async fn without_the_authority_the_same_certificate_is_refused() {
    let authorities = Authorities::new();
    let front = Front::start(&authorities, Shown::Good, None).await;
    let failure = connected(VENDORS[0], &front.address, impatient()).failure().await;
    // The chain ends below its root, as chains do: who is missing cannot be told from an authority nobody knows.
    assert!(failure.what.contains("does not trust"), "{failure}");
    assert_eq!(front.received(), 0);
}
