//! `matchbook link` from files to file.

use matchbook::cli::link::{LinkArgs, run};
use matchbook::domain::FailureClass;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn file(dir: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    assert_eq!(reader.headers().unwrap(), vec!["left_id", "right_id", "score", "rank", "decision", "why"]);
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn names_are_linked_whatever_the_encoding() {
    let dir = TempDir::new().unwrap();
    let args = LinkArgs {
        left: file(&dir, "l.csv", utf16("id,name,extra\n1,Müller Logistik GmbH,x\n2,Quarry Lane Dental,x\n")),
        right: file(&dir, "r.csv", "\u{feff}ID;Name\n7;MULLER LOGISTIK\n8;Zenith Law\nbroken;row;with;more\n"),
        output: dir.path().join("out.csv"),
        limit: 1,
        ..LinkArgs::default()
    };
    let summary = run(&args).unwrap();
    assert_eq!((summary.left, summary.right, summary.bad_rows.len()), (2, 2, 1));
    let rows = rows(&args.output);
    assert_eq!((rows[0][0].as_str(), rows[0][1].as_str(), rows[0][3].as_str()), ("1", "7", "1"));
    assert!(rows[0][2].parse::<f32>().unwrap() > 0.5 && !rows[0][5].is_empty());
    assert!(rows.iter().all(|r| r[0] != "2" || r[4].is_empty()));
}

#[test]
fn devices_are_linked_inside_their_companies() {
    let dir = TempDir::new().unwrap();
    let args = LinkArgs {
        left: file(
            &dir,
            "l.csv",
            "id,name,company_id,serial,macs\nA1,DC01,P1,R92G7SPR,\nA2,DC01,P2,MJVF2BLS,8C:EC:4B:00:00:01|8C:EC:4B:00:00:02\n",
        ),
        right: file(
            &dir,
            "r.csv",
            "id,name,company_id,serial,macs,status\n10,dc01,R2,mjvf2bls,,Active\n11,dc01,R1,,,Active\n",
        ),
        left_companies: Some(file(&dir, "lc.csv", "id,name\nP1,Harbor Foods Inc\nP2,Zenith Law\n")),
        right_companies: Some(file(&dir, "rc.csv", "id,name\nR1,Harbor Foods\nR2,Zenith Law LLP\n")),
        companies_output: Some(dir.path().join("c.csv")),
        output: dir.path().join("out.csv"),
        limit: 5,
        ..LinkArgs::default()
    };
    run(&args).unwrap();
    let devices = rows(&args.output);
    let best = |id: &str| devices.iter().find(|r| r[0] == id && r[3] == "1").map(|r| (r[1].clone(), r[4].clone()));
    assert_eq!(best("A1"), Some(("11".into(), "suggest".into())));
    assert_eq!(best("A2"), Some(("10".into(), "auto".into())));
    let companies = rows(args.companies_output.as_deref().unwrap());
    assert!(companies.iter().any(|r| r[0] == "P2" && r[1] == "R2" && r[3] == "1"));
}

#[test]
fn sites_are_told_apart_by_their_owner() {
    let dir = TempDir::new().unwrap();
    let args = LinkArgs {
        left: file(&dir, "l.csv", "id,name,company\n1,Riverside,Harbor Power Co\n"),
        right: file(
            &dir,
            "r.csv",
            "id,name,company\n8,Riverside,Zenith Energy LLC\n9,Riverside Plant,Harbor Power Company\n",
        ),
        output: dir.path().join("out.csv"),
        limit: 5,
        ..LinkArgs::default()
    };
    run(&args).unwrap();
    assert_eq!(rows(&args.output)[0][1], "9");
}

#[test]
fn wrong_use_is_told_as_such() {
    let dir = TempDir::new().unwrap();
    let good = file(&dir, "l.csv", "id,name\n1,a\n");
    let class = |left: PathBuf, right: PathBuf, companies: Option<PathBuf>| {
        let output = dir.path().join("out.csv");
        let args = LinkArgs { left, right, output, left_companies: companies, ..LinkArgs::default() };
        run(&args).unwrap_err().class
    };
    let bad = file(&dir, "b.csv", "id,title\n1,a\n");
    assert_eq!(class(good.clone(), bad, None), FailureClass::Usage);
    assert_eq!(class(good.clone(), dir.path().join("absent.csv"), None), FailureClass::Usage);
    assert_eq!(class(good.clone(), file(&dir, "e.csv", ""), None), FailureClass::Usage);
    assert_eq!(class(good.clone(), good.clone(), Some(good)), FailureClass::Usage);
}

#[test]
fn a_cell_that_a_spreadsheet_would_run_is_defused() {
    let dir = TempDir::new().unwrap();
    let args = LinkArgs {
        left: file(&dir, "l.csv", "id,name\n=1+1,Harbor Foods\n-7,Zenith Law\n"),
        right: file(&dir, "r.csv", "id,name\n@x,Harbor Foods\n+8,Zenith Law\n"),
        output: dir.path().join("out.csv"),
        limit: 1,
        ..LinkArgs::default()
    };
    run(&args).unwrap();
    let rows = rows(&args.output);
    assert_eq!((rows[0][0].as_str(), rows[0][1].as_str()), ("'=1+1", "'@x"));
    assert_eq!((rows[1][0].as_str(), rows[1][1].as_str()), ("-7", "+8"));
}

#[test]
fn a_pair_is_explained_whether_it_is_proposed_or_not() {
    let dir = TempDir::new().unwrap();
    let mut args = LinkArgs {
        left: file(&dir, "l.csv", "id,name,phone\n1,Harbor Foods Inc,206 555 0101\n"),
        right: file(
            &dir,
            "r.csv",
            "id,name,phone\n8,Harbor Foods,206 555 0101\n9,Harbor Marine,206 555 0199\n7,Zenith Law,\n",
        ),
        output: dir.path().join("out.csv"),
        limit: 5,
        ..LinkArgs::default()
    };
    let mut explained = |right: &str| {
        args.explain = Some(("1".into(), right.into()));
        run(&args).map(|summary| summary.explained.join("\n"))
    };
    let best = explained("8").unwrap();
    assert!(best.contains("accepted by itself") && best.contains("phone (2 of 4)"), "{best}");
    let other = explained("9").unwrap();
    assert!(other.contains("another candidate is better") && other.contains("another phone"), "{other}");
    let stranger = explained("7").unwrap();
    assert!(stranger.contains("too little in common") && stranger.contains("no word in common"), "{stranger}");
    assert!(explained("5").is_err());
}
