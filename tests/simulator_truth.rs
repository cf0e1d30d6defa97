//! The truth between the vendors: its pairs are records that exist, and agree in what it says they agree in.

mod simulator_support;

use matchbook::simulator::{Agreement, Options, Subject, Vendor, Verdict};
use serde_json::Value;
use simulator_support::Vendors;
use std::collections::{HashMap, HashSet};

async fn started() -> Vendors {
    Vendors::start(Options { companies: 150, devices: 1500, ..Options::default() }).await
}

/// All rows of IT Glue, by id.
async fn documented(vendors: &Vendors, path: &str) -> HashMap<String, Value> {
    let mut rows = HashMap::new();
    for page in 1.. {
        let (_, answer) = vendors.itglue(&format!("{path}?page[size]=1000&page[number]={page}")).await;
        let listed = answer["data"].as_array().unwrap();
        rows.extend(listed.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row["attributes"].clone())));
        if answer["meta"]["next-page"].is_null() {
            break;
        }
    }
    rows
}

fn plain(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_uppercase()
}

#[tokio::test]
async fn pairs_of_connectwise_and_it_glue_exist_and_agree_as_they_say() {
    let vendors = started().await;
    let (truth, control) = (vendors.simulator.truth(), vendors.simulator.control());
    for (subject, path, other, least) in [
        (Subject::Companies, "company/companies", "/organizations", 110),
        (Subject::Devices, "company/configurations", "/configurations", 1100),
        (Subject::Contacts, "company/contacts", "/contacts", 900),
        (Subject::Locations, "company/companies/sites", "/locations", 140),
    ] {
        let rows = documented(&vendors, other).await;
        let pairs: Vec<_> = truth.pairs(subject, Vendor::ConnectWise, Vendor::ItGlue).collect();
        assert!(pairs.len() >= least, "{subject:?}: {}", pairs.len());
        let whole = pairs.iter().filter(|pair| pair.agreement == Agreement::Whole).count();
        assert!(whole * 100 / pairs.len() > 50 && whole < pairs.len(), "{subject:?}: {whole} of {}", pairs.len());
        let rights: HashSet<&str> = pairs.iter().map(|pair| pair.right.as_str()).collect();
        assert_eq!(rights.len(), pairs.len(), "{subject:?}");
        for (at, pair) in pairs.iter().enumerate() {
            let own = control.connectwise().row(path, pair.left.parse().unwrap()).expect("a row");
            let documented = rows.get(&pair.right).expect("a row");
            let agrees = match subject {
                Subject::Companies => own["name"] == documented["name"],
                Subject::Devices => {
                    plain(&own["serialNumber"]) == plain(&documented["serial-number"]).trim_start_matches('S')
                }
                Subject::Contacts => {
                    [&own["firstName"], &own["lastName"]] == [&documented["first-name"], &documented["last-name"]]
                }
                _ => [&own["addressLine1"], &own["city"]] == [&documented["address-1"], &documented["city"]],
            };
            // A serial may begin with the letter that bar codes have.
            let serial = plain(&own["serialNumber"]) == plain(&documented["serial-number"]);
            assert!(pair.agreement == Agreement::Part || agrees || serial, "{pair:?}: {own} {documented}");
            let judged = |right: &str| truth.judge(subject, (Vendor::ConnectWise, &pair.left), (Vendor::ItGlue, right));
            assert_eq!(judged(&pair.right), Verdict::Right);
            let another = &pairs[(at + 1) % pairs.len()].right;
            assert_ne!(judged(another), Verdict::Right);
            let found = truth.counterpart(subject, (Vendor::ItGlue, &pair.right), Vendor::ConnectWise);
            assert_eq!(found.as_ref(), Some(&pair.left));
        }
        assert_eq!(
            truth.judge(subject, (Vendor::ConnectWise, "99999999"), (Vendor::ItGlue, &pairs[0].right)),
            Verdict::Unknown
        );
    }
}

#[tokio::test]
async fn the_rmm_and_autotask_have_pairs_too() {
    let vendors = started().await;
    let truth = vendors.simulator.truth();
    let devices: Vec<_> = truth.pairs(Subject::Devices, Vendor::Addigy, Vendor::ItGlue).collect();
    assert_eq!(devices.len(), truth.counts().device_pairs);
    for pair in &devices {
        assert_eq!(truth.device(&pair.left), Some(pair.right.as_str()));
    }
    assert_eq!(truth.pairs(Subject::Companies, Vendor::Addigy, Vendor::ItGlue).count(), truth.counts().company_pairs);
    for subject in Subject::ALL {
        let pairs: Vec<_> = truth.pairs(subject, Vendor::Autotask, Vendor::ConnectWise).collect();
        assert!(pairs.len() > 40, "{subject:?}: {}", pairs.len());
        for pair in &pairs {
            let verdict = truth.judge(subject, (Vendor::Autotask, &pair.left), (Vendor::ConnectWise, &pair.right));
            assert_eq!(verdict, Verdict::Right);
        }
    }
    assert_eq!(truth.pairs(Subject::Tickets, Vendor::ConnectWise, Vendor::ItGlue).count(), 0);
    let numbers = vendors.simulator.control().connectwise();
    for pair in truth.pairs(Subject::Tickets, Vendor::ConnectWise, Vendor::Autotask) {
        let own = numbers.row("service/tickets", pair.left.parse().unwrap()).unwrap();
        assert!(own["externalXRef"].as_str().unwrap().starts_with('T'));
    }
}

#[tokio::test]
async fn a_second_record_of_the_same_is_neither_right_nor_wrong() {
    let vendors = started().await;
    let truth = vendors.simulator.truth();
    let (mut older, mut humans) = (0, 0);
    let devices = documented(&vendors, "/configurations").await;
    for pair in truth.pairs(Subject::Devices, Vendor::ConnectWise, Vendor::ItGlue) {
        for id in devices.keys() {
            let verdict = truth.judge(Subject::Devices, (Vendor::ConnectWise, &pair.left), (Vendor::ItGlue, id));
            older += usize::from(verdict == Verdict::Neutral);
        }
        if older > 3 {
            break;
        }
    }
    assert!(older > 0, "older records");
    let people = documented(&vendors, "/contacts").await;
    for id in people.keys() {
        let own = truth.counterpart(Subject::Contacts, (Vendor::ItGlue, id), Vendor::ConnectWise);
        let Some(own) = own.as_deref() else { continue };
        for other in people.keys() {
            let verdict = truth.judge(Subject::Contacts, (Vendor::ConnectWise, own), (Vendor::ItGlue, other));
            humans += usize::from(verdict == Verdict::Neutral);
        }
        if humans > 0 {
            break;
        }
    }
    assert!(humans > 0, "somebody is with two companies");
}
