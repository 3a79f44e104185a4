//! Arithmetic in a script: what can be parsed before anything is expanded.

use super::cut::{Around, Cutter, Parts, flags_of};
use crate::syntax::arith::{self, Shadow};
use crate::syntax::ast::{ArithExpr, ArithKind, Word, WordPart, WordText};
use crate::syntax::reader::{Parsed, Reader};
use crate::syntax::scan::RawWord;
use std::ops::Range;

impl Reader<'_, '_> {
    /// The expression that the bytes `range` of `raw` are.
    pub fn arithmetic(&mut self, raw: &RawWord, range: Range<usize>) -> Parsed<ArithExpr> {
        Cutter::new(self, &raw.text, &raw.marks).arithmetic(range)
    }
}

impl Cutter<'_, '_, '_> {
    pub fn arithmetic(&mut self, range: Range<usize>) -> Parsed<ArithExpr> {
        let text = self.printed(range.clone());
        let mut parts = Parts::default();
        self.quoted(&mut parts, range, Around::Arithmetic)?;
        let parts = parts.done();
        let kind = self.kind_of(&parts);
        let parts = match &*parts {
            [] | [WordPart::Quoted(_)] => parts,
            _ => vec![WordPart::DoubleQuoted(parts.into())],
        };
        let flags = flags_of(&parts);
        Ok(ArithExpr {
            kind,
            word: Word { parts: parts.into(), flags, text: WordText::default() },
            text,
        })
    }

    fn kind_of(&self, parts: &[WordPart]) -> ArithKind {
        let mut shadow = Shadow::default();
        for part in parts {
            match part {
                WordPart::Quoted(text) | WordPart::Literal(text) => shadow.text(text),
                WordPart::Var(_)
                | WordPart::Param(_)
                | WordPart::Command(_)
                | WordPart::Arith(_) => {
                    shadow.operand(part.clone());
                }
                _ => return ArithKind::Dynamic,
            }
        }
        match arith::parse_shadow(shadow, self.interner()) {
            Some((tree, operands)) if operands.is_empty() => ArithKind::Static(tree),
            Some((tree, operands)) => ArithKind::Template { tree, operands },
            None => ArithKind::Dynamic,
        }
    }
}
