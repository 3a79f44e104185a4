//! From the bytes of a pattern to its nodes.

use super::bracket::Bracket;
use super::names::{Class, collating_symbol};
use super::text::{first, fold, lone};
use super::{Kind, Node, Options};

/// How deep groups may be nested; what is deeper stands for itself.
const NESTING_MAX: usize = 200;

/// A character of the pattern.
#[derive(Clone, Copy)]
struct Token {
    character: u32,
    quoted: bool,
    /// Where its bytes are.
    start: usize,
    end: usize,
}

struct Parser<'a> {
    bytes: &'a [u8],
    options: Options,
    utf8: bool,
    tokens: Vec<Token>,
}

/// Reads a pattern; it can't be wrong, since what is incomplete stands for itself.
pub(super) fn parse(bytes: &[u8], quoted: &[bool], options: Options, utf8: bool) -> Vec<Node> {
    let tokens = tokens(bytes, quoted, utf8);
    let parser = Parser { bytes, options, utf8, tokens };
    parser.sequence(0, parser.tokens.len(), 0)
}

/// Splits into characters; a backslash in active text is gone and quotes the next character.
fn tokens(bytes: &[u8], quoted: &[bool], utf8: bool) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut escaped = false;
    while let Some((character, width)) =
        bytes.get(at..).and_then(|rest| first(rest, utf8).or(rest.first().map(|b| (lone(*b), 1))))
    {
        let quoted = quoted.get(at).copied().unwrap_or_default();
        let end = at + width;
        if character == u32::from(b'\\') && !quoted && !escaped && end < bytes.len() {
            escaped = true;
        } else {
            tokens.push(Token { character, quoted: quoted || escaped, start: at, end });
            escaped = false;
        }
        at = end;
    }
    tokens
}

impl Parser<'_> {
    fn token(&self, at: usize) -> Option<Token> {
        self.tokens.get(at).copied()
    }

    /// Whether the active character `byte` is at `at`.
    fn is(&self, at: usize, byte: u8) -> bool {
        let same = |token: Token| !token.quoted && token.character == u32::from(byte);
        self.token(at).is_some_and(same)
    }

    fn sequence(&self, from: usize, to: usize, depth: usize) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut at = from;
        while at < to {
            let Some(token) = self.token(at) else { break };
            if let Some((node, next)) = self.special(at, to, depth) {
                // A second star in a row adds nothing.
                if !matches!((&node, nodes.last()), (Node::Star, Some(Node::Star))) {
                    nodes.push(node);
                }
                at = next;
                continue;
            }
            self.push_literal(token, &mut nodes);
            at += 1;
        }
        nodes
    }

    fn push_literal(&self, token: Token, nodes: &mut Vec<Node>) {
        if self.options.nocase {
            let folded = fold(token.character);
            match nodes.last_mut() {
                Some(Node::Folded(characters)) => characters.push(folded),
                _ => nodes.push(Node::Folded(vec![folded])),
            }
            return;
        }
        let raw = self.bytes.get(token.start..token.end).unwrap_or_default();
        match nodes.last_mut() {
            Some(Node::Bytes(bytes)) => bytes.extend_from_slice(raw),
            _ => nodes.push(Node::Bytes(raw.to_vec())),
        }
    }

    /// The node that starts with a pattern character at `at`, and where it ends.
    fn special(&self, at: usize, to: usize, depth: usize) -> Option<(Node, usize)> {
        let token = self.token(at)?;
        if token.quoted {
            return None;
        }
        let byte = u8::try_from(token.character).ok()?;
        if self.options.extglob && self.is(at + 1, b'(') && at + 1 < to && depth < NESTING_MAX {
            let kind = match byte {
                b'?' => Some(Kind::Optional),
                b'*' => Some(Kind::Any),
                b'+' => Some(Kind::Some),
                b'@' => Some(Kind::One),
                b'!' => Some(Kind::Not),
                _ => None,
            };
            if let Some(kind) = kind
                && let Some(group) = self.group(kind, at + 2, to, depth)
            {
                return Some(group);
            }
        }
        match byte {
            b'?' => Some((Node::Any, at + 1)),
            b'*' => Some((Node::Star, at + 1)),
            b'[' => self.bracket(at + 1, to).map(|(node, next)| (Node::Bracket(node), next)),
            _ => None,
        }
    }

    /// The alternatives up to the `)` that closes the group, if there is one.
    fn group(&self, kind: Kind, from: usize, to: usize, depth: usize) -> Option<(Node, usize)> {
        let mut alternatives = Vec::new();
        let mut start = from;
        let mut open = 0usize;
        let mut at = from;
        while at < to {
            if self.is(at, b'[')
                && let Some((_, next)) = self.bracket(at + 1, to)
            {
                at = next;
                continue;
            }
            if self.is(at, b'(') {
                open += 1;
            } else if self.is(at, b')') && open > 0 {
                open -= 1;
            } else if self.is(at, b')') {
                alternatives.push(self.sequence(start, at, depth + 1));
                return Some((Node::Group(kind, alternatives), at + 1));
            } else if self.is(at, b'|') && open == 0 {
                alternatives.push(self.sequence(start, at, depth + 1));
                start = at + 1;
            }
            at += 1;
        }
        None
    }

    /// What is between `[` and `]`, if that closes.
    fn bracket(&self, from: usize, to: usize) -> Option<(Box<Bracket>, usize)> {
        let negated = self.is(from, b'!') || self.is(from, b'^');
        let mut bracket = Bracket::new(negated, self.options.nocase);
        let begin = from + usize::from(negated);
        let mut at = begin;
        loop {
            if at >= to {
                return None;
            }
            if at > begin && self.is(at, b']') {
                return Some((Box::new(bracket), at + 1));
            }
            if self.is(at, b'[')
                && self.is(at + 1, b':')
                && let Some((name, next)) = self.named(at + 2, to, b':')
            {
                // An unknown class matches nothing.
                Class::named(&name).into_iter().for_each(|class| bracket.add_class(class));
                at = next;
                continue;
            }
            // One that isn't closed loses its bracket.
            let open = self.is(at, b'[') && self.is(at + 1, b':');
            let (low, next) = self.member(at + usize::from(open), to)?;
            at = next;
            let range = self.is(at, b'-') && at + 1 < to && !self.is(at + 1, b']');
            if !range {
                low.into_iter().for_each(|low| bracket.add_range(low, low));
                continue;
            }
            let (high, next) = self.member(at + 1, to)?;
            at = next;
            if let (Some(low), Some(high)) = (low, high) {
                bracket.add_range(low, high);
            }
        }
    }

    /// One member: a character, `[=c=]` or `[.name.]`; `None` inside for a name that is unknown.
    fn member(&self, at: usize, to: usize) -> Option<(Option<u32>, usize)> {
        if self.is(at, b'[') {
            for kind in [b'=', b'.'] {
                if self.is(at + 1, kind)
                    && let Some((name, next)) = self.named(at + 2, to, kind)
                {
                    let character = match first(&name, self.utf8) {
                        Some((character, width)) if width == name.len() => Some(character),
                        _ => collating_symbol(&name),
                    };
                    return Some((character, next));
                }
            }
        }
        self.token(at).map(|token| (Some(token.character), at + 1))
    }

    /// The name before `:]` (or `=]`, `.]`), and where it ends.
    fn named(&self, from: usize, to: usize, kind: u8) -> Option<(Vec<u8>, usize)> {
        let end = (from..to).find(|at| self.is(*at, kind) && self.is(at + 1, b']'))?;
        if end + 1 >= to {
            return None;
        }
        let tokens = self.tokens.get(from..end)?;
        let raw = tokens.iter().filter_map(|token| self.bytes.get(token.start..token.end));
        Some((raw.flatten().copied().collect(), end + 2))
    }
}
