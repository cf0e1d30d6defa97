//! Threads for work over many rows: one pool for what a person waits for, one for what goes on behind.
//!
//! A question must not queue up behind a solve that takes seconds, so each has threads of its own. Those of the solver
//! give way: on a machine with few cores, keys are answered while it works.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::LazyLock;

/// How far the solver's threads stand back behind those that answer a person; 19 would be the most.
const BEHIND: i32 = 10;
/// How far those of the syncs do, which answer small questions as well.
const ASIDE: i32 = 5;

/// For questions: finding, picking.
static QUESTIONS: LazyLock<Option<ThreadPool>> =
    LazyLock::new(|| ThreadPoolBuilder::new().thread_name(|at| format!("matchbook-ask-{at}")).build().ok());

/// For solving.
static BACKGROUND: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let named = ThreadPoolBuilder::new().thread_name(|at| format!("matchbook-solve-{at}"));
    named.start_handler(|_| stand_back(BEHIND)).build().ok()
});

/// Starts the threads, from a thread that does not itself give way: they begin with its priority.
pub fn start() {
    LazyLock::force(&QUESTIONS);
    LazyLock::force(&BACKGROUND);
}

/// Runs what a person waits for; waits for it.
pub fn answer<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    // Without threads of its own (the account may start no more) it goes on in this one.
    match QUESTIONS.as_ref() {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Runs what goes on behind; waits for it.
pub fn behind<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match BACKGROUND.as_ref() {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// The calling thread, and those that it starts, give way to the ones that answer keys: for the threads of syncs.
pub fn give_way() {
    stand_back(ASIDE);
}

/// Where the system knows no priority of a single thread, it stays as it is.
fn stand_back(by: i32) {
    #[cfg(target_os = "linux")]
    {
        // Linux keeps this for each thread, by the thread's own number.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), by);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = by;
}
