//! An RMM matched with a documentation platform from the keyboard: policies to organizations, devices to configurations,
//! and what does not exist there yet is made there.

use super::person::Person;
use super::{command, connect_addigy, connect_itglue, folder, printed, shows_rows, vendors};

#[test]
fn an_rmm_is_matched_with_the_documentation_and_what_is_missing_is_made_there() {
    let (_runtime, simulator) = vendors();
    let control = simulator.control();
    let (addigy, itglue) = (control.addigy(), control.itglue());
    let optics = addigy.add_policy("Walkabout Optics", None);
    let wander = addigy.add_policy("Wander Walk", None);
    let novel = addigy.add_policy("Novelwalk Bakery", None);
    let spare = addigy.add_policy("Sparewalk Test", None);
    let documented = itglue.add_organization("Walkabout Optics");
    let _other = itglue.add_organization("Peregrinewalk Holdings");
    let known = itglue.add_configuration(&documented, "front desk", Some("C02WALK00001"), None);
    assert!(known.is_some());
    for (policy, name, serial) in [
        (&optics, "walk-1", "C02WALK00001"),
        (&optics, "walk-2", "C02WALK00002"),
        (&optics, "walk-3", "C02WALK00003"),
        (&wander, "wander-1", "C02WALK00004"),
        (&novel, "novel-1", "C02WALK00005"),
        (&spare, "spare-1", "C02WALK00006"),
    ] {
        assert!(
            addigy
                .add_device(policy, name, Some(serial), Some(&format!("3c:06:30:11:22:0{}", &serial[11..])))
                .is_some()
        );
    }
    let folder = folder();
    let mut person = Person::before(command(folder.path(), &[]));
    person.sees("None is connected");
    connect_itglue(&mut person, &simulator);
    connect_addigy(&mut person, &simulator);
    person.does("f", "get their counterpart in");
    person.does("\r", "flow addigy-itglue is saved");
    person.back_from("is saved");
    person.types("2");
    person.sees_synced("Addigy → IT Glue");
    // Organizations: what is sure is matched already; one is suggested, one is left out, one chosen, one changed, one made.
    person.sees("1 suggested");
    person.does("A", "at least, percent");
    person.does("\x1560", "accepts 1 of 1");
    person.does("\r", "Quick Match at 60 % accepted");
    person.finds("Sparewalk");
    person.sees("▌ ○ unmatched Sparewalk Test");
    person.does("i", "ignored 1 company");
    person.back_from("find Sparewalk");
    match_to(&mut person, "Wander", "Walkabout Optics");
    shows_rows(&mut person, "7", "show matched");
    match_to(&mut person, "Wander", "Peregrinewalk Holdings");
    person.back_from("show matched");
    person.finds("Novelwalk");
    person.sees("▌ ○ unmatched Novelwalk Bakery");
    person.does("c", "makes 1 of 1");
    person.does("\r", "No row contains");
    person.finds_in_history("created 1 company on IT Glue");
    person.back_from("find Novelwalk");
    // Devices: by serial number where there is one; the rest is made in bulk, with the warning.
    person.types("l");
    person.finds("walk-");
    person.sees("1 of 2");
    person.types("*");
    person.sees("2 marked");
    person.does("c", "do not flow on to a PSA");
    // Both bear the address of one dock: that is said before the second one is made.
    person.sees("walk-2: on its way there with the same MAC address");
    person.does("e", "makes 2 of 2");
    person.does("\r", "No row contains");
    person.back_from("find walk-");
    assert!(person.leaves());
    assert_eq!(itglue.organizations_named("Novelwalk Bakery").len(), 1);
    for (name, serial) in [("walk-2", "C02WALK00002"), ("walk-3", "C02WALK00003")] {
        let made = itglue.configurations_named(name);
        assert_eq!(made.len(), 1, "{name}: {made:?}");
        assert_eq!((&made[0].1, made[0].2.as_deref()), (&documented, Some(serial)));
    }
    assert!(itglue.configurations_named("walk-1").is_empty(), "it was there under another name");
    let matched = printed(folder.path(), &["queue", "addigy-itglue", "--stream", "companies", "--filter", "matched"]);
    let wander = matched.lines().find(|line| line.contains("Wander Walk")).unwrap_or_default();
    assert!(wander.contains("Peregrinewalk Holdings"), "{matched}");
}

/// Matches the row of that name with a target that is searched.
fn match_to(person: &mut Person, row: &str, target: &str) {
    person.finds(row);
    person.sees(&format!(" {row} "));
    person.does("m", &format!("Match {row}"));
    person.types(target);
    person.picks(&format!("▌ {target}"), &format!("Match {row}"));
    person.sees("matched 1 company");
    person.back_from(&format!("find {row}"));
}
