//! The `matchbook` program: hands its arguments to the library and its exit status to the shell.

fn main() -> std::process::ExitCode {
    matchbook::cli::run()
}
