//! Every example of a command's table does what its help says.

mod embedded;

use embedded::Embedded;
use mesash::bash::BashOptions;
use mesash_builtins::registry::Registry;

#[test]
fn examples_print_what_they_say() -> Result<(), Box<dyn std::error::Error>> {
    let embedded = Embedded::new()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut wrong = String::new();
    let mut run = 0;
    for command in Registry::standard().iter() {
        if command.examples.is_empty() {
            wrong += &format!("{} has none\n", command.name);
        }
        for example in command.examples {
            let fs = embedded.mount()?;
            let options = BashOptions { cwd: "/acme/app".into(), ..BashOptions::default() };
            let ended = runtime.block_on(fs.bash(options).exec(example.script))?;
            fs.close_blocking()?;
            run += 1;
            if ended.stdout != example.prints || !ended.stderr.is_empty() {
                let (name, script) = (command.name, example.script);
                let (stdout, stderr) = (ended.stdout.escape_ascii(), ended.stderr.escape_ascii());
                wrong += &format!("{name}: {script}\n  says {:?}\n", example.prints);
                wrong += &format!("  prints {stdout}\n  complains {stderr}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "of {run} examples:\n{wrong}");
    Ok(())
}
