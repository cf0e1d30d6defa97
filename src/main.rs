//! The `matchbook` program: hands its arguments to the library and its exit status to the shell.

/// A session lasts for days and frees what it took in large pieces from several threads: this allocator gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The allocator's setting for how long freed memory is kept, and ours in milliseconds. Its own second is a tenth of
/// the peak memory of a large fleet: matching frees at once what it used, and a sync takes as much anew meanwhile.
const KEEP_FREED: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10");

fn main() -> std::process::ExitCode {
    start_with_allocator_set();
    matchbook::cli::run()
}

/// The allocator reads its settings from the environment before `main` begins, and only there without unsafe code. So
/// this process begins once more with the setting; it stays the same process, with the same files and arguments.
/// Where that cannot be done, and where the person has set it, it goes on as it is.
fn start_with_allocator_set() {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let (name, value) = KEEP_FREED;
        let mut arguments = std::env::args_os();
        let (Ok(program), Some(called)) = (std::env::current_exe(), arguments.next()) else { return };
        if std::env::var_os(name).is_none() {
            // Returns only when it could not begin anew.
            let _ = std::process::Command::new(program).arg0(called).args(arguments).env(name, value).exec();
        }
    }
}
