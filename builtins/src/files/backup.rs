//! Where `cp`, `mv`, `ln` and `install` keep the file that they take the place of.

use crate::args::choice::{self, Choice};
use crate::prelude::*;

/// What `--backup` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    None,
    Simple,
    /// Numbered if there are numbered ones already.
    Existing,
    Numbered,
}

const CONTROLS: &[Choice<Control>] = &[
    (&["none", "off"], Control::None),
    (&["simple", "never"], Control::Simple),
    (&["existing", "nil"], Control::Existing),
    (&["numbered", "t"], Control::Numbered),
];

/// The option for the commands' tables; `-b` stands beside it.
pub(super) const BACKUP: Opt = long("backup", "make a backup of each existing destination file")
    .takes(Takes::Optional("CONTROL"));

/// How a file that is in the way is kept.
#[derive(Debug, Clone)]
pub(super) struct Backup {
    control: Control,
    suffix: BString,
}

impl Backup {
    /// What `-b`, `--backup`, `-S`, VERSION_CONTROL and SIMPLE_BACKUP_SUFFIX ask for, if anything.
    ///
    /// # Errors
    /// Wrong usage: a word that names no way.
    pub fn read(ctx: &Context<'_>, args: &Args) -> Result<Option<Self>, CommandError> {
        if !(args.has('b') || args.has("backup") || args.has('S')) {
            return Ok(None);
        }
        let variable = ctx.var("VERSION_CONTROL").filter(|word| !word.is_empty());
        let control = match (args.value("backup"), variable) {
            (Some(word), _) => choice::choose("backup type", word, CONTROLS)?,
            (None, Some(word)) => choice::choose("$VERSION_CONTROL", word, CONTROLS)?,
            (None, None) => Control::Existing,
        };
        let suffix = args.value('S').or_else(|| ctx.var("SIMPLE_BACKUP_SUFFIX"));
        let suffix = suffix.filter(|suffix| !suffix.is_empty() && !suffix.contains(&b'/'));
        let suffix = suffix.map_or_else(|| "~".into(), BStr::to_owned);
        Ok((control != Control::None).then_some(Self { control, suffix }))
    }

    /// The name that `target` is kept under.
    ///
    /// # Errors
    /// Those of reading its folder.
    pub fn name(&self, ctx: &Context<'_>, target: &BStr) -> FsResult<BString> {
        let simple = || BString::from([target.as_bytes(), &self.suffix].concat());
        if self.control == Control::Simple {
            return Ok(simple());
        }
        let (folder, base) = match target.rfind_byte(b'/') {
            Some(slash) => target.split_at(slash + 1),
            None => (&b"."[..], target.as_bytes()),
        };
        let number = |entry: &DirEntry| -> Option<u64> {
            let digits = entry.name.strip_prefix(base)?.strip_prefix(b".~")?.strip_suffix(b"~")?;
            digits.to_str().ok()?.parse().ok()
        };
        let highest = ctx.fs.read_dir(&ctx.path(folder)?)?.iter().filter_map(number).max();
        Ok(match (self.control, highest) {
            (Control::Existing, None) => simple(),
            (_, highest) => {
                let next = highest.unwrap_or(0).saturating_add(1);
                [target.as_bytes(), format!(".~{next}~").as_bytes()].concat().into()
            }
        })
    }

    /// Moves `target`, which is at `path`, out of the way; the name that it has now.
    ///
    /// # Errors
    /// Those of `rename`.
    pub fn keep(&self, ctx: &Context<'_>, target: &BStr, path: &VPath) -> FsResult<BString> {
        let name = self.name(ctx, target)?;
        ctx.fs.rename(path, &ctx.path(&name)?)?;
        Ok(name)
    }
}
