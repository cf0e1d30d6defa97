//! Every action once: name, default keys, where it works, label, help, whether it destroys, why it cannot be done now.
//!
//! Footer, help, palette, the README's table of keys and the configuration's key names derive from [`COMMANDS`].

use super::state::State;
use super::update::reasons;
use std::fmt::Write as _;

/// Where keys work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// The Integrations pane.
    Integrations,
    /// The Queue pane.
    Queue,
    /// The Sync log pane.
    Log,
}

const ALL: &[Context] = &[Context::Integrations, Context::Queue, Context::Log];
const QUEUE: &[Context] = &[Context::Queue];
const INTEGRATIONS: &[Context] = &[Context::Integrations];
const LOG: &[Context] = &[Context::Log];
const SIDES: &[Context] = &[Context::Integrations, Context::Log];
const QUEUE_LOG: &[Context] = &[Context::Queue, Context::Log];

/// Which action.
#[expect(missing_docs, reason = "each is described by its entry in COMMANDS")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandId {
    Down,
    Up,
    Top,
    Bottom,
    HalfDown,
    HalfUp,
    PageDown,
    PageUp,
    NextPane,
    PreviousPane,
    FocusIntegrations,
    FocusQueue,
    FocusLog,
    Zoom,
    NextTab,
    PreviousTab,
    NextFlow,
    PreviousFlow,
    CompareDown,
    CompareUp,
    Accept,
    MatchTo,
    Take,
    Ignore,
    Defer,
    Unmatch,
    Create,
    QuickMatch,
    Mark,
    Range,
    MarkShown,
    Find,
    FindNext,
    FindPrevious,
    Filter,
    Sort,
    Columns,
    Group,
    Views,
    Alike,
    Coverage,
    Messages,
    LogOf,
    Data,
    Why,
    Record,
    BadRows,
    Import,
    ImportAll,
    QuickCreate,
    AutoSync,
    Unimported,
    Detail,
    Refresh,
    PauseRow,
    Register,
    AddRecord,
    Policies,
    Differences,
    Setup,
    Deactivate,
    Company,
    Undo,
    Redo,
    History,
    Outbox,
    Cards,
    Rules,
    Fields,
    OpenLine,
    Follow,
    Sync,
    SyncAll,
    FullSync,
    CancelSync,
    SyncSettings,
    Schedule,
    Pause,
    Connect,
    RenewKey,
    NewFlow,
    Copy,
    CopyLink,
    Palette,
    Help,
    Repaint,
    Suspend,
    Back,
    Quit,
}

/// One action.
#[derive(Debug)]
pub struct Command {
    /// Which.
    pub id: CommandId,
    /// Name in the configuration and the palette.
    pub name: &'static str,
    /// Default keys.
    pub keys: &'static [&'static str],
    /// Panes in which the keys work.
    pub contexts: &'static [Context],
    /// One or two words, for the footer.
    pub label: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Changes decisions or stops work: always confirmed or undoable.
    pub destructive: bool,
    /// Place in the footer, 1 first; 0 is not shown there.
    pub footer: u8,
    /// Why it cannot be done now; `None` when it can.
    pub disabled: fn(&State) -> Option<&'static str>,
}

macro_rules! commands {
    ($($id:ident $name:literal $keys:expr, $contexts:expr, $label:literal, $footer:literal, $disabled:path, $destructive:literal, $help:literal;)*) => {
        /// Every action, in the order in which help shows them.
        pub const COMMANDS: &[Command] = &[$(Command {
            id: CommandId::$id, name: $name, keys: &$keys, contexts: $contexts, label: $label, help: $help,
            destructive: $destructive, footer: $footer, disabled: $disabled,
        }),*];
    };
}

use super::update::inventory::{no_companies, no_import, no_setup, no_types, not_into};
use super::update::policies::no_target;
use reasons::{
    always, no_candidate, no_compare, no_integration, no_key_here, no_pair, no_queue, no_record_line, no_row, not_here,
    nothing_running,
};

commands! {
    Accept "queue.accept" ["a"], QUEUE, "accept", 1, no_candidate, true, "Match the row, or the marked rows, with the best candidate.";
    MatchTo "queue.match-to" ["m", "Enter"], QUEUE, "match to", 2, no_row, true, "Search the target's records and match with the one picked.";
    Take "queue.take-candidate" ["2", "3", "4", "5", "6", "7", "8", "9"], QUEUE, "candidate", 3, no_compare, true, "Match the row with that candidate of Compare.";
    Create "queue.create" ["c"], QUEUE, "create", 4, no_row, true, "Make the row's record at the target, or those of the marked rows; shows first what would be made and what is there already.";
    Ignore "queue.ignore" ["i"], QUEUE, "ignore", 4, no_row, true, "Never match the row; it leaves the counts of what is to do.";
    Defer "queue.defer" ["d"], QUEUE, "defer", 5, no_row, true, "Put the row off for later.";
    Unmatch "queue.unmatch" ["x"], QUEUE, "unmatch", 6, no_row, true, "Take back the row's match, ignore or deferral; it is open again.";
    QuickMatch "queue.quick-match" ["A"], QUEUE, "quick match", 8, no_queue, true, "Accept every suggestion above a confidence; shows first what it would do.";
    Alike "queue.alike" ["e"], QUEUE, "apply to alike", 0, no_row, true, "Do the same on open rows like the one decided last: same company, beginning of name or reason; shown first.";
    Mark "queue.mark" ["Space"], QUEUE, "mark", 7, no_row, false, "Mark or unmark the row; actions work on the marked rows.";
    Range "queue.range" ["V"], QUEUE, "range", 0, no_row, false, "Start a range at the row; move, then V again marks all rows between.";
    MarkShown "queue.mark-shown" ["*"], QUEUE, "mark all shown", 0, no_row, false, "Mark every row that filter and find show, also those off the screen.";
    Find "list.find" ["/"], QUEUE_LOG, "find", 11, always, false, "Show only rows that contain a text.";
    FindNext "queue.next-open" ["n"], QUEUE, "next open", 0, no_row, false, "Go to the next row that needs a decision.";
    FindPrevious "queue.previous-open" ["N"], QUEUE, "previous open", 0, no_row, false, "Go to the previous row that needs a decision.";
    Filter "list.filter" ["f"], QUEUE_LOG, "filter", 12, always, false, "Choose which rows are shown: by state, or by level in the log.";
    Sort "queue.sort" ["o"], QUEUE, "sort", 0, no_queue, false, "Choose the order of the rows.";
    Columns "queue.columns" ["O"], QUEUE, "columns", 0, no_queue, false, "Choose which columns are shown, and in which order.";
    Group "queue.group" ["b"], QUEUE, "by company", 0, no_queue, false, "Group the rows under a heading for each company, or stop that.";
    Views "queue.views" ["v"], QUEUE, "views", 0, no_queue, false, "Saved views: filter, find, order and columns under a name; save what is shown, or remove one.";
    Company "queue.company" ["C"], QUEUE, "its records", 0, no_queue, false, "On a company: show only what is in it, on every tab. There: back to all companies.";
    Why "queue.why" ["w"], QUEUE, "why", 10, no_row, false, "Show every gate that the record passes, and the first that it fails.";
    Record "queue.record" ["R"], QUEUE, "record", 0, no_row, true, "Show what became of the row's record: what syncs saw, what was decided; s syncs it now, p switches its sync off or on.";
    BadRows "bad-rows" [], ALL, "bad rows", 0, always, false, "List the rows of the last listings that could not be read, as they came.";
    Import "queue.import" ["I"], QUEUE, "import", 0, no_import, true, "Import the row or the marked rows into the inventory; on a type, all its devices; shows first what it would do.";
    ImportAll "queue.import-all" ["T"], QUEUE, "import all mapped", 0, no_import, true, "Import everything that can be imported; shows first what it would do.";
    QuickCreate "queue.quick-create" ["Q"], QUEUE, "quick create", 0, no_types, true, "Create types in the inventory for those without a mapping (or the marked ones).";
    AutoSync "queue.auto-sync" ["t"], QUEUE, "auto-sync", 0, no_types, true, "New devices of the type import by themselves after each sync, or no longer; needs a mapping.";
    Unimported "queue.unimported" ["U"], QUEUE, "only unimported", 0, not_into, false, "Show only what is not imported, with what is in its way; again: all rows.";
    Detail "queue.detail" ["D"], QUEUE, "detail", 0, not_into, false, "Show everything that is known of the record; unknown is said so.";
    Refresh "queue.refresh" ["r"], QUEUE, "refresh", 0, no_companies, false, "Ask the source for the company now; its name follows.";
    PauseRow "queue.pause-row" ["P"], QUEUE, "pause one", 0, no_companies, true, "Nothing of the company follows its source for now, or does again.";
    Register "inventory" ["X"], ALL, "inventory", 0, always, false, "List matchbook's own register: companies, devices and types, where each came from; + enters one by hand, e changes one, x takes one out.";
    AddRecord "inventory.add" ["+"], ALL, "add by hand", 0, always, true, "Enter a company, a device or a type of the inventory by hand, like the tab shown.";
    Policies "flow.policies" ["="], QUEUE, "keep in step", 0, no_target, true, "Say what becomes of differences between matched records (off, ask, automatic), and who is right, field by field.";
    Differences "flow.differences" [], QUEUE, "what differs", 0, no_target, true, "Show what differs between the flow's matched records, field by field; it is sent, or planned, on a yes.";
    Setup "setup" ["B"], ALL, "setup steps", 0, no_setup, false, "The steps of a flow into the inventory: connect, map, types, import; go back to any of them.";
    Deactivate "flow.deactivate" [], ALL, "deactivate flow", 0, no_import, true, "Give up the flow with its mappings; says what is lost and makes a backup first.";
    Undo "undo" ["u"], ALL, "undo", 9, always, true, "Take back the last action, also a bulk one, as one step.";
    Redo "redo" ["Ctrl-r"], ALL, "redo", 0, always, true, "Do again what the last undo took back.";
    History "history" ["H"], ALL, "history", 0, always, false, "List the decisions, newest first; one can be taken back from there.";
    Outbox "outbox" ["W"], ALL, "outbox", 0, always, false, "List writes to vendors: planned, on their way, confirmed, refused; send or take back what is planned.";
    Cards "cards" ["!"], ALL, "what waits", 0, always, false, "List what syncs found that you decide: mass changes, records enrolled anew or merged.";
    Coverage "coverage" ["%"], ALL, "coverage", 0, no_integration, false, "Which company is known where, how many of its devices are matched, and the trend.";
    Messages "messages" ["M"], ALL, "messages", 0, always, false, "What you were told, newest first; warnings wait here until they were seen.";
    Rules "rules" [], ALL, "rules", 0, always, false, "List the rules that decisions left: aliases and refusals; remove one, or apply it everywhere.";
    Fields "flow.fields" ["E"], QUEUE, "field mapping", 0, no_queue, false, "Show which fields of the source belong to which of the target, and what each is read from.";
    CompareDown "compare.down" ["J"], QUEUE, "compare down", 0, no_compare, false, "Scroll Compare down.";
    CompareUp "compare.up" ["K"], QUEUE, "compare up", 0, no_compare, false, "Scroll Compare up.";
    OpenLine "log.open" ["Enter"], LOG, "go to record", 1, no_record_line, false, "Show in the Queue the record that the line speaks of.";
    Follow "log.follow" ["F"], LOG, "follow or hold", 2, always, false, "Follow new lines, or hold the log where it is.";
    Data "integration.data" ["m"], INTEGRATIONS, "its data", 5, no_integration, false, "What is stored of the chosen integration: synced, left out, orphaned, disconnected, failed; from there to the rows.";
    LogOf "log.of-integration" ["L"], INTEGRATIONS, "its log", 4, no_integration, false, "Show the log lines of the chosen integration only.";
    Sync "sync" ["s"], ALL, "sync", 13, no_integration, false, "Sync the chosen integration now; in the Queue, both sides of the flow.";
    SyncAll "sync.all" ["S"], ALL, "sync all", 14, no_integration, false, "Sync every integration now.";
    FullSync "sync.full" [], ALL, "full sync", 0, no_integration, false, "Sync the chosen integration with full listings, so that vanished records are found.";
    CancelSync "sync.cancel" [], ALL, "stop syncs", 0, nothing_running, true, "Stop running syncs; what was stored stays, the next sync goes on from there.";
    Pause "sync.pause" ["p"], ALL, "pause/resume", 15, no_integration, true, "Pause or resume the chosen integration's syncs; in the Queue, the flow.";
    Schedule "sync.schedule" ["t"], INTEGRATIONS, "schedule", 4, no_integration, true, "Show when each stream of the integration runs by itself, and change it.";
    SyncSettings "sync.settings" ["Enter"], INTEGRATIONS, "what is synced", 1, no_integration, true, "Choose what is synced of the integration: types, statuses, contacts …, with counts and a preview.";
    Connect "integration.connect" ["c"], INTEGRATIONS, "connect", 1, not_here, false, "Connect a system: asks for its key, tests it live, then saves it.";
    RenewKey "integration.key" ["e"], INTEGRATIONS, "new key", 2, no_key_here, false, "Enter a new key for the chosen integration; every match stays.";
    NewFlow "flow.add" ["n"], INTEGRATIONS, "new flow", 3, no_pair, false, "Say what is matched with what: from one integration to another.";
    Copy "copy" ["y"], ALL, "copy id", 0, always, false, "Send the id under the cursor, or the log line, to the terminal's clipboard (OSC 52).";
    CopyLink "copy.link" ["Y"], QUEUE, "copy link", 0, no_compare, false, "Send the page of the record, the target's where the vendor tells it, to the terminal's clipboard (OSC 52).";
    Down "move.down" ["j", "Down"], ALL, "down", 0, always, false, "One row down.";
    Up "move.up" ["k", "Up"], ALL, "up", 0, always, false, "One row up.";
    Top "move.top" ["g", "Home"], ALL, "top", 0, always, false, "First row.";
    Bottom "move.bottom" ["G", "End"], ALL, "bottom", 0, always, false, "Last row.";
    HalfDown "move.half-page-down" ["Ctrl-d"], ALL, "half page down", 0, always, false, "Half a page down.";
    HalfUp "move.half-page-up" ["Ctrl-u"], ALL, "half page up", 0, always, false, "Half a page up.";
    PageDown "move.page-down" ["PgDn", "Ctrl-f"], ALL, "page down", 0, always, false, "One page down.";
    PageUp "move.page-up" ["PgUp"], ALL, "page up", 0, always, false, "One page up.";
    NextTab "queue.next-tab" ["l", "]", "Right"], QUEUE, "next tab", 0, no_queue, false, "Next tab of the Queue; after the last one, the next flow.";
    PreviousTab "queue.previous-tab" ["h", "[", "Left"], QUEUE, "previous tab", 0, no_queue, false, "Previous tab of the Queue.";
    NextFlow "queue.next-flow" ["}"], QUEUE, "next flow", 0, no_queue, false, "The same stream of the next flow.";
    PreviousFlow "queue.previous-flow" ["{"], QUEUE, "previous flow", 0, no_queue, false, "The same stream of the previous flow.";
    NextPane "pane.next" ["Tab"], ALL, "next pane", 0, always, false, "Next pane.";
    PreviousPane "pane.previous" ["Shift-Tab"], ALL, "previous pane", 0, always, false, "Previous pane.";
    FocusIntegrations "pane.integrations" ["1"], ALL, "Integrations", 0, always, false, "Go to Integrations.";
    FocusQueue "pane.queue" ["2"], SIDES, "Queue", 3, always, false, "Go to the Queue (there, 2 to 9 take candidates).";
    FocusLog "pane.log" ["3"], SIDES, "Sync log", 4, always, false, "Go to the Sync log; from the Queue with Tab.";
    Zoom "pane.zoom" ["z"], ALL, "zoom", 16, always, false, "Give the whole screen to the pane, or give it back.";
    Back "back" ["Esc", "Ctrl-["], ALL, "back", 0, always, false, "One step back: range, marks, find, filter, zoom, message. Never loses a decision.";
    Palette "palette" [":"], ALL, "commands", 17, always, false, "Find any action by name.";
    Help "help" ["?", "F1"], ALL, "help", 18, always, false, "Keys of this pane and of everything.";
    Repaint "repaint" ["Ctrl-l"], ALL, "repaint", 0, always, false, "Paint the screen anew.";
    Suspend "suspend" ["Ctrl-z"], ALL, "suspend", 0, always, false, "Give the terminal back to the shell; fg returns.";
    Quit "quit" ["q"], ALL, "quit", 19, always, false, "Leave; what runs is named first.";
}

/// The entry of an action.
#[must_use]
pub fn command(id: CommandId) -> &'static Command {
    COMMANDS.iter().find(|c| c.id == id).unwrap_or(&COMMANDS[0])
}

/// The README's table of default keys (Markdown), one row per action that has a key.
#[must_use]
pub fn keys_markdown() -> String {
    let mut out = String::from("| Key | Where | Action | Name in the configuration |\n|---|---|---|---|\n");
    for c in COMMANDS.iter().filter(|c| !c.keys.is_empty()) {
        let keys: Vec<String> = match (c.keys.first(), c.keys.last()) {
            (Some(first), Some(last)) if c.id == CommandId::Take => vec![format!("`{first}`…`{last}`")],
            _ => c.keys.iter().map(|k| format!("`{k}`")).collect(),
        };
        let place = if c.contexts.len() == ALL.len() { "everywhere".to_owned() } else { places(c.contexts) };
        // Writing to a String does not fail.
        let _ = writeln!(out, "| {} | {place} | {} | `{}` |", keys.join(" "), c.help, c.name);
    }
    out
}

fn places(contexts: &[Context]) -> String {
    let name = |c: &Context| match c {
        Context::Integrations => "Integrations",
        Context::Queue => "Queue",
        Context::Log => "Sync log",
    };
    contexts.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_table_has_every_command_with_a_key_once() {
        let table = keys_markdown();
        for c in COMMANDS {
            let name = format!("| `{}` |", c.name);
            assert_eq!(table.matches(&name).count(), usize::from(!c.keys.is_empty()), "{}", c.name);
        }
        assert!(table.contains("| `2`…`9` | Queue |"));
    }

    #[test]
    fn every_command_is_described() {
        for c in COMMANDS {
            assert!(c.help.ends_with('.') && !c.label.is_empty() && !c.contexts.is_empty(), "{}", c.name);
            assert_eq!(command(c.id).name, c.name);
        }
    }
}
