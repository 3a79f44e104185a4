//! Tildes: `~`, `~user`, `~+`, `~-`, `~N`.

use super::Expander;
use crate::state::{Opt, Str, names};
use crate::syntax::ast::Tilde;

/// The home directory of the one user that there is.
const HOME: &str = "/home/mesa";
const ROOT_HOME: &str = "/root";

impl Expander<'_> {
    /// What the tilde stands for; itself if nothing.
    pub(super) fn tilde(&mut self, tilde: &Tilde) -> Str {
        let as_written = || Str::from([b"~".as_slice(), &tilde.user].concat());
        if tilde.assignment && !self.declares && self.shell.options.has(Opt::Posix) {
            return as_written();
        }
        let variable = |name| self.shell.text(name).map(Str::from);
        let user: &[u8] = &tilde.user;
        match user {
            b"" => variable(names::HOME).unwrap_or_else(|| Str::from(HOME)),
            b"+" => variable(names::PWD).unwrap_or_else(as_written),
            b"-" => variable(names::OLDPWD).unwrap_or_else(as_written),
            b"root" => Str::from(ROOT_HOME),
            user if user == self.shell.world.identity.user.as_slice() => Str::from(HOME),
            [sign @ (b'+' | b'-'), digits @ ..] => {
                self.stacked(*sign == b'-', digits).unwrap_or_else(as_written)
            }
            user if user.iter().all(u8::is_ascii_digit) => {
                self.stacked(false, user).unwrap_or_else(as_written)
            }
            _ => as_written(),
        }
    }

    /// An entry of the directory stack, counted from its top or its bottom.
    fn stacked(&self, from_bottom: bool, digits: &[u8]) -> Option<Str> {
        let number: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let all: Vec<Str> = self.shell.dirs.all().collect();
        let at = if from_bottom { all.len().checked_sub(number + 1)? } else { number };
        all.get(at).cloned()
    }
}
