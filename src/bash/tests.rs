use super::*;
use std::time::Instant;

fn bash_with(options: BashOptions) -> Bash {
    let interpreter = Interpreter::new();
    let names = interpreter.command_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Bash::new(testkit::memory_fs_with(&names), interpreter, options)
}

fn bash() -> Bash {
    bash_with(BashOptions::default())
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_script_runs_with_its_options() -> FsResult<()> {
    let bash = bash();
    let done = bash.exec("echo $HOME; pwd; echo ${PATH:+p}; cat; exit 3").await?;
    assert_eq!(text(&done.stdout), "/home/mesa\n/\np\n");
    assert_eq!((done.exit_code, done.ended_by), (3, EndedBy::Exit));
    let options = ExecOptions {
        stdin: Bytes::from_static(b"in"),
        args: vec!["a b".into()],
        env: vec![("X".into(), "1".into())],
        cwd: Some("/tmp".into()),
        ..ExecOptions::default()
    };
    let done = bash.exec_with("echo \"$0 $1 $X\"; pwd; cat; nope", options).await?;
    assert_eq!(text(&done.stdout), "mesash a b 1\n/tmp\nin");
    assert_eq!(text(&done.stderr), "mesash: line 1: nope: command not found\n");
    assert_eq!(done.exit_code, 127);
    Ok(())
}

#[tokio::test]
async fn files_stay_and_variables_do_not() -> FsResult<()> {
    let bash = bash();
    bash.exec("x=1; echo hi > /tmp/kept").await?;
    let done = bash.exec("echo ${x-unset}; cat /tmp/kept").await?;
    assert_eq!(text(&done.stdout), "unset\nhi\n");
    Ok(())
}

#[tokio::test]
async fn a_timeout_keeps_the_output_so_far() -> FsResult<()> {
    let bash = bash_with(BashOptions { timeout_ms: 100, ..BashOptions::default() });
    for script in [
        "echo a; while :; do :; done",
        "echo a; sleep 100",
        "echo a; sleep 100 | cat",
        "echo a; read x < <(sleep 100)",
        "echo a; while :; do x=$(echo :); done",
        "echo a; (sleep 100)",
        "echo a; sleep 100 & wait",
    ] {
        let began = Instant::now();
        let done = bash.exec(script).await?;
        assert_eq!(text(&done.stdout), "a\n", "{script}");
        assert_eq!((done.exit_code, done.ended_by), (124, EndedBy::Timeout), "{script}");
        assert!(began.elapsed() < Duration::from_secs(5), "{script}");
    }
    Ok(())
}

#[tokio::test]
async fn jobs_that_are_left_are_ended() -> FsResult<()> {
    let began = Instant::now();
    let done = bash().exec("sleep 100 & sleep 100 | cat & echo started").await?;
    assert_eq!((text(&done.stdout).as_str(), done.exit_code), ("started\n", 0));
    assert!(began.elapsed() < Duration::from_secs(5));
    Ok(())
}

#[tokio::test]
async fn a_dropped_future_cancels_its_script() -> FsResult<()> {
    let bash = bash();
    let cancel = Cancel::new();
    let options = ExecOptions { cancel: Some(cancel.clone()), ..ExecOptions::default() };
    let running = bash.exec_with("sleep 100", options);
    assert!(tokio::time::timeout(Duration::from_millis(50), running).await.is_err());
    // The caller's own flag is another than the script's.
    assert!(!cancel.is_cancelled());
    let done = bash.exec("echo next").await?;
    assert_eq!(text(&done.stdout), "next\n");
    Ok(())
}

#[tokio::test]
async fn a_session_keeps_its_state_and_takes_one_call_at_a_time() -> FsResult<()> {
    let session = bash().session()?;
    session.exec("x=5; cd /tmp; f() { echo f; }").await?;
    let done = session.exec("echo $x; pwd; f; (exit 4)").await?;
    assert_eq!((text(&done.stdout).as_str(), done.exit_code), ("5\n/tmp\nf\n", 4));
    let (slow, refused) = tokio::join!(session.exec("sleep 0.1; echo slow"), async {
        tokio::task::yield_now().await;
        session.exec("echo no").await
    });
    assert_eq!(text(&slow?.stdout), "slow\n");
    assert_eq!(refused.map_err(|error| error.errno()).err(), Some(Errno::Busy));
    let options = ExecOptions { timeout_ms: Some(50), ..ExecOptions::default() };
    let late = session.exec_with("while :; do :; done", options).await?;
    assert_eq!(late.ended_by, EndedBy::Timeout);
    assert_eq!(text(&session.exec("echo $x").await?.stdout), "5\n");
    session.exec("exit").await?;
    assert_eq!(session.exec("echo").await.map_err(|error| error.errno()).err(), Some(Errno::Io));
    Ok(())
}

#[tokio::test]
async fn limits_are_clear_messages() -> FsResult<()> {
    let limits = Limits { memory_bytes: 16 << 20, depth: 200, processes: 20, ..Limits::HARDENED };
    let bash = bash_with(BashOptions { limits, timeout_ms: 20_000, ..BashOptions::default() });
    let done = bash.exec("x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done").await?;
    assert_eq!(text(&done.stderr), "mesash: line 1: memory limit reached (16777216)\n");
    let done = bash.exec("f() { f; }; f\necho after $?").await?;
    assert_eq!(text(&done.stdout), "after 1\n");
    assert!(text(&done.stderr).contains("maximum function nesting level exceeded (200)"));
    let done = bash.exec("echo {1..99999999}\necho after").await?;
    assert!(text(&done.stderr).contains("limit reached"), "{}", text(&done.stderr));
    let done = bash.exec("for i in {1..100}; do sleep 1 & done\necho after").await?;
    assert!(text(&done.stderr).contains("fork: Resource temporarily unavailable"));
    assert_eq!(text(&done.stdout), "after\n");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_scripts_run_at_once() -> FsResult<()> {
    let bash = bash();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let bash = bash.clone();
        running.spawn(async move {
            let script = format!("echo {number} | cat | cat");
            (number, bash.exec(script).await)
        });
    }
    while let Some(Ok((number, done))) = running.join_next().await {
        assert_eq!(text(&done?.stdout), format!("{number}\n"));
    }
    Ok(())
}

#[tokio::test]
async fn output_is_told_as_it_comes() -> FsResult<()> {
    let told: Arc<Mutex<Vec<(OutputKind, Vec<u8>)>>> = Arc::default();
    let other = Arc::clone(&told);
    let on_output: OnOutput = Arc::new(move |kind, data| other.lock().push((kind, data.to_vec())));
    let options = ExecOptions { on_output: Some(on_output), ..ExecOptions::default() };
    bash().exec_with("echo a; echo b >&2", options).await?;
    let wanted = [(OutputKind::Stdout, b"a\n".to_vec()), (OutputKind::Stderr, b"b\n".to_vec())];
    assert_eq!(*told.lock(), wanted);
    Ok(())
}
