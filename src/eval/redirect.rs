//! Redirections: what a command's descriptors lead to while it runs.

use std::sync::Arc;

use bstr::ByteSlice;
use bytes::Bytes;
use mesafs::{Errno, FileKind, FsError, FsResult, OpenOptions, Operation};
use mesash_builtins::context::{descriptor_path, reopened};
use mesash_builtins::stream::{FileStream, Stream};

use super::expand::ExpandError;
use super::streams::Text;
use super::{Eval, Unwind, expand};
use crate::state::{Fd, Opt, Shell, Str, VarError};
use crate::syntax::ast::{Redirect, RedirectFd, RedirectOp, RedirectTarget, Word, WordPart};

/// What descriptors led to before, oldest first.
pub type Undo = Vec<(u32, Option<Fd>)>;

/// The lowest number that `{name}>…` gets.
const CHOSEN_FD_MIN: u32 = 10;
/// The highest number a descriptor may have.
const FD_MAX: u32 = 65_535;

/// Why a redirection failed; shown after the shell's prefix.
enum Failure {
    Said(Vec<u8>),
    Unwind(Unwind),
}

impl From<Unwind> for Failure {
    fn from(unwind: Unwind) -> Self {
        Self::Unwind(unwind)
    }
}

fn said(text: &[u8], reason: impl AsRef<[u8]>) -> Failure {
    Failure::Said([text, b": ", reason.as_ref()].concat())
}

/// Does them in order, noting in `undo` how to go back. False, after a message, if one fails.
pub fn apply(eval: &mut Eval, redirects: &[Redirect], undo: &mut Undo) -> Result<bool, Unwind> {
    for redirect in redirects {
        match one(eval, redirect, undo) {
            Ok(()) => {}
            Err(Failure::Unwind(unwind)) => return Err(unwind),
            Err(Failure::Said(message)) => {
                // A mount that could not be made has told its own reason.
                if !message.ends_with(Errno::Canceled.text().as_bytes()) {
                    eval.complain(&[&message]);
                }
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether doing them may set a variable.
pub fn may_assign(redirects: &[Redirect]) -> bool {
    fn assigns(parts: &[WordPart]) -> bool {
        parts.iter().any(|part| match part {
            WordPart::Arith(_) | WordPart::Param(_) | WordPart::Brace(_) => true,
            WordPart::DoubleQuoted(parts) => assigns(parts),
            _ => false,
        })
    }
    redirects.iter().any(|redirect| {
        let word = match &redirect.target {
            RedirectTarget::Word(word) => word,
            RedirectTarget::HereDoc(doc) => doc.body(),
        };
        matches!(redirect.fd, RedirectFd::Variable(_)) || assigns(&word.parts)
    })
}

/// Goes back to what was.
pub fn restore(eval: &mut Eval, undo: Undo) {
    for (fd, before) in undo.into_iter().rev() {
        eval.shell.fds.set(fd, before);
    }
}

fn put(eval: &mut Eval, fd: u32, entry: Option<Fd>, undo: &mut Undo) {
    let before = eval.shell.fds.set(fd, entry);
    undo.push((fd, before));
}

fn one(eval: &mut Eval, redirect: &Redirect, undo: &mut Undo) -> Result<(), Failure> {
    let (word, here) = match &redirect.target {
        RedirectTarget::Word(word) => (Some(word), None),
        RedirectTarget::HereDoc(doc) => (None, Some(doc)),
    };
    if let Some(doc) = here {
        let body = expand::here_document(&mut eval.shell, &mut eval.rt, doc);
        let body = body.map_err(|error| eval.expand_failed(error))?;
        return place(eval, redirect, 0, text(&body), undo);
    }
    let Some(word) = word else { return Ok(()) };
    match redirect.op {
        RedirectOp::HereString => {
            let value = expand::assigned(&mut eval.shell, &mut eval.rt, word);
            let value = value.map_err(|error| eval.expand_failed(error))?;
            place(eval, redirect, 0, text(&[value.as_bytes(), b"\n"].concat()), undo)
        }
        RedirectOp::DupIn | RedirectOp::DupOut => duplicate(eval, redirect, word, undo),
        RedirectOp::Read => {
            let name = target(eval, word)?;
            let entry = open(eval, &name, &OpenOptions::reading())?;
            place(eval, redirect, 0, Fd::reading(entry), undo)
        }
        RedirectOp::ReadWrite => {
            let name = target(eval, word)?;
            let mode = eval.new_file_mode();
            let options =
                OpenOptions { read: true, write: true, create: true, mode, ..Default::default() };
            let entry = open(eval, &name, &options)?;
            place(eval, redirect, 0, Fd::both(entry), undo)
        }
        RedirectOp::Write | RedirectOp::Clobber | RedirectOp::Append => {
            let name = target(eval, word)?;
            let entry = open_for_writing(eval, &name, redirect.op)?;
            place(eval, redirect, 1, Fd::writing(entry), undo)
        }
        RedirectOp::WriteBoth | RedirectOp::AppendBoth => {
            let name = target(eval, word)?;
            both(eval, &name, redirect.op, undo)
        }
        RedirectOp::HereDoc => Ok(()),
    }
}

fn text(body: &[u8]) -> Fd {
    Fd::reading(Arc::new(Text::here(Bytes::copy_from_slice(body))))
}

/// `&>word` and its like.
fn both(eval: &mut Eval, name: &Str, op: RedirectOp, undo: &mut Undo) -> Result<(), Failure> {
    let op = if op == RedirectOp::AppendBoth { RedirectOp::Append } else { RedirectOp::Write };
    let stream = open_for_writing(eval, name, op)?;
    put(eval, 1, Some(Fd::writing(Arc::clone(&stream))), undo);
    put(eval, 2, Some(Fd::writing(stream)), undo);
    Ok(())
}

/// The one word that a target expands to.
fn target(eval: &mut Eval, word: &Word) -> Result<Str, Failure> {
    match expand::redirect_target(&mut eval.shell, &mut eval.rt, word) {
        Ok(Some(name)) => Ok(name),
        Ok(None) => Err(said(&expand::source_text(word), "ambiguous redirect")),
        Err(error) => Err(Failure::Unwind(eval.expand_failed(error))),
    }
}

fn open(eval: &mut Eval, name: &Str, options: &OpenOptions) -> Result<Arc<dyn Stream>, Failure> {
    open_path(&eval.shell, name, options).map_err(|error| said(name, error.to_string()))
}

fn open_for_writing(
    eval: &mut Eval,
    name: &Str,
    op: RedirectOp,
) -> Result<Arc<dyn Stream>, Failure> {
    let mode = eval.new_file_mode();
    if op == RedirectOp::Append {
        return open(eval, name, &OpenOptions::appending(mode));
    }
    let options = OpenOptions::writing(mode);
    if op == RedirectOp::Clobber || !eval.shell.options.has(Opt::NoClobber) {
        return open(eval, name, &options);
    }
    // A file that is there is left alone; devices and pipes are not.
    let exclusive = OpenOptions { exclusive: true, truncate: false, ..options };
    match open_path(&eval.shell, name, &exclusive) {
        Ok(stream) => Ok(stream),
        Err(error) if error.errno() == Errno::Exist => {
            let plain = OpenOptions { truncate: false, create: false, ..options };
            // A link that leads nowhere is there as well.
            let Ok(stream) = open_path(&eval.shell, name, &plain) else {
                return Err(said(name, "cannot overwrite existing file"));
            };
            if stream.metadata().is_ok_and(|stat| stat.kind != FileKind::File) {
                return Ok(stream);
            }
            Err(said(name, "cannot overwrite existing file"))
        }
        Err(error) => Err(said(name, error.to_string())),
    }
}

/// Puts a new stream where the redirection wants it.
fn place(
    eval: &mut Eval,
    redirect: &Redirect,
    default: u32,
    entry: Fd,
    undo: &mut Undo,
) -> Result<(), Failure> {
    match &redirect.fd {
        RedirectFd::Default => put(eval, default, Some(entry), undo),
        RedirectFd::Number(number) => {
            put(eval, checked(*number)?, Some(entry), undo);
        }
        RedirectFd::Variable(variable) => {
            let fd = eval.shell.fds.free_from(CHOSEN_FD_MIN);
            if fd > FD_MAX {
                return Err(said(&variable.text, Errno::MFile.text()));
            }
            let value = Str::number(i64::from(fd));
            let name = &variable.text;
            let set = expand::assign_name(&mut eval.shell, &mut eval.rt, name, value, false);
            match set {
                Ok(()) => {}
                Err(ExpandError::Variable(VarError::ReadOnly(name))) => {
                    eval.complain(&[&name, b": readonly variable"]);
                    return Err(said(&variable.text, "cannot assign fd to variable"));
                }
                Err(error) => return Err(Failure::Unwind(eval.expand_failed(error))),
            }
            // It stays open after the command, which is what it is for.
            if eval.shell.options.has(Opt::VarRedirClose) {
                put(eval, fd, Some(entry), undo);
            } else {
                eval.shell.fds.set(fd, Some(entry));
            }
        }
    }
    Ok(())
}

fn checked(number: i32) -> Result<u32, Failure> {
    let fd = u32::try_from(number).ok().filter(|&fd| fd <= FD_MAX);
    fd.ok_or_else(|| said(number.to_string().as_bytes(), Errno::BadF.text()))
}

/// `<&word` and `>&word`.
fn duplicate(
    eval: &mut Eval,
    redirect: &Redirect,
    word: &Word,
    undo: &mut Undo,
) -> Result<(), Failure> {
    let name = target(eval, word)?;
    let default = u32::from(redirect.op == RedirectOp::DupOut);
    if name.as_bytes() == b"-" {
        let fd = match &redirect.fd {
            RedirectFd::Default => default,
            RedirectFd::Number(number) => checked(*number)?,
            RedirectFd::Variable(variable) => {
                let text = expand::name_value(&mut eval.shell, &mut eval.rt, &variable.text);
                let text = text.map_err(|error| eval.expand_failed(error))?;
                let Some(text) = text else {
                    return Err(said(&variable.text, "ambiguous redirect"));
                };
                // What is no number closes nothing.
                if let Some(fd) = text.to_str().ok().and_then(|text| text.parse().ok()) {
                    eval.shell.fds.set(fd, None);
                }
                return Ok(());
            }
        };
        put(eval, fd, None, undo);
        return Ok(());
    }
    let (digits, moves) = match name.strip_suffix(b"-") {
        Some(digits) => (digits.as_bstr(), true),
        None => (name.as_bstr(), false),
    };
    let numeric = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if !numeric {
        if redirect.op == RedirectOp::DupOut && matches!(redirect.fd, RedirectFd::Default) {
            return both(eval, &name, RedirectOp::WriteBoth, undo);
        }
        return Err(said(&expand::source_text(word), "ambiguous redirect"));
    }
    let source = digits.to_str().ok().and_then(|text| text.parse::<u32>().ok());
    let entry = source.and_then(|fd| eval.shell.fds.get(fd)).cloned();
    let (Some(source), Some(entry)) = (source, entry) else {
        let written = expand::source_text(word);
        let shown = if moves { digits.as_bytes() } else { &written };
        return Err(said(shown, Errno::BadF.text()));
    };
    let entry = Fd { private: false, ..entry };
    place(eval, redirect, default, entry, undo)?;
    let same = match &redirect.fd {
        RedirectFd::Default => default == source,
        RedirectFd::Number(number) => u32::try_from(*number) == Ok(source),
        RedirectFd::Variable(_) => false,
    };
    if moves && !same {
        put(eval, source, None, undo);
    }
    Ok(())
}

impl Eval {
    /// The mode of a file that a redirection creates.
    pub fn new_file_mode(&self) -> u32 {
        0o666 & !self.shell.umask
    }
}

/// Opens a path as typed. The names of descriptors lead to this shell's own.
///
/// # Errors
/// Those of `open`.
pub fn open_path(shell: &Shell, name: &[u8], options: &OpenOptions) -> FsResult<Arc<dyn Stream>> {
    let path = shell.dirs.cwd.join(name)?;
    if let Some(fd) = descriptor_path(path.as_bstr()) {
        let missing = || FsError::new(Errno::NoEnt, Operation::Open, path.clone());
        let stream = shell.fds.get(fd).map(|fd| Arc::clone(&fd.stream)).ok_or_else(missing)?;
        return reopened(&**shell.fs(), stream, options);
    }
    Ok(Arc::new(FileStream(shell.fs().open(&path, options)?)))
}
