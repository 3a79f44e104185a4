//! The dialects: which characters are operators, and what is an error.

/// How a pattern is read. The constants are what GNU's tools use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax {
    /// `( ) { } | + ?` are operators as they are (ERE), not after a backslash (BRE).
    pub extended: bool,
    /// `^` and `$` are anchors wherever they stand.
    pub anchors_anywhere: bool,
    /// A repetition with nothing before it.
    pub leading_repeat: LeadingRepeat,
    /// `{1}` with nothing before it, and a repetition of a repetition, are errors (POSIX BRE).
    pub strict_intervals: bool,
    /// An unmatched `)` is an ordinary character.
    pub unmatched_right_is_literal: bool,
    /// A malformed `{` is an ordinary character.
    pub invalid_interval_is_literal: bool,
    /// `\` escapes inside brackets.
    pub escapes_in_brackets: bool,
    /// `\1` refers to a group.
    pub back_references: bool,
    /// `[:space:]` alone is an error.
    pub refuse_bare_class: bool,
    /// `\{n\}` counts at all, `+`, `?` and `|` exist: not so in Emacs's.
    pub intervals: bool,
    /// `+` and `?` are operators without a backslash though the rest is basic (Emacs).
    pub plain_plus: bool,
    /// `[[:alpha:]]` is a class: not so in Emacs's.
    pub classes: bool,
}

/// What a `*` with nothing before it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadingRepeat {
    Literal,
    /// Read over, with a warning by `grep`.
    Ignored,
    Error,
}

impl Syntax {
    /// `sed`, `expr`, `csplit`, `nl`: POSIX BRE with GNU's `\+ \? \|`.
    pub const BASIC: Self = Self {
        extended: false,
        anchors_anywhere: false,
        leading_repeat: LeadingRepeat::Literal,
        strict_intervals: true,
        unmatched_right_is_literal: false,
        invalid_interval_is_literal: false,
        escapes_in_brackets: false,
        back_references: true,
        refuse_bare_class: true,
        intervals: true,
        plain_plus: false,
        classes: true,
    };

    /// `sed -E`.
    pub const EXTENDED: Self = Self {
        extended: true,
        anchors_anywhere: true,
        leading_repeat: LeadingRepeat::Error,
        strict_intervals: false,
        ..Self::BASIC
    };

    /// `regcomp` with `REG_EXTENDED`: `[[ =~ ]]`, `find -regextype posix-extended`.
    pub const REGCOMP: Self =
        Self { unmatched_right_is_literal: true, refuse_bare_class: false, ..Self::EXTENDED };

    pub const GREP: Self = Self { strict_intervals: false, ..Self::BASIC };

    pub const EGREP: Self = Self {
        leading_repeat: LeadingRepeat::Ignored,
        unmatched_right_is_literal: true,
        invalid_interval_is_literal: true,
        ..Self::EXTENDED
    };

    /// awk: the caller has expanded its own escapes.
    pub const AWK: Self = Self {
        leading_repeat: LeadingRepeat::Literal,
        invalid_interval_is_literal: true,
        escapes_in_brackets: true,
        back_references: false,
        refuse_bare_class: false,
        ..Self::EXTENDED
    };

    /// `find -regex` without `-regextype`.
    pub const EMACS: Self = Self {
        strict_intervals: false,
        refuse_bare_class: false,
        intervals: false,
        plain_plus: true,
        classes: false,
        ..Self::BASIC
    };
}

/// What ends a line for anchors, and what no set may match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// `^` and `$` are the ends of the text; sets and `.` match a newline.
    Whole,
    /// `^` and `$` match at newlines too; sets and `.` match a newline (`sed`'s `M`).
    Anchors,
    /// The text is many lines that end with this byte: anchors are at their ends, and nothing
    /// matches the byte itself. For searching whole buffers as `grep` does.
    Separate(u8),
}

/// How matching goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags {
    pub ignore_case: bool,
    pub lines: Lines,
    /// Bytes instead of UTF-8 (`LC_ALL=C`).
    pub bytes: bool,
    /// Perl's dialect: a quantifier may follow another, and an anchor (Oniguruma).
    pub nested_repeats: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self { ignore_case: false, lines: Lines::Whole, bytes: false, nested_repeats: false }
    }
}
