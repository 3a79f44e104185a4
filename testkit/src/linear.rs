//! Whether a history of concurrent calls can be had by making them one after the other.
//!
//! A history is linearizable if each call can be given a moment between its beginning and its end so
//! that, made in the order of these moments, each answers what it did. [`check`] looks for such an
//! order as Wing and Gong do, with Lowe's memory of what was tried in vain; a history of independent
//! objects is taken apart first ([`check_each`]), for it is linearizable exactly if each object's is.
//! A call that was never answered may have been done at any later moment, or not at all: it is put into
//! the order only where nothing else goes on, so that many of them cost little.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an object is, and what its calls do to it.
pub trait Object {
    type State: Clone + Eq + Hash + fmt::Debug;
    /// A call with its answer.
    type Call: fmt::Debug;

    fn initial(&self) -> Self::State;

    /// The state after `call`; `None` if it would not have been answered so in `state`.
    fn step(&self, state: &Self::State, call: &Self::Call) -> Option<Self::State>;
}

/// Gives each moment of a history a number of its own.
#[derive(Debug, Default)]
pub struct Moments(AtomicU64);

impl Moments {
    pub fn now(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// A call of a history: from when to when it ran. `ended` is `None` if nobody knows what came of it.
#[derive(Debug, Clone)]
pub struct Ran<C> {
    pub client: usize,
    pub call: C,
    pub began: u64,
    pub ended: Option<u64>,
}

/// Why a history is not linearizable: no order goes on behind these calls.
#[derive(Debug)]
pub struct Violation {
    /// What could be ordered at most, then the calls of which none could come next.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Checks the history of each object by itself: `of` says which one a call is about.
///
/// # Errors
/// The first [`Violation`], with the name of the object.
pub fn check_each<K: Ord + fmt::Debug, O: Object>(
    history: Vec<Ran<O::Call>>,
    of: impl Fn(&O::Call) -> K,
    object: impl Fn(&K) -> O,
) -> Result<(), Violation> {
    let mut apart: BTreeMap<K, Vec<Ran<O::Call>>> = BTreeMap::new();
    for ran in history {
        apart.entry(of(&ran.call)).or_default().push(ran);
    }
    for (key, history) in apart {
        check(&object(&key), &history)
            .map_err(|violation| Violation { text: format!("{key:?}: {violation}") })?;
    }
    Ok(())
}

/// The beginnings and ends of the answered calls that are not ordered yet, as a list that calls are
/// taken out of and put back into.
struct Pending {
    /// When, which call, and whether it is its beginning. The first is the list's head.
    entries: Vec<(u64, usize, bool)>,
    next: Vec<usize>,
    before: Vec<usize>,
    /// Where a call's beginning and end are.
    places: Vec<(usize, usize)>,
    /// Calls in the list.
    calls: usize,
    /// Calls without an answer, in the order of their beginnings.
    open: Vec<usize>,
}

const HEAD: usize = 0;
/// How many beginnings of an order are tried.
const TRIED_MAX: usize = 3_000_000;

impl Pending {
    fn new<C>(history: &[Ran<C>]) -> Self {
        let mut entries = vec![(u64::MAX, usize::MAX, false)];
        let (mut open, mut calls) = (Vec::new(), 0);
        for (call, ran) in history.iter().enumerate() {
            match ran.ended {
                Some(ended) => {
                    entries.extend([(ran.began, call, true), (ended, call, false)]);
                    calls += 1;
                }
                None => open.push(call),
            }
        }
        entries[1..].sort_unstable();
        open.sort_unstable_by_key(|call| history[*call].began);
        let mut places = vec![(0, 0); history.len()];
        for (at, (_, call, begins)) in entries.iter().enumerate().skip(1) {
            let place = &mut places[*call];
            *(if *begins { &mut place.0 } else { &mut place.1 }) = at;
        }
        let len = entries.len();
        let next = (1..=len).map(|at| at % len).collect();
        let before = (0..len).map(|at| (at + len - 1) % len).collect();
        Self { entries, next, before, places, calls, open }
    }

    fn take(&mut self, call: usize) {
        let (begin, end) = self.places[call];
        for at in [begin, end] {
            self.next[self.before[at]] = self.next[at];
            self.before[self.next[at]] = self.before[at];
        }
        self.calls -= 1;
    }

    fn put_back(&mut self, call: usize) {
        let (begin, end) = self.places[call];
        for at in [end, begin] {
            self.next[self.before[at]] = at;
            self.before[self.next[at]] = at;
        }
        self.calls += 1;
    }
}

/// A set of calls.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Set(Box<[u64]>);

impl Set {
    fn turn(&mut self, call: usize) {
        self.0[call / 64] ^= 1 << (call % 64);
    }

    fn has(&self, call: usize) -> bool {
        self.0[call / 64] & 1 << (call % 64) != 0
    }
}

/// What is tried next: the call at a place of the list, or one that was not answered.
#[derive(Clone, Copy)]
enum Next {
    Answered(usize),
    /// Which one, and until when it must have begun.
    Open(usize, u64),
}

/// An order, as far as it was found.
struct Search<'a, O: Object> {
    object: &'a O,
    history: &'a [Ran<O::Call>],
    pending: Pending,
    state: O::State,
    done: Set,
    tried: HashSet<(Set, O::State)>,
    /// The calls, what was tried with each, and the state before it.
    order: Vec<(usize, Next, O::State)>,
}

impl<O: Object> Search<'_, O> {
    /// Puts a call next, if it can come there and that was not tried before.
    fn put(&mut self, call: usize, chosen: Next) -> bool {
        let Some(after) = self.object.step(&self.state, &self.history[call].call) else {
            return false;
        };
        let is_open = matches!(chosen, Next::Open(..));
        // One that changes nothing might as well not have been done.
        if is_open && after == self.state {
            return false;
        }
        self.done.turn(call);
        if !self.tried.insert((self.done.clone(), after.clone())) {
            self.done.turn(call);
            return false;
        }
        self.order.push((call, chosen, std::mem::replace(&mut self.state, after)));
        if !is_open {
            self.pending.take(call);
        }
        true
    }

    /// Takes the last call back; what is to be tried instead.
    fn take_back(&mut self) -> Option<Next> {
        let (call, chosen, before) = self.order.pop()?;
        self.state = before;
        self.done.turn(call);
        Some(match chosen {
            Next::Answered(at) => {
                self.pending.put_back(call);
                Next::Answered(self.pending.next[at])
            }
            Next::Open(number, until) => Next::Open(number + 1, until),
        })
    }
}

/// Looks for an order of the calls of one object.
///
/// # Errors
/// [`Violation`] if there is none, or none was found among very many that were tried.
pub fn check<O: Object>(object: &O, history: &[Ran<O::Call>]) -> Result<(), Violation> {
    let mut search = Search {
        object,
        history,
        pending: Pending::new(history),
        state: object.initial(),
        done: Set(vec![0; history.len() / 64 + 1].into()),
        tried: HashSet::new(),
        order: Vec::new(),
    };
    let mut furthest: Vec<usize> = Vec::new();
    let first = |search: &Search<'_, O>| Next::Answered(search.pending.next[HEAD]);
    let mut next = first(&search);
    while search.pending.calls > 0 {
        if search.tried.len() > TRIED_MAX {
            let found = violation(object, history, &furthest);
            return Err(Violation { text: format!("not decided: {found}") });
        }
        next = match next {
            Next::Answered(at) => {
                let (moment, call, begins) = search.pending.entries[at];
                if !begins {
                    // One has ended here, or all are tried.
                    Next::Open(0, moment)
                } else if search.put(call, next) {
                    first(&search)
                } else {
                    Next::Answered(search.pending.next[at])
                }
            }
            Next::Open(number, until) => match search.pending.open.get(number).copied() {
                Some(call) if history[call].began < until => {
                    if !search.done.has(call) && search.put(call, next) {
                        first(&search)
                    } else {
                        Next::Open(number + 1, until)
                    }
                }
                // What was ordered last was wrong.
                _ => {
                    if search.order.len() >= furthest.len() {
                        furthest = search.order.iter().map(|(call, ..)| *call).collect();
                    }
                    let instead = search.take_back();
                    instead.ok_or_else(|| violation(object, history, &furthest))?
                }
            },
        };
    }
    Ok(())
}

/// How many of the last calls before a violation are told.
const TOLD: usize = 12;

fn violation<O: Object>(object: &O, history: &[Ran<O::Call>], order: &[usize]) -> Violation {
    let mut state = object.initial();
    for call in order {
        state = object.step(&state, &history[*call].call).unwrap_or(state);
    }
    let mut text = format!("of {} calls {} can be ordered", history.len(), order.len());
    for call in order.iter().skip(order.len().saturating_sub(TOLD)) {
        text += &format!("\n  {}", told(&history[*call]));
    }
    text += &format!("\nthen it is {state:?}, and none of these can come next:");
    let ended = |ran: &Ran<O::Call>| ran.ended.unwrap_or(u64::MAX);
    let left = || (0..history.len()).filter(|call| !order.contains(call));
    let first_end = left().map(|call| ended(&history[call])).min().unwrap_or(u64::MAX);
    for call in left().filter(|call| history[*call].began < first_end) {
        text += &format!("\n  {}", told(&history[call]));
    }
    Violation { text }
}

fn told<C: fmt::Debug>(ran: &Ran<C>) -> String {
    let ended = ran.ended.map_or_else(|| "?".to_owned(), |ended| ended.to_string());
    format!("{}..{ended} client {}: {:?}", ran.began, ran.client, ran.call)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register that begins as 0.
    struct Register;

    #[derive(Debug, Clone, Copy)]
    enum Call {
        Write(u8),
        Read(u8),
        /// From, to, and whether it was done.
        Swap(u8, u8, bool),
    }
    use Call::{Read, Swap, Write};

    impl Object for Register {
        type State = u8;
        type Call = Call;

        fn initial(&self) -> u8 {
            0
        }

        fn step(&self, state: &u8, call: &Call) -> Option<u8> {
            match *call {
                Write(value) => Some(value),
                Read(value) => (value == *state).then_some(*state),
                Swap(from, to, true) => (from == *state).then_some(to),
                Swap(from, _, false) => (from != *state).then_some(*state),
            }
        }
    }

    /// Calls with their beginning and end, 0 for one that nobody knows.
    fn holds(history: &[(Call, u64, u64)]) -> bool {
        let ran = |(client, &(call, began, ended)): (usize, &(Call, u64, u64))| {
            let ended = (ended > 0).then_some(ended);
            Ran { client, call, began, ended }
        };
        check(&Register, &history.iter().enumerate().map(ran).collect::<Vec<_>>()).is_ok()
    }

    #[test]
    fn what_overlaps_may_have_come_in_any_order() {
        assert!(holds(&[(Write(1), 1, 4), (Read(0), 2, 3)]));
        assert!(holds(&[(Write(1), 1, 4), (Read(1), 2, 3)]));
        assert!(holds(&[(Write(1), 1, 6), (Write(2), 2, 5), (Read(1), 3, 4), (Read(2), 7, 8)]));
    }

    #[test]
    fn what_was_answered_stays() {
        assert!(!holds(&[(Write(1), 1, 2), (Read(0), 3, 4)]));
        assert!(!holds(&[(Write(1), 1, 6), (Read(1), 2, 3), (Read(0), 4, 5)]));
        assert!(!holds(&[(Write(1), 1, 2), (Write(2), 3, 4), (Read(1), 5, 6)]));
    }

    #[test]
    fn one_swap_of_two_is_done() {
        assert!(holds(&[(Swap(0, 1, true), 1, 4), (Swap(0, 2, false), 2, 3)]));
        assert!(!holds(&[(Swap(0, 1, true), 1, 4), (Swap(0, 2, true), 2, 3)]));
    }

    #[test]
    fn what_nobody_knows_the_end_of_was_done_or_not() {
        assert!(holds(&[(Write(1), 1, 0), (Read(0), 2, 3), (Read(1), 4, 5)]));
        assert!(holds(&[(Write(1), 1, 0), (Read(0), 2, 3), (Read(0), 4, 5)]));
        assert!(!holds(&[(Write(1), 3, 0), (Read(1), 1, 2)]));
        assert!(!holds(&[(Write(1), 1, 0), (Read(1), 2, 3), (Read(0), 4, 5)]));
    }

    #[test]
    fn an_object_is_checked_by_itself() {
        let ran = |call: (u8, Call), began, ended| Ran { client: 0, call, began, ended };
        struct Named;
        impl Object for Named {
            type State = u8;
            type Call = (u8, Call);
            fn initial(&self) -> u8 {
                0
            }
            fn step(&self, state: &u8, call: &(u8, Call)) -> Option<u8> {
                Register.step(state, &call.1)
            }
        }
        let good = vec![ran((1, Write(1)), 1, Some(2)), ran((2, Read(0)), 3, Some(4))];
        assert!(check_each(good.clone(), |call: &(u8, Call)| call.0, |_| Named).is_ok());
        let bad = [good, vec![ran((1, Read(0)), 5, Some(6))]].concat();
        let violation =
            check_each(bad, |call: &(u8, Call)| call.0, |_| Named).map_err(|found| found.text);
        assert!(violation.is_err_and(|text| text.starts_with("1: of 2 calls 1 can be ordered")));
    }
}
