//! `-l`, `-v` and `-Z1`.

use zip::{CompressionMethod, ZipArchive};

use super::{Call, Mode, NO_MATCH};
use crate::archive::seek::Seeking;
use crate::prelude::*;

pub(super) fn list(
    ctx: &mut Context<'_>,
    call: &mut Call,
    archive: &mut ZipArchive<Seeking>,
) -> CommandResult {
    let verbose = call.mode == Mode::Verbose;
    let names = call.mode == Mode::Names;
    if call.quiet < 2 && !names {
        let head = match verbose {
            true => {
                " Length   Method    Size  Cmpr    Date    Time   CRC-32   Name\n--------  ------  ------- ---- ---------- ----- --------  ----\n"
            }
            false => "  Length      Date    Time    Name\n---------  ---------- -----   ----\n",
        };
        ctx.stdout.put(head.as_bytes())?;
    }
    let (mut count, mut whole, mut packed) = (0u64, 0u64, 0u64);
    for at in 0..archive.len() {
        ctx.check()?;
        let Ok(entry) = archive.by_index_raw(at) else { continue };
        let name = entry.name_raw().to_vec();
        if !call.wants(&name) {
            continue;
        }
        count += 1;
        whole = whole.saturating_add(entry.size());
        packed = packed.saturating_add(entry.compressed_size());
        let shown = name.to_str_lossy();
        if names {
            ctx.stdout.put(format!("{shown}\n").as_bytes())?;
            continue;
        }
        let time = entry.last_modified().unwrap_or_default();
        let stamp = format!(
            "{:04}-{:02}-{:02} {:02}:{:02}",
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute()
        );
        let line = match verbose {
            true => format!(
                "{:>8}  {:<6} {:>8} {:>3}% {stamp} {:08x}  {shown}\n",
                entry.size(),
                method(entry.compression()),
                entry.compressed_size(),
                percent(entry.size(), entry.compressed_size()),
                entry.crc32(),
            ),
            false => format!("{:>9}  {stamp}   {shown}\n", entry.size()),
        };
        ctx.stdout.put(line.as_bytes())?;
    }
    if call.quiet < 2 && !names {
        let s = if count == 1 { "" } else { "s" };
        let text = match verbose {
            true => {
                let percent = percent(whole, packed);
                format!(
                    "--------          -------  ---                            -------\n{whole:>8}         {packed:>8} {percent:>3}%                            {count} file{s}\n"
                )
            }
            false => format!(
                "---------                     -------\n{whole:>9}                     {count} file{s}\n"
            ),
        };
        ctx.stdout.put(text.as_bytes())?;
    }
    let unmatched = count == 0 && !call.wanted.is_empty();
    Ok(if unmatched { NO_MATCH } else { ExitStatus::SUCCESS })
}

fn method(method: CompressionMethod) -> &'static str {
    match method {
        CompressionMethod::Stored => "Stored",
        CompressionMethod::Deflated => "Defl:N",
        _ => "Unk:00",
    }
}

/// How much smaller it became, rounded.
fn percent(whole: u64, packed: u64) -> i64 {
    if whole == 0 {
        return 0;
    }
    (100.0 * (whole as f64 - packed as f64) / whole as f64).round() as i64
}
