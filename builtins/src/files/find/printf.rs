//! `-printf`: its formats.

use bstr::{BString, ByteSlice};

use super::expression::{Found, Links};
use crate::core::strftime::zone;
use crate::files::mode::letters;
use crate::files::owner::{blocks, group_name, kind_letter, user_name};
use crate::prelude::*;
use crate::time::{Moment, format as format_time};

/// A format, read once.
#[derive(Debug)]
pub(super) struct Format(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(Vec<u8>),
    Field {
        left: bool,
        zero: bool,
        sign: bool,
        alternate: bool,
        width: usize,
        precision: Option<usize>,
        what: u8,
        time: u8,
    },
    /// `\c`: nothing more is printed.
    Stop,
}

impl Format {
    /// The format and what is to be warned of.
    pub fn parse(text: &[u8]) -> Result<(Self, Vec<String>), String> {
        let (mut pieces, mut warnings) = (Vec::new(), Vec::new());
        let mut plain = Vec::new();
        let mut rest = text;
        while let Some((&byte, tail)) = rest.split_first() {
            match byte {
                b'\\' => {
                    let taken = escape(tail, &mut plain, &mut warnings);
                    match taken {
                        Some(taken) => rest = &tail[taken..],
                        None => {
                            pieces.push(Piece::Text(std::mem::take(&mut plain)));
                            pieces.push(Piece::Stop);
                            return Ok((Self(pieces), warnings));
                        }
                    }
                }
                b'%' => {
                    if tail.is_empty() {
                        return Err("error: % at end of format string".into());
                    }
                    if tail[0] == b'%' {
                        plain.push(b'%');
                        rest = &tail[1..];
                        continue;
                    }
                    let (piece, taken) = field(tail);
                    match piece {
                        Some(piece) => {
                            pieces.push(Piece::Text(std::mem::take(&mut plain)));
                            pieces.push(piece);
                        }
                        None => {
                            let shown = String::from_utf8_lossy(&tail[..taken]);
                            warnings.push(format!("unrecognized format directive `%{shown}'"));
                            plain.push(b'%');
                            plain.extend_from_slice(&tail[..taken]);
                        }
                    }
                    rest = &tail[taken..];
                }
                byte => {
                    plain.push(byte);
                    rest = tail;
                }
            }
        }
        pieces.push(Piece::Text(plain));
        Ok((Self(pieces), warnings))
    }

    pub fn fill(&self, ctx: &Context<'_>, found: &Found, follow: Links, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Stop => return,
                Piece::Field { left, zero, sign, alternate, width, precision, what, time } => {
                    let mut text = value(ctx, found, follow, *what, *time, *alternate);
                    let numeric = matches!(
                        what,
                        b'b' | b'd' | b'D' | b'G' | b'i' | b'k' | b'm' | b'n' | b's' | b'U'
                    );
                    if !numeric && let Some(precision) = precision {
                        text.truncate(*precision);
                    }
                    if numeric && *sign && !text.starts_with(b"-") {
                        text.insert(0, b'+');
                    }
                    let fill = width.saturating_sub(text.chars().count());
                    let pad = if *zero && !*left && numeric { b'0' } else { b' ' };
                    if !*left {
                        out.extend(std::iter::repeat_n(pad, fill));
                    }
                    out.extend_from_slice(&text);
                    if *left {
                        out.extend(std::iter::repeat_n(b' ', fill));
                    }
                }
            }
        }
    }
}

/// An escape, whose text after `\` starts `text`; how much it took, `None` for `\c`.
fn escape(text: &[u8], out: &mut Vec<u8>, warnings: &mut Vec<String>) -> Option<usize> {
    let Some(&letter) = text.first() else {
        warnings.push("escape `\\' followed by nothing at all".into());
        out.push(b'\\');
        return Some(0);
    };
    out.push(match letter {
        b'a' => 7,
        b'b' => 8,
        b'c' => return None,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        b'0'..=b'7' => {
            let digits =
                text.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            let value =
                text[..digits].iter().fold(0u32, |value, byte| value * 8 + u32::from(byte - b'0'));
            out.push(value as u8);
            return Some(digits);
        }
        other => {
            warnings.push(format!("unrecognized escape `\\{}'", char::from(other)));
            out.extend([b'\\', other]);
            return Some(1);
        }
    });
    Some(1)
}

fn field(text: &[u8]) -> (Option<Piece>, usize) {
    let flags = text.iter().take_while(|byte| b"-+ #0".contains(byte)).count();
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number =
        |from: usize, to: usize| text[from..to].to_str().ok().and_then(|t| t.parse::<usize>().ok());
    let width_end = flags + digits(flags);
    let mut at = width_end;
    let mut precision = None;
    if text.get(at) == Some(&b'.') {
        let end = at + 1 + digits(at + 1);
        precision = Some(number(at + 1, end).unwrap_or(0));
        at = end;
    }
    let Some(&what) = text.get(at) else { return (None, text.len()) };
    let timed = matches!(what, b'A' | b'B' | b'C' | b'T');
    let time = if timed { text.get(at + 1).copied() } else { Some(0) };
    let taken = at + 1 + usize::from(timed);
    let known = b"abcdDfFgGhHiklmMnpPsStuUyYZ".contains(&what) || timed;
    let (true, Some(time)) = (known, time) else { return (None, taken.min(text.len())) };
    let has = |flag: u8| text[..flags].contains(&flag);
    let piece = Piece::Field {
        left: has(b'-'),
        zero: has(b'0'),
        sign: has(b'+'),
        alternate: has(b'#'),
        width: number(flags, width_end).unwrap_or(0).min(1 << 16),
        precision,
        what,
        time,
    };
    (Some(piece), taken)
}

fn value(
    ctx: &Context<'_>,
    found: &Found,
    follow: Links,
    what: u8,
    time: u8,
    alternate: bool,
) -> Vec<u8> {
    let stat = &found.stat;
    let text = |value: &dyn ToString| value.to_string().into_bytes();
    match what {
        b'p' => found.path.to_vec(),
        b'f' => {
            // A starting point that ends in slashes keeps them.
            if found.depth == 0 && found.path.ends_with(b"/") && found.path.len() > 1 {
                let trimmed = found.path.trim_end_with(|letter| letter == '/').len();
                let tail = &found.path[trimmed..];
                return [found.name(), tail].concat();
            }
            found.name().to_vec()
        }
        b'h' => parent(&found.path),
        b'H' => found.path[..found.root].to_vec(),
        b'P' => {
            let below = &found.path[found.root..];
            below.strip_prefix(b"/").unwrap_or(below).to_vec()
        }
        b'd' => text(&found.depth),
        b'D' => text(&stat.device),
        b'F' => b"mesafs".to_vec(),
        b's' => text(&stat.size),
        b'b' => text(&blocks(stat)),
        b'k' => text(&blocks(stat).div_ceil(2)),
        b'S' => {
            let sparse =
                if stat.size == 0 { 1.0 } else { 512.0 * blocks(stat) as f64 / stat.size as f64 };
            text(&sparse)
        }
        b'm' if alternate => format!("0{:o}", stat.mode).into_bytes(),
        b'm' => format!("{:o}", stat.mode).into_bytes(),
        b'M' => format!("{}{}", kind_letter(stat.kind), letters(stat.mode)).into_bytes(),
        b'n' => text(&stat.links),
        b'i' => text(&stat.inode),
        b'u' => user_name(ctx, ctx.identity.uid).into(),
        b'U' => text(&ctx.identity.uid),
        b'g' => group_name(ctx, ctx.identity.gid).into(),
        b'G' => text(&ctx.identity.gid),
        b'l' => target(ctx, found).unwrap_or_default().into(),
        b'y' => vec![type_letter(stat.kind)],
        b'Y' => linked_type(ctx, found, follow),
        b'a' | b'c' | b't' => moment(ctx, stat.mtime_ns, b"%a %b %e %H:%M:", true),
        b'A' | b'B' | b'C' | b'T' => time_field(ctx, stat.mtime_ns, time),
        _ => Vec::new(),
    }
}

/// The text of a symbolic link.
pub(super) fn target(ctx: &Context<'_>, found: &Found) -> Option<BString> {
    if !found.stat.is_symbolic_link() {
        return None;
    }
    ctx.path(&found.path).and_then(|path| ctx.read_link(&path)).ok()
}

/// The letter of `-type`.
pub(super) fn type_letter(kind: FileKind) -> u8 {
    match kind {
        FileKind::File => b'f',
        FileKind::Directory => b'd',
        FileKind::Symlink => b'l',
        FileKind::CharDevice => b'c',
        FileKind::Pipe => b'p',
    }
}

fn linked_type(ctx: &Context<'_>, found: &Found, _follow: Links) -> Vec<u8> {
    if !found.stat.is_symbolic_link() {
        return vec![type_letter(found.stat.kind)];
    }
    let stat = ctx.path(&found.path).and_then(|path| ctx.metadata(&path));
    vec![match stat {
        Ok(stat) => type_letter(stat.kind),
        Err(error) => match error.errno() {
            Errno::NoEnt | Errno::NotDir => b'N',
            Errno::Loop => b'L',
            _ => b'?',
        },
    }]
}

fn parent(path: &[u8]) -> Vec<u8> {
    let trimmed = path.trim_end_with(|letter| letter == '/');
    match trimmed.rfind_byte(b'/') {
        Some(0) => Vec::new(),
        Some(at) => trimmed[..at].to_vec(),
        None if path.starts_with(b"/") => Vec::new(),
        None => b".".to_vec(),
    }
}

/// `fff` and a zero, as find prints fractions of seconds.
fn fraction(ns: i64) -> String {
    format!(".{:09}0", ns.rem_euclid(1_000_000_000))
}

fn moment(ctx: &Context<'_>, ns: i64, lead: &[u8], year: bool) -> Vec<u8> {
    let zone = zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
    let Some(moment) = Moment::new(ns, &zone) else { return b"?".to_vec() };
    let mut out = Vec::new();
    format_time(lead, &moment, &mut out);
    format_time(b"%S", &moment, &mut out);
    out.extend_from_slice(fraction(ns).as_bytes());
    if year {
        format_time(b" %Y", &moment, &mut out);
    }
    out
}

fn time_field(ctx: &Context<'_>, ns: i64, letter: u8) -> Vec<u8> {
    match letter {
        b'@' => format!("{}{}", ns.div_euclid(1_000_000_000), fraction(ns)).into_bytes(),
        b'+' => moment(ctx, ns, b"%Y-%m-%d+%H:%M:", false),
        b'S' => moment(ctx, ns, b"", false),
        b'T' | b'X' => moment(ctx, ns, b"%H:%M:", false),
        b'c' => moment(ctx, ns, b"%a %b %e %H:%M:", true),
        letter => {
            let zone = zone(ctx.var("TZ").map(|zone| zone.as_bytes()));
            let Some(moment) = Moment::new(ns, &zone) else { return b"?".to_vec() };
            let mut out = Vec::new();
            if letter == b'r' {
                format_time(b"%I:%M:%S", &moment, &mut out);
                out.extend_from_slice(fraction(ns).as_bytes());
                format_time(b" %p", &moment, &mut out);
            } else {
                format_time(&[b'%', letter], &moment, &mut out);
            }
            out
        }
    }
}
