//! `--color`: LS_COLORS.

use bstr::ByteSlice;

use crate::prelude::*;

/// What each kind of entry is drawn with.
#[derive(Debug)]
pub(super) struct Colors {
    indicators: Vec<(Vec<u8>, Vec<u8>)>,
    suffixes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether anything has been drawn: the first time resets before.
    started: bool,
}

/// GNU's defaults.
const DEFAULTS: &[(&[u8], &[u8])] = &[
    (b"rs", b"0"),
    (b"di", b"01;34"),
    (b"ln", b"01;36"),
    (b"pi", b"33"),
    (b"so", b"01;35"),
    (b"bd", b"01;33"),
    (b"cd", b"01;33"),
    (b"su", b"37;41"),
    (b"sg", b"30;43"),
    (b"ex", b"01;32"),
    (b"tw", b"30;42"),
    (b"ow", b"34;42"),
    (b"st", b"37;44"),
    // GNU has none: a file whose sides differ.
    (b"cf", b"01;31"),
];

impl Colors {
    pub fn read(ctx: &Context<'_>) -> Self {
        let owned = |(name, color): &(&[u8], &[u8])| (name.to_vec(), color.to_vec());
        let mut colors = Self {
            indicators: DEFAULTS.iter().map(owned).collect(),
            suffixes: Vec::new(),
            started: false,
        };
        for part in ctx.var("LS_COLORS").unwrap_or_default().split(|&byte| byte == b':') {
            let Some(at) = part.find_byte(b'=') else { continue };
            let (name, color) = (&part[..at], part[at + 1..].to_vec());
            if let Some(suffix) = name.strip_prefix(b"*") {
                colors.suffixes.push((suffix.to_vec(), color));
            } else if let Some(known) = colors.indicators.iter_mut().find(|(key, _)| key == name) {
                known.1 = color;
            } else {
                colors.indicators.push((name.to_vec(), color));
            }
        }
        colors
    }

    fn indicator(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.indicators.iter().find(|(key, _)| key == name);
        found.map(|(_, color)| &color[..]).filter(|color| !matches!(*color, b"" | b"0" | b"00"))
    }

    /// The color of an entry; `target` is what a link leads to, if anything.
    pub fn of(&self, name: &[u8], stat: &FsStat, target: Option<&FsStat>) -> Option<&[u8]> {
        match stat.kind {
            FileKind::Symlink => {
                if target.is_none()
                    && let Some(orphan) = self.indicator(b"or")
                {
                    return Some(orphan);
                }
                match (self.indicator(b"ln"), target) {
                    (Some(b"target"), Some(target)) => self.of(name, target, None),
                    (color, _) => color,
                }
            }
            FileKind::Directory => {
                let (sticky, other) = (stat.mode & 0o1000 != 0, stat.mode & 0o002 != 0);
                let special = match (sticky, other) {
                    (true, true) => self.indicator(b"tw"),
                    (false, true) => self.indicator(b"ow"),
                    (true, false) => self.indicator(b"st"),
                    (false, false) => None,
                };
                special.or_else(|| self.indicator(b"di"))
            }
            FileKind::CharDevice => self.indicator(b"cd"),
            FileKind::Pipe => self.indicator(b"pi"),
            FileKind::File if stat.conflicted => self.indicator(b"cf"),
            FileKind::File => {
                let special = if stat.mode & 0o4000 != 0 {
                    self.indicator(b"su")
                } else if stat.mode & 0o2000 != 0 {
                    self.indicator(b"sg")
                } else if stat.mode & 0o111 != 0 {
                    self.indicator(b"ex")
                } else {
                    None
                };
                let suffix = || {
                    let mut all = self.suffixes.iter().rev();
                    all.find(|(suffix, _)| name.ends_with(suffix)).map(|(_, color)| &color[..])
                };
                special.or_else(suffix).or_else(|| self.indicator(b"fi"))
            }
        }
    }

    /// Draws `text` with a color.
    pub fn paint(&mut self, color: Option<Vec<u8>>, text: &[u8], out: &mut Vec<u8>) {
        let Some(color) = color else {
            out.extend_from_slice(text);
            return;
        };
        if !self.started {
            self.started = true;
            out.extend_from_slice(b"\x1b[0m");
        }
        out.extend_from_slice(&[b"\x1b[", &color[..], b"m", text, b"\x1b[0m"].concat());
    }
}
