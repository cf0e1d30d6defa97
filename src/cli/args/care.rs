//! Arguments of the commands that look after a home: vault, store, doctor, export.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Names of the integrations that have credentials; never a secret
    List {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Close the vault with a new key or passphrase
    Rotate(RotateArguments),
    /// Take over secrets from a file of INTEGRATION.FIELD=value lines, or from another vault
    Import(ImportArguments),
}

/// What opens a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LockKind {
    /// A key file beside it
    Key,
    /// A passphrase
    Passphrase,
}

#[derive(Debug, Args)]
pub struct RotateArguments {
    /// What opens it from now on; the same kind as now when left out
    #[arg(long, value_enum)]
    pub to: Option<LockKind>,
    /// Read the new passphrase from this file descriptor instead of asking for it
    #[arg(long, value_name = "N")]
    pub new_passphrase_fd: Option<u32>,
}

#[derive(Debug, Args)]
pub struct ImportArguments {
    /// The file; `-` reads lines from stdin
    pub file: PathBuf,
    /// The file is a vault that this key file opens
    #[arg(long)]
    pub key: Option<PathBuf>,
    /// Overwrite credentials that are there already
    #[arg(long)]
    pub replace: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum StoreCommand {
    /// Read every value and compare the counters
    Verify {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// Give back the room that the store takes and does not need
    Compact {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
    /// What takes the room
    Stats {
        /// One JSON document
        #[arg(long)]
        json: bool,
    },
}
