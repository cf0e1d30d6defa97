//! A vendor's API as a connector: one mapping, one dialect, one client.

use super::contract::{
    Ask, ChoiceList, Connection, ConnectionReport, Connector, Find, Observer, Page, StreamInfo, WriteFault,
    WriteLimits, stream_infos,
};
use super::describe::{self, ConnectorFields};
use super::fetch::Reader;
use super::http::{Budget, Tuning};
use super::mapping::{Mapping, Paging};
use super::shared::Shared;
use super::write::Draft;
use super::{each, forward, paging, whole};
use crate::domain::outbox::plan::WriteTarget;
use crate::domain::{Failure, FailureClass, Record, RecordId, Stream, VendorSystem, WriteField};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use std::path::PathBuf;
use std::sync::Arc;

/// The connector.
pub(super) struct Api {
    shared: Arc<Shared>,
    own_file: Option<PathBuf>,
}

impl Api {
    /// The connector of a connection.
    pub(super) fn new(
        mapping: Mapping,
        from: &Connection,
        observer: Observer,
        tuning: Tuning,
    ) -> Result<Self, Failure> {
        Ok(Self { shared: Arc::new(Shared::new(mapping, from, observer, tuning)?), own_file: from.own_file() })
    }

    /// What all calls share.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

/// The pages of a stream, once it is known what is wanted of it.
async fn listing(shared: Arc<Shared>, stream: Stream, ask: Ask) -> BoxStream<'static, Result<Page, Failure>> {
    let Some(reader) = Reader::new(&shared, stream, &ask).await.map(Arc::new) else {
        let what = format!("{} has no {stream}", shared.mapping.vendor);
        return stream::iter([Err(Failure::new(FailureClass::Usage, what, ""))]).boxed();
    };
    let after = ask.after.as_deref();
    match reader.map.route.paging {
        Paging::Pages => paging::pages(reader, after),
        Paging::Whole => whole::pages(reader, after),
        Paging::Forward => forward::pages(reader, after),
        Paging::Each(parent) => {
            // All parents, whatever changed of them: what is below may have changed alone.
            let all = Ask { since: None, after: None, ..ask.clone() };
            match Reader::new(&shared, parent, &all).await.map(Arc::new) {
                Some(parents) => each::pages(reader, parents, after),
                None => stream::empty().boxed(),
            }
        }
    }
}

impl Connector for Api {
    fn vendor(&self) -> &str {
        &self.shared.mapping.vendor
    }

    fn system(&self) -> Option<VendorSystem> {
        self.shared.mapping.system.clone()
    }

    fn streams(&self) -> Vec<StreamInfo> {
        stream_infos(&self.shared.mapping)
    }

    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>> {
        Box::pin(self.shared.test())
    }

    fn pages(&self, stream: Stream, ask: Ask) -> BoxStream<'static, Result<Page, Failure>> {
        let shared = Arc::clone(&self.shared);
        let pages = stream::once(listing(Arc::clone(&self.shared), stream, ask)).flatten();
        // Rows that nobody could read are kept as they came, but for keys that the vendor sent back in them.
        pages.map_ok(move |page| page.redacted(shared.http.redactor())).boxed()
    }

    fn choices(&self) -> BoxFuture<'_, Result<Vec<ChoiceList>, Failure>> {
        Box::pin(self.shared.choices())
    }

    fn fields(&self) -> ConnectorFields {
        ConnectorFields { own_file: self.own_file.clone(), streams: describe::of(&self.shared.mapping) }
    }

    fn write_target(&self, stream: Stream) -> BoxFuture<'_, Result<Option<WriteTarget>, Failure>> {
        Box::pin(self.target_of(stream))
    }

    fn write_limits(&self, stream: Stream) -> Option<WriteLimits> {
        self.limits(stream)
    }

    fn find(&self, stream: Stream, find: Find) -> BoxFuture<'_, Result<Vec<Record>, Failure>> {
        Box::pin(async move { self.search(stream, &find).await })
    }

    fn create(
        &self,
        stream: Stream,
        company: Option<RecordId>,
        drafts: Vec<Draft>,
    ) -> BoxFuture<'_, Result<Vec<RecordId>, WriteFault>> {
        Box::pin(async move { self.make(stream, company.as_ref(), &drafts).await })
    }

    fn update(
        &self,
        stream: Stream,
        changes: Vec<(RecordId, Vec<(WriteField, String)>)>,
    ) -> BoxFuture<'_, Result<(), WriteFault>> {
        Box::pin(async move { self.change(stream, &changes).await })
    }

    fn remove(&self, stream: Stream, ids: Vec<RecordId>) -> BoxFuture<'_, Result<(), WriteFault>> {
        Box::pin(async move { self.take_away(stream, &ids).await })
    }

    fn budget(&self) -> Option<Budget> {
        self.shared.mapping.limit.is_some().then(|| self.shared.http.budget())
    }

    fn pace(&self) -> Option<f64> {
        self.shared.mapping.limit.is_some().then(|| self.shared.http.pacer().pace())
    }

    fn held(&self) -> Option<std::time::Duration> {
        self.shared.http.pacer().held()
    }

    fn requests(&self) -> u64 {
        self.shared.http.sent()
    }

    fn clock_skew(&self) -> Option<time::Duration> {
        self.shared.http.clock_skew()
    }
}
