//! What a script may say, as JSON.

use serde::Deserialize;

/// One step. A step says exactly one thing; `deny_unknown_fields` makes a typing error an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Step {
    Wait(Wait),
    Key(Key),
    Type(Type),
    Idle(Idle),
    Keep(Keep),
    Screen(Screen),
    Expect(Expect),
    Absent(Absent),
    Resize(Resize),
}

/// Wait until a text is on the screen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    #[serde(rename = "wait")]
    pub text: String,
    /// Seconds.
    #[serde(default = "ten")]
    pub timeout: f64,
    pub name: Option<String>,
    /// Count from the last key of the step of this name.
    #[serde(default)]
    pub since: Option<String>,
    #[serde(default = "thirty")]
    pub settle: u64,
    #[serde(default)]
    pub aim: Aim,
}

/// Press a key, several times.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    #[serde(rename = "key")]
    pub keys: String,
    #[serde(default = "one")]
    pub times: usize,
    pub name: Option<String>,
    #[serde(default = "thirty")]
    pub settle: u64,
    /// The answer is there when this is on the screen, whatever moves beside it.
    pub until: Option<String>,
    #[serde(default)]
    pub aim: Aim,
}

/// Type a text, each character timed like a key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Type {
    #[serde(rename = "type")]
    pub text: String,
    pub name: Option<String>,
    #[serde(default = "thirty")]
    pub settle: u64,
    #[serde(default)]
    pub aim: Aim,
}

/// Watch a program that has nothing to do, for so many seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    #[serde(rename = "idle")]
    pub seconds: f64,
    pub name: Option<String>,
    #[serde(default)]
    pub aim: Aim,
}

/// Make sure that something is going on: when the text is not on the screen, these are typed and it is waited for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    #[serde(rename = "keep")]
    pub text: String,
    pub keys: Vec<String>,
    /// What goes on is waited for to end first, so that it begins anew.
    #[serde(default)]
    pub anew: bool,
    /// Seconds.
    #[serde(default = "ten")]
    pub timeout: f64,
}

/// Print the screen under a label.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    #[serde(rename = "screen")]
    pub label: String,
}

/// Fail when the text is not on the screen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    #[serde(rename = "expect")]
    pub text: String,
}

/// Fail when the text is on the screen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absent {
    #[serde(rename = "absent")]
    pub text: String,
}

/// Change the window to `[columns, rows]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    #[serde(rename = "resize")]
    pub size: (u16, u16),
    pub name: Option<String>,
}

/// The most that a figure of the step may be; a figure above it is marked, and fails the run with `--strict`.
pub type Aim = std::collections::BTreeMap<String, f64>;

fn ten() -> f64 {
    10.0
}

fn thirty() -> u64 {
    30
}

fn one() -> usize {
    1
}

/// Reads a script.
///
/// # Errors
/// Which step cannot be understood.
pub fn parse(text: &str) -> Result<Vec<Step>, String> {
    let steps: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let read = |(index, step): (usize, serde_json::Value)| {
        let shown = step.to_string();
        serde_json::from_value(step).map_err(|_| format!("step {}: {shown} is no step", index + 1))
    };
    steps.into_iter().enumerate().map(read).collect()
}
