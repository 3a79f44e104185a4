//! Settings: flag, then environment, then config file, then default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mesa_remote::Address;
use mesafs::name::OrgName;
use mesafs::token::ApiKey;
use mesash_builtins::near::nearest;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::args::Options;
use super::failure::{Failure, UNAUTHORIZED};
use crate::mesa::Author;

/// The org of a store that nobody named one for.
const ORG_DEFAULT: &str = "local";
/// How long a session's token lives if nothing else is asked for, in seconds.
const TTL_S_SESSION: u64 = 86_400;
const DAY: Duration = Duration::from_secs(86_400);
/// A hundred years: more is a mistake.
const RETENTION_DAYS_MAX: u32 = 36_500;

/// How many lines the history keeps if nothing else is asked for.
pub const HISTORY_LINES: usize = 10_000;

/// Reads a variable of the host's environment; an empty one counts as unset.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// The host's environment.
pub fn host(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Where the API key comes from.
#[derive(Clone)]
pub enum KeySource {
    Given(ApiKey),
    /// Beside the store, never in it. The first run makes it.
    File(PathBuf),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(key) => f.debug_tuple("Given").field(key).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// What a run works with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Of no use where there is a server, but for where the key file lies.
    pub store: PathBuf,
    /// What is mounted from instead of a store.
    pub server: Option<Address>,
    pub org: OrgName,
    pub key: KeySource,
    pub ttl_s: u64,
    pub author: Option<Author>,
    /// How far back the audit and the states that `ops restore` goes to reach; the store's own default
    /// if it is not given.
    pub retention: Option<Duration>,
    /// The history of the prompt.
    pub history: Option<PathBuf>,
    pub prompt: PromptSettings,
}

/// What only the prompt looks at.
#[derive(Debug, Clone)]
pub struct PromptSettings {
    /// How many lines the history keeps.
    pub history_lines: usize,
    /// Whether an editor of the host may be started.
    pub editor: bool,
    /// Whether long output stops at each full screen.
    pub pager: bool,
    /// What keys do, as the config file has it.
    pub keys: BTreeMap<String, String>,
    /// Shell commands that a prompt begins with.
    pub rc: Option<PathBuf>,
}

/// The config file. Unknown keys are errors.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConfigFile {
    store: Option<PathBuf>,
    server: Option<String>,
    org: Option<String>,
    api_key: Option<String>,
    ttl: Option<u64>,
    author: Option<AuthorEntry>,
    #[serde(deserialize_with = "days")]
    retention_days: Option<u32>,
    history_lines: Option<usize>,
    editor: Option<bool>,
    pager: Option<bool>,
    keys: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorEntry {
    name: String,
    #[serde(default)]
    email: String,
}

/// Days of retention, of which there is a most.
fn days<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Option<u32>, D::Error> {
    let days = u32::deserialize(source);
    let days = days.ok().filter(|days| *days <= RETENTION_DAYS_MAX);
    let wanted = format!("retention_days is a whole number from 0 to {RETENTION_DAYS_MAX}");
    days.map(Some).ok_or_else(|| serde::de::Error::custom(wanted))
}

/// The XDG folders.
struct Folders {
    home: Option<PathBuf>,
    data: Option<PathBuf>,
    config: Option<PathBuf>,
}

impl Folders {
    fn of(env: Environment<'_>) -> Self {
        let home = env("HOME").map(PathBuf::from);
        // The XDG specification has relative paths ignored.
        let named = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let below = |path: &str| home.as_ref().map(|home| home.join(path));
        let own = |base: PathBuf| base.join("mesash");
        let data = named("XDG_DATA_HOME").or_else(|| below(".local/share")).map(own);
        let config = named("XDG_CONFIG_HOME").or_else(|| below(".config")).map(own);
        Self { home, data, config }
    }

    /// A path of the config file: `~/` is the home folder, and others start beside the file.
    fn expand(&self, path: PathBuf) -> PathBuf {
        match (path.strip_prefix("~"), &self.home, &self.config) {
            (Ok(rest), Some(home), _) => home.join(rest),
            (Err(_), _, Some(config)) => config.join(path),
            _ => path,
        }
    }
}

impl Settings {
    /// Settles what was given. Reads the config file and the key file, if they are there, and touches
    /// no store.
    ///
    /// # Errors
    /// [`Failure`] that names the file, variable or option.
    pub fn settle(options: &Options, env: Environment<'_>) -> Result<Self, Failure> {
        let folders = Folders::of(env);
        let file = read_config(&folders)?;
        let text = |name: &str| -> Result<Option<String>, Failure> {
            let not_text = |_| Failure::usage(format!("{name}: not UTF-8"));
            env(name).map(OsString::into_string).transpose().map_err(not_text)
        };
        let given = (options.store.clone().map(PathBuf::from), options.server.clone());
        let set = (env("MESASH_STORE").map(PathBuf::from), text("MESA_API_URL")?);
        let filed = (file.store.map(|store| folders.expand(store)), file.server);
        let (store, server) = match [given, set, filed].into_iter().find_map(chosen) {
            Some(chosen) => chosen?,
            None => (None, None),
        };
        let store = match (store, &folders.data) {
            (Some(store), _) => store,
            (None, Some(data)) => data.join("store"),
            (None, None) if server.is_some() => PathBuf::new(),
            (None, None) => {
                return Err(Failure::usage("no place for the store: set HOME or use --store"));
            }
        };
        let given = text("MESA_API_KEY")?.or(file.api_key).map(Zeroizing::new);
        let key = match given {
            Some(key) => KeySource::Given(
                ApiKey::parse(key.trim()).map_err(|error| Failure::new(UNAUTHORIZED, error))?,
            ),
            None => KeySource::File(key_file(&store)),
        };
        let org = options.org.clone();
        let org = org.map_or_else(|| text("MESA_ORG"), |org| Ok(Some(org)))?.or(file.org);
        Ok(Self {
            org: choose_org(org, &key)?,
            key,
            store,
            server,
            ttl_s: options.ttl_s.or(file.ttl).unwrap_or(TTL_S_SESSION),
            retention: file.retention_days.map(|days| DAY * days),
            author: file.author.map(|AuthorEntry { name, email }| Author { name, email }),
            history: folders.data.as_ref().map(|data| data.join("history.db")),
            prompt: PromptSettings {
                history_lines: file.history_lines.unwrap_or(HISTORY_LINES),
                editor: file.editor.unwrap_or(true),
                pager: file.pager.unwrap_or(true),
                keys: file.keys,
                rc: folders.config.as_ref().map(|config| config.join("mesashrc")),
            },
        })
    }
}

type Chosen = (Option<PathBuf>, Option<Address>);

/// The store or the server that one place of settings names, if it names one.
fn chosen((store, server): (Option<PathBuf>, Option<String>)) -> Option<Result<Chosen, Failure>> {
    let address = |server: String| server.parse::<Address>().map_err(Failure::usage);
    match (store, server) {
        (None, None) => None,
        (Some(_), Some(_)) => Some(Err(Failure::usage("give a store or a server, not both"))),
        (Some(store), None) => Some(Ok((Some(store), None))),
        (None, Some(server)) => Some(address(server).map(|address| (None, Some(address)))),
    }
}

/// Where the key of a store lies if none is given.
fn key_file(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".key");
    path.into()
}

fn choose_org(asked: Option<String>, key: &KeySource) -> Result<OrgName, Failure> {
    let of_key = match key {
        KeySource::Given(key) => Some(key.org().clone()),
        // A file that can't be read says so when the key is needed.
        KeySource::File(path) => read_key(path).ok().flatten().map(|key| key.org().clone()),
    };
    let org = asked.map(|org| OrgName::new(&org)).transpose().map_err(Failure::usage)?;
    match (org, of_key) {
        (Some(org), Some(of_key)) if org != of_key => {
            Err(Failure::usage(format!("the API key is of org '{of_key}', not '{org}'")))
        }
        (Some(org), _) | (None, Some(org)) => Ok(org),
        (None, None) => OrgName::new(ORG_DEFAULT).map_err(Failure::usage),
    }
}

/// The key in a key file; `None` if there is no such file.
///
/// # Errors
/// [`Failure`] that names the file, and shows nothing of it.
pub fn read_key(path: &Path) -> Result<Option<ApiKey>, Failure> {
    let fail = |reason: String| {
        Failure::new(UNAUTHORIZED, format!("API key file '{}': {reason}", path.display()))
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => Zeroizing::new(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(plain(&error))),
    };
    ApiKey::parse(text.trim()).map(Some).map_err(|error| fail(error.to_string()))
}

/// What the host says of a failure, without the number that Rust adds.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// What a key may have meant that there is not: the message names it first and then those there are.
fn meant(message: &str) -> String {
    let mut named = message.split('`').skip(1).step_by(2);
    let Some(wrong) = named.next().filter(|_| message.starts_with("unknown field")) else {
        return String::new();
    };
    match nearest(wrong, named) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::new(),
    }
}

/// Where the config file is, or would be.
pub fn config_path(env: Environment<'_>) -> Option<PathBuf> {
    Folders::of(env).config.map(|config| config.join("config.toml"))
}

fn read_config(folders: &Folders) -> Result<ConfigFile, Failure> {
    let Some(path) = folders.config.as_ref().map(|config| config.join("config.toml")) else {
        return Ok(ConfigFile::default());
    };
    let fail = |reason: String| Failure::usage(format!("{}: {reason}", path.display()));
    match fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map_err(|error| {
            let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
            let line = line.map_or(String::new(), |line| format!("line {line}: "));
            fail(format!("{line}{}{}", error.message(), meant(error.message())))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(ConfigFile::default()),
        Err(error) => Err(fail(plain(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";

    fn settle(options: &Options, env: &[(&str, &str)]) -> Result<Settings, Failure> {
        Settings::settle(options, &|name| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        })
    }

    #[test]
    fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let bare = settle(&Options::default(), &[("HOME", home)]).unwrap();
        assert_eq!(bare.store, folder.path().join(".local/share/mesash/store"));
        assert_eq!((bare.org.as_str(), bare.ttl_s), ("local", 86_400));

        let config = folder.path().join(".config/mesash");
        fs::create_dir_all(&config).unwrap();
        let text = "store = '~/s'\norg = 'filed'\nttl = 7\nauthor = { name = 'A' }\n";
        fs::write(config.join("config.toml"), text).unwrap();
        let filed = settle(&Options::default(), &[("HOME", home)]).unwrap();
        assert_eq!(filed.store, folder.path().join("s"));
        assert_eq!((filed.org.as_str(), filed.ttl_s), ("filed", 7));
        assert_eq!(filed.author.unwrap().name, "A");

        let env = [("HOME", home), ("MESASH_STORE", "/e"), ("MESA_ORG", "env")];
        let from_env = settle(&Options::default(), &env).unwrap();
        assert_eq!((from_env.store.to_str(), from_env.org.as_str()), (Some("/e"), "env"));

        let options = Options {
            store: Some("/f".into()),
            org: Some("flag".into()),
            ttl_s: Some(9),
            ..Options::default()
        };
        let flagged = settle(&options, &env).unwrap();
        assert_eq!((flagged.store.to_str(), flagged.org.as_str()), (Some("/f"), "flag"));
        assert_eq!(flagged.ttl_s, 9);
        assert!(matches!(flagged.key, KeySource::File(path) if path == Path::new("/f.key")));
    }

    #[test]
    fn retention_is_days_within_bounds() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("mesash");
        fs::create_dir_all(&config).unwrap();
        let with = |text: &str| {
            fs::write(config.join("config.toml"), format!("org = 'a'\n{text}\n")).unwrap();
            let home = folder.path().to_str().unwrap();
            settle(&Options::default(), &[("HOME", "/none"), ("XDG_CONFIG_HOME", home)])
        };
        assert_eq!(with("").unwrap().retention, None);
        assert_eq!(with("retention_days = 30").unwrap().retention, Some(DAY * 30));
        assert_eq!(with("retention_days = 0").unwrap().retention, Some(Duration::ZERO));
        for wrong in ["-1", "36501", "1.5", "'30'", "true"] {
            let failure = with(&format!("retention_days = {wrong}")).unwrap_err();
            let wanted = "line 2: retention_days is a whole number from 0 to 36500";
            assert!(failure.message.contains(wanted), "{wrong}: {}", failure.message);
        }
    }

    #[test]
    fn the_key_decides_the_org_and_shows_nowhere() {
        let key = format!("mesa_acme_{SECRET}");
        let env = [("HOME", "/none"), ("MESA_API_KEY", key.as_str())];
        let settings = settle(&Options::default(), &env).unwrap();
        assert_eq!(settings.org.as_str(), "acme");
        assert!(!format!("{settings:?}").contains(&SECRET[..6]));
        let other = Options { org: Some("other".into()), ..Options::default() };
        let refused = settle(&other, &env).unwrap_err();
        assert_eq!(refused.message, "the API key is of org 'acme', not 'other'");
        let bad = settle(&Options::default(), &[("HOME", "/none"), ("MESA_API_KEY", "x")]);
        assert_eq!(bad.unwrap_err().status, UNAUTHORIZED);
    }

    #[test]
    fn what_the_file_does_not_know_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("mesash");
        fs::create_dir_all(&config).unwrap();
        fs::write(config.join("config.toml"), "org = 'a'\nstor = 'b'\n").unwrap();
        let home = folder.path().to_str().unwrap();
        let refused = settle(&Options::default(), &[("HOME", "/none"), ("XDG_CONFIG_HOME", home)]);
        let failure = refused.unwrap_err();
        assert_eq!(failure.status, 2);
        let wanted = format!("{}/config.toml: line 2: unknown field `stor`", config.display());
        assert!(failure.message.starts_with(&wanted), "{}", failure.message);
        assert!(failure.message.ends_with("did you mean `store`?"), "{}", failure.message);
    }
}
