//! Simulated ConnectWise Manage.

pub mod ids;
