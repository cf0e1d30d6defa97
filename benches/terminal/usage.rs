//! What a running program uses, from the system's process table.

use crate::pty::Failed;
use std::time::Duration;

/// The kernel reports processor time in hundredths of a second to programs, whatever it counts in itself.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has used so far.
pub struct Usage {
    /// Processor time, all threads.
    pub processor: Duration,
    /// Memory now, in MiB.
    pub memory_mib: u64,
    /// Most memory so far, in MiB.
    pub peak_mib: u64,
}

impl Usage {
    /// Of a running process.
    ///
    /// # Errors
    /// When it does not run or the system keeps no such table.
    pub fn of(pid: u32) -> Result<Self, Failed> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name in parentheses may hold anything; the numbers are behind the last parenthesis.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let mib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
            kib.unwrap_or_default() / 1024
        };
        Ok(Self {
            processor: Duration::from_secs_f64((ticks(11) + ticks(12)) / TICKS_PER_SECOND),
            memory_mib: mib("VmRSS:"),
            peak_mib: mib("VmHWM:"),
        })
    }
}
