//! Writes the world's business side down as Autotask has it. Ids are a base and the number in the world, so that the
//! truth can tell which record is which thing.

use super::{
    records::{Filler, Records, Row},
    schema::Schema,
    tenant::API_USER,
};
use crate::simulator::world::{
    NOW, Psa, derived, derived_below, index32, mac,
    psa::{Account, Book, Classification, Kind, Person, Site, Thing, ThingState, Ticket, TicketState, products},
};

const BOOK: Book = Book::Autotask;
const COMPANY: i64 = 29_683_500;
const LOCATION: i64 = 1_000;
const CONTACT: i64 = 30_683_500;
const ITEM: i64 = 7_000;
const TICKET: i64 = 91_000;
const MEMBER: i64 = API_USER + 1;
/// The first product; the one before it is for things whose model nobody noted.
const PRODUCT: i64 = 101;
const COUNTRY: i64 = 230;
/// Active queues, the busiest first.
const QUEUES: [i64; 6] = [29_682_833, 29_682_969, 8, 5, 29_683_354, 6];

/// The id of an account. The tenant's own company is 0.
pub fn company_id(psa: &Psa, number: u32) -> i64 {
    match psa.accounts[number as usize].kind {
        Kind::Owner => 0,
        _ => COMPANY + i64::from(number),
    }
}

/// The id of a site.
pub fn location_id(number: u32) -> i64 {
    LOCATION + i64::from(number)
}

/// The id of a person.
pub fn contact_id(number: u32) -> i64 {
    CONTACT + i64::from(number)
}

/// The id of a thing.
pub fn item_id(number: u32) -> i64 {
    ITEM + i64::from(number)
}

/// The id of a ticket.
pub fn ticket_id(number: u32) -> i64 {
    TICKET + i64::from(number)
}

/// All records.
pub fn write(psa: &Psa) -> Records {
    let mut records = Records::new(Schema::built_in());
    lists(&mut records, psa);
    let kinds = types(&mut records, psa);
    each(&mut records, "Companies", 0..index32(psa.accounts.len()), |records, number| {
        let account = &psa.accounts[number as usize];
        account.in_book(BOOK).then(|| company(records, psa, number, account))
    });
    each(&mut records, "CompanyLocations", 0..psa.sites(), |records, number| {
        psa.site(number).filter(|site| site.in_book(BOOK)).map(|site| location(records, psa, &site))
    });
    each(&mut records, "Contacts", 0..psa.people(), |records, number| {
        psa.person(number).filter(|person| person.in_book(BOOK)).map(|person| contact(records, psa, &person))
    });
    each(&mut records, "ConfigurationItems", 0..psa.things(), |records, number| {
        psa.thing(number).filter(|thing| thing.in_book(BOOK)).map(|thing| item(records, psa, &thing, &kinds))
    });
    each(&mut records, "Tickets", 0..psa.tickets(), |records, number| {
        psa.ticket(number).filter(|ticket| ticket.in_book(BOOK)).map(|ticket| self::ticket(records, psa, &ticket))
    });
    groups(&mut records);
    records
}

/// Keeps a row for every number that has one.
fn each(records: &mut Records, path: &str, numbers: std::ops::Range<u32>, row: impl Fn(&Records, u32) -> Option<Row>) {
    let entity = records.entity(path);
    for number in numbers {
        if let Some(row) = row(records, number) {
            records.keep(entity, row);
        }
    }
}

fn new<'a>(records: &'a Records, path: &str, id: i64) -> Filler<'a> {
    Filler::new(records.schema.at(records.entity(path)), id)
}

fn keep(records: &mut Records, path: &str, row: Row) {
    let entity = records.entity(path);
    records.keep(entity, row);
}

/// Seconds as milliseconds, with a part of a second that belongs to them.
fn milliseconds(seconds: i64) -> i64 {
    seconds * 1000 + i64::try_from(derived_below(seconds.cast_unsigned(), 7, 1000)).unwrap_or(0)
}

/// The value cut to the field's length.
fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

fn resource(psa: &Psa, key: u64) -> i64 {
    MEMBER + i64::try_from(derived_below(key, 9001, psa.members.len() as u64)).unwrap_or(0)
}

const fn icon(classification: Classification) -> i64 {
    match classification {
        Classification::Platinum => 200,
        Classification::Gold => 201,
        Classification::Silver => 202,
        Classification::HourlyOnly => 203,
        Classification::Delinquent => 204,
    }
}

const fn company_type(kind: Kind) -> i64 {
    match kind {
        Kind::Client => 1,
        Kind::Lead => 2,
        Kind::Prospect => 3,
        Kind::Former => 6,
        Kind::Vendor => 7,
        Kind::Partner | Kind::Owner => 8,
    }
}

fn country_id(psa: &Psa, code: &str) -> Option<i64> {
    countries(psa).iter().zip(COUNTRY..).find(|([_, known], _)| known == code).map(|(_, id)| id)
}

fn countries(psa: &Psa) -> Vec<&[String; 2]> {
    let mut all: Vec<&[String; 2]> = psa.lists().psa.towns.iter().map(|town| &town.country).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn company(records: &Records, psa: &Psa, number: u32, account: &Account) -> Row {
    let (made, changed) = account.moments(BOOK);
    let main = psa.site(number * crate::simulator::world::psa::SITES).map(|site| site.text(BOOK));
    let parent = account.parent.filter(|&parent| psa.accounts[parent as usize].in_book(BOOK) && parent != number);
    let mut row = new(records, "Companies", company_id(psa, number))
        .with("companyName", account.name(BOOK))
        .maybe("companyNumber", account.number())
        .with("companyType", company_type(account.kind))
        .maybe("classification", account.classification().map(icon))
        .with("companyCategoryID", 1)
        .with("isActive", !account.inactive())
        .with("isClientPortalActive", false)
        .with("isTaxExempt", false)
        .with("ownerResourceID", resource(psa, account.key))
        .with("createdByResourceID", API_USER)
        .with("phone", account.phone())
        .with("webAddress", account.website())
        .maybe("parentCompanyID", parent.map(|parent| company_id(psa, parent)))
        .maybe("Account Tier", (derived_below(account.key, 9002, 4) == 0).then_some("Gold"))
        .maybe("Door Code", (derived_below(account.key, 9003, 10) == 0).then_some("4711"))
        .with("createDate", milliseconds(made))
        .with("lastActivityDate", milliseconds(changed))
        .with("lastTrackedModifiedDateTime", milliseconds(changed));
    if let Some(main) = main {
        row = row
            .with("address1", main.address1)
            .maybe("address2", main.address2)
            .with("city", cut(&main.city, 30))
            .with("state", cut(&main.region, 40))
            .maybe("postalCode", main.zip)
            .maybe("countryID", country_id(psa, &main.country_code));
    }
    row.done()
}

fn location(records: &Records, psa: &Psa, site: &Site<'_>) -> Row {
    let text = site.text(BOOK);
    new(records, "CompanyLocations", location_id(site.number))
        .with("companyID", company_id(psa, site.account))
        .with("name", text.name)
        .with("isActive", !site.inactive())
        .with("isPrimary", site.position == 0)
        .with("isTaxExempt", false)
        .with("address1", text.address1)
        .maybe("address2", text.address2)
        .with("city", cut(&text.city, 30))
        .with("state", cut(&text.region, 40))
        .maybe("postalCode", text.zip)
        .maybe("countryID", country_id(psa, &text.country_code))
        .maybe("phone", text.phone)
        .with("roundtripDistance", 0)
        .done()
}

fn contact(records: &Records, psa: &Psa, person: &Person<'_>) -> Row {
    let text = person.text(BOOK);
    let (made, changed) = person.moments(BOOK);
    let site = person.site().filter(|site| site.in_book(BOOK));
    new(records, "Contacts", contact_id(person.number))
        .with("companyID", company_id(psa, person.account))
        .maybe("companyLocationID", site.map(|site| location_id(site.number)))
        .maybe("firstName", text.first)
        .with("lastName", text.last)
        .maybe("title", text.title)
        .maybe("emailAddress", text.email)
        .maybe("phone", text.phone)
        .maybe("extension", text.extension)
        .maybe("mobilePhone", text.mobile)
        .with("isActive", !person.inactive(BOOK))
        .with("primaryContact", person.primary())
        .with("createDate", milliseconds(made))
        .with("lastActivityDate", milliseconds(changed))
        .with("lastModifiedDate", milliseconds(changed))
        .done()
}

/// All addresses of a thing, as the RMM's audit writes them: a list in brackets, or one alone.
fn addresses(thing: &Thing<'_>) -> Option<String> {
    let all: Vec<String> = thing.macs(BOOK).into_iter().map(|address| mac(address).to_uppercase()).collect();
    match &all[..] {
        [] => None,
        [one] if thing.number.is_multiple_of(3) => Some(one.clone()),
        all => Some(format!("[{}]", all.join(", "))),
    }
}

fn item(records: &Records, psa: &Psa, thing: &Thing<'_>, kinds: &[String]) -> Row {
    let (made, changed) = thing.moments(BOOK);
    let [_, installed, warranty] = thing.dates(BOOK);
    let key = derived(thing.number.into(), 9004);
    let kind = kinds.iter().position(|kind| kind == thing.kind()).filter(|_| !thing.untyped(BOOK));
    new(records, "ConfigurationItems", item_id(thing.number))
        .with("companyID", company_id(psa, thing.account(BOOK)))
        .maybe("companyLocationID", thing.site(BOOK).map(|site| location_id(site.number)))
        .maybe("contactID", thing.person(BOOK).map(|person| contact_id(person.number)))
        .with("productID", thing.product().map_or(PRODUCT - 1, |at| PRODUCT + i64::from(at)))
        // Without a reference name the product's name is all that people see.
        .maybe("referenceTitle", (derived_below(key, 1, 100) >= 6).then(|| cut(&thing.name(BOOK), 200)))
        .maybe("referenceNumber", thing.tag())
        .maybe("serialNumber", thing.serial(BOOK))
        .maybe("configurationItemType", kind.and_then(|at| i64::try_from(at + 1).ok()))
        .with("configurationItemCategoryID", if thing.kind() == "Server" { 2 } else { 1 })
        .with("isActive", thing.state(BOOK) != ThingState::Retired)
        .maybe("installDate", installed.map(|at| at * 1000))
        .maybe("warrantyExpirationDate", warranty.map(|at| at * 1000))
        .maybe("rmmDeviceAuditMacAddress", addresses(thing))
        .maybe("rmmDeviceAuditHostname", thing.host(BOOK))
        .maybe("rmmDeviceAuditIPAddress", thing.ip())
        .maybe("rmmDeviceAuditOperatingSystem", thing.system())
        .maybe("Rack", (thing.kind() == "Server").then_some("R1"))
        .with("createdByPersonID", API_USER)
        .with("createDate", milliseconds(made))
        .with("lastModifiedTime", milliseconds(changed))
        .done()
}

fn ticket(records: &Records, psa: &Psa, ticket: &Ticket<'_>) -> Row {
    let status = match ticket.state() {
        TicketState::New => 1,
        TicketState::InProgress => 8,
        TicketState::Waiting => 7,
        TicketState::Scheduled => 10,
        TicketState::Closed => 5,
    };
    let priority = match ticket.priority() {
        1 => 4,
        2 => 1,
        3 => 2,
        _ => 3,
    };
    let member = ticket.member().map(|at| MEMBER + i64::from(at));
    let key = derived(ticket.number.into(), 9005);
    let sub_issue =
        [100, 101, 102, 110, 111, 120, 121, 130, 131][usize::try_from(derived_below(key, 1, 9)).unwrap_or(0)];
    let (entered, updated) = (milliseconds(ticket.entered()), milliseconds(ticket.updated()));
    new(records, "Tickets", ticket_id(ticket.number))
        .with("ticketNumber", ticket.label())
        .with("title", ticket.subject())
        .with("companyID", company_id(psa, ticket.account))
        .maybe("contactID", ticket.person(BOOK).map(|person| contact_id(person.number)))
        .maybe("configurationItemID", ticket.thing(BOOK).map(|thing| item_id(thing.number)))
        .with("queueID", QUEUES[ticket.board(index32(QUEUES.len())) as usize])
        .with("status", status)
        .with("priority", priority)
        .with("ticketType", 1 + i64::try_from(derived_below(key, 2, 5)).unwrap_or(0))
        .with("ticketCategory", 3)
        .with("issueType", sub_issue / 10)
        .with("subIssueType", sub_issue)
        .with("source", [2, 4, 8, 11][usize::try_from(derived_below(key, 3, 4)).unwrap_or(0)])
        .maybe("assignedResourceID", member)
        .maybe("assignedResourceRoleID", member.map(|_| 29_683_400))
        .with("creatorResourceID", API_USER)
        .with("creatorType", 1)
        .with("createDate", entered)
        .with("dueDateTime", entered + 3 * 86_400_000)
        .maybe("completedDate", ticket.closed().map(milliseconds))
        .with("lastActivityDate", updated)
        .with("lastTrackedModificationDateTime", updated)
        .done()
}

/// The kinds of things, in the order of their ids from 1.
fn types(records: &mut Records, psa: &Psa) -> Vec<String> {
    let lists = psa.lists();
    let mut kinds: Vec<String> = ["Laptop", "Desktop", "Tablet", "Mobile Device"].map(str::to_owned).to_vec();
    for hardware in lists.hardware.others.iter().chain(&lists.psa.things) {
        if !kinds.contains(&hardware.r#type) {
            kinds.push(hardware.r#type.clone());
        }
    }
    kinds.push("Other".to_owned());
    for (kind, id) in kinds.iter().zip(1..) {
        let row = new(records, "ConfigurationItemTypes", id).with("name", kind.as_str()).with("isActive", true).done();
        keep(records, "ConfigurationItemTypes", row);
    }
    let old = i64::try_from(kinds.len() + 1).unwrap_or(0);
    let row = new(records, "ConfigurationItemTypes", old).with("name", "Fax Machine").with("isActive", false).done();
    keep(records, "ConfigurationItemTypes", row);
    kinds
}

fn lists(records: &mut Records, psa: &Psa) {
    let icons = [
        ("Platinum", true),
        ("Gold", true),
        ("Silver", true),
        ("Hourly Only", true),
        ("Delinquent", true),
        ("On Hold", false),
    ];
    for ((name, active), id) in icons.into_iter().zip(200..) {
        let row = new(records, "ClassificationIcons", id)
            .with("name", name)
            .with("isActive", active)
            .with("isSystem", false)
            .with("relativeUrl", format!("/graphics/icons/classification/{id}.png"));
        let row = row.done();
        keep(records, "ClassificationIcons", row);
    }
    let categories = [("CompanyCategories", "Standard", "STD"), ("ConfigurationItemCategories", "Standard", "STD")];
    let more = [("CompanyCategories", "Managed", "MGD"), ("ConfigurationItemCategories", "Server Room", "SRV")];
    for (id, (path, name, nickname)) in categories.map(|c| (1, c)).into_iter().chain(more.map(|c| (2, c))) {
        let row = new(records, path, id)
            .with("name", name)
            .with("nickname", nickname)
            .with("displayColorRGB", 0x3A_6EA5)
            .with("isActive", true)
            .with("isGlobalDefault", id == 1)
            .done();
        keep(records, path, row);
    }
    let names: Vec<[String; 2]> = countries(psa).into_iter().cloned().collect();
    for ([name, code], id) in names.iter().zip(COUNTRY..) {
        let row = new(records, "Countries", id)
            .with("name", name.as_str())
            .with("displayName", name.as_str())
            .with("countryCode", code.as_str())
            .with("isActive", true)
            .with("isDefaultCountry", code == "US")
            .done();
        keep(records, "Countries", row);
    }
    resources(records, psa);
    goods(records, psa);
    checklists(records);
}

fn resources(records: &mut Records, psa: &Psa) {
    let row = new(records, "Resources", API_USER)
        .with("userName", "api-user")
        .with("firstName", "Documentation")
        .with("lastName", "API User")
        .with("email", "api@lanternwood.example")
        .with("isActive", true)
        .with("licenseType", 7)
        .with("locationID", 10)
        .with("resourceType", "Employee")
        .with("userType", 17)
        .done();
    keep(records, "Resources", row);
    for (member, id) in psa.members.iter().zip(MEMBER..) {
        let row = new(records, "Resources", id)
            .with("userName", &*member.identifier)
            .with("firstName", &*member.first)
            .with("lastName", &*member.last)
            .with("email", format!("{}@lanternwood.example", member.identifier))
            .with("isActive", !member.inactive)
            .with("licenseType", 1)
            .with("locationID", 10)
            .with("resourceType", "Employee")
            .with("userType", 10)
            .done();
        keep(records, "Resources", row);
    }
}

fn goods(records: &mut Records, psa: &Psa) {
    let lists = psa.lists();
    let nameless = [(PRODUCT - 1, None, "Generic Device")];
    let named = products(lists).zip(PRODUCT..).map(|((maker, model), id)| (id, Some(maker), model));
    for (id, maker, model) in nameless.into_iter().chain(named) {
        let row = new(records, "Products", id)
            .with("name", cut(model, 100))
            .maybe("manufacturerName", maker)
            .maybe("manufacturerProductName", maker.map(|_| cut(model, 50)))
            .with("sku", format!("SKU-{id:04}"))
            .with("isActive", true)
            .with("isSerialized", maker.is_some())
            .with("isEligibleForRma", false)
            .with("productBillingCodeID", 29_682_801)
            .with("productCategory", 1)
            .with("unitCost", 9_990_000)
            .with("unitPrice", 12_990_000)
            .with("createdTime", milliseconds(NOW - 900 * 86_400))
            .with("createdByResourceID", MEMBER)
            .done();
        keep(records, "Products", row);
    }
}

fn checklists(records: &mut Records) {
    let libraries = [
        ("New Starter", ["Create the account", "Order a device", "Enrol it", "Hand it over"]),
        ("Leaver", ["Disable the account", "Collect the device", "Wipe it", "Archive the mailbox"]),
    ];
    for ((name, items), id) in libraries.into_iter().zip(1..) {
        let library = new(records, "ChecklistLibraries", id)
            .with("name", name)
            .with("entityType", 1)
            .with("isActive", true)
            .done();
        keep(records, "ChecklistLibraries", library);
        for (item, position) in items.into_iter().zip(1..) {
            let row = new(records, "ChecklistLibraryChecklistItems", (id - 1) * 4 + position)
                .with("checklistLibraryID", id)
                .with("itemName", item)
                .with("isImportant", position == 1)
                .with("position", position)
                .done();
            keep(records, "ChecklistLibraryChecklistItems", row);
        }
    }
}

/// A group of the first contacts.
fn groups(records: &mut Records) {
    let row = new(records, "ContactGroups", 1).with("name", "Newsletter").with("isActive", true).done();
    keep(records, "ContactGroups", row);
    let contacts = records.entity("Contacts");
    let first: Vec<i64> = records.rows(contacts).iter().take(20).map(|row| row.id).collect();
    for (contact, id) in first.into_iter().zip(1..) {
        let row = new(records, "ContactGroupContacts", id).with("contactGroupID", 1).with("contactID", contact).done();
        keep(records, "ContactGroupContacts", row);
    }
}
