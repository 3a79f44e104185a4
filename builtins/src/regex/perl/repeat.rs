//! Quantifiers: `*`, `+`, `?` and counts in braces, greedy, lazy or possessive.

use bstr::ByteSlice;

use super::super::ast::{Greed, Node};
use super::super::error::RegexError;
use super::{Parser, UNREPEATABLE};

const COUNT_MAX: u32 = 65535;

impl Parser<'_> {
    /// The node with its quantifier, if one follows; PCRE2 has no more than one.
    pub(super) fn repeated(&mut self, mut node: Node) -> Result<Node, RegexError> {
        while let Some((min, max)) = self.quantifier()? {
            let possessive = self.eat(b"+");
            let greed = if !possessive && self.eat(b"?") { Greed::Lazy } else { Greed::Greedy };
            node = Node::Repeat { min, max, greed, of: Box::new(node) };
            if possessive {
                node = Node::Atomic(Box::new(node));
            }
            if !self.flags.nested_repeats {
                self.refuse_repeat()?;
            }
        }
        Ok(node)
    }

    fn quantifier(&mut self) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        if self.modes.extended {
            self.skip_blanks();
        }
        let counts = match self.rest() {
            [b'*', ..] => (0, None),
            [b'+', ..] => (1, None),
            [b'?', ..] => (0, Some(1)),
            [b'{', ..] => match self.interval()? {
                Some((min, max, length)) => {
                    self.at += length - 1;
                    (min, max)
                }
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(counts))
    }

    pub(super) fn refuse_repeat(&mut self) -> Result<(), RegexError> {
        self.quantifier()?.map_or(Ok(()), |_| Err(UNREPEATABLE))
    }

    fn interval(&self) -> Result<Option<(u32, Option<u32>, usize)>, RegexError> {
        let Some(end) = self.rest().find_byte(b'}') else { return Ok(None) };
        let Some(text) = self.rest()[1..end].to_str().ok().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let (min, max) = text.split_once(',').unwrap_or((text, text));
        let number =
            |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok());
        let (Some(Some(min)), Some(bound)) = (number(min), number(max)) else { return Ok(None) };
        if max.is_empty() {
            return Ok(Some((min, None, end + 1)));
        }
        match bound {
            Some(max) if min > max => {
                Err(RegexError::Perl("numbers out of order in {} quantifier"))
            }
            Some(max) if max <= COUNT_MAX => Ok(Some((min, Some(max), end + 1))),
            _ => Err(RegexError::Perl("number too big in {} quantifier")),
        }
    }
}
