//! Contacts, locations and tickets inside matched companies: what is automatic, what a person decides, and why.

use matchbook::domain::{Proposal, RecordId, Ties, Verdict};
use matchbook::matching::Phone;
use matchbook::matching::inside::{
    Companies, ContactFacts, Inside, LocationFacts, Pairs, Problem, TicketFacts, Which, pair_of, solve,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};

fn companies() -> Companies {
    let to = |l: &str, r: &str| (RecordId::from(l), Some(RecordId::from(r)));
    Companies::from([to("L0", "R0"), to("L1", "R1"), to("L2", "R1"), ("L3".into(), None)])
}

/// Proposals by id.
fn answers<T: Inside>(left: &[T], right: &[T], decided: &Companies, ties: Ties) -> BTreeMap<String, Proposal> {
    let companies = companies();
    let problem = Problem {
        left,
        right,
        seat: &|record| record.company(),
        companies: &companies,
        decided,
        refused: &Pairs::default(),
        ties,
    };
    let solved = solve(&problem, &Which::All);
    assert_eq!(solved.len(), left.len(), "every record gets an answer");
    solved.into_iter().map(|(i, proposal)| (left[i].id().to_string(), proposal)).collect()
}

/// The one left record's verdict, best target and note.
fn one<T: Inside>(left: T, right: &[T]) -> (Verdict, String, String) {
    let id = left.id().to_string();
    let mut all = answers(&[left], right, &Companies::default(), Ties::Block);
    let p = all.remove(&id).unwrap();
    (p.verdict, p.candidates.first().map(|c| c.target.to_string()).unwrap_or_default(), p.note)
}

fn l(first: &str, last: &str) -> ContactFacts {
    ContactFacts::new("l", "L0", first, last)
}

fn r(id: &str, first: &str, last: &str) -> ContactFacts {
    ContactFacts::new(id, "R0", first, last)
}

fn mail(mut contact: ContactFacts, email: &str) -> ContactFacts {
    contact.emails = Box::from([Box::from(email)]);
    contact
}

fn phone(mut contact: ContactFacts, phone: &str) -> ContactFacts {
    contact.phones = Box::from([Phone::parse(phone)]);
    contact
}

#[test]
fn first_and_last_name_in_the_company_are_enough_when_unique() {
    let others = [r("a", "José", "Müller"), r("b", "Ann", "Lee")];
    assert_eq!(one(l("JOSE ", "Muller"), &others).0, Verdict::Auto);
    // Another company's person of that name is nobody here.
    let mut elsewhere = r("a", "Ann", "Lee");
    elsewhere.company = Some("R9".into());
    assert_eq!(one(l("Ann", "Lee"), &[elsewhere]), (Verdict::None, String::new(), "its company has none there".into()));
}

#[test]
fn names_that_are_only_alike_are_suggested() {
    for (first, last, note) in [
        ("Bob", "Miller", "a nickname"),
        ("R.", "Miller", "only an initial"),
        ("Miller", "Robert", "first and last name swapped"),
        ("Robert", "Miler", "a slip apart"),
        ("Robert", "Miller-Smith", "last names not whole"),
        ("Robert", "Miller Jr.", "another generation"),
    ] {
        let (verdict, target, said) = one(l(first, last), &[r("a", "Robert", "Miller"), r("b", "Zoe", "Quist")]);
        assert_eq!((verdict, target.as_str(), said.as_str()), (Verdict::Suggest, "a", note), "{first} {last}");
    }
    // A name without an email or phone is no candidate for another name.
    assert_eq!(one(l("Robert", "Miller"), &[r("a", "Zoe", "Quist")]).0, Verdict::None);
}

#[test]
fn an_email_proposes_whatever_the_name_says_but_never_decides() {
    let (verdict, target, note) =
        one(mail(l("Ann", "Lee"), "Ann@acme.test"), &[mail(r("a", "Ann", "Quist"), "ann@ACME.test")]);
    assert_eq!((verdict, target.as_str(), note.as_str()), (Verdict::Suggest, "a", "another last name"));
    let shared = one(mail(l("Ann", "Lee"), "info@acme.test"), &[mail(r("a", "Zoe", "Quist"), "info@acme.test")]);
    assert_ne!(shared.0, Verdict::Suggest, "a mailbox of a function is nobody's: {shared:?}");
}

#[test]
fn what_says_that_it_is_another_person_blocks() {
    let there = [r("a", "John", "Smith"), mail(r("b", "Jack", "Stone"), "js@acme.test")];
    assert_eq!(
        one(mail(l("John", "Smith"), "js@acme.test"), &there),
        (Verdict::Conflict, "a".into(), "its email is another person's there".into())
    );
    let mailbox = one(
        mail(l("John", "Smith"), "john.smith2@acme.test"),
        &[mail(r("a", "John", "Smith"), "john.smith@acme.test")],
    );
    assert_eq!((mailbox.0, mailbox.2.as_str()), (Verdict::Suggest, "another mailbox of the same domain"));
    let private =
        one(mail(l("John", "Smith"), "smith42@mail.test"), &[mail(r("a", "John", "Smith"), "john.smith@acme.test")]);
    assert_eq!(private.0, Verdict::Auto, "a private address says nothing: {private:?}");
    let line = one(phone(l("John", "Smith"), "212 555 0101"), &[phone(r("a", "John", "Smith"), "212 555 0199")]);
    assert_eq!(line.0, Verdict::Suggest, "{line:?}");
    let mut left = r("a", "John", "Smith");
    left.archived = true;
    assert_eq!(one(l("John", "Smith"), &[left]).2, "one record is out of use");
}

#[test]
fn two_persons_of_one_name_are_for_a_person() {
    let two = [r("a", "John", "Smith"), r("b", "John", "Smith")];
    let (verdict, _, note) = one(l("John", "Smith"), &two);
    assert_eq!((verdict, note.as_str()), (Verdict::Conflict, "another is as good"));
    // An email tells them apart, but it stays a suggestion.
    let two = [r("a", "John", "Smith"), mail(r("b", "John", "Smith"), "john@acme.test")];
    let (verdict, target, note) = one(mail(l("John", "Smith"), "john@acme.test"), &two);
    assert_eq!((verdict, target.as_str(), note.as_str()), (Verdict::Suggest, "b", "several of it in the company"));
    // Two on the source's side as well.
    let lefts = [ContactFacts::new("l1", "L1", "John", "Smith"), ContactFacts::new("l2", "L2", "John", "Smith")];
    let mut right = r("a", "John", "Smith");
    right.company = Some("R1".into());
    for proposal in answers(&lefts, &[right], &Companies::default(), Ties::Block).values() {
        assert_ne!(proposal.verdict, Verdict::Auto);
    }
}

#[test]
fn the_oldest_of_equals_where_the_flow_says_so() {
    let mut two = [r("a", "John", "Smith"), r("b", "John", "Smith")];
    two[0].created = Some(time::macros::datetime!(2024-05-01 0:00 UTC));
    two[1].created = Some(time::macros::datetime!(2021-05-01 0:00 UTC));
    let proposal = answers(&[l("John", "Smith")], &two, &Companies::default(), Ties::Oldest).remove("l").unwrap();
    assert_eq!(proposal.candidates[0].target.as_str(), "b");
    assert_eq!((proposal.verdict, proposal.note.as_str()), (Verdict::Suggest, "the oldest of equals"));
}

#[test]
fn a_refused_pair_is_not_proposed_again() {
    let companies = companies();
    let (left, right) = ([l("Ann", "Lee")], [r("a", "Ann", "Lee"), r("b", "Anna", "Lee")]);
    let with = |refused: &[&str]| {
        let refused: Pairs = refused.iter().map(|id| ("l".into(), RecordId::from(*id))).collect();
        let none = Companies::default();
        let problem = Problem {
            left: &left,
            right: &right,
            seat: &|record: &ContactFacts| record.company.as_ref(),
            companies: &companies,
            decided: &none,
            refused: &refused,
            ties: Ties::Block,
        };
        solve(&problem, &Which::All).remove(0).1
    };
    assert_eq!(with(&[]).candidates[0].target.as_str(), "a");
    let other = with(&["a"]);
    assert_eq!(
        (other.verdict, other.candidates.len(), other.candidates[0].target.as_str()),
        (Verdict::Suggest, 1, "b")
    );
    let nobody = with(&["a", "b"]);
    assert_eq!((nobody.verdict, nobody.note.as_str()), (Verdict::None, "a person refused what is like it"));
}

#[test]
fn taken_and_waiting_records() {
    let decided = Companies::from([("other".into(), Some("a".into())), ("gone".into(), None)]);
    let all = answers(&[l("Ann", "Lee")], &[r("a", "Ann", "Lee")], &decided, Ties::Block);
    assert_eq!(all["l"].verdict, Verdict::None, "a taken target is not offered again");
    for (company, note) in [("L9", "its company has no match yet"), ("L3", "its company is ignored")] {
        let mut waits = l("Ann", "Lee");
        waits.company = Some(company.into());
        assert_eq!(one(waits, &[r("a", "Ann", "Lee")]).2, note);
    }
}

fn at(mut location: LocationFacts, street2: &str, city: &str, region: &str, zip: &str) -> LocationFacts {
    (location.street2, location.city) = (street2.into(), city.into());
    (location.region, location.zip) = (region.into(), zip.into());
    location
}

fn place(id: &str, company: &str, name: &str, street: &str) -> LocationFacts {
    at(LocationFacts::new(id, company, name, street), "", "Austin", "Texas", "78701")
}

#[test]
fn the_whole_address_decides_and_less_is_a_suggestion() {
    let there = place("a", "R0", "Head Office", "12 Main Street");
    let with = |location: LocationFacts| one(location, std::slice::from_ref(&there));
    assert_eq!(with(at(place("l", "L0", "Main", "12 MAIN ST."), "", "austin ", "TX", "78701-4411")).0, Verdict::Auto);
    for (left, note) in [
        (
            at(place("l", "L0", "Main", "12 Main Street"), "Suite 4", "Austin", "TX", "78701"),
            "suite or floor on one side only",
        ),
        (at(place("l", "L0", "Main", "12 Main Street"), "", "Austin", "TX", "78705"), "another postal code"),
        (at(place("l", "L0", "Main", "12 Main Street"), "", "", "", ""), "the address is not whole"),
        (place("l", "L0", "Main", "12 Maine Street"), "street only nearly the same"),
    ] {
        let (verdict, _, said) = with(left);
        assert_eq!((verdict, said.as_str()), (Verdict::Suggest, note));
    }
    assert_ne!(with(place("l", "L0", "Head Office", "99 Oak Avenue")).0, Verdict::Auto, "a name alone decides nothing");
    let two = [place("a", "R0", "Shop", "12 Main Street"), place("b", "R0", "Store", "12 Main St")];
    assert_eq!(one(place("l", "L0", "Office", "12 Main St"), &two).0, Verdict::Conflict);
}

#[test]
fn tickets_go_by_number() {
    let with = |number: &str, title: &str| {
        one(
            TicketFacts::new("l", "L0", number, title),
            &[TicketFacts::new("a", "R0", "T2026.0001", "Printer offline again")],
        )
    };
    assert_eq!(with("#T2026-0001", "Printer offline").0, Verdict::Auto);
    assert_eq!(with("T2026.0001", "").0, Verdict::Auto);
    assert_eq!(with("T2026.0001", "New user").2, "same number, another title");
    assert_eq!(with("T2026.0001", "New user").0, Verdict::Conflict);
    assert_eq!(with("T2026.0002", "Printer offline again").0, Verdict::None, "a title alone proposes nothing");
}

#[test]
fn any_pair_can_be_looked_at() {
    let pair = pair_of(&mail(l("Bob", "Lee"), "bob@acme.test"), &mail(r("a", "Robert", "Lee"), "bob@acme.test"));
    let notes: Vec<&str> = pair.evidence.iter().map(|e| e.note.as_str()).collect();
    assert_eq!(notes, ["email", "nickname and last name"]);
    assert!(pair.confidence.get() > 0.9);
}

#[test]
fn a_crowd_of_one_name_is_no_work_and_no_match() {
    let many = |prefix: &str, company: &str| -> Vec<ContactFacts> {
        (0..20_000).map(|n| ContactFacts::new(format!("{prefix}{n}"), company, "Test", "User")).collect()
    };
    let all = answers(&many("l", "L0"), &many("r", "R0"), &Companies::default(), Ties::Block);
    assert!(all.values().all(|p| p.verdict != Verdict::Auto && p.candidates.len() <= 9));
}

fn contact(prefix: &'static str, company: &'static str) -> impl Strategy<Value = ContactFacts> {
    let firsts = prop::sample::select(vec!["John", "Jon", "Bob", "Robert", "Ann", "A.", "", "Lee"]);
    let lasts = prop::sample::select(vec!["Smith", "Smyth", "Lee", "O'Brien", "Smith-Jones", "", "Jr"]);
    let emails = prop::sample::select(vec!["", "js@a.test", "ann@a.test", "info@a.test", "x@b.test"]);
    let phones = prop::sample::select(vec!["", "212 555 0101", "212 555 0102"]);
    (0u8..40, 0u8..4, firsts, lasts, emails, phones, any::<bool>()).prop_map(
        move |(id, at, first, last, email, number, archived)| {
            let mut contact = ContactFacts::new(format!("{prefix}{id}"), format!("{company}{at}"), first, last);
            if !email.is_empty() {
                contact = mail(contact, email);
            }
            if !number.is_empty() {
                contact = phone(contact, number);
            }
            contact.archived = archived;
            contact
        },
    )
}

fn unique(list: Vec<ContactFacts>) -> Vec<ContactFacts> {
    let map: BTreeMap<String, ContactFacts> = list.into_iter().map(|c| (c.id.to_string(), c)).collect();
    map.into_values().collect()
}

fn people() -> impl Strategy<Value = (Vec<ContactFacts>, Vec<ContactFacts>)> {
    let side = |prefix, company| prop::collection::vec(contact(prefix, company), 0..14).prop_map(unique);
    (side("l", "L"), side("r", "R"))
}

/// Left ids with the right id that they get automatically.
fn automatic(answers: &BTreeMap<String, Proposal>) -> Vec<(String, String)> {
    let auto = answers.iter().filter(|(_, p)| p.verdict == Verdict::Auto);
    auto.map(|(id, p)| (id.clone(), p.candidates[0].target.to_string())).collect()
}

proptest! {
    #[test]
    fn the_order_of_rows_changes_nothing((left, right) in people(), oldest: bool) {
        let ties = if oldest { Ties::Oldest } else { Ties::Block };
        let forwards = answers(&left, &right, &Companies::default(), ties);
        let turned = |list: &[ContactFacts]| list.iter().rev().cloned().collect::<Vec<_>>();
        prop_assert_eq!(&forwards, &answers(&turned(&left), &turned(&right), &Companies::default(), ties));
    }

    #[test]
    fn matching_from_the_other_side_finds_the_same_pairs((left, right) in people()) {
        let one_to_one = Companies::from([("L0".into(), Some("R0".into())), ("L1".into(), Some("R1".into()))]);
        let back: Companies = one_to_one.iter().map(|(l, r)| (r.clone().unwrap(), Some(l.clone()))).collect();
        let none = Companies::default();
        let run = |left: &[ContactFacts], right: &[ContactFacts], companies: &Companies| {
            let problem =
                Problem { left, right, seat: &|r| r.company(), companies, decided: &none, refused: &Pairs::default(), ties: Ties::Block };
            let solved = solve(&problem, &Which::All);
            let named = solved.into_iter().map(|(i, p)| (left[i].id.to_string(), p)).collect();
            automatic(&named)
        };
        let mut there = run(&left, &right, &one_to_one);
        let mut back: Vec<_> = run(&right, &left, &back).into_iter().map(|(r, l)| (l, r)).collect();
        there.sort();
        back.sort();
        prop_assert_eq!(there, back);
    }

    #[test]
    fn a_stranger_changes_nothing((left, right) in people()) {
        let before = answers(&left, &right, &Companies::default(), Ties::Block);
        let mut more = right;
        let mut stranger = ContactFacts::new("stranger", "R0", "Xiomara", "Quetzalcoatl");
        stranger.emails = Box::from([Box::from("xq@elsewhere.test")]);
        more.push(stranger);
        let mut after = answers(&left, &more, &Companies::default(), Ties::Block);
        for (id, proposal) in before {
            let now = after.remove(&id).unwrap();
            // Where nobody was there to compare with, the reason is another one.
            prop_assert_eq!((now.verdict, &now.candidates), (proposal.verdict, &proposal.candidates), "{}", id);
        }
    }

    #[test]
    fn every_target_is_given_once_and_never_against_a_person((left, right) in people()) {
        let decided: Companies = left.iter().take(3).zip(&right).map(|(l, r)| (l.id.clone(), Some(r.id.clone()))).collect();
        let all = answers(&left, &right, &decided, Ties::Block);
        let mut given: HashSet<String> = decided.values().flatten().map(ToString::to_string).collect();
        for (id, target) in automatic(&all) {
            prop_assert!(!decided.contains_key(&RecordId::from(id.as_str())));
            prop_assert!(given.insert(target));
        }
    }

    #[test]
    fn solving_what_was_touched_is_solving_all_of_it((left, right) in people()) {
        let (companies, none) = (companies(), Companies::default());
        let problem = Problem {
            left: &left, right: &right, seat: &|r| r.company(), companies: &companies, decided: &none, refused: &Pairs::default(), ties: Ties::Block,
        };
        let all: BTreeMap<usize, Proposal> = solve(&problem, &Which::All).into_iter().collect();
        let which = Which::Of { left: ["L1".into()].into_iter().collect(), right: ["R0".into()].into_iter().collect() };
        let some = solve(&problem, &which);
        let wanted = left.iter().filter(|c| ["L0", "L1", "L2"].contains(&c.company.as_ref().unwrap().as_str())).count();
        prop_assert_eq!(some.len(), wanted);
        for (i, proposal) in some {
            prop_assert_eq!(&proposal, &all[&i]);
        }
    }
}
