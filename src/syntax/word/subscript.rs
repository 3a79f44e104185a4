//! Subscripts: `[…]` after a name.

use super::cut::{Cutter, flags_of};
use crate::syntax::arith;
use crate::syntax::ast::{
    ParamName, Subscript, SubscriptIndex, SubscriptKind, Word, WordFlags, WordPart, WordText,
};
use crate::syntax::reader::{Parsed, text};
use crate::syntax::symbol::Interner;
use bstr::ByteSlice;
use std::ops::Range;

impl Cutter<'_, '_, '_> {
    /// The subscript whose inside is `range`.
    pub fn subscript(&mut self, range: Range<usize>) -> Parsed<Subscript> {
        let inside = self.printed(range.clone());
        let kind = match inside.as_bytes() {
            b"@" => SubscriptKind::At,
            b"*" => SubscriptKind::Star,
            _ => SubscriptKind::Key,
        };
        let parts = self.unquoted(range.clone())?;
        let mut subscript = of_parts(kind, &inside, parts, self.interner());
        if memchr::memchr2(b'\'', b'\\', &inside).is_some() {
            subscript.index = SubscriptIndex::Quoted(Box::new(self.arithmetic(range)?));
        }
        Ok(subscript)
    }
}

/// The subscript that `parts` are, which stand as `inside` in the script.
pub fn of_parts(
    kind: SubscriptKind,
    inside: &[u8],
    parts: Vec<WordPart>,
    interner: &Interner,
) -> Subscript {
    let index = index_of(&parts, interner);
    let flags = flags_of(&parts);
    let word = Word { parts: parts.into(), flags, text: WordText::default() };
    Subscript { kind, word, index, text: text(inside) }
}

fn index_of(parts: &[WordPart], interner: &Interner) -> SubscriptIndex {
    match parts {
        [WordPart::Literal(literal)] => match arith::parse(literal, interner) {
            Ok(tree) => SubscriptIndex::Static(tree),
            Err(_) => SubscriptIndex::Dynamic,
        },
        [WordPart::Var(name)] if !matches!(name, ParamName::At | ParamName::Star) => {
            SubscriptIndex::Operand(*name)
        }
        _ => SubscriptIndex::Dynamic,
    }
}

/// A subscript without quotes or expansions.
pub fn literal(inside: &[u8], interner: &Interner) -> Subscript {
    let kind = match inside {
        b"@" => SubscriptKind::At,
        b"*" => SubscriptKind::Star,
        _ => SubscriptKind::Key,
    };
    let mut subscript = of_parts(kind, inside, vec![WordPart::Literal(text(inside))], interner);
    subscript.word.flags |= WordFlags::CONST;
    subscript
}
