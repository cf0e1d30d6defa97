//! Tests and saves what the connect wizard asks for.

use super::{home, output};
use crate::app::{Draft, FlowDraft, Kind, Prompt, SavedView, Setup, TestReport};
use crate::config::{self, Editor, FlowConfig, IntegrationConfig, Paths, ViewConfig};
use crate::connectors::{self, ConnectorInfo, HttpNotice};
use crate::domain::{Failure, FailureClass, FlowId, IntegrationId, Stream};
use crate::secrets::{Credentials, Vault};
use futures::FutureExt;
use futures::future::BoxFuture;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The home that is changed.
pub struct HomeSetup {
    paths: Paths,
    vault: home::SharedVault,
    between: Between,
}

/// What one opening of the home leaves for the next.
#[derive(Clone, Default)]
pub struct Between(Arc<Mutex<Left>>);

#[derive(Default)]
struct Left {
    guide: Option<FlowId>,
    gives_up: Option<FlowId>,
    deletes: Option<(IntegrationId, Stream)>,
}

impl Between {
    fn with<T>(&self, f: impl FnOnce(&mut Left) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The flow that is to be given up now that the home is closed.
    pub fn gives_up(&self) -> Option<FlowId> {
        self.with(|left| left.gives_up.take())
    }

    /// The stream whose orphans are to be deleted now that the home is closed.
    pub fn deletes(&self) -> Option<(IntegrationId, Stream)> {
        self.with(|left| left.deletes.take())
    }
}

impl HomeSetup {
    /// For the home in those places, with its open vault.
    pub fn new(paths: Paths, vault: home::SharedVault, between: Between) -> Self {
        Self { paths, vault, between }
    }
}

fn kind(info: ConnectorInfo) -> Kind {
    let prompt = |name, prompt, help| Prompt { name, prompt, help };
    let delivers: Vec<String> = info.streams.iter().map(|s| s.word_many.clone()).collect();
    Kind {
        name: info.name,
        vendor: info.vendor,
        delivers: delivers.join(", "),
        permissions: info.permissions_help,
        regions: info.regions.into_iter().map(|r| (r.name, r.label)).collect(),
        options: info.options.into_iter().map(|o| prompt(o.name, o.prompt, o.help)).collect(),
        secrets: info.secrets.into_iter().map(|s| prompt(s.name, s.prompt, s.help)).collect(),
        reads_files: info.reads_files,
    }
}

/// The settings to save: those of the integration that has the name already, with what is new.
fn settings(draft: &Draft, paths: &Paths) -> Result<IntegrationConfig, Failure> {
    let name = draft.name.as_str().into();
    let known = config::load(&paths.config)?.config.integration(&name).cloned();
    if let Some(other) = known.as_ref().filter(|known| known.connector != draft.connector) {
        return Err(output::usage(
            format!("there is an integration “{name}” already, of {}", other.connector),
            "choose another name",
        ));
    }
    let mut settings = known.unwrap_or_else(|| IntegrationConfig::new(draft.name.as_str(), draft.connector.as_str()));
    // A new key leaves the region as it is.
    if draft.region.is_some() {
        settings.region.clone_from(&draft.region);
    }
    // A key that is renewed keeps the address that it was used with.
    if draft.address.is_some() {
        settings.base_url.clone_from(&draft.address);
    }
    settings.options.extend(draft.options.iter().filter(|(_, value)| !value.is_empty()).cloned());
    for (stream, file) in &draft.files {
        let stream = Stream::parse(stream).ok_or_else(|| output::usage(format!("no stream {stream}"), ""))?;
        let path = PathBuf::from(file);
        let path = std::path::absolute(&path).map_err(|e| output::usage(format!("{file}: {e}"), "check the name"))?;
        settings.files.insert(stream, path);
    }
    Ok(settings)
}

/// What was entered; a secret that was left empty is the one that is kept already.
fn credentials(draft: &Draft, vault: &Vault) -> Credentials {
    use secrecy::ExposeSecret;
    if draft.secrets.is_empty() {
        return Credentials::none();
    }
    let kept = vault.get(&draft.name.as_str().into()).unwrap_or_default();
    let entered = draft.secrets.iter().map(|(name, secret)| {
        let kept = kept.get(name).filter(|_| secret.expose_secret().is_empty());
        (name.clone(), kept.unwrap_or(secret).clone())
    });
    Credentials::from_pairs(entered)
}

async fn test(draft: Draft, paths: Paths, vault: home::SharedVault) -> Result<TestReport, Failure> {
    let settings = settings(&draft, &paths)?;
    let credentials = credentials(&draft, &vault.lock().unwrap_or_else(PoisonError::into_inner));
    let observer = Arc::new(|_: HttpNotice| {});
    let connector = connectors::connect_with(
        home::connection(&settings, credentials, &paths),
        observer,
        super::logging::tuning(&paths)?,
    )?;
    let report = connector.test().await?;
    Ok(TestReport { account: report.account, permissions: report.permissions, notes: report.notes })
}

fn save(draft: &Draft, paths: &Paths, vault: &home::SharedVault) -> Result<(), Failure> {
    let mut vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
    let credentials = credentials(draft, &vault);
    keep(&settings(draft, paths)?, credentials, paths, &mut vault)
}

/// Saves an integration with its secrets. The configuration first checks itself; the vault is written only for an
/// integration that exists then.
///
/// # Errors
/// Settings that cannot be right, files that cannot be written.
pub fn keep(
    settings: &IntegrationConfig,
    credentials: Credentials,
    paths: &Paths,
    vault: &mut Vault,
) -> Result<(), Failure> {
    let mut editor = Editor::open(&paths.config)?;
    editor.set_integration(settings)?;
    if !credentials.is_empty() {
        vault.set(&settings.name, credentials)?;
    }
    editor.save()
}

fn save_flow(flow: &FlowDraft, paths: &Paths) -> Result<String, Failure> {
    let name = format!("{}-{}", flow.source, flow.target);
    let flow = new_flow(&name, flow.source.as_str(), flow.target.as_str(), paths)?;
    let mut editor = Editor::open(&paths.config)?;
    editor.set_flow(&flow)?;
    editor.save()?;
    Ok(name)
}

fn view_config(view: SavedView) -> Result<ViewConfig, Failure> {
    let stream = Stream::parse(&view.stream).ok_or_else(|| output::usage(format!("no stream {}", view.stream), ""))?;
    Ok(ViewConfig {
        name: view.name,
        stream,
        filter: view.filter,
        find: view.find,
        sort: view.sort,
        descending: view.descending,
        columns: view.columns,
        grouped: view.grouped,
    })
}

/// A view of the configuration as the interface has it.
pub fn saved_view(view: &ViewConfig) -> SavedView {
    SavedView {
        name: view.name.clone(),
        stream: view.stream.name().to_owned(),
        filter: view.filter.clone(),
        find: view.find.clone(),
        sort: view.sort.clone(),
        descending: view.descending,
        columns: view.columns.clone(),
        grouped: view.grouped,
    }
}

/// A flow with the defaults of its source: groups of devices roll up and need a device, companies stand for themselves.
///
/// # Errors
/// What is wrong with the configuration.
pub fn new_flow(name: &str, source: &str, target: &str, paths: &Paths) -> Result<FlowConfig, Failure> {
    let mut flow = FlowConfig::new(name, source, target);
    let config = config::load(&paths.config)?.config;
    let connector = config.integration(&flow.source).map(|integration| integration.connector.as_str());
    let own = paths.mappings.is_dir().then_some(paths.mappings.as_path());
    let known = connectors::available_with(own).into_iter().find(|info| Some(info.name.as_str()) == connector);
    // An integration that is not there is named by whoever saves the flow.
    let groups = known.is_none_or(|info| info.company_groups);
    (flow.roll_up, flow.needs_devices) = (groups, groups);
    let documents = connector == Some("itglue");
    Ok(if flow.target.is_inventory() { flow.into_inventory(documents) } else { flow })
}

/// Files are written where waiting is allowed.
fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> BoxFuture<'static, Result<T, Failure>> {
    tokio::task::spawn_blocking(work)
        .map(|done| {
            done.unwrap_or_else(|_| Err(Failure::new(FailureClass::Ours, "saving stopped on a fault", "try it again")))
        })
        .boxed()
}

impl Setup for HomeSetup {
    fn kinds(&self) -> Vec<Kind> {
        let own = self.paths.mappings.is_dir().then_some(self.paths.mappings.as_path());
        connectors::available_with(own).into_iter().map(kind).collect()
    }

    fn test(&self, draft: Draft) -> BoxFuture<'static, Result<TestReport, Failure>> {
        test(draft, self.paths.clone(), Arc::clone(&self.vault)).boxed()
    }

    fn save(&self, draft: Draft) -> BoxFuture<'static, Result<(), Failure>> {
        let (paths, vault) = (self.paths.clone(), Arc::clone(&self.vault));
        blocking(move || save(&draft, &paths, &vault))
    }

    fn save_view(&self, view: SavedView) -> BoxFuture<'static, Result<(), Failure>> {
        let paths = self.paths.clone();
        blocking(move || {
            let mut editor = Editor::open(&paths.config)?;
            editor.set_view(&view_config(view)?)?;
            editor.save()
        })
    }

    fn remove_view(&self, view: SavedView) -> BoxFuture<'static, Result<(), Failure>> {
        let paths = self.paths.clone();
        blocking(move || {
            let mut editor = Editor::open(&paths.config)?;
            editor.remove_view(&view.name)?;
            editor.save()
        })
    }

    fn save_flow(&self, flow: FlowDraft) -> BoxFuture<'static, Result<String, Failure>> {
        let (paths, between) = (self.paths.clone(), self.between.clone());
        blocking(move || {
            let name = save_flow(&flow, &paths)?;
            if flow.target.is_inventory() {
                between.with(|left| left.guide = Some(name.as_str().into()));
            }
            Ok(name)
        })
    }

    fn give_up(&self, flow: FlowId) {
        self.between.with(|left| left.gives_up = Some(flow));
    }

    fn delete_orphans(&self, integration: IntegrationId, stream: Stream) {
        self.between.with(|left| left.deletes = Some((integration, stream)));
    }

    fn guide(&self) -> Option<FlowId> {
        self.between.with(|left| left.guide.take())
    }
}
