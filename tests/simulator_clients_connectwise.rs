//! Third parties' clients of ConnectWise Manage, unchanged, against the simulated vendor. Opt-in, as they must be
//! installed first; `.ci/run` does both:
//!
//! ```text
//! python -m venv V && V/bin/pip install ConnectPyse-Manage==0.0.7     npm install --prefix N connectwise-rest@1.3.0
//! MATCHBOOK_TEST_PYTHON=V/bin/python MATCHBOOK_TEST_NODE_PATH=N/node_modules cargo test --test simulator_clients_connectwise -- --ignored
//! ```

mod tls;

use matchbook::simulator::{Options, start};
use std::{fs, process::Command};

async fn run(mut command: Command) {
    let simulator = start(Options { companies: 150, devices: 900, ..Options::default() }).await.unwrap();
    let end = simulator.endpoints().connectwise.clone();
    command
        .env("CONNECTWISE_URL", &end.base_url)
        .env("CONNECTWISE_COMPANY", &end.company)
        .env("CONNECTWISE_PUBLIC_KEY", &end.public_key)
        .env("CONNECTWISE_PRIVATE_KEY", &end.private_key)
        .env("CONNECTWISE_CLIENT_ID", &end.client_id);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(output.stdout.starts_with(b"ok: "), "{said}");
    assert_eq!(simulator.requests().connectwise.over_limit, 0);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MATCHBOOK_TEST_PYTHON with ConnectPyse-Manage 0.0.7"]
async fn the_python_client_lists_pages_filters_creates_and_updates() {
    let mut command = Command::new(std::env::var_os("MATCHBOOK_TEST_PYTHON").expect("MATCHBOOK_TEST_PYTHON"));
    command.arg("tests/clients/connectwise_python.py");
    run(command).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs MATCHBOOK_TEST_NODE_PATH with connectwise-rest 1.3.0"]
async fn the_node_client_lists_pages_filters_creates_and_updates() {
    let directory = tempfile::tempdir().unwrap();
    let [authority, chain, key] = ["authority.pem", "chain.pem", "key.pem"].map(|name| directory.path().join(name));
    let authorities = tls::Authorities::new();
    let (shown, its_key) = authorities.good_pem();
    fs::write(&authority, authorities.trusted_pem()).unwrap();
    fs::write(&chain, shown).unwrap();
    fs::write(&key, its_key).unwrap();
    let mut command = Command::new("node");
    command.env("NODE_PATH", std::env::var_os("MATCHBOOK_TEST_NODE_PATH").expect("MATCHBOOK_TEST_NODE_PATH"));
    command.env("NODE_EXTRA_CA_CERTS", &authority).env("NO_PROXY", "127.0.0.1");
    command.env("TLS_CHAIN", &chain).env("TLS_KEY", &key);
    command.arg("tests/clients/connectwise_node.js");
    run(command).await;
}
