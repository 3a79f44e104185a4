//! Prompt strings: PS1, PS4, `${x@P}`.

use super::Expander;
use super::error::Expanded;
use crate::state::{Opt, Str, names};
use crate::syntax::word::parse_double_quoted;
use bstr::ByteSlice;
use mesash_builtins::core::strftime;

/// Marks that `\[` and `\]` leave for the line editor.
const INVISIBLE_START: u8 = 1;
const INVISIBLE_END: u8 = 2;

impl Expander<'_> {
    pub(crate) fn prompt(&mut self, text: &[u8]) -> Expanded<Str> {
        let decoded = self.prompt_escapes(text);
        if !self.shell.options.has(Opt::PromptVars)
            || !decoded.iter().any(|b| matches!(b, b'$' | b'`' | b'\\'))
        {
            return Ok(Str::from(decoded));
        }
        let line = self.shell.line.max(1);
        let word = parse_double_quoted(&decoded, line, self.parse_env(), &self.shell.interner)?;
        self.single(&word)
    }

    fn prompt_escapes(&self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            let (b'\\', Some((&letter, after))) = (byte, after.split_first()) else {
                out.push(byte);
                continue;
            };
            rest = after;
            match letter {
                b'D' if rest.first() == Some(&b'{') => {
                    let end = rest.find_byte(b'}').unwrap_or(rest.len());
                    let format = rest.get(1..end).unwrap_or_default();
                    let format = if format.is_empty() { b"%H:%M:%S" } else { format };
                    self.push_time(format, &mut out);
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                b'0'..=b'7' => {
                    let digits =
                        after.iter().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                    let octal = after.get(..digits).unwrap_or_default();
                    let value = octal.iter().fold(u32::from(letter - b'0'), |value, digit| {
                        value * 8 + u32::from(digit - b'0')
                    });
                    out.push(value as u8);
                    rest = after.get(digits..).unwrap_or_default();
                }
                letter => self.push_escape(letter, &mut out),
            }
        }
        out
    }

    fn push_time(&self, format: &[u8], out: &mut Vec<u8>) {
        let zone = strftime::zone(self.shell.text(names::TZ).as_deref());
        let now = self.shell.world.clock.now_s();
        out.extend_from_slice(&strftime::strftime(format, now, &zone));
    }

    fn push_escape(&self, letter: u8, out: &mut Vec<u8>) {
        let identity = &self.shell.world.identity;
        match letter {
            b'a' => out.push(7),
            b'e' => out.push(0x1b),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b'[' | b']' if !self.shell.options.has(Opt::Interactive) => {}
            b'[' => out.push(INVISIBLE_START),
            b']' => out.push(INVISIBLE_END),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'd' => self.push_time(b"%a %b %d", out),
            b't' => self.push_time(b"%H:%M:%S", out),
            b'T' => self.push_time(b"%I:%M:%S", out),
            b'@' => self.push_time(b"%I:%M %p", out),
            b'A' => self.push_time(b"%H:%M", out),
            b'h' => out
                .extend_from_slice(identity.host.split(|&b| b == b'.').next().unwrap_or_default()),
            b'H' => out.extend_from_slice(&identity.host),
            b'u' => out.extend_from_slice(&identity.user),
            b'j' => out.push(b'0'),
            b'l' => out.extend_from_slice(b"tty"),
            b's' => {
                let name = self.shell.zero.rsplit(|&b| b == b'/').next().unwrap_or_default();
                out.extend_from_slice(name.strip_prefix(b"-").unwrap_or(name));
            }
            b'v' => out.extend_from_slice(b"5.2"),
            b'V' => out.extend_from_slice(b"5.2.15"),
            b'w' | b'W' => out.extend_from_slice(&self.prompt_directory(letter == b'W')),
            b'!' | b'#' => out.push(b'1'),
            b'$' => out.extend_from_slice(if identity.uid == 0 { b"#" } else { b"\\$" }),
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }

    /// The working directory with `~` for home, or only its last name.
    fn prompt_directory(&self, base: bool) -> Vec<u8> {
        let cwd = self.shell.text(names::PWD).unwrap_or_default();
        let home = self.shell.text(names::HOME).filter(|home| !home.is_empty());
        let below = home.as_ref().and_then(|home| cwd.strip_prefix(&home[..]));
        let path = match below {
            Some(rest) if rest.is_empty() || rest.starts_with(b"/") => [b"~", rest].concat(),
            _ => cwd.to_vec(),
        };
        if !base || path == b"/" {
            return path;
        }
        path.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec()
    }
}
