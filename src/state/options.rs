//! `set -o` and `shopt`: names, letters, defaults.

/// A set of options; copied as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options(u128);

macro_rules! options {
    ($($option:ident $name:literal $letter:tt $group:ident $default:literal,)*) => {
        /// An option of `set -o` or `shopt`, in the order in which they are listed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Opt { $(#[doc = concat!("`", $name, "`")] $option,)* }

        impl Opt {
            pub const ALL: &[Self] = &[$(Self::$option,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$option => $name,)* }
            }

            /// The letter of `set -x` and `$-`, where there is one.
            pub const fn letter(self) -> Option<u8> {
                match self { $(Self::$option => options!(@letter $letter),)* }
            }

            pub const fn group(self) -> Group {
                match self { $(Self::$option => Group::$group,)* }
            }

            const fn default(self) -> bool {
                match self { $(Self::$option => $default,)* }
            }
        }
    };
    (@letter _) => { None };
    (@letter $letter:literal) => { Some($letter) };
}

/// Which builtin lists an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Set,
    Shopt,
    /// Only a letter in `$-`.
    Letter,
}

options! {
    AllExport "allexport" b'a' Set false,
    BraceExpand "braceexpand" b'B' Set true,
    Emacs "emacs" _ Set false,
    ErrExit "errexit" b'e' Set false,
    ErrTrace "errtrace" b'E' Set false,
    FuncTrace "functrace" b'T' Set false,
    HashAll "hashall" b'h' Set true,
    HistExpand "histexpand" b'H' Set false,
    History "history" _ Set false,
    IgnoreEof "ignoreeof" _ Set false,
    InteractiveComments "interactive-comments" _ Set true,
    Keyword "keyword" b'k' Set false,
    Monitor "monitor" b'm' Set false,
    NoClobber "noclobber" b'C' Set false,
    NoExec "noexec" b'n' Set false,
    NoGlob "noglob" b'f' Set false,
    NoLog "nolog" _ Set false,
    Notify "notify" b'b' Set false,
    NoUnset "nounset" b'u' Set false,
    OneCmd "onecmd" b't' Set false,
    Physical "physical" b'P' Set false,
    PipeFail "pipefail" _ Set false,
    Posix "posix" _ Set false,
    Privileged "privileged" b'p' Set false,
    Verbose "verbose" b'v' Set false,
    Vi "vi" _ Set false,
    XTrace "xtrace" b'x' Set false,
    AutoCd "autocd" _ Shopt false,
    AssocExpandOnce "assoc_expand_once" _ Shopt false,
    CdableVars "cdable_vars" _ Shopt false,
    CdSpell "cdspell" _ Shopt false,
    CheckHash "checkhash" _ Shopt false,
    CheckJobs "checkjobs" _ Shopt false,
    CheckWinSize "checkwinsize" _ Shopt true,
    CmdHist "cmdhist" _ Shopt true,
    Compat31 "compat31" _ Shopt false,
    Compat32 "compat32" _ Shopt false,
    Compat40 "compat40" _ Shopt false,
    Compat41 "compat41" _ Shopt false,
    Compat42 "compat42" _ Shopt false,
    Compat43 "compat43" _ Shopt false,
    Compat44 "compat44" _ Shopt false,
    CompleteFullQuote "complete_fullquote" _ Shopt true,
    DirExpand "direxpand" _ Shopt false,
    DirSpell "dirspell" _ Shopt false,
    DotGlob "dotglob" _ Shopt false,
    ExecFail "execfail" _ Shopt false,
    ExpandAliases "expand_aliases" _ Shopt false,
    ExtDebug "extdebug" _ Shopt false,
    ExtGlob "extglob" _ Shopt false,
    ExtQuote "extquote" _ Shopt true,
    FailGlob "failglob" _ Shopt false,
    ForceFignore "force_fignore" _ Shopt true,
    GlobAsciiRanges "globasciiranges" _ Shopt true,
    GlobSkipDots "globskipdots" _ Shopt true,
    GlobStar "globstar" _ Shopt false,
    GnuErrFmt "gnu_errfmt" _ Shopt false,
    HistAppend "histappend" _ Shopt false,
    HistReedit "histreedit" _ Shopt false,
    HistVerify "histverify" _ Shopt false,
    HostComplete "hostcomplete" _ Shopt true,
    HupOnExit "huponexit" _ Shopt false,
    InheritErrExit "inherit_errexit" _ Shopt false,
    ShoptInteractiveComments "interactive_comments" _ Shopt true,
    LastPipe "lastpipe" _ Shopt false,
    LitHist "lithist" _ Shopt false,
    LocalVarInherit "localvar_inherit" _ Shopt false,
    LocalVarUnset "localvar_unset" _ Shopt false,
    LoginShell "login_shell" _ Shopt false,
    MailWarn "mailwarn" _ Shopt false,
    NoEmptyCmdCompletion "no_empty_cmd_completion" _ Shopt false,
    NoCaseGlob "nocaseglob" _ Shopt false,
    NoCaseMatch "nocasematch" _ Shopt false,
    NoExpandTranslation "noexpand_translation" _ Shopt false,
    NullGlob "nullglob" _ Shopt false,
    PatsubReplacement "patsub_replacement" _ Shopt true,
    ProgComp "progcomp" _ Shopt true,
    ProgCompAlias "progcomp_alias" _ Shopt false,
    PromptVars "promptvars" _ Shopt true,
    RestrictedShell "restricted_shell" _ Shopt false,
    ShiftVerbose "shift_verbose" _ Shopt false,
    SourcePath "sourcepath" _ Shopt true,
    VarRedirClose "varredir_close" _ Shopt false,
    XpgEcho "xpg_echo" _ Shopt false,
    Interactive "interactive" b'i' Letter false,
    CommandString "command_string" b'c' Letter false,
    StandardInput "stdin" b's' Letter false,
}

impl Opt {
    /// The option of `set -o` or `shopt` that is called `name`.
    pub fn named(group: Group, name: &[u8]) -> Option<Self> {
        let same = |opt: &Self| opt.group() == group && opt.name().as_bytes() == name;
        Self::ALL.iter().copied().find(same)
    }

    /// The option of `set -x`, by its letter.
    pub fn of_letter(letter: u8) -> Option<Self> {
        let same = |opt: &Self| opt.group() == Group::Set && opt.letter() == Some(letter);
        Self::ALL.iter().copied().find(same)
    }
}

impl Default for Options {
    fn default() -> Self {
        let on = Opt::ALL.iter().filter(|opt| opt.default());
        Self(on.fold(0, |bits, &opt| bits | 1 << opt as u32))
    }
}

impl Options {
    pub const fn has(self, opt: Opt) -> bool {
        self.0 & (1 << opt as u32) != 0
    }

    /// Turns an option on or off, and what goes with it: `vi` and `emacs` exclude each other, and
    /// `interactive_comments` has two names.
    pub fn set(&mut self, opt: Opt, on: bool) {
        self.put(opt, on);
        match opt {
            Opt::Vi if on => self.put(Opt::Emacs, false),
            Opt::Emacs if on => self.put(Opt::Vi, false),
            Opt::InteractiveComments => self.put(Opt::ShoptInteractiveComments, on),
            Opt::ShoptInteractiveComments => self.put(Opt::InteractiveComments, on),
            _ => {}
        }
    }

    fn put(&mut self, opt: Opt, on: bool) {
        let bit = 1 << opt as u32;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }

    /// These, but those of `group` as in `other`.
    #[must_use]
    pub fn with_group_of(mut self, group: Group, other: Self) -> Self {
        for (opt, on) in other.list(group) {
            self.set(opt, on);
        }
        self
    }

    /// The options of one builtin, in the order of its listing.
    pub fn list(self, group: Group) -> impl Iterator<Item = (Opt, bool)> {
        let all = Opt::ALL.iter().copied().filter(move |opt| opt.group() == group);
        all.map(move |opt| (opt, self.has(opt)))
    }

    /// `$SHELLOPTS` or `$BASHOPTS`: what is on, joined by colons, sorted by name.
    pub fn colon_list(self, group: Group) -> String {
        let mut on: Vec<_> = self.list(group).filter(|(_, on)| *on).collect();
        on.sort_by_key(|(opt, _)| opt.name());
        on.iter().map(|(opt, _)| opt.name()).collect::<Vec<_>>().join(":")
    }

    /// `$-`
    pub fn flags(self) -> String {
        const ORDER: &[u8] = b"abefhikmnprtuvxBCEHPTcs";
        let on = |letter: &u8| {
            let is_on = |opt: &&Opt| opt.letter() == Some(*letter) && self.has(**opt);
            Opt::ALL.iter().any(|opt| is_on(&opt))
        };
        ORDER.iter().filter(|letter| on(letter)).map(|&letter| char::from(letter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each answer is what bash 5.2 has at the start of `bash -c`.
    #[test]
    fn the_defaults_are_those_of_bash() {
        let mut options = Options::default();
        options.set(Opt::CommandString, true);
        assert_eq!(options.flags(), "hBc");
        let set = "braceexpand:hashall:interactive-comments";
        assert_eq!(options.colon_list(Group::Set), set);
        let shopt = "checkwinsize:cmdhist:complete_fullquote:extquote:force_fignore:\
            globasciiranges:globskipdots:hostcomplete:interactive_comments:patsub_replacement:\
            progcomp:promptvars:sourcepath";
        assert_eq!(options.colon_list(Group::Shopt), shopt);
        options.set(Opt::ErrExit, true);
        options.set(Opt::XTrace, true);
        assert_eq!(options.flags(), "ehxBc");
    }

    #[test]
    fn options_are_found_by_name_and_letter() {
        assert_eq!(Opt::named(Group::Set, b"pipefail"), Some(Opt::PipeFail));
        assert_eq!(Opt::named(Group::Shopt, b"pipefail"), None);
        assert_eq!(Opt::of_letter(b'x'), Some(Opt::XTrace));
        assert_eq!(Opt::of_letter(b'c'), None);
    }
}
