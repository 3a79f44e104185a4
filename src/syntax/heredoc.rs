//! Here-documents: the bodies that follow the line which asks for them.

use super::ast::{HereDoc, HereDocContent, RedirectTarget};
use super::error::ParseErrorKind;
use super::reader::{Parsed, Reader, text};
use super::scan::RawWord;
use super::word::BodyKind;
use std::sync::{Arc, OnceLock};

/// A here-document whose body wasn't read yet.
#[derive(Debug)]
pub(super) struct PendingHereDoc {
    content: Arc<OnceLock<HereDocContent>>,
    delimiter: Vec<u8>,
    quoted: bool,
    strip_tabs: bool,
}

/// The most here-documents that one line may ask for; bash has the same limit.
const PENDING_MAX: usize = 16;

impl Reader<'_, '_> {
    /// The redirection that `delimiter` ends; its body is read after the next newline.
    pub fn here_document(
        &mut self,
        delimiter: &RawWord,
        strip_tabs: bool,
    ) -> Parsed<RedirectTarget> {
        if self.pending.len() >= PENDING_MAX {
            let message = text(b"maximum here-document count exceeded");
            return Err(self.error(ParseErrorKind::Message(message)));
        }
        let printed = delimiter.printed();
        let (name, quoted) = unquoted(&printed);
        let content = Arc::new(OnceLock::new());
        self.pending.push(PendingHereDoc {
            content: Arc::clone(&content),
            delimiter: name.clone(),
            quoted,
            strip_tabs,
        });
        Ok(RedirectTarget::HereDoc(Box::new(HereDoc {
            delimiter: text(&name),
            quoted,
            strip_tabs,
            content,
        })))
    }

    /// Reads the bodies that the line which just ended asks for.
    pub fn read_here_documents(&mut self) -> Parsed<()> {
        for pending in std::mem::take(&mut self.pending) {
            self.read_here_document(&pending)?;
        }
        Ok(())
    }

    fn read_here_document(&mut self, pending: &PendingHereDoc) -> Parsed<()> {
        let command_line = self.input.last_line_number();
        let begun = self.input.offset();
        let mut body = Vec::new();
        let mut line = Vec::new();
        let ended = loop {
            line.clear();
            if !self.document_line(&mut line, pending) {
                break false;
            }
            let start = if pending.strip_tabs {
                line.iter().take_while(|byte| **byte == b'\t').count()
            } else {
                0
            };
            let content = line.get(start..).unwrap_or_default();
            if content.strip_suffix(b"\n").unwrap_or(content) == &*pending.delimiter {
                break true;
            }
            if self.ends_before_parenthesis(content, pending) {
                break false;
            }
            body.extend_from_slice(content);
        };
        self.input.note(begun, super::lexeme::LexemeKind::HereDoc);
        if !ended {
            let message = format!(
                "here-document at line {} delimited by end-of-file (wanted `{}')",
                command_line,
                String::from_utf8_lossy(&pending.delimiter),
            );
            let line = self.input.last_line_number();
            self.warn(line, message);
        }
        self.finish_document(pending, &body, command_line.saturating_add(1))
    }

    /// Inside of `$(`, `EOF)` ends the document and the substitution, with the warning of one that
    /// wasn't ended; the rest is read again.
    fn ends_before_parenthesis(&mut self, content: &[u8], pending: &PendingHereDoc) -> bool {
        let Some(rest) = content.strip_prefix(&*pending.delimiter) else { return false };
        let next = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t'));
        if self.substitutions == 0 || next != Some(&b')') {
            return false;
        }
        self.input.push_back(rest);
        true
    }

    fn finish_document(&mut self, pending: &PendingHereDoc, body: &[u8], line: u32) -> Parsed<()> {
        let word = if pending.quoted {
            super::word::quoted_word(body)
        } else {
            match self.within(body, line, |reader| reader.body_word(BodyKind::HereDoc)) {
                Ok(word) => word,
                Err(error) => super::word::bad_word(body, error),
            }
        };
        // Nothing else sets it.
        let _ = pending.content.set(HereDocContent { body: word, text: text(body) });
        Ok(())
    }

    /// One line, and those that a backslash joins to it where that counts.
    fn document_line(&mut self, line: &mut Vec<u8>, pending: &PendingHereDoc) -> bool {
        let mut any = false;
        loop {
            let Some(newline) = self.input.take_line(line) else { return any };
            any = true;
            let slashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
            if pending.quoted || slashes % 2 == 0 || !newline {
                if newline {
                    line.push(b'\n');
                }
                return true;
            }
            line.pop();
        }
    }
}

/// The delimiter without its quotes, and whether it had any.
fn unquoted(delimiter: &[u8]) -> (Vec<u8>, bool) {
    let mut name = Vec::with_capacity(delimiter.len());
    let mut quoted = false;
    let mut inside = None;
    let mut bytes = delimiter.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (inside, byte) {
            (None, b'\'' | b'"') => {
                quoted = true;
                inside = Some(byte);
            }
            (Some(quote), byte) if quote == byte => inside = None,
            (None, b'\\') => {
                quoted = true;
                name.extend(bytes.next());
            }
            (Some(b'"'), b'\\') if matches!(bytes.peek(), Some(b'"' | b'\\' | b'$' | b'`')) => {
                name.extend(bytes.next());
            }
            (_, byte) => name.push(byte),
        }
    }
    (name, quoted)
}
