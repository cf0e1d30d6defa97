//! Arguments of the commands that write to vendors.

use clap::Args;

#[derive(Debug, Args)]
pub struct PlanArguments {
    /// In which flow
    pub flow: String,
    /// Only these: companies, devices, updates
    #[arg(long, value_delimiter = ',', default_value = "companies,devices,updates")]
    pub what: Vec<String>,
    /// Also records where the target has something like them
    #[arg(long)]
    pub anyway: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ApplyArguments {
    /// Only this flow
    pub flow: Option<String>,
    /// Only these writes, by number
    #[arg(long, value_delimiter = ',')]
    pub only: Vec<u64>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct OutboxArguments {
    /// Only this flow
    pub flow: Option<String>,
    /// Only what is not closed
    #[arg(long)]
    pub open: bool,
    /// Take these back, by number, before they are sent
    #[arg(long, value_delimiter = ',')]
    pub withdraw: Vec<u64>,
    /// Writes shown
    #[arg(long, default_value_t = 50)]
    pub limit: u64,
    /// All writes, however many
    #[arg(long, conflicts_with = "limit")]
    pub all: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}
