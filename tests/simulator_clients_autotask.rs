//! Third parties' Autotask clients, unchanged, against the simulated vendor. Opt-in, as they must be installed first;
//! `.ci/run` does both:
//!
//! ```text
//! python -m venv V && V/bin/pip install py-autotask==2.3.0     npm install --prefix N @apigrate/autotask-restapi@2.0.1
//! MATCHBOOK_TEST_PYTHON=V/bin/python MATCHBOOK_TEST_NODE_PATH=N/node_modules cargo test --test simulator_clients_autotask -- --ignored
//! ```

use matchbook::simulator::{Options, start};
use std::process::Command;

async fn run(mut command: Command) {
    let simulator = start(Options { companies: 120, devices: 900, ..Options::default() }).await.unwrap();
    let end = simulator.endpoints().autotask.clone();
    command
        .env("AUTOTASK_ZONE_URL", &end.zone_url)
        .env("AUTOTASK_USERNAME", &end.username)
        .env("AUTOTASK_SECRET", &end.secret)
        .env("AUTOTASK_INTEGRATION_CODE", &end.integration_code);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(output.stdout.starts_with(b"ok: "), "{said}");
    assert_eq!(simulator.requests().autotask.over_limit, 0);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MATCHBOOK_TEST_PYTHON with py-autotask 2.3.0"]
async fn the_python_client_lists_pages_filters_creates_and_updates() {
    let mut command = Command::new(std::env::var_os("MATCHBOOK_TEST_PYTHON").expect("MATCHBOOK_TEST_PYTHON"));
    command.arg("tests/clients/autotask_python.py");
    run(command).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MATCHBOOK_TEST_NODE_PATH with @apigrate/autotask-restapi 2.0.1"]
async fn the_node_client_lists_filters_creates_updates_and_replaces() {
    let mut command = Command::new("node");
    command.env("NODE_PATH", std::env::var_os("MATCHBOOK_TEST_NODE_PATH").expect("MATCHBOOK_TEST_NODE_PATH"));
    command.arg("tests/clients/autotask_node.js");
    run(command).await;
}
