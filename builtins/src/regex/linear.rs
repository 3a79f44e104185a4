//! The automata: linear time, for patterns without back-references.

use parking_lot::Mutex;
use regex_automata::hybrid::dfa::{self, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::look::LookMatcher;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input, MatchKind, meta};
use regex_syntax::hir::{self, Class, Hir};

use super::ast::{Greed, Look, Node, Set};
use super::error::RegexError;
use super::syntax::{Flags, Lines};

/// How large an automaton may grow, in bytes.
const SIZE_MAX: usize = 64 << 20;

/// For how many slots no memory is allocated.
const FEW_SLOTS: usize = 16;

/// How large the cache of a lazy automaton may grow, in bytes.
const CACHE_MAX: usize = 8 << 20;

/// Turns a pattern into regex-syntax's form. A back-reference becomes "anything", what looks around
/// becomes nothing: the automaton then finds where a match may be.
pub(super) fn hir(node: &Node, bytes: bool) -> Hir {
    match node {
        Node::Empty => Hir::empty(),
        Node::Literal(bytes) => Hir::literal(bytes.clone()),
        Node::Set(Set::Unicode(class)) => Hir::class(Class::Unicode(class.clone())),
        Node::Set(Set::Bytes(class)) => Hir::class(Class::Bytes(class.clone())),
        Node::Look(look) => Hir::look(match look {
            Look::LineStart => hir::Look::StartLF,
            Look::LineEnd => hir::Look::EndLF,
            Look::TextStart => hir::Look::Start,
            Look::TextEnd => hir::Look::End,
            Look::AsciiWordBoundary => hir::Look::WordAscii,
            Look::NotAsciiWordBoundary => hir::Look::WordAsciiNegate,
            Look::WordBoundary if bytes => hir::Look::WordAscii,
            Look::NotWordBoundary if bytes => hir::Look::WordAsciiNegate,
            Look::WordStart if bytes => hir::Look::WordStartAscii,
            Look::WordEnd if bytes => hir::Look::WordEndAscii,
            Look::NoWordBefore if bytes => hir::Look::WordStartHalfAscii,
            Look::NoWordAfter if bytes => hir::Look::WordEndHalfAscii,
            Look::NoWordBefore => hir::Look::WordStartHalfUnicode,
            Look::NoWordAfter => hir::Look::WordEndHalfUnicode,
            Look::WordBoundary => hir::Look::WordUnicode,
            Look::NotWordBoundary => hir::Look::WordUnicodeNegate,
            Look::WordStart => hir::Look::WordStartUnicode,
            Look::WordEnd => hir::Look::WordEndUnicode,
        }),
        Node::Group(index, of) => {
            let sub = Box::new(hir(of, bytes));
            Hir::capture(hir::Capture { index: *index, name: None, sub })
        }
        Node::BackReference(_) => {
            let any = hir::ClassBytes::new([hir::ClassBytesRange::new(0, 0xff)]);
            repeat(0, None, Greed::Greedy, Hir::class(Class::Bytes(any)))
        }
        Node::Concat(nodes) => Hir::concat(nodes.iter().map(|node| hir(node, bytes)).collect()),
        Node::Alternate(nodes) => {
            Hir::alternation(nodes.iter().map(|node| hir(node, bytes)).collect())
        }
        Node::Repeat { min, max, greed, of } => repeat(*min, *max, *greed, hir(of, bytes)),
        Node::Atomic(of) => hir(of, bytes),
        Node::Around { .. } | Node::Keep => Hir::empty(),
    }
}

fn repeat(min: u32, max: Option<u32>, greed: Greed, sub: Hir) -> Hir {
    let greedy = greed == Greed::Greedy;
    Hir::repetition(hir::Repetition { min, max, greedy, sub: Box::new(sub) })
}

/// Finds leftmost matches as greedy engines do, and their longest end.
#[derive(Debug)]
pub(super) struct Linear {
    first: meta::Regex,
    /// Every match from one start at a time, for the longest end. `None` where the first match is
    /// the longest, or where no such automaton can be built.
    longest: Option<Longest>,
}

#[derive(Debug)]
struct Longest {
    dfa: DFA,
    cache: Mutex<Option<dfa::Cache>>,
}

/// Where the longest match ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    At(usize),
    /// The automaton gave up; another engine must tell.
    Unknown,
}

impl Linear {
    pub fn new(node: &Node, flags: &Flags, longest: bool) -> Result<Self, RegexError> {
        let hir = hir(node, flags.bytes);
        let terminator = match flags.lines {
            Lines::Separate(byte) => byte,
            _ => b'\n',
        };
        let config = meta::Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(SIZE_MAX))
            .hybrid_cache_capacity(CACHE_MAX)
            .line_terminator(terminator);
        let first = meta::Builder::new()
            .configure(config)
            .build_from_hir(&hir)
            .map_err(|_| RegexError::TooBig)?;
        let needed = longest && !node.first_is_longest();
        let longest = if needed { Longest::new(&hir, terminator) } else { None };
        if needed && longest.is_none() && hir.properties().minimum_len().is_none() {
            return Err(RegexError::TooBig);
        }
        Ok(Self { first, longest })
    }

    /// Whether the first match is known to be the longest.
    pub fn first_is_longest(&self) -> bool {
        self.longest.is_none()
    }

    pub fn is_match(&self, text: &[u8], start: usize) -> bool {
        self.first.is_match(Input::new(text).range(start..))
    }

    /// An offset up to which a match is known to lie; the search stops there.
    pub fn earliest(&self, text: &[u8], start: usize) -> Option<usize> {
        let input = Input::new(text).range(start..).earliest(true);
        self.first.search_half(&input).map(|half| half.offset())
    }

    /// The leftmost match; its end is the first that a greedy engine finds.
    pub fn find(&self, text: &[u8], start: usize) -> Option<(usize, usize)> {
        let found = self.first.find(Input::new(text).range(start..))?;
        Some((found.start(), found.end()))
    }

    /// The groups of the first match, in pairs of slots.
    pub fn captures(&self, text: &[u8], start: usize, slots: &mut Vec<Option<usize>>) -> bool {
        let mut few = [None; FEW_SLOTS];
        let mut many = Vec::new();
        // Slot 2n is where group n starts, slot 2n+1 where it ends.
        let count = 2 * self.first.captures_len();
        let found = match few.get_mut(..count) {
            Some(few) => few,
            None => {
                many.resize(count, None);
                &mut many[..]
            }
        };
        let matched = self.first.search_slots(&Input::new(text).range(start..), found).is_some();
        slots.clear();
        slots.extend(found.iter().map(|slot| slot.map(NonMaxUsize::get)));
        matched
    }

    /// The longest end of a match that starts at `start`, which has one that ends at `end`.
    pub fn longest_end(&self, text: &[u8], start: usize, end: usize) -> End {
        match &self.longest {
            None => End::At(end),
            Some(longest) => longest.end(text, start),
        }
    }
}

impl Longest {
    fn new(hir: &Hir, terminator: u8) -> Option<Self> {
        let mut look = LookMatcher::new();
        look.set_line_terminator(terminator);
        let config = thompson::Config::new()
            .utf8(false)
            .which_captures(thompson::WhichCaptures::None)
            .look_matcher(look)
            .nfa_size_limit(Some(SIZE_MAX));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
        let config = dfa::Config::new()
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .cache_capacity(CACHE_MAX)
            .skip_cache_capacity_check(true);
        let dfa = dfa::Builder::new().configure(config).build_from_nfa(nfa).ok()?;
        Some(Self { dfa, cache: Mutex::new(None) })
    }

    fn end(&self, text: &[u8], start: usize) -> End {
        let taken = self.cache.lock().take();
        let mut cache = taken.unwrap_or_else(|| self.dfa.create_cache());
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        let found = self.dfa.try_search_fwd(&mut cache, &input);
        *self.cache.lock() = Some(cache);
        match found {
            Ok(Some(half)) => End::At(half.offset()),
            Ok(None) | Err(_) => End::Unknown,
        }
    }
}
