//! The arguments of every command. Names are fixed: scripts outside the project rely on them.

mod care;
mod import;
mod plans;
mod writes;

pub use care::{ImportArguments, LockKind, RotateArguments, StoreCommand, VaultCommand};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
pub use import::{
    AutoSyncArguments, FieldArguments, FollowAction, FollowArguments, ImportIntoArguments, InventoryCommand,
};
pub use plans::{PauseArguments, RecordArguments, RecordCommand, ScheduleArguments};
use std::path::PathBuf;
pub use writes::{ApplyArguments, OutboxArguments, PlanArguments};

/// Syncs RMM, PSA and documentation platforms and matches their companies and devices.
///
/// Without a command the terminal interface opens. Files live under `MATCHBOOK_HOME` where it is set, else in the
/// platform's places.
#[derive(Debug, Parser)]
#[command(name = "matchbook", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Write every HTTP exchange, without keys, to a file beside the logs
    #[arg(long, global = true)]
    pub trace_http: bool,
    /// Read the vault's passphrase from this file descriptor
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u32>,
    /// The interface may only look: nothing is decided, changed or synced
    #[arg(long, global = true)]
    pub read_only: bool,
    /// The interface as lines of text, for screen readers
    #[arg(long, global = true)]
    pub plain: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show everything on simulated vendors, in a throw-away home
    Demo(DemoArguments),
    /// Run only the simulated vendors
    Simulate(SimulateArguments),
    /// Write a commented config.toml; never overwrites
    Init,
    /// Test credentials live, then save them and the integration
    Connect(ConnectArguments),
    /// Add, list or remove flows
    #[command(subcommand)]
    Flow(FlowCommand),
    /// Integrations, streams, last and next runs, budgets, queue counts
    Status {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Sync now and wait for it
    Sync(SyncArguments),
    /// What syncs found that a person decides: mass changes, records enrolled anew or merged
    Cards {
        #[command(subcommand)]
        command: Option<CardsCommand>,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// When streams are synced by themselves: show it with the next runs, or change it
    Schedule(ScheduleArguments),
    /// Pause an integration's syncs, or a flow
    Pause(PauseArguments),
    /// Let what was paused go on
    Resume(PauseArguments),
    /// One record: its history, sync it now, switch its sync off or on
    #[command(subcommand)]
    Record(RecordCommand),
    /// Rows that could not be read, as they came, with the reason
    BadRows {
        /// INTEGRATION or INTEGRATION/STREAM; everything when left out
        what: Option<String>,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// What is synced of an integration: show the choices with counts, or change them
    Settings(SettingsArguments),
    /// Which fields of a flow's two sides belong together, or where each field of an integration's records comes from
    Mapping {
        /// A flow, an integration, or a connector (addigy, itglue, connectwise, autotask, csv)
        connector: String,
        /// Only this stream
        stream: Option<String>,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// List rows of a queue
    Queue(QueueArguments),
    /// Decide rows
    Decide(DecideArguments),
    /// Accept every suggestion at or above a threshold
    QuickMatch(QuickMatchArguments),
    /// Plan what is missing at the target and what differs there; nothing is sent before `apply`
    Plan(PlanArguments),
    /// Send what was planned, if it is still what would be planned now; then go on with what was cut
    Apply(ApplyArguments),
    /// Writes to vendors: planned, on their way, confirmed, refused
    Outbox(OutboxArguments),
    /// Import records of a flow's source into the inventory
    Import(ImportIntoArguments),
    /// Let new devices of a type import by themselves after each sync
    AutoSync(AutoSyncArguments),
    /// Pause, resume or refresh companies that the inventory keeps in step with their source
    Follow(FollowArguments),
    /// Matchbook's own register of companies and devices
    #[command(subcommand)]
    Inventory(InventoryCommand),
    /// Decisions, newest first
    History {
        /// One JSON document
        #[arg(long)]
        json: bool,
        /// Entries shown
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Take back a history entry; the newest by a person when none is named
    Undo {
        /// Its number
        entry: Option<u64>,
        /// Only say what it would do
        #[arg(long)]
        dry_run: bool,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Rules that decisions by hand left: aliases and refusals
    #[command(subcommand)]
    Alias(AliasCommand),
    /// Every gate a record passes, and the first that it fails
    Why {
        /// Name, id or serial, or part of it
        text: String,
        /// A target that was expected, by name, id or serial: what speaks for and against it, and why it is not proposed
        #[arg(long, value_name = "TARGET")]
        against: Option<String>,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// The sync log
    Log(LogArguments),
    /// Match two CSV lists without any store
    Link(LinkArguments),
    /// Copy the store to a file
    Backup {
        /// Where to
        file: PathBuf,
    },
    /// Bring a backup back; the present store is set aside
    Restore {
        /// Where from
        file: PathBuf,
    },
    /// Write everything decided to a directory, as JSON Lines
    Export {
        /// Where to
        directory: PathBuf,
    },
    /// Verify, compact or measure the store
    #[command(subcommand)]
    Store(StoreCommand),
    /// Check everything that has to be right, and say what to do about what is not
    Doctor {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// The encrypted vault of the credentials
    #[command(subcommand)]
    Vault(VaultCommand),
    /// Completions for a shell, to stdout
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// The manual page, to stdout
    Man,
}

#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// List the rules, newest first
    List {
        /// Only those that hold in this flow
        flow: Option<String>,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Take a rule away; `matchbook undo` brings it back
    Remove {
        /// Its number
        rule: u64,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Say where a rule holds
    Apply {
        /// Its number
        rule: u64,
        /// In every flow
        #[arg(long, required_unless_present = "here", conflicts_with = "here")]
        everywhere: bool,
        /// In the flow of its decision only
        #[arg(long)]
        here: bool,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Debug, Args)]
pub struct World {
    /// Companies in the simulated world
    #[arg(long, default_value_t = 250)]
    pub companies: usize,
    /// Devices in the simulated world
    #[arg(long, default_value_t = 5_000)]
    pub devices: usize,
    /// People in the simulated world; as many as devices when left out
    #[arg(long)]
    pub contacts: Option<usize>,
    /// The same seed makes the same world
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// What goes wrong on the wire: none, limits or flaky
    #[arg(long, default_value = "none")]
    pub faults: String,
}

#[derive(Debug, Args)]
pub struct DemoArguments {
    #[command(flatten)]
    pub world: World,
    /// Vendors that take part
    #[arg(long, value_enum, value_delimiter = ',', default_value = "addigy,itglue,connectwise,autotask")]
    pub vendors: Vec<super::simulated::Simulated>,
    /// Keep the home here, so that `matchbook` can open it later
    #[arg(long)]
    pub home: Option<PathBuf>,
    /// Sync, match, print the summary, exit
    #[arg(long)]
    pub headless: bool,
    /// With --headless: one JSON document
    #[arg(long, requires = "headless")]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SimulateArguments {
    /// Loopback address and port
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: std::net::SocketAddr,
    #[command(flatten)]
    pub world: World,
    /// Answer the demo's questions on stdin and end with it
    #[arg(long, hide = true)]
    pub attended: bool,
}

#[derive(Debug, Args)]
pub struct ConnectArguments {
    /// The integration's name
    pub name: String,
    /// addigy, itglue, connectwise, autotask, csv or the name of a mapping of your own
    #[arg(long)]
    pub connector: String,
    /// The vendor's region, where it has several (us, eu, au)
    #[arg(long)]
    pub region: Option<String>,
    /// Another address than the vendor's own
    #[arg(long)]
    pub base_url: Option<String>,
    /// A setting of the account that is no secret, as NAME=VALUE (connectwise: company; autotask: username)
    #[arg(long, value_name = "NAME=VALUE")]
    pub option: Vec<String>,
    /// csv: the file with the companies
    #[arg(long)]
    pub companies: Option<PathBuf>,
    /// csv: the file with the devices
    #[arg(long)]
    pub devices: Option<PathBuf>,
    /// Read secrets and settings from stdin, one `name=value` a line, instead of asking
    #[arg(long)]
    pub secrets_stdin: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum FlowCommand {
    /// Match records of SOURCE to records of TARGET
    Add {
        /// Integration where records come from
        source: String,
        /// Integration where their counterparts are; `inventory` is matchbook's own register
        target: String,
        /// The flow's name; SOURCE-TARGET when left out
        #[arg(long)]
        name: Option<String>,
        /// Streams to match: companies, devices, contacts, locations, tickets; companies and devices when left out (only
        /// companies from a documentation platform into the inventory)
        #[arg(long, value_delimiter = ',')]
        streams: Vec<String>,
    },
    /// List the flows
    List {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Give up a flow with all its mappings; a backup is made first
    Deactivate {
        /// Its name
        name: String,
        /// Do it; without, only say what would be lost
        #[arg(long)]
        yes: bool,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Remove a flow from the configuration; its decisions stay in the store
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct SyncArguments {
    /// INTEGRATION or INTEGRATION/STREAM; everything when left out
    pub what: Option<String>,
    /// New listing from the first page, also after a cut run
    #[arg(long)]
    pub full: bool,
    /// Only say what it would ask of the vendors: requests and time, as far as earlier syncs tell
    #[arg(long, conflicts_with = "accept_mass_change")]
    pub dry_run: bool,
    /// First apply what the last sync asked about, exactly as listed by `matchbook cards`
    #[arg(long)]
    pub accept_mass_change: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum CardsCommand {
    /// Do what the card proposes
    Yes(CardAnswer),
    /// Put the card away
    No(CardAnswer),
}

#[derive(Debug, Args)]
pub struct CardAnswer {
    /// The card's key, as listed
    pub key: String,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct SettingsArguments {
    /// The integration
    pub integration: String,
    /// A change, several if you like: `company_types=Client,Partner`, `ticket_months=6`, `contacts=false`; an empty
    /// list takes everything
    #[arg(long, value_name = "KEY=VALUE", requires = "how")]
    pub set: Vec<String>,
    /// Ask the vendor for its own list of choices too, also those that no stored record has
    #[arg(long)]
    pub ask: bool,
    /// Only say what the change would do
    #[arg(long, group = "how", requires = "set")]
    pub dry_run: bool,
    /// Do it: written into config.toml and in effect at once; matches of what is left out stay
    #[arg(long, group = "how", requires = "set")]
    pub yes: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct QueueArguments {
    /// The flow
    pub flow: String,
    /// companies, devices, contacts, locations or tickets
    #[arg(long, default_value = "companies")]
    pub stream: String,
    /// open, all, orphaned, left-out, or a state: conflict, suggested, unmatched, deferred, matched, ignored
    #[arg(long, default_value = "open")]
    pub filter: String,
    /// Only rows whose name, serial, company or id contains this
    #[arg(long, default_value = "")]
    pub find: String,
    /// Rows at most
    #[arg(long)]
    pub limit: Option<u64>,
    /// One JSON document a row
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// CSV
    #[arg(long)]
    pub csv: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Action {
    /// Take the best candidate
    Accept,
    /// Take the target named with --target
    Match,
    /// Never match
    Ignore,
    /// Open again
    Unmatch,
    /// Put off
    Defer,
    /// Make the record at the target, unless it has something like it
    Create,
}

#[derive(Debug, Args)]
pub struct DecideArguments {
    /// What
    #[arg(value_enum)]
    pub action: Action,
    /// In which flow
    pub flow: String,
    /// companies, devices, contacts, locations or tickets
    pub stream: String,
    /// Ids of source records
    #[arg(required = true)]
    pub source_ids: Vec<String>,
    /// With match: the target's id
    #[arg(long)]
    pub target: Option<String>,
    /// With create: also where the target has something like it
    #[arg(long)]
    pub anyway: bool,
    /// Only say what it would do
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct QuickMatchArguments {
    /// In which flow
    pub flow: String,
    /// companies, devices, contacts, locations or tickets
    #[arg(long, default_value = "companies")]
    pub stream: String,
    /// Lowest confidence, 0 to 1
    #[arg(long, default_value_t = 0.95)]
    pub threshold: f32,
    /// Only say what it would do
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct LogArguments {
    /// Go on printing new lines until interrupted; syncs that are due run meanwhile
    #[arg(long)]
    pub follow: bool,
    /// Only this integration
    #[arg(long)]
    pub integration: Option<String>,
    /// This level and louder: debug, info, warn, error
    #[arg(long)]
    pub level: Option<String>,
    /// Only the lines of this run, by its number
    #[arg(long)]
    pub run: Option<u64>,
    /// Lines at most
    #[arg(long, default_value_t = 200)]
    pub limit: u32,
    /// One JSON document a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct LinkArguments {
    /// The left list: columns id, name and where present serial, macs, company, `company_id`, address …
    pub left: PathBuf,
    /// The right list
    pub right: PathBuf,
    /// Where the candidates are written
    #[arg(long)]
    pub output: PathBuf,
    /// Candidates for each left row
    #[arg(long, default_value_t = 5)]
    pub limit: usize,
    /// Companies of the left list's `company_id`
    #[arg(long, requires = "right_companies")]
    pub left_companies: Option<PathBuf>,
    /// Companies of the right list's `company_id`
    #[arg(long, requires = "left_companies")]
    pub right_companies: Option<PathBuf>,
    /// Where the companies' candidates are written
    #[arg(long, requires = "left_companies")]
    pub companies_output: Option<PathBuf>,
    /// Say of one pair of ids what speaks for and against it, and why it is not proposed
    #[arg(long, num_args = 2, value_names = ["LEFT_ID", "RIGHT_ID"])]
    pub explain: Vec<String>,
}
