//! Every command of the README runs. Those that build and test the project are the gate's own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

type Tested = Result<(), Box<dyn std::error::Error>>;

/// The lines of the README's fenced blocks in `language`.
fn blocks(language: &str) -> Vec<String> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = fs::read_to_string(readme).unwrap_or_default();
    let open = format!("```{language}\n");
    let parts = text.split(open.as_str()).skip(1);
    parts.filter_map(|part| part.split_once("```")).map(|(block, _)| block.to_owned()).collect()
}

/// A machine of one's own: a home folder, and the program on the PATH.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> std::io::Result<Self> {
        tempfile::tempdir().map(Self)
    }

    fn sh(&self, script: &str) -> std::io::Result<Output> {
        let program = Path::new(env!("CARGO_BIN_EXE_mesash"));
        let folder = program.parent().unwrap_or(Path::new("/")).display();
        Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .env_clear()
            .env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"))
            .env("HOME", self.0.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(self.0.path())
            .output()
    }

    fn done(&self, script: &str) -> Result<String, Box<dyn std::error::Error>> {
        let output = self.sh(script)?;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{stderr}");
        Ok(String::from_utf8(output.stdout)?)
    }
}

#[test]
fn the_first_commands_work_and_the_file_is_there_afterwards() -> Tested {
    let home = Home::new()?;
    let [script] = blocks("mesash").try_into().map_err(|_| "one block of commands")?;
    fs::write(home.0.path().join("first.mesash"), script)?;
    let shown = home.done("mesash first.mesash")?;
    assert!(shown.contains("HI"), "{shown}");
    assert!(shown.contains("main"), "{shown}");
    assert_eq!(home.done("mesash -c 'cat /local/scratch/a'")?, "hi\n");
    Ok(())
}

#[test]
fn a_repository_goes_in_and_comes_out() -> Tested {
    let home = Home::new()?;
    home.done(
        "mkdir -p src/app && cd src/app && git init -q -b main && mkdir src && \
         printf 'fn main() {}\\n' > src/main.rs && echo readme > README.md && git add . && \
         git -c user.name=A -c user.email=a@example.org commit -qm first",
    )?;
    let blocks = blocks("console");
    let block = blocks.first().ok_or("a block of commands")?;
    let mut shown = String::new();
    for line in block.lines() {
        let command = line.strip_prefix("$ ").ok_or("a command")?;
        shown.push_str(&home.done(command)?);
    }
    assert!(shown.contains("src/main.rs:1:fn main"), "{shown}");
    assert!(shown.contains("say more") && shown.contains("first"), "{shown}");
    let text = home.done("git -C out.git show main:README.md && git -C out.git fsck --full")?;
    assert_eq!(text, "readme\nmore\n");
    Ok(())
}

#[test]
fn a_store_is_served() -> Tested {
    let home = Home::new()?;
    home.done("mesash repo create app; mesash -r app -c 'echo x > /local/app/f'")?;
    let blocks = blocks("console");
    let block = blocks.get(1).ok_or("a block of commands")?;
    let lines: Option<Vec<&str>> = block.lines().map(|line| line.strip_prefix("$ ")).collect();
    let [serve, mount] = lines.ok_or("commands")?.try_into().map_err(|_| "two commands")?;
    let wait = "while ! [ -S ~/mesash.sock ]; do kill -0 $!; sleep 0.05; done";
    let shown = home.done(&format!("{serve}\n{wait}\n{mount}\nkill $!; wait $!"))?;
    assert!(shown.lines().any(|line| line == "f"), "{shown}");
    Ok(())
}

#[test]
fn a_script_names_its_mounts() -> Tested {
    let home = Home::new()?;
    let scripts = blocks("bash");
    let script = scripts.first().ok_or("a script")?;
    home.done("mesash repo create app")?;
    home.done("mesash -r app -c 'printf \"TODO\\nx\\n\" > /local/app/list'")?;
    fs::write(home.0.path().join("job.mesash"), script)?;
    let shown = home.done("chmod +x job.mesash; ./job.mesash; mesash job.mesash")?;
    assert_eq!(shown, "./list: 2\n./list: 2\n");
    Ok(())
}
