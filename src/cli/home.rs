//! Opening the store of a run: the first run's making of it, the key, and the mount.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use mesa_store::{Store, StoreError, StoreOptions};
use mesafs::name::{OrgName, RepoId, RepoName};
use mesafs::token::{ApiKey, KeyRepos, Scope};

use super::config::{KeySource, Settings, plain, read_key};
use super::failure::{FAILED, Failure, INTERRUPTED, UNAUTHORIZED};
use super::notice;
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

/// Mounted repositories, with the store that they are in.
#[derive(Debug)]
pub struct Mounted {
    pub fs: MesaFileSystem,
    pub store: Store,
    pub made: Vec<String>,
    remount: Remount,
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
        if let Some(parent) = settings.store.parent() {
            fs::create_dir_all(parent).map_err(|error| {
                Failure::new(FAILED, format!("{}: {}", parent.display(), plain(&error)))
            })?;
        }
        let store = open_store(settings, watch)?;
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
        Ok(Mounted { fs, store: self.store, made: self.made, remount })
    }
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
        let _other = next.set(Box::new(Self { fs, store, made, remount }));
        Ok(ttl_s)
    }

    /// Flushes and closes everything. The process is about to end: the memory is left to the kernel,
    /// which gives it back quicker than its owners take it apart.
    ///
    /// # Errors
    /// [`Failure`]: the first one, after everything was tried.
    pub fn close(&self) -> Result<(), Failure> {
        let mut unmounted = self.fs.close_blocking();
        let mut mounted = self;
        while let Some(next) = mounted.remount.next.get() {
            unmounted = unmounted.and(next.fs.close_blocking());
            mounted = next;
        }
        let closed = self.store.close();
        std::mem::forget(self.store.clone());
        closed?;
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

/// Opens a store. A person is told who has to be waited for; a signal ends the wait.
fn open_store(settings: &Settings, watch: &Watch) -> Result<Store, Failure> {
    let open = |lock_wait| {
        let default = StoreOptions::default();
        let retention = settings.retention.unwrap_or(default.retention);
        Store::open(&settings.store, StoreOptions { lock_wait, retention, ..default })
    };
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
