//! Real bash, in a folder of the host that has the path that mesash shows.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::files::left_on_host;
use super::{Case, Outcome, Subject};

/// How long bash may take for one case.
const CASE_TIME_MAX: Duration = Duration::from_secs(60);
/// How often a running bash is looked at.
const POLL: Duration = Duration::from_millis(2);

#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("cannot make {path} on this machine: {source}")]
    Folder { path: PathBuf, source: io::Error },
    #[error("cannot run bash: {0}")]
    NoBash(io::Error),
    #[error("this is bash {0}, and the oracle is bash 5.2")]
    OtherBash(String),
    #[error("neither root nor `unshare -rm`: {0}")]
    NotRoot(io::Error),
}

/// Makes this process one that can make folders at the root of the host's file system.
///
/// The program starts itself anew in a mount namespace (`unshare -m`, for other users than root
/// `-rm`), over a root of its own into which everything of the host is bound but the folder `taken`:
/// runs at the same time don't meet, and the host keeps nothing. There `sh` is bash. Root that may
/// not do that works on the host itself.
///
/// # Errors
/// [`HostError::NotRoot`] if neither works: then nothing can be compared.
pub fn enter_root(taken: &str) -> Result<(), HostError> {
    const INSIDE: &str = "MESASH_TEST_ROOT";
    const SETUP: &str = r#"
        mount -t tmpfs none /mnt || exit 125
        for entry in /*; do
            if [ -L "$entry" ]; then cp -P "$entry" "/mnt$entry"
            elif [ -d "$entry" ] && [ "$entry" != /mnt ] && [ "$entry" != "$TAKEN" ]; then
                mkdir "/mnt$entry" && mount --rbind "$entry" "/mnt$entry" || exit 125
            fi
        done
        mount --bind "$(readlink -f "$(command -v bash)")" "/mnt$(readlink -f /bin/sh)" || exit 125
        exec chroot /mnt "$@"
    "#;
    if std::env::var_os(INSIDE).is_some() {
        return Ok(());
    }
    let is_root = rustix::process::geteuid().is_root();
    let namespace = if is_root { "-m" } else { "-rm" };
    let mut may = Command::new("unshare");
    may.args([namespace, "mount", "-t", "tmpfs", "none", "/mnt"]);
    match may.stderr(Stdio::null()).status() {
        Ok(status) if status.success() => {}
        _ if is_root => return Ok(()),
        Ok(status) => return Err(HostError::NotRoot(io::Error::other(status.to_string()))),
        Err(error) => return Err(HostError::NotRoot(error)),
    }
    let program = std::env::current_exe().map_err(HostError::NotRoot)?;
    let error = Command::new("unshare")
        .args([namespace, "sh", "-c", SETUP, "sh"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .env("TAKEN", taken)
        .exec();
    Err(HostError::NotRoot(error))
}

/// Bash at one folder.
#[derive(Debug)]
pub struct Host {
    folder: PathBuf,
    /// The highest folder that did not exist before; removed at the end.
    made: PathBuf,
    env: Vec<(String, String)>,
    /// What every case finds in its folder.
    template: Option<PathBuf>,
}

impl Host {
    /// Bash that runs every case in `folder`, an absolute path that must be free, with `env` and no
    /// other variables.
    ///
    /// # Errors
    /// [`HostError`]: no bash 5.2, or the folder exists or cannot be made.
    pub fn new(folder: &Path, env: &[(&str, &str)]) -> Result<Self, HostError> {
        let shown = Command::new("bash")
            .args(["-c", "echo ${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]}"])
            .output()
            .map_err(HostError::NoBash)?;
        let version = String::from_utf8_lossy(&shown.stdout).trim().to_owned();
        if version != "5.2" {
            return Err(HostError::OtherBash(version));
        }
        let missing = folder.ancestors().take_while(|above| !above.exists()).last();
        let Some(made) = missing.map(Path::to_owned) else {
            let source = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(HostError::Folder { path: folder.to_owned(), source });
        };
        let env = env.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let host = Self { folder: folder.to_owned(), made, env, template: None };
        host.refresh()?;
        Ok(host)
    }

    /// From now on, every case finds a copy of what is below `template` in its folder.
    pub fn start_from(&mut self, template: &Path) {
        self.template = Some(template.to_owned());
    }

    /// A folder with the mode that a repository's root has, empty but for the template.
    fn refresh(&self) -> Result<(), HostError> {
        let fail = |source| HostError::Folder { path: self.folder.clone(), source };
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(fail)?;
        }
        fs::create_dir_all(&self.folder).map_err(fail)?;
        if let Some(template) = &self.template {
            let mut copy = Command::new("cp");
            copy.arg("-a").arg(template.join(".")).arg(&self.folder);
            let copied = copy.status().map_err(fail)?;
            if !copied.success() {
                return Err(fail(io::Error::other(format!("cp: {copied}"))));
            }
        }
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755)).map_err(fail)
    }
}

impl Subject for Host {
    fn run(&mut self, case: &Case) -> Result<Outcome, String> {
        self.refresh().map_err(|error| error.to_string())?;
        crate::signals::usual_for_children();
        let mut command = Command::new("bash");
        command.arg("-c").arg(&case.script).arg("mesash").args(&case.args);
        command.env_clear().envs(self.env.iter().map(|(key, value)| (key, value)));
        command.current_dir(&self.folder);
        let (status, stdout, stderr) =
            run_to_end(command, case.stdin.as_bytes()).map_err(|error| error.to_string())?;
        let files = left_on_host(&self.folder).map_err(|error| error.to_string())?;
        Ok(Outcome { stdout, stderr, status, files })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It was free before; leaving it would make the next run fail.
        drop(fs::remove_dir_all(&self.made));
    }
}

fn run_to_end(mut command: Command, stdin: &[u8]) -> io::Result<(i32, Vec<u8>, Vec<u8>)> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that nothing that it started outlives it.
    command.process_group(0);
    let mut child = command.spawn()?;
    let feed = child.stdin.take().map(|mut pipe| {
        let stdin = stdin.to_vec();
        // A script that does not read breaks the pipe, which is its right.
        thread::spawn(move || drop(pipe.write_all(&stdin)))
    });
    let out = child.stdout.take().map(drain);
    let err = child.stderr.take().map(drain);
    let status = wait(&mut child)?;
    if let Some(feed) = feed {
        drop(feed.join());
    }
    let take = |task: Option<thread::JoinHandle<Vec<u8>>>| {
        task.and_then(|task| task.join().ok()).unwrap_or_default()
    };
    Ok((status, take(out), take(err)))
}

fn drain(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        drop(pipe.read_to_end(&mut all));
        all
    })
}

/// What a shell would show as `$?`.
fn wait(child: &mut Child) -> io::Result<i32> {
    use std::os::unix::process::ExitStatusExt;
    let end = Instant::now() + CASE_TIME_MAX;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
        }
        if Instant::now() > end {
            let group = rustix::process::Pid::from_child(child);
            rustix::process::kill_process_group(group, rustix::process::Signal::KILL)?;
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        thread::sleep(POLL);
    }
}
