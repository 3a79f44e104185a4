//! A process that is killed at any moment loses nothing that it was told is done.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use mesa_store::engine::{Repository, Resolved};

use crate::fixture::{Fixture, ann, fixture, name};
use crate::{fsck, run};

const DIR: &str = "ENGINE_KILLED_DIR";
const ROUNDS: u64 = 15;

/// What the test below starts and kills: it counts in a file, and says each number that is stored.
#[test]
fn worker() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let at = Fixture { repo: Repository::open(Path::new(&dir)).unwrap(), folder };
    loop {
        let main = at.main();
        let next = count(&at, &main) + 1;
        let main = at.put(&main, &[("n", &next.to_string()), (&format!("d/{next}"), "x")], next);
        println!("\nstored {next}");
        if next.is_multiple_of(5) {
            at.repo.checkpoint(&main.change, &name("main"), Some("five"), &ann()).unwrap();
            println!("\nsaved");
        }
    }
}

fn count(at: &Fixture, change: &Resolved) -> u64 {
    at.text(change, "n").map_or(0, |text| text.parse().unwrap())
}

#[test]
fn what_was_stored_survives_a_kill() {
    let mut at = fixture();
    let mut stored = 0;
    let mut saved = 0_usize;
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["kill::worker", "--exact", "--nocapture"])
            .env(DIR, at.dir())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let reader =
            std::thread::spawn(move || said.lines().map_while(Result::ok).collect::<Vec<String>>());
        // Later and later, at moments that have nothing to do with what it does.
        std::thread::sleep(Duration::from_millis(40 + round * 37 % 200));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in reader.join().unwrap() {
            match line.split_once(' ') {
                Some(("stored", number)) => stored = number.parse().unwrap(),
                None if line == "saved" => saved += 1,
                _ => {}
            }
        }
        at = at.reopened();
        let now = count(&at, &at.main());
        assert!(now == stored || now == stored + 1, "{stored} stored, {now} there");
        let log = at.repo.log(&at.main().commit, 0).unwrap();
        let fives = log.iter().filter(|commit| commit.description == "five\n").count();
        assert!(fives == saved || fives == saved + 1, "{saved} saved, {fives} there");
        let positions = at.repo.journal_positions().unwrap();
        assert_eq!(positions.values().max().copied().unwrap_or_default(), now);
        stored = now;
        saved = fives;
    }
    assert!(stored > 0, "nothing was done in {ROUNDS} rounds");
    fsck(&at.dir().join(".jj/repo/store/git"));
    run(&at.dir(), "jj", &["--ignore-working-copy", "op", "log", "--no-graph"]);
}
