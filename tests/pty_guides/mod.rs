//! Two setups walked from the keyboard, from the first key to what happens by itself afterwards: devices of an RMM into
//! the inventory, and companies that are kept in step with a documentation platform.

mod documented;
mod person;

use super::{PROGRAM, command, folder};
use matchbook::simulator::{Options, Simulator};
use person::Person;
use std::path::Path;
use std::process::Command;
use tokio::runtime::Runtime;

fn vendors() -> (Runtime, Simulator) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let world = Options { companies: 10, devices: 90, seed: 7, ..Options::default() };
    let simulator = runtime.block_on(matchbook::simulator::start(world)).expect("the vendors start");
    (runtime, simulator)
}

/// What a command of the same home prints.
fn printed(home: &Path, arguments: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(arguments).env("MATCHBOOK_HOME", home).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn connect_itglue(person: &mut Person, simulator: &Simulator) {
    let vendor = simulator.endpoints().itglue.clone();
    person.does("c", "Connect: which system?");
    person.does("j\r", "Connect IT Glue");
    person.does(&format!("\t{}", vendor.api_key), "****");
    person.does(&format!("\t{}\r", vendor.base_url), "IT Glue answered");
    person.does("\r", "itglue is connected");
}

fn connect_addigy(person: &mut Person, simulator: &Simulator) {
    let vendor = simulator.endpoints().addigy.clone();
    person.does("c", "Connect: which system?");
    person.does("\r", "Connect Addigy");
    person.does(&vendor.api_key, "****");
    person.does(&format!("\t{}\r", vendor.base_url), "Addigy answered");
    person.does("\r", "addigy is connected");
}

/// Shows all rows of the tab, or those of one state by its line in the menu.
fn shows_rows(person: &mut Person, line: &str, word: &str) {
    person.does("f", "Show which rows");
    person.types(line);
    person.sees_no_more("Show which rows");
    person.sees(word);
}

#[test]
fn devices_of_an_rmm_are_set_up_imported_and_kept_up_by_themselves() {
    let (_runtime, simulator) = vendors();
    let control = simulator.control();
    let policy = control.addigy().add_policy("Walkabout Optics", None);
    let _organization = control.itglue().add_organization("Walkabout Optics");
    let first = control.addigy().add_device(&policy, "walk-1", Some("C02WALK00001"), None);
    assert!(first.is_some());
    let folder = folder();
    let mut person = Person::before(command(folder.path(), &[]));
    person.sees("None is connected");
    // Companies come from the documentation platform; the RMM's policies are mapped to them.
    connect_itglue(&mut person, &simulator);
    connect_addigy(&mut person, &simulator);
    person.does("f", "get their counterpart in");
    person.does("k\tjj\r", "flow itglue-inventory is saved");
    person.does("f", "get their counterpart in");
    person.does("\tjj\r", "flow addigy-inventory is saved");
    // Opened anew, the setup says how far it is.
    person.does("\r", "Setup of Addigy → Inventory");
    person.sees_synced("connected and synced");
    person.back_from("Setup of Addigy → Inventory");
    person.types("2");
    person.sees("IT Glue → Inventory");
    person.does("T", "into the inventory?");
    person.sees("Enter yes");
    person.does("\r", "imported 1");
    person.does("}", "Addigy → Inventory");
    // Map: Quick Match, then filter, unmap and map again.
    person.does("B", "Setup of Addigy → Inventory");
    person.does("2", "B goes on");
    person.sees(" suggested");
    person.does("A", "Enter accept");
    person.does("\r", "Quick Match at 95 % accepted");
    shows_rows(&mut person, "7", "show matched");
    person.finds("Walkabout");
    person.sees("▌ ✓ matched   Walkabout");
    person.does("x", "opened again 1 company");
    person.does("u", "undo: ");
    person.back_from("find Walkabout");
    // Types: one is never wanted, the rest is created; new devices of one import by themselves.
    person.does("B", "Setup of Addigy → Inventory");
    person.does("3", "Maps to");
    person.finds("iPhone");
    person.sees("▌ ○ unmatched iPhone");
    person.does("i", "ignored 1 device type");
    person.back_from("find iPhone");
    person.does("Q", "imports ");
    person.sees("Enter yes");
    person.does("\r", "device types; 1 row left as they were: ignored");
    shows_rows(&mut person, "2", "show all");
    person.finds("MacBook");
    person.sees("▌ ✓ matched   MacBook");
    person.does("t", "auto-sync on for MacBook");
    person.back_from("find MacBook");
    // Staged: what is in the way is said; one device, then all.
    person.does("B", "Setup of Addigy → Inventory");
    person.does("4", "In its way");
    person.does("U", "show not imported");
    person.sees("1 of 91");
    // What cannot be imported comes last, with the reason.
    person.does("G", "company not mapped");
    person.finds("walk-1");
    person.sees("▌ ○ ready      walk-1");
    person.does(" ", "1 marked");
    person.does("I", "imports 1 device");
    person.sees("Enter yes");
    person.does("\r", "imported 1 device");
    person.back_from("find walk-1");
    person.does("T", "into the inventory?");
    person.sees("Enter yes");
    person.does("\r", "imported 74 devices");
    shows_rows(&mut person, "7", "show matched");
    person.finds("walk-1");
    person.sees("▌ ✓ imported   walk-1");
    person.does("D", "FileVault");
    person.sees("unknown");
    person.back_from("FileVault");
    person.back_from("find walk-1");
    // A new device of that type is there after the next sync.
    let second = control.addigy().add_device(&policy, "walk-2", Some("C02WALK00002"), None);
    assert!(second.is_some());
    person.types("s");
    person.finds_in_history("imported by auto-sync: 1 device");
    assert!(person.leaves());
    let devices = printed(folder.path(), &["inventory", "list", "devices"]);
    for name in ["walk-1", "walk-2"] {
        assert!(devices.lines().any(|line| line.contains(name) && line.contains("Walkabout Optics")), "{devices}");
    }
    let left = printed(folder.path(), &["queue", "addigy-inventory", "--stream", "devices", "--filter", "unimported"]);
    assert!(!left.contains("walk-"), "{left}");
}

#[test]
fn companies_are_kept_in_step_with_a_documentation_platform() {
    let (_runtime, simulator) = vendors();
    let control = simulator.control();
    let itglue = control.itglue();
    let harbor = itglue.add_organization("Harbor Walk Dental");
    let sandbox = itglue.add_organization("Sandbox Walk");
    let _third = itglue.add_organization("Third Walk Ltd");
    let folder = folder();
    // What is there before: one of the same name to the letter, one of another name.
    printed(folder.path(), &["inventory", "add-company", "Harbor Walk Dental"]);
    printed(folder.path(), &["inventory", "add-company", "Demo Company"]);
    let mut person = Person::before(command(folder.path(), &[]));
    person.sees("Inventory");
    person.types("1");
    connect_itglue(&mut person, &simulator);
    person.does("f", "get their counterpart in");
    person.does("\r", "flow itglue-inventory is saved");
    person.does("\r", "Setup of IT Glue → Inventory");
    person.sees_synced("connected and synced");
    person.back_from("Setup of IT Glue → Inventory");
    person.types("2");
    person.sees("IT Glue → Inventory");
    person.sees("1 matched");
    // By hand, where the names differ; then its name follows at once.
    person.finds("Sandbox");
    person.sees("▌ ○ unmatched Sandbox Walk");
    person.does("m", "Match Sandbox Walk to");
    // What is mapped already is not offered.
    person.does("Harbor Walk", "what fits is taken");
    person.types("\x15Demo");
    person.picks("▌ Demo Company", "Match Sandbox Walk to");
    person.sees("matched 1 company");
    shows_rows(&mut person, "7", "show matched");
    person.sees("▌ ✓ matched   Sandbox Walk");
    person.does("r", "synced, nothing changed");
    person.finds_in_history("names follow itglue");
    person.back_from("find Sandbox");
    person.back_from("show matched");
    // One more from there, with its domain; only what is not mapped is offered.
    person.finds("Third");
    person.sees("▌ ○ unmatched Third Walk Ltd");
    person.does("I", "primary domain");
    person.does("\tthird.example\r", "imported 1 company");
    person.back_from("find Third");
    // A rename follows at the next sync; a paused one does not.
    assert!(itglue.rename_organization(&harbor, "Harbor Walk Dental Group"));
    shows_rows(&mut person, "7", "show matched");
    person.finds("Sandbox");
    person.sees("▌ ✓ matched   Sandbox Walk");
    person.does("P", "paused Sandbox Walk");
    assert!(itglue.rename_organization(&sandbox, "Sandbox Walk Renamed"));
    person.back_from("find Sandbox");
    person.types("s");
    person.sees("→ Harbor Walk Dental G…");
    // Deleted there: the mapping ends.
    assert!(itglue.delete_organization(&harbor));
    person.does(":", "Enter choose");
    person.types("full sync");
    person.sees("full sync");
    person.types("\r");
    person.finds_in_history("mapping ended, gone at itglue");
    // Deactivated after a question that says what is lost.
    person.does(":", "Enter choose");
    person.does("deactivate\r", "the mappings are lost");
    person.sees("A backup is made first");
    person.does("\r", "is deactivated");
    person.sees_no_more("IT Glue → Inventory");
    assert!(person.leaves());
    let companies = printed(folder.path(), &["inventory", "list", "companies"]);
    for name in ["Harbor Walk Dental Group", "Sandbox Walk\t", "Third Walk Ltd"] {
        assert!(companies.contains(name), "{name} in\n{companies}");
    }
    assert!(!companies.contains("Renamed"), "it was paused:\n{companies}");
    let third = companies.lines().find(|line| line.contains("Third Walk")).and_then(|l| l.split('\t').next()).unwrap();
    assert!(printed(folder.path(), &["inventory", "show", third]).contains("third.example"));
    let backups: Vec<_> = std::fs::read_dir(folder.path().join("backups")).unwrap().collect();
    assert!(!backups.is_empty());
}

#[test]
fn records_of_the_inventory_are_kept_by_hand() {
    let folder = folder();
    printed(folder.path(), &["inventory", "add-company", "Harbor Walk Dental"]);
    let mut person = Person::before(command(folder.path(), &[]));
    person.sees("Inventory");
    person.does("X", "matchbook's own register");
    person.sees("Harbor Walk Dental");
    person.types("\t\t");
    person.sees("Nothing is here yet");
    person.does("+", "New device type");
    person.does("Laptop\x13", "added “Laptop”");
    // A device: the company and the type are found by a part of their names, what is not known stays unknown.
    person.types("\x1b[Z");
    person.sees("serial");
    person.does("+", "New device of the inventory");
    person.does("front desk\twalk\tlap\tC02HAND00001\t", "type             Laptop");
    person.does("oops\x13", "“oops” is no MAC address");
    person.does("\x153c:06:30:11:22:33\x13", "added “front desk”");
    person.sees("C02HAND00001");
    person.does("\r", "What is known");
    person.sees("unknown");
    person.does("jjjjjjjjjjjjjjjj", "3c:06:30:11:22:33");
    person.back_from("What is known");
    // Changed, taken out, brought back.
    person.does("e", "Change front desk");
    person.does("\x15reception\x13", "changed “front desk”");
    person.sees("▌ reception");
    person.does("x", "Take reception out");
    person.does("\r", "took “reception”");
    person.sees("Nothing is here yet");
    person.does("u", "undo: took “reception”");
    person.sees("▌ reception");
    person.back_from("matchbook's own register");
    assert!(person.leaves());
    let devices = printed(folder.path(), &["inventory", "list", "devices"]);
    assert!(devices.contains("reception\tHarbor Walk Dental\tC02HAND00001"), "{devices}");
}
