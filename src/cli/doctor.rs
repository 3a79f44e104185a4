//! `mesash doctor`: looks at what a session needs, and says what to do where something is wrong.

use std::ffi::OsString;
use std::fs;
use std::io::{IsTerminal, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mesa_remote::{Address, RemoteBackend};
use mesa_store::{Store, StoreError, StoreOptions};
use mesafs::backend::OpenError;
use mesafs::clock::SystemClock;
use mesafs::token::{ApiKey, Jti, Scope, mint};
use mesafs::{Backend as _, RepoId};

use super::args::Options;
use super::config::{self, KeySource, Settings, config_path, host, plain, read_key};
use super::failure::{FAILED, Failure};
use super::share::{self, Owner};

/// How long the token is good by which a server is asked whether it knows a key.
const TTL_S: u64 = 60;

/// What a look at something came to.
enum Finding {
    Fine(String),
    /// It works, but not as well as it could.
    Note(String, String),
    /// It doesn't, and what to do.
    Wrong(String, String),
}

use Finding::{Fine, Note, Wrong};

/// Says how things are; 1 if something is wrong.
///
/// # Errors
/// [`Failure`]: there are other words, or nobody reads.
pub fn run(words: &[OsString], options: &Options) -> Result<u8, Failure> {
    if words.len() > 1 {
        return Err(Failure::usage("doctor: extra operand"));
    }
    let mut findings = vec![version()];
    match Settings::settle(options, &host) {
        Ok(settings) => {
            findings.push(config_file());
            match &settings.server {
                Some(address) => findings.push(server(&settings, address)),
                None => {
                    findings.extend(keys(&settings));
                    findings.extend(store(&settings));
                    findings.push(Fine("server: none is needed for a store".into()));
                }
            }
            findings.push(rc(&settings));
            findings.push(history(&settings));
        }
        Err(failure) => {
            let advice = "mend what it names; docs/config.md says what may stand there";
            findings.push(Wrong(format!("settings: {}", failure.message), advice.into()));
        }
    }
    findings.extend(terminal());
    let wrong = findings.iter().any(|finding| matches!(finding, Wrong(..)));
    let mut text = String::new();
    for finding in findings {
        text += &match finding {
            Fine(what) => format!("ok    {what}\n"),
            Note(what, advice) => format!("note  {what}\n      {advice}\n"),
            Wrong(what, advice) => format!("WRONG {what}\n      {advice}\n"),
        };
    }
    let written = std::io::stdout().lock().write_all(text.as_bytes());
    written.map_err(|error| Failure::new(FAILED, format!("write error: {}", plain(&error))))?;
    Ok(u8::from(wrong))
}

fn version() -> Finding {
    Fine(super::usage::VERSION.trim_end().to_owned())
}

fn config_file() -> Finding {
    match config_path(&host) {
        Some(path) if path.exists() => Fine(format!("settings: {}", path.display())),
        Some(path) => Fine(format!("settings: {} is not there; defaults are used", path.display())),
        None => Wrong("settings: there is no home folder".into(), "set HOME".into()),
    }
}

/// Whether others than the owner may read it.
fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|stat| stat.permissions().mode() & 0o077 != 0)
}

fn keys(settings: &Settings) -> Vec<Finding> {
    let path = match &settings.key {
        KeySource::Given(key) => {
            let from = if host("MESA_API_KEY").is_some() { "MESA_API_KEY" } else { "config.toml" };
            let mut findings = vec![Fine(format!("key: of org '{}', from {from}", key.org()))];
            let file = config_path(&host).filter(|path| from == "config.toml" && is_open(path));
            findings.extend(file.map(|path| {
                let path = path.display();
                Wrong(format!("key: others can read {path}"), format!("chmod 600 {path}"))
            }));
            return findings;
        }
        KeySource::File(path) => path,
    };
    let shown = path.display();
    match read_key(path) {
        Ok(Some(_)) if is_open(path) => {
            vec![Wrong(format!("key: others can read {shown}"), format!("chmod 600 {shown}"))]
        }
        Ok(Some(key)) => vec![Fine(format!("key: of org '{}', in {shown}", key.org()))],
        Ok(None) if settings.store.exists() => vec![Wrong(
            format!("key: {shown} is not there"),
            "set MESA_API_KEY, or make a key with 'mesash key create' where one is left".into(),
        )],
        Ok(None) => vec![Fine(format!("key: the first run makes it, in {shown}"))],
        Err(failure) => {
            vec![Wrong(format!("key: {}", failure.message), "put the right key there".into())]
        }
    }
}

fn store(settings: &Settings) -> Vec<Finding> {
    let path = &settings.store;
    let shown = path.display();
    if !path.exists() {
        let parent = path.ancestors().skip(1).find(|folder| folder.exists());
        let writable = parent
            .is_some_and(|parent| rustix::fs::access(parent, rustix::fs::Access::WRITE_OK).is_ok());
        return vec![match writable {
            true => Fine(format!("store: the first run makes it, in {shown}")),
            false => Wrong(
                format!("store: {shown} can't be made"),
                "choose another folder with --store, MESASH_STORE or 'store' in config.toml".into(),
            ),
        }];
    }
    // Another process that has it open is told of, and not waited for.
    let options = StoreOptions { lock_wait: Duration::ZERO, ..StoreOptions::default() };
    let store = match Store::open(path, options) {
        Ok(store) => store,
        Err(StoreError::Busy { pid, .. }) => return vec![busy(path, pid)],
        Err(error) => {
            let advice = "see that the folder is yours and the disk has room; the journal has what was acknowledged";
            return vec![Wrong(format!("store: {shown}: {error}"), advice.into())];
        }
    };
    let mut findings = opened(settings, &store);
    if let Err(error) = store.close() {
        findings.push(Wrong(format!("store: {error}"), "see that the disk has room".into()));
    }
    if is_open(path) {
        findings
            .push(Note(format!("store: others can read {shown}"), format!("chmod 700 {shown}")));
    }
    findings
}

/// A store that another process has open.
fn busy(path: &Path, pid: u32) -> Finding {
    let open = format!("store: {} is open in process {pid}", path.display());
    match share::ask(path, || false) {
        Owner::Answers => Fine(format!("{open}, through which others mount it")),
        Owner::Absent => Note(
            format!("{open}, which does not share it"),
            "others wait until that process ends".into(),
        ),
        Owner::Frozen => Wrong(
            format!("{open}, which does not answer"),
            "continue that process, or end it".into(),
        ),
    }
}

/// Whether a server answers, and knows the key.
fn server(settings: &Settings, address: &Address) -> Finding {
    let at = address;
    let address = match at {
        Address::Http(url) => url.clone(),
        Address::Unix(path) => format!("unix:{}", path.display()),
    };
    let key = match &settings.key {
        KeySource::Given(key) => Some(key.clone()),
        KeySource::File(path) => read_key(path).ok().flatten(),
    };
    let Some(key) = key else {
        let missing = format!("key: there is none for org '{}'", settings.org);
        return Wrong(missing, "set MESA_API_KEY".into());
    };
    let failed = |reason: String| {
        let advice = "see that it runs, and that the address is right".into();
        Wrong(format!("server: {address}: {reason}"), advice)
    };
    let token = || -> Result<_, String> {
        let any = RepoId::parse("any", key.org()).map_err(|error| error.to_string())?;
        let jti = Jti::random().map_err(|error| error.to_string())?;
        mint(&key, &[any], Scope::Read, TTL_S, &SystemClock, jti).map_err(|error| error.to_string())
    };
    let backend = RemoteBackend::new(at, Arc::new(SystemClock));
    match (token(), backend) {
        (Ok(token), Ok(backend)) => match backend.repos(&token.token) {
            Ok(_) => {
                Fine(format!("server: {address} answers, and knows the key of '{}'", key.org()))
            }
            Err(OpenError::Unauthorized(reason)) => Wrong(
                format!("server: {address} refuses the key: {reason}"),
                "have it registered there: 'mesash key add'".into(),
            ),
            Err(error) => failed(error.to_string()),
        },
        (Err(reason), _) => failed(reason),
        (_, Err(error)) => failed(error.to_string()),
    }
}

/// What an open store tells.
fn opened(settings: &Settings, store: &Store) -> Vec<Finding> {
    let shown = settings.store.display();
    let mut findings = Vec::new();
    match store.repos(Some(&settings.org)) {
        Ok(repos) if repos.is_empty() => findings.push(Note(
            format!("store: {shown} has no repository of org '{}'", settings.org),
            "make one with 'mesash repo create NAME', or import one with 'mesash repo import'"
                .into(),
        )),
        Ok(repos) => {
            let count = repos.len();
            findings
                .push(Fine(format!("store: {shown}, repositories of '{}': {count}", settings.org)));
        }
        Err(error) => {
            findings.push(Wrong(format!("store: {error}"), "restore it from a backup".into()))
        }
    }
    let key: Option<ApiKey> = match &settings.key {
        KeySource::Given(key) => Some(key.clone()),
        KeySource::File(path) => read_key(path).ok().flatten(),
    };
    if let (Some(key), Ok(keys)) = (key, store.keys(None)) {
        let known = keys.iter().any(|info| info.key.public == *key.public());
        if !known && !keys.is_empty() {
            let advice =
                "register it with 'mesash key add', or use one that 'mesash key list' shows";
            findings.push(Wrong(
                "key: the store does not know it, or has revoked it".into(),
                advice.into(),
            ));
        }
    }
    findings
}

fn rc(settings: &Settings) -> Finding {
    match settings.prompt.rc.as_ref().filter(|path| path.exists()) {
        None => Fine("mesashrc: there is none".into()),
        Some(path) => {
            let text = fs::read(path).unwrap_or_default();
            match crate::analyze::dump_ast(&text).1 {
                None => Fine(format!("mesashrc: {}", path.display())),
                Some(error) => {
                    Wrong(format!("mesashrc: {}: {error}", path.display()), "mend that line".into())
                }
            }
        }
    }
}

fn history(settings: &Settings) -> Finding {
    let Some(path) = settings.history.as_ref() else {
        return Note("history: there is no place for it".into(), "set HOME".into());
    };
    let shown = path.display();
    match fs::OpenOptions::new().append(true).open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Fine(format!("history: the first prompt makes {shown}"))
        }
        Err(error) => Wrong(
            format!("history: {shown}: {}", config::plain(&error)),
            "see whose file it is".into(),
        ),
        Ok(_) if is_open(path) => {
            Wrong(format!("history: others can read {shown}"), format!("chmod 600 {shown}"))
        }
        Ok(_) => Fine(format!("history: {shown}")),
    }
}

fn terminal() -> Vec<Finding> {
    if !std::io::stdout().is_terminal() {
        return vec![Fine("terminal: none (output goes elsewhere)".into())];
    }
    let text = |name: &str| host(name).map(|value| value.to_string_lossy().into_owned());
    let term = text("TERM").unwrap_or_default();
    let look = crate::repl::Look::of_host();
    let (columns, rows) = crate::repl::size();
    let mut findings = Vec::new();
    if look.dumb {
        findings.push(Note(
            format!("terminal: TERM is '{term}': no colours, no menus, no history by keys"),
            "set TERM to what the terminal is, as xterm-256color".into(),
        ));
    } else {
        findings.push(Fine(format!("terminal: {term}, {columns} columns, {rows} rows")));
    }
    if !look.unicode {
        findings.push(Note(
            "terminal: the locale is not UTF-8: signs are drawn in ASCII".into(),
            "set LANG to one that is, as C.UTF-8".into(),
        ));
    }
    findings
}
