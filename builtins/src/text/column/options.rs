//! What `column` is asked to do.

use crate::prelude::*;
use crate::text::number::{NumberFault, integer, no_suffix};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Table,
    /// Filled down first.
    Columns,
    /// Filled across first.
    Rows,
}

#[derive(Debug)]
pub(super) struct Rules {
    pub mode: Mode,
    pub json: bool,
    pub table_name: BString,
    pub names: Vec<BString>,
    pub order: Vec<BString>,
    pub hide: Vec<BString>,
    pub right: Vec<BString>,
    pub truncate: Vec<BString>,
    pub wrap: Vec<BString>,
    pub no_extreme: Vec<BString>,
    pub limit: Option<usize>,
    pub heading: bool,
    pub keeps_empty: bool,
    /// Columns of the tree, of ids and of parents.
    pub tree: Option<[BString; 3]>,
    pub width: usize,
    pub between: BString,
    /// `None`: blanks, of which several are as one.
    pub separators: Option<BString>,
}

fn list(text: Option<&BStr>) -> Vec<BString> {
    let pieces = text.map(|text| text.split(|&byte| byte == b',').map(BString::from));
    pieces.into_iter().flatten().collect()
}

pub(super) fn rules(ctx: &Context<'_>, args: &Args) -> Result<Rules, CommandError> {
    let json = args.has('J');
    let mode = match args.last_of("tx") {
        _ if args.has('t') || json => Mode::Table,
        Some('x') => Mode::Rows,
        _ => Mode::Columns,
    };
    let mut width = ctx
        .var("COLUMNS")
        .and_then(|text| text.to_str().ok()?.parse().ok())
        .filter(|width| *width > 0)
        .unwrap_or(80);
    if let Some(text) = args.value('c') {
        width = if text == "unlimited" { 0 } else { number(text, "columns")? };
    }
    let limit = match args.value('l') {
        Some(text) => match number(text, "columns limit")? {
            0 => return Err(failure("columns limit must be greater than zero")),
            limit => Some(limit),
        },
        None => None,
    };
    let of_tables = "nONlEdeHRTWr";
    if mode != Mode::Table && of_tables.chars().any(|letter| args.has(letter)) {
        return Err(failure("option --table required for all --table-*"));
    }
    if json && !args.has('N') {
        return Err(failure("option --table-columns required for --json"));
    }
    let tree = match (args.value('r'), args.value('i'), args.value('p')) {
        (None, ..) => None,
        (Some(tree), Some(id), Some(parent)) => Some([tree, id, parent].map(BString::from)),
        _ => {
            return Err(failure(
                "options --tree-id and --tree-parent are required for tree formatting",
            ));
        }
    };
    Ok(Rules {
        mode,
        json,
        table_name: args.value('n').unwrap_or(BStr::new("table")).into(),
        names: list(args.value('N')),
        order: list(args.value('O')),
        hide: list(args.value('H')),
        right: list(args.value('R')),
        truncate: list(args.value('T')),
        wrap: list(args.value('W')),
        no_extreme: list(args.value('E')),
        limit,
        heading: args.has('N') && !args.has('d'),
        keeps_empty: args.has('L'),
        tree,
        width,
        between: args.value('o').unwrap_or(BStr::new("  ")).into(),
        separators: args.value('s').map(BString::from),
    })
}

fn number(text: &BStr, what: &str) -> Result<usize, CommandError> {
    let invalid = |reason: &str| failure(format!("invalid {what} argument: '{text}'{reason}"));
    match integer(text, no_suffix) {
        Ok(number) => u32::try_from(number)
            .ok()
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| invalid(": Numerical result out of range")),
        Err(NumberFault::TooLarge) => Err(invalid(": Numerical result out of range")),
        Err(NumberFault::Invalid) => Err(invalid("")),
    }
}
