//! Prints digests, one line for each input.

use super::Style;
use super::hash::{Algorithm, Hasher};
use crate::prelude::*;
use crate::text::operands::{each_chunk, with_input};

/// Computes the digest of an input; the inner error is why it could not be read.
pub(super) fn digest(
    ctx: &mut Context<'_>,
    name: &BStr,
    algorithm: Algorithm,
) -> Result<Result<String, FsError>, CommandError> {
    let mut hasher = Hasher::new(algorithm);
    let done = with_input(ctx, name, |ctx, input| {
        each_chunk(ctx, input, |_, chunk| {
            hasher.update(&chunk);
            Ok(())
        })
    })?;
    Ok(match done {
        Ok(None) => Ok(hasher.finish(algorithm.bytes())),
        Ok(Some(error)) | Err(error) => Err(error),
    })
}

pub(super) fn digests(
    ctx: &mut Context<'_>,
    operands: &[BString],
    algorithm: Algorithm,
    style: Style,
) -> CommandResult {
    let stdin = [BString::from("-")];
    let named = !operands.is_empty();
    let operands = if named { operands } else { &stdin[..] };
    let mut status = ExitStatus::SUCCESS;
    for operand in operands {
        match digest(ctx, operand.as_bstr(), algorithm)? {
            Ok(digest) => {
                let mut line = if algorithm.is_legacy() {
                    let mut line = digest.into_bytes();
                    if named {
                        line.push(b' ');
                        line.extend_from_slice(operand);
                    }
                    line
                } else {
                    spelled(operand.as_bstr(), &digest, algorithm, style)
                };
                line.push(if style.zero { 0 } else { b'\n' });
                ctx.stdout.put(&line)?;
            }
            Err(error) => {
                ctx.stdout.flush()?;
                ctx.complain(format!("{}: {error}", quoted_name(operand)))?;
                status = ExitStatus::FAILURE;
            }
        }
    }
    Ok(status)
}

fn spelled(name: &BStr, digest: &str, algorithm: Algorithm, style: Style) -> Vec<u8> {
    let escaped = if style.zero { None } else { escape(name) };
    let mut line = Vec::new();
    if escaped.is_some() {
        line.push(b'\\');
    }
    let name = escaped.as_deref().unwrap_or(name);
    if style.tag {
        line.extend_from_slice(format!("{} (", algorithm.tag()).as_bytes());
        line.extend_from_slice(name);
        line.extend_from_slice(format!(") = {digest}").as_bytes());
    } else {
        line.extend_from_slice(digest.as_bytes());
        line.extend_from_slice(if style.binary { b" *" } else { b"  " });
        line.extend_from_slice(name);
    }
    line
}

/// A name with a backslash or an end of line in it, so that it fits on one line; the line then
/// begins with a backslash.
pub(super) fn escape(name: &[u8]) -> Option<Vec<u8>> {
    let special = |byte: &u8| matches!(byte, b'\\' | b'\n' | b'\r');
    if !name.iter().any(special) {
        return None;
    }
    let mut out = Vec::with_capacity(name.len() + 2);
    for &byte in name {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte => out.push(byte),
        }
    }
    Some(out)
}
