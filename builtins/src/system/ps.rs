//! `ps`: what this shell runs: itself and its jobs.

use crate::context::Running;
use crate::prelude::*;

pub const PS: Command = Command {
    name: "ps",
    synopsis: "ps [OPTION]...",
    summary: "List this shell and its jobs: there are no other processes here.",
    options: &[
        short('e', "all processes (there are no others)"),
        short('A', "the same as -e"),
        short('a', "the same as -e"),
        short('x', "the same as -e"),
        short('f', "full format"),
        short('o', "show these columns: pid, ppid, user, uid, tty, stat, time, comm, args")
            .takes(Takes::Value("FORMAT")),
        value('p', "pid", "LIST", "these processes only"),
        long("no-headers", "no line of headers"),
    ],
    examples: &[Example {
        about: "The shell itself.",
        script: "ps --no-headers -o user,comm -p $$",
        prints: "mesa     mesash\n",
    }],
    order: Order::Raw,
    run: ps,
    ..Command::BASE
};

/// A column: its name in `-o`, its header, its least width, and whether it stands at the right.
struct Column {
    name: &'static str,
    header: &'static str,
    width: usize,
    right: bool,
}

const fn column(name: &'static str, header: &'static str, width: usize, right: bool) -> Column {
    Column { name, header, width, right }
}

const COLUMNS: &[Column] = &[
    column("pid", "PID", 5, true),
    column("ppid", "PPID", 5, true),
    column("uid", "UID", 5, true),
    column("user", "USER", 8, false),
    column("uname", "USER", 8, false),
    column("tty", "TT", 8, false),
    column("tt", "TT", 8, false),
    column("stat", "STAT", 4, false),
    column("s", "S", 1, false),
    column("state", "S", 1, false),
    column("time", "TIME", 8, true),
    column("etime", "ELAPSED", 11, true),
    column("pcpu", "%CPU", 4, true),
    column("%cpu", "%CPU", 4, true),
    column("pmem", "%MEM", 4, true),
    column("%mem", "%MEM", 4, true),
    column("comm", "COMMAND", 15, false),
    column("ucmd", "CMD", 15, false),
    column("args", "COMMAND", 27, false),
    column("cmd", "CMD", 27, false),
    column("command", "COMMAND", 27, false),
];

fn ps(ctx: &mut Context<'_>, args: &Args) -> CommandResult {
    // `ps aux`, without a dash, as BSD has it.
    let mut argv = args.operands().to_vec();
    let user = match argv.first() {
        Some(first)
            if !first.is_empty() && first.iter().all(|letter| b"auxwef".contains(letter)) =>
        {
            let user = first.contains(&b'u');
            argv.remove(0);
            user
        }
        _ => false,
    };
    let Some(args) = crate::text::operands::parse(ctx, &PS, &argv)? else {
        return Ok(ExitStatus::SUCCESS);
    };
    let usual = if user {
        "user,pid,pcpu,pmem,tty,stat,time,args"
    } else if args.has('f') {
        "user,pid,ppid,tty,time,cmd"
    } else {
        "pid,tty,time,ucmd"
    };
    let formats: Vec<&BStr> = args.values('o').collect();
    let formats = if formats.is_empty() { vec![usual.into()] } else { formats };
    let mut columns = Vec::new();
    for format in formats {
        for word in format.split(|byte| b", ".contains(byte)).filter(|word| !word.is_empty()) {
            columns.push(chosen(word)?);
        }
    }
    let mut wanted: Option<Vec<i64>> = None;
    for list in args.values('p') {
        for word in list.split(|byte| b", ".contains(byte)) {
            let pid = word.to_str().ok().and_then(|text| text.parse().ok());
            let pid = pid.ok_or_else(|| failure("process ID list syntax error"))?;
            wanted.get_or_insert_default().push(pid);
        }
    }
    let mut rows = Vec::new();
    let headers: Vec<String> = columns.iter().map(|(_, header)| header.clone()).collect();
    if !args.has("no-headers") && headers.iter().any(|header| !header.is_empty()) {
        rows.push(headers.into_iter().map(BString::from).collect::<Vec<_>>());
    }
    let mut any = false;
    for process in ctx.host.processes() {
        if wanted.as_ref().is_none_or(|wanted| wanted.contains(&process.pid)) {
            any = true;
            rows.push(columns.iter().map(|(column, _)| field(ctx, column, &process)).collect());
        }
    }
    for row in rows {
        let mut line = Vec::new();
        let last = row.len().saturating_sub(1);
        for (at, (text, (column, _))) in row.iter().zip(&columns).enumerate() {
            let missing = column.width.saturating_sub(text.len());
            let (before, after) = if column.right { (missing, 0) } else { (0, missing) };
            line.resize(line.len() + before, b' ');
            line.extend_from_slice(text);
            if at < last {
                line.resize(line.len() + after + 1, b' ');
            }
        }
        line.push(b'\n');
        ctx.stdout.put(&line)?;
    }
    Ok(if any { ExitStatus::SUCCESS } else { ExitStatus::FAILURE })
}

/// `pid`, `pid=ID`, `pid=`.
fn chosen(word: &[u8]) -> Result<(&'static Column, String), CommandError> {
    let mut halves = word.splitn(2, |&byte| byte == b'=');
    let name = halves.next().unwrap_or_default();
    let column = COLUMNS.iter().find(|column| column.name.as_bytes() == name);
    let column = column.ok_or_else(|| {
        failure(format!("error: unknown user-defined format specifier \"{}\"", name.as_bstr()))
    })?;
    let header = halves.next().map_or_else(
        || column.header.to_owned(),
        |header| String::from_utf8_lossy(header).into_owned(),
    );
    Ok((column, header))
}

fn field(ctx: &Context<'_>, column: &Column, process: &Running) -> BString {
    match column.name {
        "pid" => process.pid.to_string().into(),
        "ppid" => process.parent.to_string().into(),
        "uid" => ctx.identity.uid.to_string().into(),
        "user" | "uname" => ctx.identity.user.clone(),
        "tty" | "tt" => "?".into(),
        "stat" | "s" | "state" => "S".into(),
        "time" => "00:00:00".into(),
        "etime" => "00:00".into(),
        "pcpu" | "%cpu" | "pmem" | "%mem" => "0.0".into(),
        "comm" | "ucmd" => {
            let word = process.text.split(|byte| *byte == b' ').next().unwrap_or_default();
            word.rsplit(|byte| *byte == b'/').next().unwrap_or_default().into()
        }
        _ => process.text.clone(),
    }
}
