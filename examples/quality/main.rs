//! Writes the quality report: how good the matcher is on labelled lists, and what each kind of evidence earns.
//!
//! ```text
//! cargo run --release --example quality -- --out benches/QUALITY.md NAME=DIR…
//! cargo run --release --example quality -- --fit NAME=DIR…
//! cargo run --release --example quality -- --calibrate NAME=DIR…
//! ```
//! Each `DIR` holds `left.csv`, `right.csv`, `gold.csv` (`left_id,right_id`) and, if there is one, `neutral.csv`. With
//! `--fit` the weights of the name model are estimated over all lists together and printed, with `--calibrate` the points of
//! the confidence's map. The hundred worst errors go to the file of `--errors` (else to one in the system's folder for
//! temporary files): they hold names of the lists and stay out of the repository.

mod fit;
mod lists;
mod measures;
mod report;

use lists::Labelled;
use matchbook::matching::model::NAMES;
use std::path::PathBuf;

/// Log-odds at which the confidence's map has its points.
const POINTS: [f32; 5] = [-6.9, -2.9, 0.0, 2.9, 5.3];

fn main() -> Result<(), String> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| args.iter().position(|a| a == name).map(|i| args.remove(i)).is_some();
    let (fitting, calibrating, brief) = (flag("--fit"), flag("--calibrate"), flag("--brief"));
    let mut option = |name: &str| {
        let at = args.iter().position(|a| a == name)?;
        args.remove(at);
        (at < args.len()).then(|| args.remove(at))
    };
    let out = option("--out");
    let errors =
        option("--errors").map_or_else(|| std::env::temp_dir().join("matchbook-worst-errors.md"), PathBuf::from);
    let sets = args.iter().map(|a| Labelled::read(a)).collect::<Result<Vec<_>, _>>()?;
    if fitting {
        let model = fit::fit(&sets);
        for (i, name) in NAMES.iter().enumerate() {
            println!("{i:2} {:6.2}  {name}", model.weights[i]);
        }
        return Ok(());
    }
    if calibrating {
        for (at, said) in POINTS.iter().zip(fit::calibrate(&sets, &POINTS)) {
            println!("{at:6.2} → {said:6.2}");
        }
        return Ok(());
    }
    let (text, worst) = report::report(&sets, brief);
    std::fs::write(&errors, worst).map_err(|e| format!("{}: {e}", errors.display()))?;
    eprintln!("the worst errors are in {}", errors.display());
    if let Some(path) = out {
        return std::fs::write(&path, text).map_err(|e| format!("{path}: {e}"));
    }
    print!("{text}");
    Ok(())
}
