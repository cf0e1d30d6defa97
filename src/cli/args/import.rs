//! Arguments of what concerns the inventory.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct ImportIntoArguments {
    /// A flow into the inventory
    pub flow: String,
    /// Ids of source records
    #[arg(required_unless_present_any = ["all", "types"])]
    pub source_ids: Vec<String>,
    /// companies, device-types (Quick Create) or devices
    #[arg(long, default_value = "devices")]
    pub stream: String,
    /// Devices of these source types, by their ids
    #[arg(long = "type", value_name = "TYPE", conflicts_with_all = ["source_ids", "all"])]
    pub types: Vec<String>,
    /// Everything that can be imported
    #[arg(long, conflicts_with = "source_ids")]
    pub all: bool,
    /// Also rows whose record the inventory may have already
    #[arg(long)]
    pub anyway: bool,
    /// Of a single company: its name in the inventory
    #[arg(long)]
    pub name: Option<String>,
    /// Of a single company: its primary domain
    #[arg(long)]
    pub domain: Option<String>,
    /// Only say, row by row, what it would do
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON document a row
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct AutoSyncArguments {
    /// A flow into the inventory
    pub flow: String,
    /// Ids of source types, as `queue FLOW --stream device-types` lists them
    #[arg(required = true)]
    pub types: Vec<String>,
    /// No longer
    #[arg(long)]
    pub off: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FollowAction {
    /// Leave the company as it is for now
    Pause,
    /// Let it follow again
    Resume,
    /// Ask the source now
    Refresh,
}

#[derive(Debug, Args)]
pub struct FollowArguments {
    /// What
    #[arg(value_enum)]
    pub action: FollowAction,
    /// A flow into the inventory
    pub flow: String,
    /// Ids of source companies
    #[arg(required = true)]
    pub source_ids: Vec<String>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum InventoryCommand {
    /// List its records
    List {
        /// companies, device-types or devices
        #[arg(default_value = "devices")]
        stream: String,
        /// Only records whose name, serial or id contains this
        #[arg(long, default_value = "")]
        find: String,
        /// One JSON document a record
        #[arg(long)]
        json: bool,
    },
    /// Everything that is known of a record
    Show {
        /// Its id
        id: String,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Enter a company by hand
    AddCompany {
        /// Its name
        name: String,
        /// Its primary domain
        #[arg(long)]
        domain: Option<String>,
        #[command(flatten)]
        fields: FieldArguments,
    },
    /// Enter a device by hand
    AddDevice {
        /// Its name
        name: String,
        /// The id of its company in the inventory
        #[arg(long)]
        company: String,
        /// Its type's name
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Serial number
        #[arg(long)]
        serial: Option<String>,
        /// Maker
        #[arg(long)]
        manufacturer: Option<String>,
        /// Model
        #[arg(long)]
        model: Option<String>,
        #[command(flatten)]
        fields: FieldArguments,
    },
    /// Enter a device type by hand
    AddType {
        /// Its name
        name: String,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Change a record by hand; what was imported follows its source and is refused
    Edit {
        /// Its id, as `inventory list` shows it
        id: String,
        #[command(flatten)]
        fields: FieldArguments,
    },
    /// Take a record out; refused while something is matched with it or belongs to it, and `undo` brings it back
    Remove {
        /// Its id, as `inventory list` shows it
        id: String,
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct FieldArguments {
    /// A field and what stands there, like memory=16 or filevault=yes; nothing after the = is unknown
    #[arg(long = "set", value_name = "FIELD=TEXT")]
    pub set: Vec<String>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}
