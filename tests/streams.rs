//! Queues of contacts, locations and tickets from a sync to a decision and back.

mod streams_support;

use matchbook::domain::{Stream, Ties};
use matchbook::service::messages::{Command, DecideAction, Filter, Query, Relation, View, ViewSpec};
use streams_support::{Home, company, contact, flow, location, ticket};

const CONTACTS: Stream = Stream::Contacts;

/// Two companies, one of them with people, places and tickets on both sides.
async fn home(ties: Ties) -> Home {
    let psa = vec![
        company("c1", "Harbor Dental"),
        company("c2", "Blue Ridge Realty"),
        contact("p1", "c1", "Ann", "Lee", "ann@harbor.test"),
        contact("p2", "c1", "Bob", "Miller", "bob@harbor.test"),
        contact("p3", "c1", "John", "Smith", ""),
        contact("p4", "c2", "Zoe", "Quist", ""),
        location("s1", "c1", "Main", "12 Main Street"),
        location("s2", "c1", "Warehouse", "99 Oak Avenue"),
        ticket("t1", "c1", "T2026.0001", "Printer offline"),
        ticket("t2", "c1", "T2026.0002", "New user"),
    ];
    let docs = vec![
        company("o1", "Harbor Dental Group"),
        company("o2", "Blue Ridge"),
        contact("q1", "o1", "ANN", "Lee", ""),
        contact("q2", "o1", "Robert", "Miller", "bob@harbor.test"),
        contact("q3", "o1", "John", "Smith", ""),
        contact("q4", "o1", "John", "Smith", ""),
        location("l1", "o1", "Head Office", "12 Main St."),
        location("l2", "o1", "Depot", "99 Oak Road"),
        ticket("k1", "o1", "T2026.0001", "Printer offline"),
        ticket("k2", "o1", "T2026.0002", "Something else"),
    ];
    let home = Home::new(flow(ties), psa, docs).await;
    home.sync().await;
    home
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_wait_for_their_company_and_are_matched_with_it() {
    let home = home(Ties::Block).await;
    let counts = home.counts(CONTACTS).await;
    assert_eq!((counts.unmatched, counts.waiting, counts.total()), (4, 4, 4), "{counts:?}");
    assert_eq!(home.says(CONTACTS, "p1").await.0, "waits");
    let refused = home.decide(CONTACTS, "p1", DecideAction::Accept).await;
    assert_eq!(refused.rows, 0);

    home.match_to(Stream::Companies, "c1", "o1").await;
    assert_eq!(home.says(CONTACTS, "p1").await, ("matched".into(), "q1".into(), "first and last name".into()));
    let (state, target, why) = home.says(CONTACTS, "p2").await;
    assert_eq!((state.as_str(), target.as_str(), why.as_str()), ("suggested", "q2", "email + nickname and last name"));
    assert_eq!(home.says(CONTACTS, "p3").await.0, "conflict");
    assert_eq!(home.says(CONTACTS, "p4").await.0, "waits");
    assert_eq!(home.says(Stream::Locations, "s1").await.0, "matched");
    assert_ne!(home.says(Stream::Locations, "s2").await.0, "matched");
    assert_eq!(home.says(Stream::Tickets, "t1").await.0, "matched");
    assert_eq!(
        home.says(Stream::Tickets, "t2").await,
        ("conflict".into(), "k2".into(), "same number, another title".into())
    );
    let counts = home.counts(CONTACTS).await;
    assert_eq!((counts.matched, counts.suggested, counts.conflict, counts.waiting), (1, 1, 1, 1), "{counts:?}");

    // The company is opened again: what was decided stays, the rest waits.
    home.decide(Stream::Companies, "c1", DecideAction::Unmatch).await;
    assert_eq!(home.says(CONTACTS, "p1").await.0, "matched");
    assert_eq!(home.says(CONTACTS, "p2").await, ("waits".into(), String::new(), "its company has no match yet".into()));
    // Matched to another company it has other people.
    home.match_to(Stream::Companies, "c1", "o2").await;
    assert_eq!(
        home.says(CONTACTS, "p2").await,
        ("unmatched".into(), String::new(), "its company has none there".into())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_are_kept_undone_and_free_what_they_took() {
    let home = home(Ties::Block).await;
    home.match_to(Stream::Companies, "c1", "o1").await;
    // A person resolves one of two namesakes; who is left there is no longer contested.
    home.match_to(CONTACTS, "p3", "q4").await;
    assert_eq!(home.says(CONTACTS, "p3").await.0, "matched");
    let taken = home.match_to(CONTACTS, "p2", "q4").await;
    assert_eq!(taken.rows, 0, "one-to-one: {taken:?}");
    let home = home.reopen().await;
    assert_eq!(home.says(CONTACTS, "p3").await.1, "q4");
    let undone = home.command(Command::Undo { entry: None }).await;
    assert_eq!(undone.rows, 1);
    assert_eq!(home.says(CONTACTS, "p3").await.0, "conflict");

    home.decide(CONTACTS, "p2", DecideAction::Ignore).await;
    assert_eq!(home.counts(CONTACTS).await.ignored, 1);
    home.decide(CONTACTS, "p2", DecideAction::Unmatch).await;
    // Held open by a person: proposed, never decided.
    assert_eq!(home.says(CONTACTS, "p2").await.0, "suggested");

    let threshold = matchbook::domain::Confidence::new(0.9);
    let done = home.command(Command::QuickMatch { flow: "psa-docs".into(), stream: CONTACTS, threshold }).await;
    assert_eq!(done.rows, 1, "{done:?}");
    assert_eq!(home.says(CONTACTS, "p2").await.1, "q2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_of_equals_is_proposed_where_the_flow_says_so() {
    let home = home(Ties::Oldest).await;
    for (id, year) in [("q3", 2023), ("q4", 2019)] {
        let mut record = contact(id, "o1", "John", "Smith", "");
        if let matchbook::domain::Record::Contact(contact) = &mut record {
            let date = time::Date::from_calendar_date(year, time::Month::May, 1).unwrap();
            contact.created = Some(date.midnight().assume_utc());
        }
        home.docs.put(record);
    }
    home.sync().await;
    home.match_to(Stream::Companies, "c1", "o1").await;
    let row = home.row(CONTACTS, "p3").await;
    assert_eq!((row.state.name(), row.target.unwrap().id.as_str()), ("suggested", "q4"));
    let compare = home.compare(CONTACTS, "p3", None).await;
    assert_eq!(compare.note, "the oldest of equals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_syncs_bring_is_followed() {
    let home = home(Ties::Block).await;
    home.match_to(Stream::Companies, "c1", "o1").await;
    // The namesake goes away at the vendor: the other one is left.
    home.docs.remove(CONTACTS, "q4");
    // Somebody comes, somebody is renamed, somebody changes the company.
    home.psa.put(contact("p5", "c1", "Nia", "Okoro", ""));
    home.docs.put(contact("q5", "o1", "Nia", "Okoro", ""));
    home.psa.put(contact("p4", "c1", "Zoe", "Quist", ""));
    home.docs.put(contact("q6", "o1", "Zoe", "Quist", ""));
    home.sync().await;
    for (id, target) in [("p3", "q3"), ("p4", "q6"), ("p5", "q5")] {
        assert_eq!(
            home.says(CONTACTS, id).await,
            ("matched".into(), target.into(), "first and last name".into()),
            "{id}"
        );
    }
    // Gone at the source: decided rows stay, marked; what was open leaves.
    home.psa.remove(CONTACTS, "p2");
    home.psa.remove(CONTACTS, "p5");
    home.sync().await;
    let rows = home.window(home.view(CONTACTS)).await;
    let ids: Vec<(&str, bool)> = rows.iter().map(|row| (row.id.as_str(), row.orphaned)).collect();
    assert!(ids.contains(&("p5", true)) && !ids.iter().any(|(id, _)| *id == "p2"), "{ids:?}");
    let home = home.reopen().await;
    assert!(home.row(CONTACTS, "p5").await.orphaned);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_found_sorted_compared_and_picked() {
    let home = home(Ties::Block).await;
    home.match_to(Stream::Companies, "c1", "o1").await;
    let found = |find: &str, stream| {
        let view = ViewSpec { find: find.into(), ..home.view(stream) };
        home.window(view)
    };
    assert_eq!(found("bob@harbor", CONTACTS).await[0].detail, "bob@harbor.test");
    assert_eq!(found("harbor dental", CONTACTS).await.len(), 3, "by the company's name");
    assert_eq!(found("oak", Stream::Locations).await[0].detail, "99 Oak Avenue, Austin, 78701");
    assert_eq!(found("printer", Stream::Tickets).await[0].name, "T2026.0001");
    let of_one = ViewSpec { company: Some("c2".into()), ..home.view(CONTACTS) };
    assert_eq!(home.window(of_one).await.len(), 1);
    let open = ViewSpec { filter: Filter::Open, ..home.view(CONTACTS) };
    let open: Vec<String> = home.window(open).await.into_iter().map(|row| row.id.to_string()).collect();
    assert_eq!(open, ["p3", "p2"], "conflicts first; who waits is not shown");

    let compare = home.compare(CONTACTS, "p2", None).await;
    assert_eq!(compare.against.as_ref().unwrap().id.as_str(), "q2");
    assert_eq!(compare.note, "a nickname");
    let relation = |label: &str| compare.fields.iter().find(|f| f.label == label).map(|f| f.relation);
    assert_eq!(relation("email"), Some(Relation::Same));
    assert_eq!(relation("first name"), Some(Relation::Differs));
    assert_eq!(compare.evidence[0].note, "email");
    // A target that was not proposed is compared all the same.
    let other = home.compare(CONTACTS, "p2", Some("q1")).await;
    assert_eq!(other.evidence[0].note, "another name");
    let places = home.compare(Stream::Locations, "s1", None).await;
    assert!(
        places.fields.iter().any(|f| f.label == "address 1" && f.relation == Relation::Similar),
        "{:?}",
        places.fields
    );

    let targets = home.pick(CONTACTS, "p2", "mill").await;
    assert_eq!(targets.rows[0].target.name, "Robert Miller");
    assert_eq!(home.pick(CONTACTS, "p2", "BOB@harbor.test").await.rows[0].target.id.as_str(), "q2");
    let why = home.why("zoe").await;
    assert!(why[0].gates.iter().any(|gate| gate.name == "company matched?" && !gate.passed), "{why:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_streams_that_a_flow_matches_have_tabs_and_are_synced() {
    let home = home(Ties::Block).await;
    let View::Overview(overview) = home.query(Query::Overview).await else { panic!("an overview") };
    let tabs: Vec<(&str, &str)> =
        overview.flows[0].tabs.iter().map(|tab| (tab.label.as_str(), tab.source_word.as_str())).collect();
    assert_eq!(
        tabs,
        [
            ("Companies", "Company"),
            ("Devices", "Device"),
            ("Contacts", "Contact"),
            ("Locations", "Site"),
            ("Tickets", "Ticket")
        ]
    );
    assert_eq!((home.psa.listed(Stream::Tickets), home.psa.listed(Stream::Members)), (1, 0));

    let narrow = matchbook::domain::Flow { streams: vec![Stream::Companies, CONTACTS], ..flow(Ties::Block) };
    let home = Home::new(narrow, vec![company("c", "Acme"), ticket("t", "c", "1", "x")], Vec::new()).await;
    home.sync().await;
    assert_eq!((home.psa.listed(CONTACTS), home.psa.listed(Stream::Tickets)), (1, 0));
    let View::Overview(overview) = home.query(Query::Overview).await else { panic!("an overview") };
    assert_eq!(overview.flows[0].tabs.len(), 2);
    assert!(overview.integrations[0].last.is_some(), "a stream that nobody wants is not waited for");
    assert!(overview.integrations[0].streams.iter().all(|s| s.stream != Stream::Tickets));
    // By name it is synced all the same.
    home.command(Command::Sync { integration: Some("psa".into()), stream: Some(Stream::Tickets), full: false }).await;
    assert_eq!(home.psa.listed(Stream::Tickets), 1);
}
