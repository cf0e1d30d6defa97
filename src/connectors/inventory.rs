//! Matchbook's own register as one more integration: its words for the screens. Its records are in the store already, so
//! that there is nothing to fetch.

use super::contract::{Ask, ConnectionReport, Connector, Page, StreamInfo};
use super::http::Budget;
use crate::domain::{Failure, FailureClass, Stream};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use std::sync::Arc;

struct Inventory;

/// The register's words.
#[must_use]
pub fn inventory() -> Arc<dyn Connector> {
    Arc::new(Inventory)
}

impl Connector for Inventory {
    fn vendor(&self) -> &'static str {
        "Inventory"
    }

    fn streams(&self) -> Vec<StreamInfo> {
        let info = |stream, one: &str, many: &str| StreamInfo {
            stream,
            word_one: one.into(),
            word_many: many.into(),
            incremental: false,
            page_size: 500,
        };
        vec![
            info(Stream::Companies, "Company", "companies"),
            info(Stream::DeviceTypes, "Device type", "device types"),
            info(Stream::Devices, "Device", "devices"),
        ]
    }

    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>> {
        Box::pin(std::future::ready(Ok(ConnectionReport::default())))
    }

    fn pages(&self, _: Stream, _: Ask) -> BoxStream<'static, Result<Page, Failure>> {
        let failure = Failure::new(FailureClass::Usage, "the inventory is kept here: it is not synced", "");
        stream::iter([Err(failure)]).boxed()
    }

    fn budget(&self) -> Option<Budget> {
        None
    }
}
