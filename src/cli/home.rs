//! Opens a home: configuration, vault, store, connectors, service.

use super::keeper::Keeper;
use super::{output, passphrase};
use crate::config::{self, Config, Editor, FlowConfig, Paths};
use crate::connectors::{self, Connection};
use crate::domain::{
    Failure, FailureClass, FieldPolicy, Flow, FlowId, IntegrationId, JunkList, RunState, Schedule, Spread, Stream,
    StreamProgress, SyncRules, SyncScope, SystemClock, Timestamp, UpdatePolicy, WriteField, WriteRules,
};
use crate::secrets::{Credentials, Vault};
use crate::service::messages::{Query, Reply, Request, View};
use crate::service::{Connected, Notices, Options, Service, SettingsFile};
use crate::store::{Closing, Store};
use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// The open vault: opening it asked for the passphrase, where there is one, once.
pub type SharedVault = Arc<Mutex<Vault>>;

/// A home with its running service.
pub struct Home {
    /// The service.
    pub service: Service,
    /// Its name.
    pub name: String,
    /// The settings.
    pub config: Config,
    /// Its vault.
    pub vault: SharedVault,
    /// Hears whether store and connectors opened, and what was odd.
    opened: Mutex<Option<Opening>>,
    /// Makes backups; there once the store is open.
    keeper: Arc<OnceLock<Keeper>>,
    /// Looks after backups while the home is open.
    minding: Arc<OnceLock<AbortHandle>>,
    /// Hears when the store is closed; there once it is open.
    closing: Arc<Mutex<Option<Closing>>>,
}

/// A store that is not closed after that long is reported as in use.
const CLOSED_WITHIN: Duration = Duration::from_secs(20);

/// What an opening leads to.
struct Opening {
    result: oneshot::Receiver<Result<(), Failure>>,
    warnings: Arc<Mutex<Vec<String>>>,
}

/// Opens the home of this process and waits until it is open.
///
/// # Errors
/// What keeps the home from opening, with the remedy.
pub async fn open(scheduled: bool) -> Result<Home, Failure> {
    let home = begin(&Paths::discover(None)?, scheduled)?;
    home.wait().await?;
    Ok(home)
}

/// Begins to open the home in those places; the rest goes on in the background.
///
/// # Errors
/// What is wrong with the configuration.
pub fn begin(paths: &Paths, scheduled: bool) -> Result<Home, Failure> {
    begin_with(paths, scheduled, None)
}

/// The same, with a vault that is open already.
///
/// # Errors
/// What is wrong with the configuration.
pub fn begin_with(paths: &Paths, scheduled: bool, vault: Option<SharedVault>) -> Result<Home, Failure> {
    let loaded = config::load(&paths.config)?;
    let config = loaded.config;
    let flows = config.flows()?;
    paths.create()?;
    super::logging::start(paths);
    // Asks for the passphrase, where there is one, while the screen is still the shell's.
    let vault = match vault {
        Some(open) => open,
        None => Arc::new(Mutex::new(self::vault(paths)?)),
    };
    let kept = Arc::clone(&vault);
    let warnings = Arc::new(Mutex::new(loaded.warnings));
    let (settings, places, odd) = (config.clone(), paths.clone(), Arc::clone(&warnings));
    let keeper: Arc<OnceLock<Keeper>> = Arc::default();
    let (made, runtime) = (Arc::clone(&keeper), tokio::runtime::Handle::current());
    let (minding, closing): (Arc<OnceLock<AbortHandle>>, Arc<Mutex<Option<Closing>>>) = Default::default();
    let (minded, closes) = (Arc::clone(&minding), Arc::clone(&closing));
    let opener = move || {
        let mut odd = odd.lock().unwrap_or_else(PoisonError::into_inner);
        let store = Store::open(&places.store)?;
        *closes.lock().unwrap_or_else(PoisonError::into_inner) = Some(store.closing());
        let rules = rules(&settings, &places);
        let backups = Keeper::new(store.clone(), &settings.backup, &places, Arc::new(SystemClock))?;
        let backups = backups.spread(Spread { within: Duration::ZERO, ..rules.spread.clone() });
        look_after_switches(&store, &settings, &places)?;
        if scheduled {
            // What fails is in the sync log too.
            let task = runtime.spawn(backups.clone().run(|failure| tracing::error!(%failure, "backup")));
            let _ = minded.set(task.abort_handle());
        }
        let _ = made.set(backups);
        let notices = Notices::default();
        let integrations = {
            let vault = vault.lock().unwrap_or_else(PoisonError::into_inner);
            connect_all(&settings, &places, &vault, &notices, &store, &mut odd)?
        };
        let flows = usable(flows, &integrations, &mut odd);
        Ok(Options {
            home: home_name(&settings),
            actor: actor(),
            store,
            clock: Arc::new(SystemClock),
            integrations,
            flows,
            junk: junk(&places, &mut odd),
            rules,
            scheduled,
            notices,
            settings: Some(Arc::new(SettingsInConfig(places.config.clone()))),
        })
    };
    let (service, result) = Service::open(paths.store.clone(), Box::new(opener))?;
    let opened = Mutex::new(Some(Opening { result, warnings }));
    Ok(Home { service, name: home_name(&config), config, vault: kept, opened, keeper, minding, closing })
}

/// Settings that are changed in the interface go into `config.toml`, which keeps a person's comments.
struct SettingsInConfig(std::path::PathBuf);

impl SettingsFile for SettingsInConfig {
    fn save_scope(&self, integration: &IntegrationId, scope: &SyncScope) -> Result<(), Failure> {
        let mut editor = Editor::open(&self.0)?;
        if !editor.set_scope(integration, scope)? {
            let what = format!("{} has no integration {integration} any more", self.0.display());
            return Err(output::usage(what, "start matchbook again"));
        }
        editor.save()
    }

    fn write_rules(&self, flow: &FlowId) -> Result<WriteRules, Failure> {
        let config = config::load(&self.0)?.config;
        Ok(config.flows.iter().find(|known| known.name == *flow).map(FlowConfig::write_rules).unwrap_or_default())
    }

    fn save_policies(
        &self,
        flow: &FlowId,
        update: UpdatePolicy,
        fields: &BTreeMap<WriteField, FieldPolicy>,
    ) -> Result<(), Failure> {
        let mut editor = Editor::open(&self.0)?;
        if !editor.set_policies(flow, update, fields)? {
            let what = format!("{} has no flow {flow} any more", self.0.display());
            return Err(output::usage(what, "start matchbook again"));
        }
        editor.save()
    }

    fn save_schedule(
        &self,
        integration: &IntegrationId,
        stream: Stream,
        schedule: Option<&Schedule>,
    ) -> Result<(), Failure> {
        let mut editor = Editor::open(&self.0)?;
        if !editor.set_schedule(integration, stream, schedule.map(ToString::to_string).as_deref())? {
            let what = format!("{} has no integration {integration} any more", self.0.display());
            return Err(output::usage(what, "start matchbook again"));
        }
        editor.save()
    }

    fn resume(&self, integration: &IntegrationId) -> Result<(), Failure> {
        let paused = config::load(&self.0)?.config.integration(integration).is_some_and(|i| i.paused);
        if !paused {
            return Ok(());
        }
        let mut editor = Editor::open(&self.0)?;
        editor.set_paused(integration, false);
        editor.save()
    }
}

/// The settings of every sync, with what tells this home from others.
fn rules(settings: &Config, places: &Paths) -> SyncRules {
    let mut hasher = DefaultHasher::new();
    (rustix::system::uname().nodename().to_bytes(), &places.store).hash(&mut hasher);
    let rules = settings.sync.rules();
    SyncRules { spread: Spread { seed: hasher.finish(), ..rules.spread }, ..rules }
}

/// What the configuration pauses is paused; a refused key that was replaced since is tried again.
fn look_after_switches(store: &Store, settings: &Config, places: &Paths) -> Result<(), Failure> {
    for integration in settings.integrations.iter().filter(|i| i.paused) {
        store.set_paused(&integration.name, true)?;
    }
    let changed = std::fs::metadata(&places.vault).and_then(|vault| vault.modified()).ok();
    let Some(changed) = changed.map(Timestamp::from) else { return Ok(()) };
    for state in store.stream_states()? {
        if state.state.refused_key().is_some() && state.started.is_none_or(|at| at < changed) {
            store.save_stream_state(&StreamProgress { state: RunState::Cut, ..state })?;
        }
    }
    Ok(())
}

/// Flows whose integrations could be made; the others are named in the warnings.
fn usable(flows: Vec<Flow>, integrations: &[Connected], warnings: &mut Vec<String>) -> Vec<Flow> {
    let known = |id| integrations.iter().any(|i| i.id == id);
    let (good, bad): (Vec<Flow>, Vec<Flow>) =
        flows.into_iter().partition(|f| known(f.source.clone()) && known(f.target.clone()));
    warnings.extend(bad.iter().map(|f| format!("flow {} is left out: one of its integrations cannot run", f.id)));
    good
}

/// The login name, for the history. A task of cron has no `USER`: the system's own table of users is asked then.
pub fn actor() -> String {
    ["MATCHBOOK_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
        .or_else(|| whoami::username().ok())
        .unwrap_or_else(|| "unknown".into())
}

fn home_name(config: &Config) -> String {
    config.home_name.clone().unwrap_or_else(|| "matchbook".into())
}

/// Opens the vault; a passphrase comes from where [`passphrase`] takes it.
///
/// # Errors
/// The vault's; a passphrase vault without a passphrase.
pub fn vault(paths: &Paths) -> Result<Vault, Failure> {
    if !Vault::needs_passphrase(&paths.vault) {
        return Vault::open(&paths.vault, &paths.vault_key, None);
    }
    Vault::open(&paths.vault, &paths.vault_key, Some(&|| passphrase::of_vault(paths)))
}

fn connect_all(
    config: &Config,
    paths: &Paths,
    vault: &Vault,
    notices: &Notices,
    store: &Store,
    warnings: &mut Vec<String>,
) -> Result<Vec<Connected>, Failure> {
    let mut connected = Vec::new();
    let tuning = super::logging::tuning(paths)?;
    for integration in &config.integrations {
        let credentials = vault.get(&integration.name).unwrap_or_else(Credentials::none);
        let connection = connection(integration, credentials, paths);
        let observer = notices.observer(&integration.name);
        match connectors::connect_with(connection, observer, tuning.clone()) {
            Ok(connector) => connected.push(Connected {
                id: integration.name.clone(),
                system: connector.system(),
                schedules: schedules(integration)?,
                scope: integration.sync.clone(),
                connector,
            }),
            // One integration that cannot run does not keep the others from running.
            Err(failure) => warnings.push(format!("integration {}: {failure}", integration.name)),
        }
    }
    // Matchbook's own register is one more integration as soon as something is in it, or is to come into it.
    let named = config.flows.iter().any(|flow| flow.target.is_inventory() || flow.source.is_inventory());
    if named || Stream::ALL.into_iter().any(|stream| store.live_count(&IntegrationId::inventory(), stream) > 0) {
        connected.push(Connected {
            id: IntegrationId::inventory(),
            system: None,
            schedules: BTreeMap::new(),
            scope: SyncScope::default(),
            connector: connectors::inventory(),
        });
    }
    Ok(connected)
}

/// The connection that an integration's settings mean.
pub fn connection(integration: &config::IntegrationConfig, credentials: Credentials, paths: &Paths) -> Connection {
    let own = Some(paths.mappings.clone());
    // Files are named as seen from the directory of the configuration.
    let base = paths.config.parent().unwrap_or(std::path::Path::new("."));
    Connection {
        integration: integration.name.clone(),
        connector: integration.connector.clone(),
        base_url: integration.base_url.clone(),
        region: integration.region.clone(),
        options: integration.options.clone(),
        credentials,
        requests_per_second: integration.requests_per_second,
        page_size: integration.page_size,
        files: integration.files.iter().map(|(stream, file)| (*stream, base.join(file))).collect(),
        mapping_override_dir: own,
    }
}

fn schedules(integration: &config::IntegrationConfig) -> Result<BTreeMap<Stream, crate::domain::Schedule>, Failure> {
    Stream::ALL.into_iter().map(|stream| Ok((stream, integration.schedule_of(stream)?))).collect()
}

/// The built-in list of values that identify nothing, with the person's own `junk.toml` beside the configuration.
fn junk(paths: &Paths, warnings: &mut Vec<String>) -> JunkList {
    let mut junk = JunkList::built_in();
    let own = paths.config.with_file_name("junk.toml");
    if let Ok(text) = std::fs::read_to_string(&own)
        && let Err(reason) = junk.extend_from_toml(&text)
    {
        warnings.push(format!("{} is left out: {reason}", own.display()));
    }
    junk
}

impl Home {
    /// Waits until store and connectors are open; returns what was odd. The second call returns nothing.
    ///
    /// # Errors
    /// What keeps the home from opening.
    pub async fn opened(&self) -> Result<Vec<String>, Failure> {
        let opening = self.opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Opening { result, warnings }) = opening else { return Ok(Vec::new()) };
        let gone = |_| Failure::new(FailureClass::Ours, "the service has stopped", "start matchbook again");
        result.await.map_err(gone)??;
        Ok(std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Waits until it is open and says on stderr what was odd.
    ///
    /// # Errors
    /// What keeps the home from opening.
    pub async fn wait(&self) -> Result<(), Failure> {
        for warning in self.opened().await? {
            output::say(&format!("warning: {warning}"));
        }
        Ok(())
    }

    /// Closes a home whose service was stopped and waits until its store is closed, so that it can be opened anew in
    /// this process. Returns its open vault.
    pub async fn close(self) -> SharedVault {
        if let Some(task) = self.minding.get() {
            task.abort();
        }
        let vault = Arc::clone(&self.vault);
        let closing = self.closing.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(self);
        if let Some(closing) = closing {
            // One that stays open is named by the next opening.
            let _ = tokio::task::spawn_blocking(move || closing.wait(CLOSED_WITHIN)).await;
        }
        vault
    }

    /// Makes the scheduled backup when it is due: for commands that end. Blocks.
    pub fn back_up_if_due(&self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.once();
        }
    }

    /// Asks a query.
    ///
    /// # Errors
    /// The service's.
    pub async fn query(&self, query: Query) -> Result<View, Failure> {
        match self.service.ask(Request::Query(query)).await? {
            Reply::View(view) => Ok(view),
            Reply::Done(_) | Reply::Failed(_) => {
                Err(Failure::new(FailureClass::Ours, "the service answered something else", "report it"))
            }
        }
    }
}
