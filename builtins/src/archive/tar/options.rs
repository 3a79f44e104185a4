//! The options of `tar`, and its operands with the folders that `-C` puts them in.

use super::layout::Layout;
use super::misuse;
use super::transform::{self, Transform};
use crate::args::{Given, Parsed, help_text, version_text};
use crate::pattern::{Options as GlobOptions, Pattern};
use crate::prelude::*;

const fn valued(name: &'static str, arg: &'static str, help: &'static str) -> Opt {
    long(name, help).takes(Takes::Value(arg))
}

pub(super) const OPTIONS: &[Opt] = &[
    flag('c', "create", "create a new archive"),
    flag('x', "extract", "extract files from an archive"),
    long("get", "the same as --extract"),
    flag('t', "list", "list the contents of an archive"),
    flag('r', "append", "append files to the end of an archive"),
    flag('u', "update", "only append files newer than copy in archive"),
    value('f', "file", "ARCHIVE", "use archive file ARCHIVE"),
    value('C', "directory", "DIR", "change to directory DIR"),
    flag('v', "verbose", "verbosely list files processed"),
    flag('z', "gzip", "filter the archive through gzip"),
    long("gunzip", "the same as --gzip"),
    long("ungzip", "the same as --gzip"),
    flag('j', "bzip2", "(not available)"),
    flag('J', "xz", "(not available)"),
    long("zstd", "(not available)"),
    long("lzma", "(not available)"),
    flag('a', "auto-compress", "use archive suffix to determine the compression program"),
    long("no-auto-compress", "do not use archive suffix"),
    long("strip-components", "strip NUMBER leading components from file names on extraction")
        .takes(Takes::Value("NUMBER")),
    valued("transform", "EXPRESSION", "use sed replace EXPRESSION to transform file names"),
    valued("xform", "EXPRESSION", "the same as --transform"),
    long("show-transformed-names", "show file or archive names after transformation"),
    long("show-stored-names", "the same as --show-transformed-names"),
    valued("exclude", "PATTERN", "exclude files, given as a PATTERN"),
    value('X', "exclude-from", "FILE", "exclude patterns listed in FILE"),
    long("exclude-vcs", "exclude version control system directories"),
    value('T', "files-from", "FILE", "get names to extract or create from FILE"),
    long("null", "-T reads null-terminated names"),
    flag('O', "to-stdout", "extract files to standard output"),
    flag(
        'k',
        "keep-old-files",
        "don't replace existing files when extracting, treat them as errors",
    ),
    long("skip-old-files", "don't replace existing files when extracting, silently skip over them"),
    long(
        "keep-newer-files",
        "don't replace existing files that are newer than their archive copies",
    ),
    long("overwrite", "overwrite existing files when extracting"),
    long("overwrite-dir", "overwrite metadata of existing directories (default)"),
    flag('U', "unlink-first", "remove each file prior to extracting over it (default)"),
    flag('m', "touch", "don't extract file modified time"),
    flag('p', "preserve-permissions", "extract information about file permissions"),
    long("same-permissions", "the same as --preserve-permissions"),
    long("no-same-permissions", "apply the user's umask when extracting permissions"),
    long("same-owner", "(ignored: there is one user)"),
    long("no-same-owner", "(ignored: there is one user)"),
    short('o', "(ignored: there is one user)"),
    flag('h', "dereference", "follow symlinks; archive and dump the files they point to"),
    flag('P', "absolute-names", "don't strip leading '/'s from file names"),
    long("no-recursion", "avoid descending automatically in directories"),
    long("recursion", "recurse into directories (default)"),
    long("wildcards", "use wildcards"),
    long("no-wildcards", "verbatim string matching"),
    valued("owner", "NAME", "force NAME as owner for added files"),
    valued("group", "NAME", "force NAME as group for added files"),
    long("numeric-owner", "always use numbers for user/group names"),
    valued("mtime", "DATE-OR-FILE", "set mtime for added files"),
    valued("sort", "ORDER", "directory sorting order (always by name)"),
    long("remove-files", "remove files after adding them to the archive"),
    long("one-top-level", "create a subdirectory to avoid having loose files extracted")
        .takes(Takes::Optional("DIR")),
    long("totals", "print total bytes after processing the archive"),
    value('H', "format", "FORMAT", "create archive of the given format: gnu, pax, ustar, v7"),
    long("posix", "the same as --format=posix"),
    flag('i', "ignore-zeros", "ignore zeroed blocks in archive (means EOF)"),
    value('b', "blocking-factor", "BLOCKS", "(ignored: 20)"),
    flag('B', "read-full-records", "(ignored)"),
    flag('S', "sparse", "(ignored: files are written whole)"),
    flag('n', "seek", "(ignored)"),
    short('w', "(ignored)"),
    valued("warning", "KEYWORD", "(ignored)"),
    long("delay-directory-restore", "(ignored: it always is)"),
    long("one-file-system", "(ignored)"),
    long("full-time", "print file time to its full resolution"),
    long("utc", "print file modification times in UTC"),
    long("help", "give this help list"),
    long("version", "print program version"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Create,
    Extract,
    List,
    Append,
    Update,
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Replaced,
    Kept,
    Skipped,
    KeptIfNewer,
}

/// An operand, and the folder that it is seen from.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub name: BString,
    pub folder: VPath,
    pub found: bool,
}

#[derive(Debug)]
pub(super) struct Options {
    pub action: Action,
    /// `-` is standard input or output.
    pub archive: BString,
    pub members: Vec<Member>,
    /// The last `-C`: where things are unpacked.
    pub folder: VPath,
    pub verbose: usize,
    pub gzip: bool,
    pub strip: usize,
    pub transforms: Vec<Transform>,
    pub show_transformed: bool,
    pub excluded: Vec<Pattern>,
    pub to_stdout: bool,
    pub existing: Existing,
    pub overwrite: bool,
    pub touch: bool,
    pub preserve: bool,
    pub dereference: bool,
    pub absolute_names: bool,
    pub recursion: bool,
    pub wildcards: bool,
    pub owner: Option<BString>,
    pub group: Option<BString>,
    pub numeric: bool,
    pub mtime_s: Option<i64>,
    pub mtime_text: Option<BString>,
    pub remove: bool,
    pub top_level: Option<BString>,
    pub totals: bool,
    pub layout: Layout,
    pub ignore_zeros: bool,
    pub full_time: bool,
    pub zone: jiff::tz::TimeZone,
}

enum Item {
    Opt(Given),
    Operand(BString),
}

/// Options and operands in the order given. The first argument may be letters without a dash, whose
/// values follow in order.
fn items(argv: &[BString]) -> Result<Vec<Item>, CommandError> {
    let table = Command { order: Order::First, ..super::TAR };
    let mut argv = argv.to_vec();
    if let Some(first) = argv.first().filter(|first| !first.starts_with(b"-") && !first.is_empty())
    {
        let mut values = argv.get(1..).unwrap_or_default().iter();
        let mut modern = Vec::new();
        for letter in first.chars() {
            let takes = OPTIONS.iter().find(|opt| opt.short == Some(letter)).map(|opt| opt.takes);
            modern.push(format!("-{letter}").into());
            if matches!(takes, Some(Takes::Value(_))) {
                match values.next() {
                    Some(value) => modern.push(value.clone()),
                    None => {
                        let message = format!("Old option '{letter}' requires an argument.");
                        return Err(misuse(&message, 2));
                    }
                }
            }
        }
        modern.extend(values.cloned());
        argv = modern;
    }
    let mut items = Vec::new();
    let mut rest = argv;
    loop {
        let args = match Args::parse(&table, &rest) {
            Ok(Parsed::Run(args)) => args,
            Ok(_) => return Ok(items),
            Err(message) => return Err(misuse(&message, 64)),
        };
        items.extend(args.given().iter().cloned().map(Item::Opt));
        let dashes = args.operands_before_dashes() == 0;
        let Some((first, tail)) = args.operands().split_first() else { return Ok(items) };
        items.push(Item::Operand(first.clone()));
        if dashes {
            items.extend(tail.iter().cloned().map(Item::Operand));
            return Ok(items);
        }
        rest = tail.to_vec();
    }
}

impl Options {
    /// `None` after `--help` and `--version`.
    pub fn read(ctx: &mut Context<'_>, argv: &[BString]) -> Result<Option<Self>, CommandError> {
        let items = items(argv)?;
        let tz = ctx.var("TZ").map(|tz| tz.as_bytes().to_vec());
        let mut options = Self {
            action: Action::List,
            archive: "-".into(),
            members: Vec::new(),
            folder: ctx.cwd.clone(),
            verbose: 0,
            gzip: false,
            strip: 0,
            excluded: Vec::new(),
            to_stdout: false,
            existing: Existing::Replaced,
            overwrite: false,
            touch: false,
            preserve: ctx.identity.uid == 0,
            dereference: false,
            absolute_names: false,
            recursion: true,
            wildcards: false,
            owner: None,
            group: None,
            transforms: Vec::new(),
            show_transformed: false,
            numeric: false,
            mtime_s: None,
            mtime_text: None,
            remove: false,
            top_level: None,
            totals: false,
            layout: Layout::Gnu,
            ignore_zeros: false,
            full_time: false,
            zone: crate::core::strftime::zone(tz.as_deref()),
        };
        let mut action = None;
        let mut auto = false;
        let mut null = false;
        for item in items {
            let given = match item {
                Item::Operand(name) => {
                    let folder = options.folder.clone();
                    options.members.push(Member { name, folder, found: false });
                    continue;
                }
                Item::Opt(given) => given,
            };
            let value = given.value.unwrap_or_default();
            match (given.opt.short, given.opt.long.unwrap_or_default()) {
                (_, "help") => {
                    ctx.stdout.put(help_text(&super::TAR).as_bytes())?;
                    return Ok(None);
                }
                (_, "version") => {
                    ctx.stdout.put(version_text(&super::TAR).as_bytes())?;
                    return Ok(None);
                }
                (_, name @ ("create" | "extract" | "get" | "list" | "append" | "update")) => {
                    let new = match name {
                        "create" => Action::Create,
                        "list" => Action::List,
                        "append" => Action::Append,
                        "update" => Action::Update,
                        _ => Action::Extract,
                    };
                    if action.is_some_and(|old| old != new) {
                        let text = "You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option";
                        return Err(misuse(text, 2));
                    }
                    action = Some(new);
                }
                (_, "null") => null = true,
                (_, "auto-compress") => auto = true,
                (_, "no-auto-compress") => auto = false,
                (_, "directory") => options.enter(ctx, &value)?,
                (_, "files-from") => options.names_from(ctx, &value, null)?,
                (_, name) => options.one(ctx, name, value)?,
            }
        }
        let Some(action) = action else {
            let text =
                "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options";
            return Err(misuse(text, 2));
        };
        options.action = action;
        if auto && action == Action::Create {
            let name = &options.archive;
            if [".bz2", ".xz", ".zst", ".lzma", ".tbz", ".txz"]
                .iter()
                .any(|end| name.ends_with(end.as_bytes()))
            {
                return Err(unavailable(&name.to_string()));
            }
            options.gzip |=
                [".gz", ".tgz", ".taz"].iter().any(|end| name.ends_with(end.as_bytes()));
        }
        Ok(Some(options))
    }

    /// `-C`, seen from the `-C` before it.
    fn enter(&mut self, ctx: &Context<'_>, name: &BString) -> Result<(), CommandError> {
        let entered = self.folder.join(name).and_then(|path| {
            let stat = ctx.fs.metadata(&path)?;
            let refused = || FsError::new(Errno::NotDir, mesafs::Operation::Open, path.clone());
            if stat.is_directory() { Ok(path) } else { Err(refused()) }
        });
        self.folder =
            entered.map_err(|error| super::fatal(format!("{name}: Cannot open: {error}")))?;
        Ok(())
    }

    fn names_from(
        &mut self,
        ctx: &mut Context<'_>,
        file: &BString,
        null: bool,
    ) -> Result<(), CommandError> {
        let text = match file.as_slice() {
            b"-" => ctx.stdin.rest(),
            _ => ctx.open(file).and_then(|mut input| input.rest()),
        };
        let text = text.map_err(|error| super::fatal(format!("{file}: Cannot open: {error}")))?;
        let end = if null { 0 } else { b'\n' };
        for name in text.split(|&byte| byte == end).filter(|name| !name.is_empty()) {
            let folder = self.folder.clone();
            self.members.push(Member { name: name.into(), folder, found: false });
        }
        Ok(())
    }

    fn one(
        &mut self,
        ctx: &mut Context<'_>,
        name: &str,
        value: BString,
    ) -> Result<(), CommandError> {
        match name {
            "file" => self.archive = value,
            "verbose" => self.verbose += 1,
            "gzip" | "gunzip" | "ungzip" => self.gzip = true,
            "bzip2" | "xz" | "zstd" | "lzma" => return Err(unavailable(name)),
            "strip-components" => {
                let number = value.to_str().ok().and_then(|text| text.parse().ok());
                self.strip = number
                    .ok_or_else(|| misuse(&format!("{value}: Invalid number of elements"), 2))?;
            }
            "transform" | "xform" => {
                let transforms = transform::parse(&value).map_err(|fault| misuse(&fault, 2))?;
                self.transforms.extend(transforms);
            }
            "show-transformed-names" | "show-stored-names" => self.show_transformed = true,
            "exclude" => self.excluded.push(glob(&value)),
            "exclude-from" => {
                let text = ctx.open(&value).and_then(|mut input| input.rest());
                let text =
                    text.map_err(|error| super::fatal(format!("{value}: Cannot open: {error}")))?;
                self.excluded.extend(text.lines().filter(|line| !line.is_empty()).map(glob));
            }
            "exclude-vcs" => {
                let names = [
                    "CVS",
                    "RCS",
                    "SCCS",
                    ".git",
                    ".gitignore",
                    ".gitmodules",
                    ".gitattributes",
                    ".svn",
                    ".hg",
                    ".hgignore",
                    ".bzr",
                    ".jj",
                ];
                self.excluded.extend(names.iter().map(|name| glob(name.as_bytes())));
            }
            "to-stdout" => self.to_stdout = true,
            "keep-old-files" => self.existing = Existing::Kept,
            "skip-old-files" => self.existing = Existing::Skipped,
            "keep-newer-files" => self.existing = Existing::KeptIfNewer,
            "overwrite" => self.overwrite = true,
            "touch" => self.touch = true,
            "preserve-permissions" | "same-permissions" => self.preserve = true,
            "no-same-permissions" => self.preserve = false,
            "dereference" => self.dereference = true,
            "absolute-names" => self.absolute_names = true,
            "no-recursion" => self.recursion = false,
            "recursion" => self.recursion = true,
            "wildcards" => self.wildcards = true,
            "no-wildcards" => self.wildcards = false,
            "owner" => self.owner = Some(value),
            "group" => self.group = Some(value),
            "numeric-owner" => self.numeric = true,
            "mtime" => {
                self.mtime_s = Some(self.time(ctx, &value)?);
                let is_file = value.starts_with(b"/") || value.starts_with(b".");
                self.mtime_text = (!is_file).then_some(value);
            }
            "remove-files" => self.remove = true,
            "one-top-level" => self.top_level = Some(value),
            "totals" => self.totals = true,
            "format" => {
                let layout = Layout::named(&value);
                let invalid = || misuse(&format!("{value}: Invalid archive format"), 2);
                self.layout = layout.ok_or_else(invalid)?;
            }
            "posix" => self.layout = Layout::Pax,
            "ignore-zeros" => self.ignore_zeros = true,
            "full-time" => self.full_time = true,
            "utc" => self.zone = jiff::tz::TimeZone::UTC,
            _ => {}
        }
        Ok(())
    }

    /// A date, or the time of a file (`./x`, `/x`).
    fn time(&self, ctx: &Context<'_>, text: &BString) -> Result<i64, CommandError> {
        if text.starts_with(b"/") || text.starts_with(b".") {
            let stat = ctx.path(text).and_then(|path| ctx.fs.metadata(&path));
            let stat =
                stat.map_err(|error| super::fatal(format!("{text}: Cannot stat: {error}")))?;
            return Ok(stat.mtime_ns.div_euclid(1_000_000_000));
        }
        let found = crate::time::parse_date(text, ctx.clock.now_ns(), &self.zone);
        let invalid = || super::fatal(format!("Invalid mtime ‘{text}’"));
        found.map(|(seconds, _)| seconds).ok_or_else(invalid)
    }
}

fn glob(text: &[u8]) -> Pattern {
    let text = text.strip_suffix(b"/").filter(|text| !text.is_empty()).unwrap_or(text);
    Pattern::new(text, GlobOptions::default())
}

fn unavailable(what: &str) -> CommandError {
    super::fatal(format!("{what}: this compression is not available here: use -z"))
}
