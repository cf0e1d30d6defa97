//! The `matchbook` program: hands its arguments to the library and its exit status to the shell.

/// A session lasts for days and frees what it took in large pieces from several threads: this allocator gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    matchbook::cli::run()
}
