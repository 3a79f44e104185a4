//! Patterns with groups: sets of positions are carried through the nodes, in either direction.
//!
//! A set is sorted and has no duplicates. Going backwards gives the starts for given ends, so that
//! suffixes and the places where a match can start are found in one pass too.

use super::simple::{node_backward, node_forward};
use super::text::Text;
use super::{Kind, Node, Reach};
use crate::cancel::Cancel;
use std::cell::Cell;
use std::collections::BTreeSet;

/// After so many steps a pattern is taken not to match: only nested `!(…)` come near it.
const STEPS_MAX: u64 = 200_000_000;
/// How many steps pass between two looks at the cancel flag.
const STEPS_PER_LOOK: u64 = 1 << 16;

#[derive(Debug)]
pub(super) struct Extended {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Forward,
    Backward,
}

struct Run<'a> {
    text: &'a Text<'a>,
    direction: Direction,
    cancel: Option<&'a Cancel>,
    steps: Cell<u64>,
    stopped: Cell<bool>,
}

impl Extended {
    pub fn new(nodes: Vec<Node>) -> Self {
        Self { nodes }
    }

    pub fn starts_with_any(&self) -> bool {
        let any = |node: &Node| matches!(node, Node::Star | Node::Group(Kind::Any, _));
        self.nodes.first().is_some_and(any)
    }

    pub fn is_match(&self, text: &Text<'_>, cancel: Option<&Cancel>) -> bool {
        let run = Run::new(text, Direction::Forward, cancel);
        run.sequence(&self.nodes, vec![0]).last() == Some(&text.len())
    }

    /// The end of the shortest or longest match that starts at `from`.
    pub fn end(
        &self,
        text: &Text<'_>,
        from: usize,
        reach: Reach,
        cancel: Option<&Cancel>,
    ) -> Option<usize> {
        let run = Run::new(text, Direction::Forward, cancel);
        let ends = run.sequence(&self.nodes, vec![from]);
        match reach {
            Reach::Shortest => ends.first().copied(),
            Reach::Longest => ends.last().copied(),
        }
    }

    /// The start of the shortest or longest match that ends with the text.
    pub fn start(&self, text: &Text<'_>, reach: Reach, cancel: Option<&Cancel>) -> Option<usize> {
        let run = Run::new(text, Direction::Backward, cancel);
        let starts = run.sequence(&self.nodes, vec![text.len()]);
        match reach {
            Reach::Shortest => starts.last().copied(),
            Reach::Longest => starts.first().copied(),
        }
    }

    /// Every position where a match can start.
    pub fn starts(&self, text: &Text<'_>, cancel: Option<&Cancel>) -> Vec<usize> {
        let run = Run::new(text, Direction::Backward, cancel);
        run.sequence(&self.nodes, run.all(0, text.len()))
    }
}

/// Whether a match of it may end anywhere, so that sets are best carried as a whole.
fn is_wide(nodes: &[Node]) -> bool {
    nodes.iter().any(|node| match node {
        Node::Star | Node::Group(Kind::Not | Kind::Any | Kind::Some, _) => true,
        Node::Group(_, alternatives) => alternatives.iter().any(|nodes| is_wide(nodes)),
        _ => false,
    })
}

fn union(one: Vec<usize>, two: Vec<usize>) -> Vec<usize> {
    if one.is_empty() {
        return two;
    }
    if two.is_empty() {
        return one;
    }
    let mut all = one;
    all.extend(two);
    all.sort_unstable();
    all.dedup();
    all
}

fn without(mut set: Vec<usize>, taken: &[usize]) -> Vec<usize> {
    set.retain(|position| taken.binary_search(position).is_err());
    set
}

impl<'a> Run<'a> {
    fn new(text: &'a Text<'a>, direction: Direction, cancel: Option<&'a Cancel>) -> Self {
        let (steps, stopped) = (Cell::new(0), Cell::new(false));
        Self { text, direction, cancel, steps, stopped }
    }

    /// Counts work; false once there was too much of it.
    fn work(&self, amount: usize) -> bool {
        let before = self.steps.get();
        let after = before + amount as u64 + 1;
        self.steps.set(after);
        if after / STEPS_PER_LOOK != before / STEPS_PER_LOOK {
            let cancelled = self.cancel.is_some_and(Cancel::is_cancelled);
            self.stopped.set(self.stopped.get() || cancelled || after > STEPS_MAX);
        }
        !self.stopped.get()
    }

    /// All positions between two, both included.
    fn all(&self, from: usize, to: usize) -> Vec<usize> {
        (from..=to).filter(|at| self.text.is_boundary(*at)).collect()
    }

    /// All positions that lie ahead of `set`'s first one.
    fn ahead(&self, set: &[usize]) -> Vec<usize> {
        match (self.direction, set.first(), set.last()) {
            (Direction::Forward, Some(first), _) => self.all(*first, self.text.len()),
            (Direction::Backward, _, Some(last)) => self.all(0, *last),
            _ => Vec::new(),
        }
    }

    fn sequence(&self, nodes: &[Node], mut set: Vec<usize>) -> Vec<usize> {
        let mut step = |node: &Node| {
            set = self.node(node, std::mem::take(&mut set));
            set.is_empty()
        };
        // Ends early once nothing is left.
        let _stuck = match self.direction {
            Direction::Forward => nodes.iter().any(&mut step),
            Direction::Backward => nodes.iter().rev().any(&mut step),
        };
        set
    }

    fn node(&self, node: &Node, set: Vec<usize>) -> Vec<usize> {
        if !self.work(set.len()) {
            return Vec::new();
        }
        match node {
            Node::Star => self.ahead(&set),
            Node::Group(kind, alternatives) => self.group(*kind, alternatives, set),
            _ => {
                let moved = set.iter().filter_map(|&at| match self.direction {
                    Direction::Forward => node_forward(node, self.text, at),
                    Direction::Backward => node_backward(node, self.text, at),
                });
                // Characters differ in length, but their order stays.
                moved.collect()
            }
        }
    }

    fn group(&self, kind: Kind, alternatives: &[Vec<Node>], set: Vec<usize>) -> Vec<usize> {
        match kind {
            Kind::One => self.any_of(alternatives, &set),
            Kind::Optional => {
                let moved = self.any_of(alternatives, &set);
                union(set, moved)
            }
            Kind::Any => self.closure(alternatives, set),
            Kind::Some => {
                let once = self.any_of(alternatives, &set);
                self.closure(alternatives, once)
            }
            Kind::Not => self.none_of(alternatives, &set),
        }
    }

    fn any_of(&self, alternatives: &[Vec<Node>], set: &[usize]) -> Vec<usize> {
        alternatives
            .iter()
            .fold(Vec::new(), |all, nodes| union(all, self.sequence(nodes, set.to_vec())))
    }

    /// `set` and all that can be reached from it by the alternatives, any number of times.
    fn closure(&self, alternatives: &[Vec<Node>], set: Vec<usize>) -> Vec<usize> {
        if alternatives.iter().any(|nodes| is_wide(nodes)) {
            let mut all: BTreeSet<usize> = set.iter().copied().collect();
            let mut fresh = set;
            while !fresh.is_empty() && self.work(fresh.len()) {
                fresh = self.any_of(alternatives, &fresh);
                fresh.retain(|position| all.insert(*position));
            }
            return all.into_iter().collect();
        }
        // One position after the other, in the order of the direction: each is done once.
        let mut pending: BTreeSet<usize> = set.into_iter().collect();
        let mut all = Vec::new();
        while let Some(at) = match self.direction {
            Direction::Forward => pending.pop_first(),
            Direction::Backward => pending.pop_last(),
        } {
            all.push(at);
            let reached = self.any_of(alternatives, &[at]);
            pending.extend(reached.into_iter().filter(|reached| *reached != at));
            if !self.work(1) {
                break;
            }
        }
        if self.direction == Direction::Backward {
            all.reverse();
        }
        all
    }

    /// All positions ahead that no alternative reaches, from some position of the set.
    fn none_of(&self, alternatives: &[Vec<Node>], set: &[usize]) -> Vec<usize> {
        let all = self.ahead(set);
        // What is out: reached from every position that it lies ahead of.
        let mut out: Option<Vec<usize>> = None;
        let mut exclude = |&at: &usize| {
            let reached = self.any_of(alternatives, &[at]);
            let is_out = |position: &usize| {
                let behind = match self.direction {
                    Direction::Forward => *position < at,
                    Direction::Backward => *position > at,
                };
                behind || reached.binary_search(position).is_ok()
            };
            match &mut out {
                None => out = Some(reached),
                Some(out) => out.retain(is_out),
            }
            out.as_ref().is_some_and(Vec::is_empty) || !self.work(1)
        };
        let _done = match self.direction {
            Direction::Forward => set.iter().any(&mut exclude),
            Direction::Backward => set.iter().rev().any(&mut exclude),
        };
        if self.stopped.get() {
            return Vec::new();
        }
        without(all, &out.unwrap_or_default())
    }
}
