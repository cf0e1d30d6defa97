//! Any text as a CSV file: no panic; every row that is kept has as many fields as the header.
//!
//! `cargo +nightly fuzz run link_table`

#![no_main]

use libfuzzer_sys::fuzz_target;
use matchbook::cli::link::table::Table;

fuzz_target!(|text: &str| {
    if let Ok(table) = Table::parse("fuzz.csv".to_owned(), text, &["id"]) {
        assert!(table.rows.iter().all(|(_, row)| table.get(row, "id").is_some()));
    }
});
