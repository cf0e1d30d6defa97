//! Records made and changed at the PSAs, by their mapping files.

use crate::support::flow;
use matchbook::connectors::{self, Connection, Connector, Draft, Find};
use matchbook::domain::outbox::plan::{Habits, Planned, Planner, is_value, value_of};
use matchbook::domain::{Company, Device, JunkList, Record, Stream, WriteField, WriteInside, WriteRules};
use matchbook::secrets::Credentials;
use matchbook::simulator;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes and changes a company and a device by a vendor's mapping.
async fn made_at(connector: Arc<dyn Connector>, target: &str) {
    let mut flow = flow();
    flow.target = target.into();
    let junk = JunkList::built_in();
    let mut rules = WriteRules::default();
    let mut source = Company::new("p1", "Quarry Lane Dental");
    source.phone = Some("555 0100".into());
    let companies = connector.write_target(Stream::Companies).await.unwrap().unwrap();
    let devices = connector.write_target(Stream::Devices).await.unwrap().unwrap();
    for (stream, target) in [(Stream::Companies, &companies), (Stream::Devices, &devices)] {
        let values = &mut rules.create.entry(stream).or_default().values;
        for field in [WriteField::Type, WriteField::Owner, WriteField::Product] {
            if let Some(choice) = target.choices.get(&field).and_then(|choices| choices.first()) {
                values.insert(field, choice.clone());
            }
        }
    }
    let habits = Habits::default();
    let planner =
        |target| Planner { flow: &flow, vendor: "Addigy", rules: &rules, target, habits: &habits, junk: &junk };
    let draft = |planned: &Planned| Draft {
        values: planned.write.fields.iter().map(|f| (f.field, f.new.clone())).collect(),
        interfaces: planned.write.interfaces.clone(),
    };
    let planned = planner(&companies).create(&Record::Company(Box::new(source)), None).unwrap();
    let company = connector.create(Stream::Companies, None, vec![draft(&planned)]).await.unwrap().remove(0);
    let found = connector.find(Stream::Companies, Find::Names(vec!["Quarry Lane Dental".into()])).await.unwrap();
    assert_eq!(found.iter().map(Record::id).collect::<Vec<_>>(), std::slice::from_ref(&company), "{target}");
    let mut device = Device::new("d1", "QLD-1");
    device.serial = Some("00123456".into());
    let inside = WriteInside::There { target: company.clone() };
    let planned = planner(&devices).create(&Record::Device(Box::new(device)), Some(inside)).unwrap();
    let id = connector.create(Stream::Devices, Some(company.clone()), vec![draft(&planned)]).await.unwrap().remove(0);
    // A serial of digits is a text all the same.
    let by_serial = connector.find(Stream::Devices, Find::Serials(vec!["00123456".into()])).await.unwrap();
    let inside = connector.find(Stream::Devices, Find::Inside(company)).await.unwrap();
    for found in [by_serial, inside] {
        assert_eq!(found.iter().map(Record::id).collect::<Vec<_>>(), std::slice::from_ref(&id), "{target}");
        assert!(value_of(&found[0], WriteField::Notes).unwrap().contains(&planned.write.mark), "{target}");
    }
    let change = vec![(id.clone(), vec![(WriteField::Name, "QLD-2".to_owned())])];
    connector.update(Stream::Devices, change).await.unwrap();
    let found = connector.find(Stream::Devices, Find::Ids(vec![id])).await.unwrap();
    assert_eq!((found[0].name(), found.len()), ("QLD-2", 1), "{target}");
    assert!(is_value(&found[0], WriteField::Serial, "00123456"), "{target}: the rest stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_and_devices_are_made_on_the_psas_too() {
    let options = simulator::Options { companies: 4, devices: 30, seed: 5, ..Default::default() };
    let simulator = simulator::start(options).await.unwrap();
    let ends = simulator.endpoints();
    let (cw, at) = (&ends.connectwise, &ends.autotask);
    let connect = |connector: &str, base_url: &str, options: &[(&str, &str)], secrets: &[(&str, &str)]| {
        let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let secrets = secrets.iter().map(|(name, text)| (*name, (*text).to_owned().into()));
        let connection = Connection {
            integration: connector.into(),
            connector: connector.into(),
            base_url: Some(base_url.to_owned()),
            region: None,
            options: own(options),
            credentials: Credentials::from_pairs(secrets),
            requests_per_second: Some(5_000.0),
            page_size: None,
            files: BTreeMap::new(),
            mapping_override_dir: None,
        };
        connectors::connect(connection, Arc::new(|_| {})).expect("a connector")
    };
    let keys = [
        ("public_key", cw.public_key.as_str()),
        ("private_key", cw.private_key.as_str()),
        ("client_id", cw.client_id.as_str()),
    ];
    made_at(connect("connectwise", &cw.base_url, &[("company", &cw.company)], &keys), "connectwise").await;
    let keys = [("secret", at.secret.as_str()), ("integration_code", at.integration_code.as_str())];
    made_at(connect("autotask", &at.base_url, &[("username", &at.username)], &keys), "autotask").await;
    simulator.stop().await;
}
