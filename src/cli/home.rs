//! Opening the store of a run: the first run's making of it, the key, and the mount.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mesa_remote::{Address, Connection, RemoteBackend};
use mesa_store::{Store, StoreError, StoreOptions};
use mesafs::clock::{Clock, SystemClock};
use mesafs::name::{OrgName, RepoId, RepoName};
use mesafs::token::{ApiKey, KeyRepos, Scope};
use parking_lot::Mutex;

use super::config::{KeySource, Settings, plain, read_key};
use super::failure::{BUSY, FAILED, Failure, INTERRUPTED, UNAUTHORIZED};
use super::notice;
use super::share::{self, Owner, Share};
use super::signals::Watch;
use crate::eval::Interpreter;
use crate::mesa::{Author, Mesa, MesaFileSystem, MountOptions, RepoConfig};

/// How long a process waits for another one that has the store open.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// How long it waits before it looks whether a signal came.
const LOCK_LOOK: Duration = Duration::from_millis(50);
/// The repository that the first run makes.
const FIRST_REPO: &str = "scratch";

/// An open store and the key to it.
#[derive(Debug)]
pub struct Home {
    pub store: Store,
    pub key: ApiKey,
    /// What the first run has made, in lines for a person.
    pub made: Vec<String>,
}

/// Mounted repositories, with the store that they are in if this process has it open.
#[derive(Debug)]
pub struct Mounted {
    pub fs: MesaFileSystem,
    pub store: Option<Store>,
    pub made: Vec<String>,
    remount: Remount,
    /// What lets other processes have the store too.
    share: Option<Mutex<Share>>,
}

/// What it takes to mount again, and what was mounted after this.
#[derive(Debug)]
struct Remount {
    mesa: Mesa,
    options: MountOptions,
    next: OnceLock<Box<Mounted>>,
}

impl Home {
    /// Opens the store, waiting for another process that has it open. An empty one gets, under the
    /// store's lock, its first key and repository.
    ///
    /// # Errors
    /// [`Failure`]: the store is busy or broken, the key can't be read or is missing.
    pub fn open(settings: &Settings, watch: &Watch) -> Result<Self, Failure> {
        make_parent(&settings.store)?;
        Self::of(open_store(settings, watch)?, settings)
    }

    /// An open store, with what its first run makes.
    ///
    /// # Errors
    /// [`Failure`]: the key can't be read or is missing.
    pub fn of(store: Store, settings: &Settings) -> Result<Self, Failure> {
        let key = match &settings.key {
            KeySource::Given(key) => key.clone(),
            KeySource::File(path) => match read_key(path)? {
                Some(key) => key,
                None => new_key(&store, &settings.org, path)?,
            },
        };
        let mut home = Self { store, key, made: Vec::new() };
        if home.store.keys(None)?.is_empty() {
            home.begin(settings)?;
        }
        Ok(home)
    }

    /// The first run: registers the key, and makes a repository to begin in.
    fn begin(&mut self, settings: &Settings) -> Result<(), Failure> {
        let org = self.key.org();
        self.store.add_key(org, self.key.public(), Scope::Admin, KeyRepos::All)?;
        let key = match &settings.key {
            KeySource::Given(_) => String::new(),
            KeySource::File(path) => format!(", key in {}", path.display()),
        };
        let store = settings.store.display();
        self.made.push(format!("made a store in {store} (org '{org}'{key})"));
        if self.store.repos(None)?.is_empty() {
            let repo = RepoName::new(FIRST_REPO).map_err(|error| Failure::new(FAILED, error))?;
            let repo = RepoId::new(org.clone(), repo);
            self.store.create_repo(&repo, &self.author(settings))?;
            self.made.push(format!("made the repository '{}', at /{repo}", repo.repo));
        }
        Ok(())
    }

    /// Whose the changes of this run are.
    pub fn author(&self, settings: &Settings) -> Author {
        let named = settings.author.clone();
        named.unwrap_or_else(|| Author { name: self.key.author_name(), email: String::new() })
    }

    /// Mounts `repos`, or all of the org if none are named.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn mount(
        self,
        settings: &Settings,
        repos: &[RepoConfig],
        interpreter: &Interpreter,
    ) -> Result<Mounted, Failure> {
        let mut repos = repos.to_vec();
        if repos.is_empty() {
            let all = self.store.repos(Some(&settings.org))?;
            repos = all.iter().map(|info| RepoConfig::from(&info.id)).collect();
        }
        if repos.is_empty() {
            let reason = format!(
                "no repositories in org '{}': make one with 'mesash repo create NAME'",
                settings.org
            );
            return Err(Failure::new(FAILED, reason));
        }
        let mesa = Mesa::builder()
            .org(settings.org.as_str())
            .key(self.key)
            .opened_store(self.store.clone())
            .interpreter(interpreter.clone())
            .build()?;
        let options = mount_options(settings, repos);
        let fs = mesa.fs().mount_blocking(&options)?;
        let remount = Remount { mesa, options, next: OnceLock::new() };
        let (store, made) = (Some(self.store), self.made);
        Ok(Mounted { fs, store, made, remount, share: None })
    }
}

fn make_parent(store: &Path) -> Result<(), Failure> {
    let Some(parent) = store.parent() else { return Ok(()) };
    let made = fs::create_dir_all(parent);
    made.map_err(|error| Failure::new(FAILED, format!("{}: {}", parent.display(), plain(&error))))
}

/// Mounts `repos` of the server or the store that the settings name.
///
/// # Errors
/// [`Failure`].
pub fn mount(
    settings: &Settings,
    watch: &Watch,
    repos: &[RepoConfig],
    interpreter: &Interpreter,
) -> Result<Mounted, Failure> {
    match &settings.server {
        None => mount_shared(settings, watch, repos, interpreter),
        Some(_) if repos.is_empty() => {
            Err(Failure::usage("name the repositories to mount from a server: -r NAME"))
        }
        Some(address) => {
            let backend = Arc::new(connect(address)?);
            mount_from(backend, settings, repos, interpreter)
        }
    }
}

/// Mounts `repos` of the store, which other processes may have open.
fn mount_shared(
    settings: &Settings,
    watch: &Watch,
    repos: &[RepoConfig],
    interpreter: &Interpreter,
) -> Result<Mounted, Failure> {
    let folder = settings.store.clone();
    let author = settings.author.clone();
    if let Some(store) = open_or_join(settings, watch)? {
        let mut mounted = Home::of(store.clone(), settings)?.mount(settings, repos, interpreter)?;
        mounted.share = Some(Mutex::new(Share::begin(store, folder, author)));
        return Ok(mounted);
    }
    let mut repos = repos.to_vec();
    if repos.is_empty() {
        repos = peek(&folder, &settings.org).iter().map(RepoConfig::from).collect();
    }
    let backend = Arc::new(connect(&Address::Unix(share::socket(&folder)))?);
    let mut mounted = mount_from(Arc::clone(&backend), settings, &repos, interpreter)?;
    let options = store_options(settings, Duration::ZERO);
    mounted.share = Some(Mutex::new(Share::inherit(backend, folder, options, author)));
    Ok(mounted)
}

/// Opens a store; `None` if another process has it open and shares it.
///
/// # Errors
/// [`Failure`]: the store is broken, or busy in a process that does not share it.
pub fn open_or_join(settings: &Settings, watch: &Watch) -> Result<Option<Store>, Failure> {
    make_parent(&settings.store)?;
    let folder = &settings.store;
    let end = Instant::now() + LOCK_WAIT;
    let mut lock_wait = Duration::ZERO;
    loop {
        let busy = match Store::open(folder, store_options(settings, lock_wait)) {
            Ok(store) => return Ok(Some(store)),
            Err(busy @ StoreError::Busy { .. }) => busy,
            Err(error) => return Err(error.into()),
        };
        match share::ask(folder, || watch.is_signalled()) {
            Owner::Answers => return Ok(None),
            Owner::Frozen => {
                return Err(Failure::new(BUSY, format!("{busy}, which does not answer")));
            }
            Owner::Absent => {}
        }
        if watch.is_signalled() {
            return Err(Failure::silent(INTERRUPTED));
        }
        if Instant::now() >= end {
            return Err(busy.into());
        }
        if lock_wait.is_zero()
            && let StoreError::Busy { pid, .. } = &busy
        {
            notice(&[format!("waiting for process {pid}, which has the store open")]);
        }
        lock_wait = LOCK_LOOK;
    }
}

/// The way to a server.
///
/// # Errors
/// [`Failure`]: there are no threads to be had.
pub fn connect(address: &Address) -> Result<RemoteBackend, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let backend =
        RemoteBackend::new(address, clock).map_err(|error| Failure::new(FAILED, error))?;
    backend.watch(|connection| {
        let text = match connection {
            Connection::Away => {
                "the server cannot be reached: what was read before can be read, nothing written"
            }
            Connection::Back => "the server is back",
        };
        let _ = writeln!(io::stderr().lock(), "mesash: {text}");
    });
    Ok(backend)
}

/// Mounts repositories of a server. Nothing is made there, and no author is named: the server knows
/// whose the key is.
fn mount_from(
    backend: Arc<RemoteBackend>,
    settings: &Settings,
    repos: &[RepoConfig],
    interpreter: &Interpreter,
) -> Result<Mounted, Failure> {
    let key = match &settings.key {
        KeySource::Given(key) => key.clone(),
        KeySource::File(path) => read_key(path)?.ok_or_else(|| {
            let reason = format!("no API key for org '{}': set MESA_API_KEY", settings.org);
            Failure::new(UNAUTHORIZED, reason)
        })?,
    };
    let mesa = Mesa::builder()
        .org(settings.org.as_str())
        .key(key)
        .backend(backend)
        .interpreter(interpreter.clone())
        .build()?;
    let options = mount_options(settings, repos.to_vec());
    let fs = mesa.fs().mount_blocking(&options)?;
    let remount = Remount { mesa, options, next: OnceLock::new() };
    Ok(Mounted { fs, store: None, made: Vec::new(), remount, share: None })
}

impl Mounted {
    /// The mount that was made last.
    pub fn latest(&self) -> &Self {
        let mut latest = self;
        while let Some(next) = latest.remount.next.get() {
            latest = next;
        }
        latest
    }

    /// Mounts the same again, under a new token; for how many seconds that is good.
    ///
    /// # Errors
    /// Those of mounting.
    pub fn again(&self) -> Result<u64, Failure> {
        let latest = self.latest();
        let Remount { mesa, options, next } = &latest.remount;
        let fs = latest.fs.again(mesa, options)?;
        let (mesa, options) = (mesa.clone(), options.clone());
        let ttl_s = options.ttl_s;
        let remount = Remount { mesa, options, next: OnceLock::new() };
        let (store, made) = (latest.store.clone(), Vec::new());
        // Where two have done it at once, both have a new one.
        let again = Self { fs, store, made, remount, share: None };
        let _other = next.set(Box::new(again));
        Ok(ttl_s)
    }

    /// Flushes and closes everything. The process is about to end: the memory is left to the kernel,
    /// which gives it back quicker than its owners take it apart.
    ///
    /// # Errors
    /// [`Failure`]: the first one, after everything was tried.
    pub fn close(&self) -> Result<(), Failure> {
        // A store of this process's is let go of by others before it closes.
        if let (Some(share), Some(_)) = (&self.share, &self.store) {
            share.lock().end();
        }
        let mut unmounted = self.fs.close_blocking();
        let mut mounted = self;
        while let Some(next) = mounted.remount.next.get() {
            unmounted = unmounted.and(next.fs.close_blocking());
            mounted = next;
        }
        if let Some(share) = &self.share {
            share.lock().end();
        }
        if let Some(store) = &self.store {
            let closed = store.close();
            std::mem::forget(store.clone());
            closed?;
        }
        unmounted.map_err(|error| Failure::new(FAILED, error))
    }
}

/// What a mount of `repos` is asked for.
pub fn mount_options(settings: &Settings, repos: Vec<RepoConfig>) -> MountOptions {
    let mut options = MountOptions::new(repos).ttl(settings.ttl_s);
    options.author.clone_from(&settings.author);
    options
}

/// The repositories of the org, by a look that takes no lock and opens no store; where there is none
/// yet, what the first run makes.
pub fn peek(store: &Path, org: &OrgName) -> Vec<RepoId> {
    match RepoName::new(FIRST_REPO) {
        Ok(first) if !store.exists() => vec![RepoId::new(org.clone(), first)],
        _ => Store::peek_repos(store, org).unwrap_or_default(),
    }
}

/// How the settings have a store opened.
fn store_options(settings: &Settings, lock_wait: Duration) -> StoreOptions {
    let default = StoreOptions::default();
    let retention = settings.retention.unwrap_or(default.retention);
    StoreOptions { lock_wait, retention, ..default }
}

/// Opens a store. A person is told who has to be waited for; a signal ends the wait.
fn open_store(settings: &Settings, watch: &Watch) -> Result<Store, Failure> {
    let open = |lock_wait| Store::open(&settings.store, store_options(settings, lock_wait));
    let end = Instant::now() + LOCK_WAIT;
    let mut opened = open(Duration::ZERO);
    if let Err(StoreError::Busy { pid, .. }) = &opened {
        notice(&[format!("waiting for process {pid}, which has the store open")]);
    }
    while let Err(StoreError::Busy { .. }) = &opened
        && Instant::now() < end
    {
        if watch.is_signalled() {
            return Err(Failure::silent(INTERRUPTED));
        }
        opened = open(LOCK_LOOK);
    }
    Ok(opened?)
}

/// Makes the key of a store that has none.
fn new_key(store: &Store, org: &OrgName, path: &Path) -> Result<ApiKey, Failure> {
    if !store.keys(None)?.is_empty() {
        let reason = format!(
            "no API key for org '{org}': set MESA_API_KEY, or make one with 'mesash key create'"
        );
        return Err(Failure::new(UNAUTHORIZED, reason));
    }
    let key = ApiKey::generate(org.clone()).map_err(|error| Failure::new(FAILED, error))?;
    write_key(path, &key)?;
    Ok(key)
}

/// Writes a new key file that only its owner can read, whole or not at all.
fn write_key(path: &Path, key: &ApiKey) -> Result<(), Failure> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let write = || -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(key.expose().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|error| {
        Failure::new(FAILED, format!("API key file '{}': {}", path.display(), plain(&error)))
    })
}
