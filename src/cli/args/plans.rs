//! Arguments of the commands about what runs by itself.

use clap::Args;

#[derive(Debug, Args)]
pub struct ScheduleArguments {
    /// INTEGRATION or INTEGRATION/STREAM; everything when left out
    pub what: Option<String>,
    /// With INTEGRATION/STREAM: `every 4 h`, `daily 02:00`, a cron line, `off`; also `… in Europe/Berlin within 10 min`
    #[arg(long, value_name = "SCHEDULE", requires = "what", conflicts_with = "default")]
    pub set: Option<String>,
    /// With INTEGRATION/STREAM: as matchbook does it when nothing is said
    #[arg(long, requires = "what")]
    pub default: bool,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct PauseArguments {
    /// The integration
    #[arg(required_unless_present = "flow")]
    pub integration: Option<String>,
    /// A flow instead: nothing is synced for it by schedule, and the engine decides nothing in it
    #[arg(long, conflicts_with = "integration")]
    pub flow: Option<String>,
    /// One JSON document
    #[arg(long)]
    pub json: bool,
}
