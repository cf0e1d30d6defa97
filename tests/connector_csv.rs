//! Exported files as people have them.

use futures::StreamExt;
use matchbook::connectors::{Connection, Connector, Page, connect};
use matchbook::domain::{Company, Device, Failure, FailureClass, IntegrationId, Record, Stream};
use matchbook::secrets::Credentials;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Files in a directory that goes with the test.
struct Files {
    dir: tempfile::TempDir,
    files: BTreeMap<Stream, PathBuf>,
}

impl Files {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), files: BTreeMap::new() }
    }

    fn with(mut self, stream: Stream, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.dir.path().join(format!("{stream}.csv"));
        std::fs::write(&path, bytes).unwrap();
        self.files.insert(stream, path);
        self
    }

    fn connect(&self, page_size: u32) -> Arc<dyn Connector> {
        let connection = Connection {
            integration: IntegrationId::new("exports"),
            connector: "csv".into(),
            base_url: None,
            region: None,
            options: std::collections::BTreeMap::default(),
            credentials: Credentials::default(),
            requests_per_second: None,
            page_size: Some(page_size),
            files: self.files.clone(),
            mapping_override_dir: None,
        };
        connect(connection, Arc::new(|_| {})).unwrap()
    }

    async fn pages(&self, stream: Stream) -> Vec<Page> {
        self.connect(500).pages(stream, matchbook::connectors::Ask::default()).map(Result::unwrap).collect().await
    }

    async fn failure(&self, stream: Stream) -> Failure {
        self.connect(500).pages(stream, matchbook::connectors::Ask::default()).next().await.unwrap().unwrap_err()
    }

    async fn devices(&self) -> Vec<Device> {
        let pages = self.pages(Stream::Devices).await;
        let records = pages.into_iter().flat_map(|p| p.records);
        records.map(|r| if let Record::Device(d) = r { *d } else { panic!("a device") }).collect()
    }

    async fn companies(&self) -> Vec<Company> {
        let pages = self.pages(Stream::Companies).await;
        let records = pages.into_iter().flat_map(|p| p.records);
        records.map(|r| if let Record::Company(c) = r { *c } else { panic!("a company") }).collect()
    }
}

const DEVICES: &str = "Device Name,Serial Number,Organization,WIFI mac-address,IP address,FileVault Enabled,Last Online,Weather\r\n\
    \"Anna's Mac, old\",C02TEST00001,Acme Inc.,14:7d:da:00:00:01,10.0.0.9,yes,2026-11-20,fine\r\n\
    Bob,,Acme Inc.,,,,,\r\n\
    Carol,C02TEST00003,Unknown Ltd,14:7d:da:00:00:03;14:7d:da:00:00:04,,No,1970-01-01,\r\n";

#[tokio::test]
async fn headers_are_found_whatever_their_case_and_punctuation() {
    let devices = Files::new().with(Stream::Devices, DEVICES).devices().await;
    let anna = &devices[0];
    assert_eq!((anna.id.as_str(), anna.name.as_str()), ("C02TEST00001", "Anna's Mac, old"));
    assert_eq!(anna.company.as_ref().unwrap().as_str(), "Acme Inc.");
    assert_eq!(anna.details.security.filevault, Some(true));
    assert_eq!(anna.details.lan_ip.as_deref(), Some("10.0.0.9"));
    assert!(anna.last_seen.is_some() && devices[2].last_seen.is_none());
    assert_eq!(devices[1].id.as_str(), "Acme Inc./Bob");
    assert_eq!(devices[1].details.security.filevault, None);
    assert_eq!(devices[2].interfaces.len(), 2);
}

#[tokio::test]
async fn companies_come_out_of_the_devices_file_when_there_is_no_other() {
    let files = Files::new().with(Stream::Devices, DEVICES);
    let companies = files.companies().await;
    let names: Vec<&str> = companies.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["Acme Inc.", "Unknown Ltd"]);
    let streams: Vec<Stream> = files.connect(1).streams().iter().map(|s| s.stream).collect();
    assert_eq!(streams, [Stream::Companies, Stream::Devices]);
}

#[tokio::test]
async fn companies_are_found_by_name_and_never_guessed() {
    let files = Files::new()
        .with(Stream::Companies, "ID;Name;Website\n7;ACME inc.;acme.example\n8;Twin;\n9;Twin;\n")
        .with(Stream::Devices, "Name,Company\na,Acme Inc.\nb,Twin\nc,Nobody\n");
    let companies = files.companies().await;
    assert_eq!((companies.len(), companies[0].domain.as_deref()), (3, Some("acme.example")));
    let found: Vec<Option<String>> =
        files.devices().await.iter().map(|d| d.company.as_ref().map(ToString::to_string)).collect();
    assert_eq!(found, [Some("7".into()), None, None]);
}

#[tokio::test]
async fn marks_and_encodings_do_not_matter() {
    let text = "Name\tSerial\nZoë\tC02TEST00009\n";
    let with_mark = format!("\u{feff}{text}");
    let utf16: Vec<u8> = with_mark.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let windows: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    for bytes in [text.as_bytes(), with_mark.as_bytes(), &utf16, &windows] {
        let devices = Files::new().with(Stream::Devices, bytes).devices().await;
        assert_eq!((devices.len(), devices[0].name.as_str()), (1, "Zoë"));
        assert_eq!(devices[0].serial.as_deref(), Some("C02TEST00009"));
    }
}

#[tokio::test]
async fn a_bad_row_is_told_by_its_line() {
    let text = "ID,Name,Serial\n1,a,s1\n2,b\n3,c,s3,extra\n,d,s4\n1,e,s5\n6,\"f\ng\",s6\n7,h,s7,\n8,,\n";
    let pages = Files::new().with(Stream::Devices, text).pages(Stream::Devices).await;
    let ids: Vec<String> = pages[0].records.iter().map(|r| r.id().as_str().to_owned()).collect();
    assert_eq!(ids, ["1", "6", "7"]);
    let reasons: Vec<&str> = pages[0].bad.iter().map(|b| b.reason.as_str()).collect();
    let lines = ["line 3 ", "line 4 ", "line 5: ", "line 6 repeats the id 1", "line 10: "];
    assert!(reasons.len() == lines.len() && reasons.iter().zip(lines).all(|(r, l)| r.starts_with(l)), "{reasons:?}");
    assert!(!pages[0].whole, "nobody knows which records those rows were");
    assert_eq!(pages[0].total, Some(8));
}

#[tokio::test]
async fn missing_columns_are_named_with_those_found() {
    let failure = Files::new().with(Stream::Devices, "Colour,Size\nred,7\n").failure(Stream::Devices).await;
    assert_eq!(failure.class, FailureClass::Usage);
    assert!(failure.what.contains("devices.csv") && failure.what.contains("Colour, Size"), "{failure}");
    assert!(failure.remedy.contains("Device Name") && failure.remedy.contains("Serial Number"), "{failure}");
    let no_company = Files::new().with(Stream::Devices, "Name\na\n").failure(Stream::Companies).await;
    assert!(no_company.remedy.contains("Organization"), "{no_company}");
}

#[tokio::test]
async fn a_missing_or_empty_file_is_a_usage_failure() {
    let mut files = Files::new().with(Stream::Devices, "");
    assert_eq!(files.failure(Stream::Devices).await.class, FailureClass::Usage);
    files.files.insert(Stream::Devices, files.dir.path().join("nowhere.csv"));
    let failure = files.failure(Stream::Devices).await;
    assert!(failure.class == FailureClass::Usage && failure.what.contains("nowhere.csv"), "{failure}");
}

#[tokio::test]
async fn a_listing_goes_on_after_any_page_of_the_same_file() {
    let text: String = std::iter::once("ID,Name\n".to_owned()).chain((0..25).map(|n| format!("{n},n{n}\n"))).collect();
    let files = Files::new().with(Stream::Devices, &text);
    let list = |after: Option<String>| {
        let stream = files.connect(10).pages(Stream::Devices, matchbook::connectors::Ask::after(after));
        async move { stream.map(Result::unwrap).collect::<Vec<_>>().await }
    };
    let pages = list(None).await;
    assert_eq!(
        pages.iter().map(|p| (p.number, p.of, p.last)).collect::<Vec<_>>(),
        [(1, Some(3), false), (2, Some(3), false), (3, Some(3), true)]
    );
    let rest = list(Some(pages[0].cursor.clone())).await;
    assert_eq!((rest.len(), rest[0].number, rest[0].records[0].id().as_str().to_owned()), (2, 2, "10".into()));
    let end = list(Some(pages[2].cursor.clone())).await;
    assert!(end.len() == 1 && end[0].last && end[0].records.is_empty());
    std::fs::write(&files.files[&Stream::Devices], format!("{text}99,new\n")).unwrap();
    let anew = list(Some(pages[0].cursor.clone())).await;
    assert_eq!(anew.iter().map(|p| p.records.len()).sum::<usize>(), 26, "another file starts anew");
}

#[tokio::test]
async fn the_test_says_what_is_used_and_what_not() {
    let report = Files::new().with(Stream::Devices, DEVICES).connect(1).test().await.unwrap();
    let note = report.notes.last().unwrap();
    assert!(note.contains("3 rows") && note.contains("Serial Number") && note.ends_with("not used: Weather"), "{note}");
}
