//! The connect wizard: what is entered, and at which step it stands.

use crate::domain::{Failure, IntegrationId};
use crate::ui::setup::{Draft, FlowDraft, Kind, TestReport, Typed};
use tui_input::Input;

/// The wizard. Steps can be gone back with Esc; what was entered stays.
#[derive(Debug)]
pub struct Wizard {
    /// Where it stands.
    pub step: Step,
    /// Chosen line of the list of kinds.
    pub kind: usize,
    /// What is to be entered for that kind.
    pub fields: Vec<Field>,
    /// Field in focus.
    pub field: usize,
    /// The integration whose key is renewed; its name and connector stay.
    pub renews: Option<IntegrationId>,
    /// Why the last test or save failed.
    pub failure: Option<Failure>,
    /// Integrations saved since the wizard was opened: the home is opened anew when it closes.
    pub saved: Vec<IntegrationId>,
    /// A flow was saved.
    pub flow_saved: bool,
}

/// Where the wizard stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Which system.
    Kind,
    /// Name, region, keys.
    Fields,
    /// The live test runs.
    Testing,
    /// What the test found; nothing is saved yet.
    Report(TestReport),
    /// Being saved.
    Saving,
    /// What next: another system, a flow, or done.
    Next,
    /// From which integration to which.
    Flow {
        /// Chosen source.
        source: usize,
        /// Chosen target.
        target: usize,
        /// The target's list is in focus.
        on_target: bool,
    },
}

/// What a field is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The integration's name.
    Name,
    /// One of the regions.
    Region,
    /// An address instead of the vendor's own.
    Address,
    /// An option by name.
    Option(String),
    /// The file of a stream.
    File(&'static str),
    /// A secret by name.
    Secret(String),
}

/// One line to enter.
#[derive(Debug)]
pub struct Field {
    /// What it is for.
    pub purpose: Purpose,
    /// What is asked for.
    pub label: String,
    /// Where it is found.
    pub help: String,
    /// What was typed; unused for secrets.
    pub input: Input,
    /// What was typed of a secret.
    pub secret: Typed,
    /// May stay empty.
    pub optional: bool,
}

impl Field {
    fn new(purpose: Purpose, label: &str, help: &str, value: &str) -> Self {
        Self {
            purpose,
            label: label.to_owned(),
            help: help.to_owned(),
            input: Input::new(value.to_owned()),
            secret: Typed::default(),
            optional: false,
        }
    }

    /// Nobody may see what is typed.
    pub fn is_secret(&self) -> bool {
        matches!(self.purpose, Purpose::Secret(_))
    }

    /// Nothing was entered.
    pub fn is_empty(&self) -> bool {
        if self.is_secret() { self.secret.is_empty() } else { self.input.value().trim().is_empty() }
    }
}

impl Wizard {
    /// At its first step.
    pub fn new() -> Self {
        Self {
            step: Step::Kind,
            kind: 0,
            fields: Vec::new(),
            field: 0,
            renews: None,
            failure: None,
            saved: Vec::new(),
            flow_saved: false,
        }
    }

    /// Asks for what that kind needs. `taken` are names that integrations have already.
    pub fn ask(&mut self, kind: &Kind, taken: &[IntegrationId]) {
        let name = match &self.renews {
            Some(name) => name.to_string(),
            None => free_name(&kind.name, taken),
        };
        let mut fields = vec![Field::new(
            Purpose::Name,
            "name",
            "How flows and commands call it: letters, digits, - _ and .",
            &name,
        )];
        // What stays empty leaves the integration as it is: its key, its region, its address.
        let renews = self.renews.is_some();
        if let Some((first, _)) = kind.regions.first() {
            let list: Vec<String> = kind.regions.iter().map(|(name, label)| format!("{name} ({label})")).collect();
            let (before, first) = if renews { ("It stays as it is, unless ", "") } else { ("", first.as_str()) };
            let help = format!("{before}Left and Right choose: {}", list.join(", "));
            let mut field = Field::new(Purpose::Region, "region", &help, first);
            field.optional = renews;
            fields.push(field);
        }
        for option in &kind.options {
            let mut field = Field::new(Purpose::Option(option.name.clone()), &option.prompt, &option.help, "");
            field.optional = renews;
            fields.push(field);
        }
        if kind.reads_files {
            for (stream, label) in [("companies", "companies file"), ("devices", "devices file")] {
                let mut field = Field::new(
                    Purpose::File(stream),
                    label,
                    "A CSV file with a line of headers; one of the two is enough.",
                    "",
                );
                field.optional = true;
                fields.push(field);
            }
        } else {
            for secret in &kind.secrets {
                let mut field = Field::new(Purpose::Secret(secret.name.clone()), &secret.prompt, &secret.help, "");
                field.optional = renews;
                fields.push(field);
            }
            if !renews {
                let help = "Only for a gateway, a server of your own or the simulator; empty for the vendor's own.";
                let mut address = Field::new(Purpose::Address, "address", help, "");
                address.optional = true;
                fields.push(address);
            }
        }
        let secret = fields.iter().position(Field::is_secret).filter(|_| renews);
        self.field = secret.unwrap_or(usize::from(fields.len() > 1));
        self.fields = fields;
        self.failure = None;
        self.step = Step::Fields;
    }

    /// What is still missing, as a text for the person.
    pub fn missing(&self) -> Option<String> {
        if let Some(field) = self.fields.iter().find(|f| !f.optional && f.is_empty()) {
            return Some(format!("{} is missing", field.label));
        }
        let files = self.fields.iter().filter(|f| matches!(f.purpose, Purpose::File(_)));
        let mut files = files.peekable();
        (files.peek().is_some() && files.all(Field::is_empty)).then(|| "name at least one file".to_owned())
    }

    /// What was entered.
    pub fn draft(&self, kind: &Kind) -> Draft {
        let mut draft = Draft { connector: kind.name.clone(), ..Draft::default() };
        for field in &self.fields {
            let text = field.input.value().trim().to_owned();
            match &field.purpose {
                Purpose::Name => draft.name = text,
                Purpose::Region => draft.region = Some(text).filter(|text| !text.is_empty()),
                Purpose::Address => draft.address = Some(text).filter(|t| !t.is_empty()),
                Purpose::Option(name) => draft.options.push((name.clone(), text)),
                Purpose::File(stream) if !text.is_empty() => draft.files.push(((*stream).to_owned(), text)),
                Purpose::File(_) => {}
                Purpose::Secret(name) => draft.secrets.push((name.clone(), field.secret.secret())),
            }
        }
        // An address takes the place of the region.
        if draft.address.is_some() {
            draft.region = None;
        }
        draft
    }

    /// Forgets the secrets that were typed.
    pub fn forget_secrets(&mut self) {
        for field in &mut self.fields {
            field.secret.clear();
        }
    }

    /// The flow that is chosen.
    pub fn flow(&self, names: &[IntegrationId]) -> Option<FlowDraft> {
        let Step::Flow { source, target, .. } = &self.step else { return None };
        let (source, target) = (names.get(*source)?, names.get(*target)?);
        (source != target).then(|| FlowDraft { source: source.clone(), target: target.clone() })
    }
}

/// The name of a connector, with a number where it is taken.
fn free_name(name: &str, taken: &[IntegrationId]) -> String {
    let is_taken = |name: &str| taken.iter().any(|id| id.as_str() == name);
    if !is_taken(name) {
        return name.to_owned();
    }
    (2..=taken.len() + 2).map(|n| format!("{name}-{n}")).find(|name| !is_taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::setup::Prompt;

    fn kind() -> Kind {
        let key = Prompt { name: "api_key".into(), prompt: "API key".into(), help: String::new() };
        Kind {
            name: "itglue".into(),
            vendor: "IT Glue".into(),
            regions: vec![("us".into(), "United States".into()), ("eu".into(), "Europe".into())],
            secrets: vec![key],
            ..Kind::default()
        }
    }

    #[test]
    fn what_is_missing_is_named_and_an_address_replaces_the_region() {
        let mut wizard = Wizard::new();
        wizard.ask(&kind(), &["itglue".into()]);
        assert_eq!(wizard.missing().as_deref(), Some("API key is missing"));
        wizard.fields[2].secret.push(" ITG.1 ");
        assert_eq!(wizard.missing(), None);
        let draft = wizard.draft(&kind());
        assert_eq!(
            (draft.name.as_str(), draft.region.as_deref(), draft.lacks_secret()),
            ("itglue-2", Some("us"), false)
        );
        wizard.fields[3].input = Input::new("http://127.0.0.1:1".into());
        assert_eq!(wizard.draft(&kind()).region, None);
        wizard.forget_secrets();
        assert!(wizard.draft(&kind()).lacks_secret());
    }

    #[test]
    fn a_new_key_leaves_region_and_address_as_they_are() {
        let mut wizard = Wizard::new();
        wizard.renews = Some("docs-eu".into());
        wizard.ask(&kind(), &[]);
        assert_eq!(wizard.field, 2, "the key is what is usually renewed");
        wizard.fields[2].secret.push("ITG.2");
        assert_eq!(wizard.missing(), None);
        let draft = wizard.draft(&kind());
        assert_eq!((draft.name.as_str(), draft.region, draft.address), ("docs-eu", None, None));
        wizard.fields[1].input = Input::new("eu".into());
        wizard.forget_secrets();
        assert_eq!(wizard.missing(), None, "the region can be changed alone");
        let draft = wizard.draft(&kind());
        assert_eq!((draft.region.as_deref(), draft.lacks_secret()), (Some("eu"), true));
    }

    #[test]
    fn a_secret_never_prints() {
        let mut wizard = Wizard::new();
        wizard.ask(&kind(), &[]);
        wizard.fields[2].secret.push("ITG.geheim");
        let shown = format!("{wizard:?} {:?}", wizard.draft(&kind()));
        assert!(!shown.contains("geheim"), "{shown}");
    }
}
