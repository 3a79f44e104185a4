//! Redirections, each in its one form.

use super::Printer;
use crate::syntax::ast::{HereDoc, Redirect, RedirectFd, RedirectOp, RedirectTarget};
use bstr::BString;

impl<'a> Printer<'a> {
    pub fn redirects(&mut self, redirects: &'a [Redirect]) {
        self.forget_documents();
        let mut documents: Vec<&'a HereDoc> = Vec::new();
        for (index, redirect) in redirects.iter().enumerate() {
            if index > 0 {
                self.put(b" ");
            }
            self.redirect(redirect);
            if let RedirectTarget::HereDoc(document) = &redirect.target {
                documents.push(document);
            }
        }
        self.documents(documents);
    }

    fn redirect(&mut self, redirect: &'a Redirect) {
        let mut target = BString::default();
        match &redirect.target {
            RedirectTarget::Word(word) => super::push_text(&mut target, &word.text),
            RedirectTarget::HereDoc(document) => {
                if document.strip_tabs {
                    target.push(b'-');
                }
                if document.quoted {
                    crate::syntax::word::ansi_c::push_single_quoted(
                        &mut target,
                        &document.delimiter,
                    );
                } else {
                    target.extend_from_slice(&document.delimiter);
                }
            }
        }
        let op: &[u8] = match redirect.op {
            RedirectOp::Read => b"< ",
            RedirectOp::Write => b"> ",
            RedirectOp::Append => b">> ",
            RedirectOp::Clobber => b">| ",
            RedirectOp::ReadWrite => b"<> ",
            RedirectOp::HereString => b"<<< ",
            RedirectOp::HereDoc => b"<<",
            RedirectOp::WriteBoth => b"&> ",
            RedirectOp::AppendBoth => b"&>> ",
            RedirectOp::DupIn | RedirectOp::DupOut if *target == b"-"[..] => b">&",
            RedirectOp::DupIn => b"<&",
            RedirectOp::DupOut => b">&",
        };
        self.fd(redirect, &target);
        self.put(op);
        self.put(&target);
    }

    /// The number or variable before the operator, where bash prints one.
    fn fd(&mut self, redirect: &Redirect, target: &[u8]) {
        let number = match &redirect.fd {
            RedirectFd::Variable(variable) => {
                self.put(b"{");
                self.put(&variable.text);
                self.put(b"}");
                return;
            }
            RedirectFd::Number(number) => Some(*number),
            RedirectFd::Default => None,
        };
        let usual = match redirect.op {
            RedirectOp::Read | RedirectOp::HereString | RedirectOp::HereDoc | RedirectOp::DupIn => {
                0
            }
            // Bash takes its own default for this operator as worth naming.
            RedirectOp::ReadWrite => 0,
            _ => 1,
        };
        let number = number.unwrap_or(usual);
        let duplicates = matches!(redirect.op, RedirectOp::DupIn | RedirectOp::DupOut);
        let named = match redirect.op {
            RedirectOp::WriteBoth | RedirectOp::AppendBoth => false,
            RedirectOp::ReadWrite => number != 1,
            _ if duplicates && is_number(target) => true,
            _ => number != usual,
        };
        if named {
            self.put(number.to_string().as_bytes());
        }
    }
}

/// `3`, `3-` or `-`: known when the script is read.
fn is_number(target: &[u8]) -> bool {
    let digits = target.strip_suffix(b"-").unwrap_or(target);
    digits.iter().all(u8::is_ascii_digit) && !target.is_empty()
}
