//! Exported files as a connector: a company or a device a row, columns found by their headers.

mod file;
mod rows;

use super::contract::{Ask, Connection, ConnectionReport, Connector, Page, StreamInfo};
use super::describe::{self, ConnectorFields};
use super::http::Budget;
use super::mapping::Mapping;
use crate::domain::{Failure, FailureClass, Stream, VendorSystem};
use file::Table;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use rows::{Companies, Reader};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The connector.
pub(super) struct CsvFiles {
    shared: Arc<Shared>,
    own_file: Option<PathBuf>,
}

struct Shared {
    mapping: Mapping,
    files: BTreeMap<Stream, PathBuf>,
    page_size: Option<u32>,
}

impl CsvFiles {
    /// The connector of a connection; files are read when they are listed.
    pub(super) fn new(mapping: Mapping, from: &Connection) -> Result<Self, Failure> {
        if let Some(stream) = from.files.keys().find(|stream| !mapping.streams.contains_key(stream)) {
            let what = format!("{} cannot hold {stream}", mapping.vendor);
            return Err(Failure::new(FailureClass::Usage, what, "remove the file from the configuration"));
        }
        if from.files.is_empty() {
            let what = format!("{} names no file", from.integration);
            let remedy = "add files.companies and files.devices with the paths of the exported files";
            return Err(Failure::new(FailureClass::Usage, what, remedy));
        }
        let shared = Shared { mapping, files: from.files.clone(), page_size: from.page_size };
        Ok(Self { shared: Arc::new(shared), own_file: from.own_file() })
    }
}

impl Shared {
    /// The file of a stream. Companies may come out of the devices' file.
    fn path(&self, stream: Stream) -> Option<&PathBuf> {
        let devices = || self.files.get(&Stream::Devices).filter(|_| stream == Stream::Companies);
        self.files.get(&stream).or_else(devices)
    }

    /// A reader of a stream's rows. Blocks.
    fn open(&self, stream: Stream) -> Result<Reader, Failure> {
        let no_file = || {
            let what = format!("there is no file with {stream}");
            Failure::new(FailureClass::Usage, what, format!("add files.{stream} to the configuration"))
        };
        let table = Table::read(self.path(stream).ok_or_else(no_file)?)?;
        if stream == Stream::Companies && !self.files.contains_key(&stream) {
            return Reader::companies_of_devices(table, &self.mapping);
        }
        let companies = match self.files.get(&Stream::Companies).filter(|_| stream == Stream::Devices) {
            Some(path) => Some(Companies::of(Reader::new(Table::read(path)?, &self.mapping, Stream::Companies, None)?)),
            None => None,
        };
        Reader::new(table, &self.mapping, stream, companies)
    }

    fn listed(&self) -> Vec<Stream> {
        Stream::ALL.into_iter().filter(|s| self.path(*s).is_some() && self.mapping.streams.contains_key(s)).collect()
    }

    fn report(&self) -> Result<ConnectionReport, Failure> {
        let mut report = ConnectionReport::default();
        for stream in self.listed() {
            report.notes.push(self.open(stream)?.summary(stream));
        }
        Ok(report)
    }
}

impl Connector for CsvFiles {
    fn vendor(&self) -> &str {
        &self.shared.mapping.vendor
    }

    fn system(&self) -> Option<VendorSystem> {
        self.shared.mapping.system.clone()
    }

    fn streams(&self) -> Vec<StreamInfo> {
        let listed = self.shared.listed();
        let mut infos = super::contract::stream_infos(&self.shared.mapping);
        infos.retain(|info| listed.contains(&info.stream));
        infos
    }

    fn fields(&self) -> ConnectorFields {
        ConnectorFields { own_file: self.own_file.clone(), streams: describe::of(&self.shared.mapping) }
    }

    fn test(&self) -> BoxFuture<'_, Result<ConnectionReport, Failure>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { blocking(move || shared.report()).await })
    }

    fn pages(&self, stream: Stream, ask: Ask) -> BoxStream<'static, Result<Page, Failure>> {
        let shared = Arc::clone(&self.shared);
        let first = async move {
            let default = shared.mapping.streams.get(&stream).map_or(500, |map| map.route.page_size);
            let size = shared.page_size.unwrap_or(default).clamp(1, 10_000) as usize;
            match blocking(move || shared.open(stream)).await {
                Ok(reader) => Walk::new(reader, size, ask.after.as_deref()).pages(),
                Err(failure) => stream::iter([Err(failure)]).boxed(),
            }
        };
        stream::once(first).flatten().boxed()
    }

    fn budget(&self) -> Option<Budget> {
        None
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let broke = |_| Failure::new(FailureClass::Ours, "reading a file broke off", "");
    tokio::task::spawn_blocking(work).await.map_err(broke)?
}

/// A running listing of a file.
struct Walk {
    reader: Reader,
    size: usize,
    pages: u32,
    /// Pages that were delivered before, by the cursor.
    skip: u32,
    end: bool,
    /// A row could not be told from others.
    blind: bool,
}

impl Walk {
    fn new(reader: Reader, size: usize, after: Option<&str>) -> Self {
        // A cursor of another file or of other pages starts anew.
        let prefix = format!("f1:{:016x}:{size}:", reader.fingerprint());
        let skip = after.and_then(|cursor| cursor.strip_prefix(&prefix)?.parse().ok()).unwrap_or(0);
        Self { reader, size, pages: 0, skip, end: false, blind: false }
    }

    fn pages(self) -> BoxStream<'static, Result<Page, Failure>> {
        stream::unfold(Some(self), |walk| async {
            let mut walk = walk.filter(|walk| !walk.end)?;
            // Work that grows with the file does not run on the runtime's threads.
            let step = move || {
                let page = walk.page();
                Ok((page, walk))
            };
            match blocking(step).await {
                Ok((page, walk)) => Some((Ok(page), Some(walk))),
                Err(failure) => Some((Err(failure), None)),
            }
        })
        .boxed()
    }

    fn page(&mut self) -> Page {
        loop {
            let started = Instant::now();
            let (records, bad) = self.reader.next_rows(self.size);
            self.blind |= bad.iter().any(|row| row.id.is_none());
            self.end = self.reader.is_done();
            self.pages += 1;
            if self.pages > self.skip {
                return self.filled(records, bad, started.elapsed());
            }
            if self.end {
                self.pages = self.skip.saturating_add(1);
                return self.filled(Vec::new(), Vec::new(), Duration::ZERO);
            }
        }
    }

    fn filled(&self, records: Vec<crate::domain::Record>, bad: Vec<super::BadRow>, took: Duration) -> Page {
        let total = self.reader.rows();
        let of = u32::try_from(total.div_ceil(self.size as u64)).unwrap_or(u32::MAX).max(self.pages);
        Page {
            number: self.pages,
            of: Some(of),
            records,
            bad,
            cursor: format!("f1:{:016x}:{}:{}", self.reader.fingerprint(), self.size, self.pages),
            total: Some(total),
            took,
            last: self.end,
            whole: self.end && !self.blind,
        }
    }
}
