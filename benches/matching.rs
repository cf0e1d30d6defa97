//! The matcher's speed on made-up lists: names alone, and fleets with companies.
//!
//! `cargo bench --bench matching`; `MATCHBOOK_BENCH_LARGE=1` adds the largest lists.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use matchbook::domain::{Mac, Ties};
use matchbook::matching::inside::{self, ContactFacts};
use matchbook::matching::{CompanyFacts, DeviceFacts, Engine, Known, News, Problem, Run, Settings};
use std::hint::black_box;

/// A small generator of repeatable numbers (Marsaglia's xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % below.max(1)
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.next(list.len())]
    }

    fn code(&mut self, letters: usize) -> String {
        (0..letters).map(|_| char::from(b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"[self.next(34)])).collect()
    }
}

const SYLLABLES: [&str; 24] = [
    "ba", "cor", "del", "fen", "gra", "hol", "jo", "kan", "lu", "mer", "nor", "pel", "qui", "ras", "son", "tar", "ul",
    "ver", "win", "xa", "yor", "zel", "field", "wood",
];
const COMMON: [&str; 12] = [
    "Energy", "Capital", "Group", "Services", "Health", "Foods", "Partners", "Systems", "Dental", "Realty", "Law",
    "Media",
];
const FORMS: [&str; 6] = [" Inc", " LLC", " Corp.", " Ltd", " GmbH", ""];

fn name(numbers: &mut Numbers) -> String {
    let mut word = || (0..2 + numbers.next(2)).map(|_| numbers.pick(&SYLLABLES)).collect::<String>();
    let (one, two) = (word(), word());
    format!("{one} {two} {}", numbers.pick(&COMMON))
}

fn written(name: &str, numbers: &mut Numbers) -> String {
    let text = match numbers.next(8) {
        0 => name.to_uppercase(),
        1 => name.replacen(' ', "", 1),
        2 => {
            let at = numbers.next(name.len());
            name.char_indices().filter(|(i, _)| *i != at).map(|(_, c)| c).collect()
        }
        _ => name.to_owned(),
    };
    format!("{text}{}", numbers.pick(&FORMS))
}

fn companies(count: usize) -> (Vec<CompanyFacts>, Vec<CompanyFacts>) {
    let mut numbers = Numbers(88_172_645_463_325_252);
    let names: Vec<String> = (0..count).map(|_| name(&mut numbers)).collect();
    let mut side = |prefix: &str| {
        let fact = |(i, n): (usize, &String)| CompanyFacts::new(format!("{prefix}{i}"), written(n, &mut numbers));
        names.iter().enumerate().map(fact).collect::<Vec<_>>()
    };
    (side("L"), side("R"))
}

fn devices(count: usize, companies: usize) -> (Vec<DeviceFacts>, Vec<DeviceFacts>) {
    let mut numbers = Numbers(362_436_069);
    let mut lists = (Vec::with_capacity(count), Vec::with_capacity(count));
    for i in 0..count {
        let (serial, host) = (numbers.code(8), format!("PC-{}", numbers.code(6)));
        let mac = Mac::parse(&format!("a483e7{:06x}", i % 0x00ff_ffff));
        let mut side = |prefix: &str, blank: usize| {
            let mut device = DeviceFacts::new(format!("{prefix}{i}"), &host);
            device.company = Some(format!("{prefix}{}", i % companies).into());
            device.serial = (numbers.next(blank) > 0).then(|| serial.as_str().into());
            device.macs = mac.into_iter().collect();
            device.model = Some(numbers.pick(&["Latitude 5440", "Mac14,2", "OptiPlex 7010"]).into());
            device
        };
        let pair = (side("L", 20), side("R", 10));
        lists.0.push(pair.0);
        lists.1.push(pair.1);
    }
    lists
}

fn run(left: &[CompanyFacts], right: &[CompanyFacts], fleet: (&[DeviceFacts], &[DeviceFacts])) -> usize {
    let settings = Settings { name_alone_may_auto: true, ..Settings::default() };
    let known = Known::default();
    let problem = Problem {
        left_companies: left,
        right_companies: right,
        left_devices: fleet.0,
        right_devices: fleet.1,
        known: &known,
        settings: &settings,
    };
    let run = Run::new(&problem);
    black_box(run.company(0)).candidates.len()
}

fn large() -> bool {
    std::env::var_os("MATCHBOOK_BENCH_LARGE").is_some()
}

fn names(c: &mut Criterion) {
    let mut group = c.benchmark_group("names");
    group.sample_size(10);
    let sizes: &[usize] = if large() { &[1_000, 10_000, 50_000] } else { &[1_000, 10_000] };
    for &count in sizes {
        let (left, right) = companies(count);
        group.bench_function(BenchmarkId::from_parameter(count), |b| b.iter(|| run(&left, &right, (&[], &[]))));
    }
    group.finish();
}

fn fleets(c: &mut Criterion) {
    let mut group = c.benchmark_group("fleet");
    group.sample_size(10);
    let sizes: &[(usize, usize)] = if large() { &[(5_000, 250), (100_000, 1_000)] } else { &[(5_000, 250)] };
    for &(count, firms) in sizes {
        let (left, right) = companies(firms);
        let fleet = devices(count, firms);
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| run(&left, &right, (&fleet.0, &fleet.1)));
        });
    }
    group.finish();
}

/// A flow that has been solved, and then a decision or a changed page.
fn changes(c: &mut Criterion) {
    let (count, firms) = if large() { (100_000, 1_000) } else { (5_000, 250) };
    let (left, right) = companies(firms);
    let (left_devices, mut right_devices) = devices(count, firms);
    let (settings, mut known) = (Settings::default(), Known::default());
    let mut engine = Engine::default();
    let mut settle = |right_devices: &[DeviceFacts], known: &Known, news: News| {
        let problem = Problem {
            left_companies: &left,
            right_companies: &right,
            left_devices: &left_devices,
            right_devices,
            known,
            settings: &settings,
        };
        engine.settle(&problem, news).rescored
    };
    settle(&right_devices, &known, News::Records);
    let mut group = c.benchmark_group("incremental");
    group.sample_size(10);
    let mut turn = 0;
    group.bench_function(BenchmarkId::new("a company decision", count), |b| {
        b.iter(|| {
            turn = (turn + 1) % firms;
            known.companies.insert(format!("L{turn}").into(), Some(format!("R{turn}").into()));
            black_box(settle(&right_devices, &known, News::Decisions))
        });
    });
    group.bench_function(BenchmarkId::new("a page of 1,000 devices", count), |b| {
        b.iter(|| {
            turn += 1;
            for device in right_devices.iter_mut().take(1_000) {
                device.user = Some(format!("user{turn}").as_str().into());
            }
            black_box(settle(&right_devices, &known, News::Records))
        });
    });
    group.finish();
}

/// Contacts in companies of a hundred, an eighth of their first names mistyped, half of them without an email.
fn contacts(count: usize) -> (Vec<ContactFacts>, Vec<ContactFacts>) {
    let mut numbers = Numbers(2_463_534_242);
    let one = |numbers: &mut Numbers, id: usize| {
        let mut word = || (0..2).map(|_| numbers.pick(&SYLLABLES)).collect::<String>();
        let (first, last) = (word(), word());
        let mut contact = ContactFacts::new(format!("L{id}"), format!("L{}", id / 100), &first, &last);
        contact.emails = Box::from([format!("{first}.{last}@c{}.test", id / 100).into()]);
        contact
    };
    let left: Vec<ContactFacts> = (0..count).map(|id| one(&mut numbers, id)).collect();
    let right = left.iter().enumerate().map(|(id, contact)| {
        let mut first = contact.first.to_string();
        if numbers.next(8) == 0 {
            first.insert(1, 'e');
        }
        let mut other =
            ContactFacts::new(format!("R{id}"), format!("R{}", id / 100), &first, &contact.last.to_uppercase());
        other.emails = if numbers.next(2) == 0 { contact.emails.clone() } else { Box::default() };
        other
    });
    let right = right.collect();
    (left, right)
}

fn inside_companies(c: &mut Criterion) {
    let mut group = c.benchmark_group("contacts");
    group.sample_size(10);
    for count in [10_000, 100_000] {
        let (left, right) = contacts(count);
        let to = |n: usize| (format!("L{n}").into(), Some(format!("R{n}").into()));
        let companies: inside::Companies = (0..=count / 100).map(to).collect();
        let decided = inside::Companies::new();
        let problem = inside::Problem {
            left: &left,
            right: &right,
            seat: &|contact| contact.company.as_ref(),
            companies: &companies,
            decided: &decided,
            refused: &inside::Pairs::default(),
            ties: Ties::Block,
        };
        group.bench_function(BenchmarkId::from_parameter(count), |b| {
            b.iter(|| black_box(inside::solve(&problem, &inside::Which::All).len()));
        });
    }
    group.finish();
}

criterion_group!(benches, names, fleets, changes, inside_companies);
criterion_main!(benches);
