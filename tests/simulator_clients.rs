//! Third parties' IT Glue clients, unchanged, against the simulated vendor. Opt-in, as they must be installed first:
//!
//! ```text
//! python -m venv V && V/bin/pip install itglue==0.2.0       npm install --prefix N node-itglue@1.0.2
//! MATCHBOOK_TEST_PYTHON=V/bin/python MATCHBOOK_TEST_NODE_PATH=N/node_modules cargo test --test simulator_clients -- --ignored
//! ```

use matchbook::simulator::{Options, start};
use std::process::Command;

async fn run(mut command: Command) {
    let simulator = start(Options { companies: 120, devices: 900, ..Options::default() }).await.unwrap();
    let end = simulator.endpoints().itglue.clone();
    command.env("ITGLUE_API_URL", &end.base_url).env("ITGLUE_API_KEY", &end.api_key);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(output.stdout.starts_with(b"ok: "), "{said}");
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MATCHBOOK_TEST_PYTHON with itglue 0.2.0"]
async fn the_python_client_lists_finds_creates_and_updates() {
    let mut command = Command::new(std::env::var_os("MATCHBOOK_TEST_PYTHON").expect("MATCHBOOK_TEST_PYTHON"));
    command.arg("tests/clients/itglue_python.py");
    run(command).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MATCHBOOK_TEST_NODE_PATH with node-itglue 1.0.2"]
async fn the_node_client_lists_finds_creates_and_updates() {
    let mut command = Command::new("node");
    command.env("NODE_PATH", std::env::var_os("MATCHBOOK_TEST_NODE_PATH").expect("MATCHBOOK_TEST_NODE_PATH"));
    command.arg("tests/clients/itglue_node.js");
    run(command).await;
}
