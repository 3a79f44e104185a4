//! Here-documents: their bodies come after the line that asks for them.

use super::Printer;
use crate::syntax::ast::HereDoc;

#[derive(Default)]
pub(super) struct Documents<'a> {
    /// Whose body isn't printed yet.
    deferred: Vec<&'a HereDoc>,
    /// A body was printed: the next `;` is left out.
    printed: bool,
}

impl<'a> Printer<'a> {
    /// Prints bodies now, or after the operator that follows the command.
    pub fn documents(&mut self, documents: Vec<&'a HereDoc>) {
        if documents.is_empty() {
            return;
        }
        if self.connections > 0 {
            self.documents.deferred.extend(documents);
        } else {
            self.bodies(&documents);
        }
    }

    fn bodies(&mut self, documents: &[&'a HereDoc]) {
        self.put(b"\n");
        for document in documents {
            self.put(document.text());
            self.put(&document.delimiter);
            self.put(b"\n");
        }
        self.documents.printed = true;
    }

    /// Prints `operator`, then the bodies that wait for it.
    pub fn flush(&mut self, operator: &[u8]) {
        self.put(operator);
        let deferred = std::mem::take(&mut self.documents.deferred);
        if !deferred.is_empty() {
            self.bodies(&deferred);
            if !operator.is_empty() {
                self.put(b" ");
            }
        }
    }

    /// What ends a command in a list that goes on: `;` or a line break that is kept.
    pub fn end_item(&mut self, keep_newline: bool) {
        if self.documents.deferred.is_empty() {
            if !std::mem::take(&mut self.documents.printed) {
                self.put(if keep_newline && self.functions == 0 { b"\n" } else { b";" });
            }
        } else {
            self.flush(b"");
        }
        if self.functions > 0 {
            self.put(b"\n");
        } else {
            if !keep_newline {
                self.put(b" ");
            }
            self.inline = true;
        }
    }

    pub fn forget_documents(&mut self) {
        self.documents.printed = false;
    }
}
