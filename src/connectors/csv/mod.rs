//! placeholder
use super::contract::*;
use super::http::Budget;
use super::mapping::Mapping;
use crate::domain::*;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
pub(super) struct CsvFiles;
impl CsvFiles {
    pub(super) fn new(_m: Mapping, _c: &Connection) -> Result<Self, Failure> {
        Ok(Self)
    }
}
impl Connector for CsvFiles {
    fn vendor(&self) -> &str {
        ""
    }
    fn streams(&self) -> Vec<StreamInfo> {
        vec![]
    }
    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>> {
        Box::pin(async { Ok(ConnectionReport::default()) })
    }
    fn pages(&self, _s: Stream, _a: Option<String>) -> BoxStream<'static, Result<Page, Failure>> {
        Box::pin(futures::stream::empty())
    }
    fn budget(&self) -> Option<Budget> {
        None
    }
}
