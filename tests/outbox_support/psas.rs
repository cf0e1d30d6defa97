//! Records made and changed at the PSAs, by their mapping files and through the outbox.

use crate::support::{connection, create_in, flow, outbox, plan_in, reopened, rows_in, start_flow, sync, write};
use matchbook::connectors::{self, Connector, Draft, Find};
use matchbook::domain::outbox::plan::{Habits, Planned, Planner, is_value, value_of};
use matchbook::domain::{
    Company, DecisionKind, Device, Flow, JunkList, MatchState, Record, RecordId, Stream, WriteField, WriteInside,
    WriteRules,
};
use matchbook::service::Service;
use matchbook::service::messages::{PlanRow, QueueRow, Selection, WriteCommand};
use matchbook::simulator::{self, Faults, Simulator};
use matchbook::store::Store;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
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
    let inside = connector.find(Stream::Devices, Find::Inside(vec![company])).await.unwrap();
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

/// The lines of a simulated Addigy and of a PSA.
fn lines(simulator: &Simulator, psa: &str) -> String {
    let ends = simulator.endpoints();
    let (cw, at) = (&ends.connectwise, &ends.autotask);
    let psa = match psa {
        "connectwise" => format!(
            "connectwise {} company={} public_key={} private_key={} client_id={}",
            cw.base_url, cw.company, cw.public_key, cw.private_key, cw.client_id
        ),
        _ => format!(
            "autotask {} username={} secret={} integration_code={}",
            at.base_url, at.username, at.secret, at.integration_code
        ),
    };
    format!("addigy {} api_key={}\n{psa}", ends.addigy.base_url, ends.addigy.api_key)
}

fn connector(line: &str) -> Arc<dyn Connector> {
    connectors::connect(connection(line), Arc::new(|_| {})).expect("a connector")
}

/// What a flow has to be told before records can be made at a PSA: a type, who is responsible, a product, a telephone.
pub async fn rules_of(vendors: &str) -> WriteRules {
    let connector = connector(vendors.lines().last().unwrap());
    let mut rules = WriteRules::default();
    for stream in [Stream::Companies, Stream::Devices] {
        let target = connector.write_target(stream).await.unwrap().unwrap();
        let values = &mut rules.create.entry(stream).or_default().values;
        for field in [WriteField::Type, WriteField::Owner, WriteField::Product] {
            if let Some(choice) = target.choices.get(&field).and_then(|choices| choices.first()) {
                values.insert(field, choice.clone());
            }
        }
        if target.required.contains(&WriteField::Phone) {
            values.insert(WriteField::Phone, "555 0100".into());
        }
    }
    rules
}

/// A simulated Addigy with policies and devices that nobody has documented, a PSA, and a home that has read both.
struct Shop {
    simulator: Simulator,
    vendors: String,
    flow: Flow,
    rows: Vec<RecordId>,
    home: tempfile::TempDir,
}

const POLICIES: usize = 3;
const DEVICES: usize = 9;

impl Shop {
    async fn new(psa: &str, faults: Faults) -> Self {
        let options = simulator::Options { companies: 4, devices: 30, seed: 5, faults, ..Default::default() };
        let simulator = simulator::start(options).await.unwrap();
        let mut rows: Vec<RecordId> = Vec::new();
        for at in 0..POLICIES {
            let addigy = simulator.control().addigy();
            let policy = addigy.add_policy(&format!("Zephyr Quarry {at}"), None);
            for device in 0..DEVICES {
                let (name, serial) = (format!("ZQ-{at}-{device}"), format!("C02ZQ{at}{device:02}JGH7"));
                let wifi = format!("14:7d:da:0{at}:{device:02}:00");
                rows.push(addigy.add_device(&policy, &name, Some(&serial), Some(&wifi)).unwrap().as_str().into());
            }
            rows.push(policy.as_str().into());
        }
        let vendors = lines(&simulator, psa);
        let flow = crate::flow_of(&vendors);
        let shop = Self { simulator, vendors, flow, rows, home: tempfile::tempdir().unwrap() };
        let (service, store) = shop.open().await;
        sync(&service).await;
        service.stop().await;
        let closing = store.closing();
        drop((service, store));
        assert!(closing.wait(std::time::Duration::from_secs(20)), "the store is closed");
        shop
    }

    fn path(&self) -> std::path::PathBuf {
        self.home.path().join("store")
    }

    async fn open(&self) -> (Service, Store) {
        let rules = rules_of(&self.vendors).await;
        start_flow(&self.path(), &self.vendors, self.flow.clone(), rules)
    }

    /// Companies and devices of the PSA.
    fn counts(&self) -> (usize, usize) {
        let control = self.simulator.control();
        match self.flow.target.as_str() {
            "connectwise" => (
                control.connectwise().count("company/companies"),
                control.connectwise().count("company/configurations"),
            ),
            _ => (control.autotask().count("Companies"), control.autotask().count("ConfigurationItems")),
        }
    }

    /// The name of the resource that a company of Autotask has as its owner.
    fn owner(&self, company: &RecordId) -> String {
        let autotask = self.simulator.control().autotask();
        let owner = autotask.number("Companies", company.as_str().parse().unwrap(), "ownerResourceID").unwrap();
        let part = |field| autotask.text("Resources", owner, field).unwrap_or_default();
        format!("{} {}", part("firstName"), part("lastName"))
    }

    fn chosen(&self) -> Selection {
        Selection::Rows(self.rows.clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn companies_and_devices_are_made_on_the_psas_too() {
    let options = simulator::Options { companies: 4, devices: 30, seed: 5, ..Default::default() };
    let simulator = simulator::start(options).await.unwrap();
    for psa in ["connectwise", "autotask"] {
        made_at(connector(lines(&simulator, psa).lines().last().unwrap()), psa).await;
    }
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_for_a_psa_is_what_is_then_read_back_there() {
    for psa in ["connectwise", "autotask"] {
        let shop = Shop::new(psa, Faults::None).await;
        let (service, store) = shop.open().await;
        service.settled().await.unwrap();
        let before = shop.counts();
        let mut planned = BTreeMap::new();
        for stream in [Stream::Companies, Stream::Devices] {
            let shown = plan_in(&service, &shop.flow, stream, shop.chosen()).await;
            let hold = write(&service, create_in(&shop.flow, stream, shop.chosen(), true)).await.unwrap();
            assert_eq!(hold.rows, shown.writes, "{psa}: {shown:?}");
            assert_eq!(shown.left, Vec::new(), "{psa}: {:?}", shown.rows.first().map(|row| &row.near));
            let rows = shown.rows.into_iter().filter(|row| row.left.is_empty());
            planned.extend(rows.map(|row| ((stream, row.source), row.fields)));
        }
        assert_eq!(planned.len(), POLICIES * (DEVICES + 1), "{psa}");
        assert_eq!(shop.counts(), before, "{psa}: nothing is sent before apply");
        write(&service, WriteCommand::Apply { ids: Vec::new(), flow: None }).await.unwrap();
        let view = outbox(&service).await;
        for done in &view.writes {
            assert_eq!(done.state, "confirmed", "{psa}: {} {} {}", done.row.name, done.why, done.said);
            assert_eq!(planned[&(done.row.stream, done.row.source.clone())], done.row.fields, "{psa}");
        }
        crate::check_records(&store, &shop.flow, &view.writes);
        for done in &view.writes {
            if let Some(owner) = done.row.fields.iter().find(|f| f.field == WriteField::Owner) {
                assert_eq!(shop.owner(done.made.as_ref().unwrap()), owner.new, "{psa}: {}", done.row.name);
            }
        }
        assert_eq!(shop.counts(), (before.0 + POLICIES, before.1 + POLICIES * DEVICES), "{psa}");
        let devices = rows_in(&service, &shop.flow, Stream::Devices).await;
        let matched = devices.iter().filter(|row| shop.rows.contains(&row.id) && row.state == MatchState::Matched);
        assert_eq!(matched.count(), POLICIES * DEVICES, "{psa}");
        service.stop().await;
    }
}

#[test]
fn what_is_cut_on_its_way_to_a_psa_is_made_once() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    for (psa, seed) in [("connectwise", 1), ("autotask", 2)] {
        let shop = runtime.block_on(Shop::new(psa, Faults::Unsure));
        let before = shop.counts();
        let rows = shop.rows.iter().map(RecordId::as_str).collect::<Vec<_>>().join(",");
        crate::disturbed(&shop.path(), &shop.vendors, Some(&rows), &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(shop.counts(), (before.0 + POLICIES, before.1 + POLICIES * DEVICES), "{psa}");
        let store = reopened(&shop.path());
        let mut targets = BTreeSet::new();
        for stream in [Stream::Companies, Stream::Devices] {
            for row in &shop.rows {
                let decision = store.decision(&shop.flow.id, stream, row).unwrap();
                let Some(DecisionKind::Matched { target }) = decision.map(|decision| decision.kind) else { continue };
                assert!(targets.insert((stream, target.clone())), "{psa}: {target} belongs to two");
            }
        }
        assert_eq!(targets.len(), POLICIES * (DEVICES + 1), "{psa}: everything that was made is matched");
        assert_eq!(store.open_writes().unwrap(), []);
        runtime.block_on(shop.simulator.stop());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_psa_refuses_is_back_at_its_row_with_its_words() {
    // The role may not add configurations any more when it is sent.
    let shop = Shop::new("connectwise", Faults::None).await;
    let (service, _store) = shop.open().await;
    service.settled().await.unwrap();
    write(&service, create_in(&shop.flow, Stream::Companies, shop.chosen(), true)).await.unwrap();
    // Somebody takes the identifier of one company after the plan, for quite another one.
    let taken = outbox(&service).await.writes[0].clone();
    let code = taken.row.fields.iter().find(|field| field.field == WriteField::ShortName).unwrap().new.clone();
    let other = serde_json::json!({"name": "Unlike Any Other Ltd", "identifier": code, "deletedFlag": false});
    shop.simulator.control().connectwise().add("company/companies", &other).unwrap();
    write(&service, WriteCommand::Apply { ids: Vec::new(), flow: None }).await.unwrap();
    let view = outbox(&service).await;
    let refused: Vec<_> = view.writes.iter().filter(|write| write.state == "refused").collect();
    assert_eq!(refused.iter().map(|write| &write.row.source).collect::<Vec<_>>(), [&taken.row.source]);
    assert!(!refused[0].said.is_empty(), "{:?}", refused[0]);
    assert_eq!(
        view.writes.iter().filter(|write| write.state == "confirmed").count(),
        POLICIES - 1,
        "the others went on"
    );
    let row_of = |rows: Vec<QueueRow>, id: &RecordId| rows.into_iter().find(|row| row.id == *id).unwrap();
    let row = row_of(rows_in(&service, &shop.flow, Stream::Companies).await, &taken.row.source);
    assert!(row.why.contains("ConnectWise") && row.why.contains(&*refused[0].said), "{}", row.why);
    // A right that the role does not have is named.
    shop.simulator.control().connectwise().deny("Configurations", true);
    write(&service, create_in(&shop.flow, Stream::Devices, shop.chosen(), false)).await.unwrap();
    let view = outbox(&service).await;
    let denied: Vec<_> = view.writes.iter().filter(|write| write.row.stream == Stream::Devices).collect();
    assert!(!denied.is_empty() && denied.iter().all(|write| write.state != "confirmed"), "{denied:?}");
    let said = denied.iter().map(|write| write.why.clone()).chain(view.stopped.clone()).collect::<Vec<_>>().join("; ");
    assert!(said.contains("Configurations"), "{said}");
    service.stop().await;
    // What a PSA requires and nobody gives is said before anything is sent, by the setting's name.
    let shop = Shop::new("autotask", Faults::None).await;
    let mut rules = rules_of(&shop.vendors).await;
    rules.create.entry(Stream::Companies).or_default().values.remove(&WriteField::Phone);
    let (service, _store) = start_flow(&shop.path(), &shop.vendors, shop.flow.clone(), rules);
    service.settled().await.unwrap();
    let planned = plan_in(&service, &shop.flow, Stream::Companies, shop.chosen()).await;
    assert_eq!(planned.writes, 0);
    let says = |row: &PlanRow| row.left.contains("flows.addigy-autotask.create.companies");
    assert!(planned.rows.iter().all(says), "{planned:?}");
    service.stop().await;
}
