//! The record matcher: normalise → block → score → assign → explain.
//!
//! Pure and deterministic: facts and people's decisions in, proposals with evidence out. It owns what makes two records
//! one; it refuses input and output, clocks, storage and any decision against a person.
//!
//! The ideas and where they come from: weights of agreement and disagreement (Fellegi and Sunter, *A Theory for Record
//! Linkage*, 1969); rare words count more (Spärck Jones 1972) and bring candidates up through an inverted index; words
//! are aligned softly (Cohen, Ravikumar and Fienberg 2003); a pair competes with its rivals (conditional logit, `McFadden`
//! 1974); one-to-one matching is an assignment problem (Kuhn 1955); evidence of devices and of companies supports each
//! other (collective resolution, Bhattacharya and Getoor 2007).

pub mod alias;
pub mod answers;
pub mod assign;
pub mod calibrate;
pub mod choose;
pub mod companies;
pub mod devices;
pub mod duplicates;
pub mod engine;
pub mod explain;
pub mod facts;
pub mod fields;
pub mod identifiers;
pub mod inside;
pub mod model;
pub mod names;
pub mod propose;
pub mod reach;
pub mod refusals;
pub mod solve;
pub mod steps;
pub mod verdict;

pub use alias::Alias;
pub use answers::Answers;
pub use engine::{Changes, Engine, News};
pub use facts::{CompanyFacts, DeviceFacts, Known, Problem, Settings, Solution, is_retired};
pub use fields::Phone;
pub use solve::{Run, explain_absence, explain_pair, solve};
