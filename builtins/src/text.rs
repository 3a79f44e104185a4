//! Commands that work on text and bytes.

mod awk;
mod cat;
mod comm;
mod cut;
mod diff;
mod grep;
mod head;
mod od;
mod operands;
mod paste;
mod ranges;
mod rev;
mod sed;
mod seq;
mod sort;
mod tac;
mod tail;
mod tee;
mod tr;
mod uniq;
mod wc;
mod yes;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &awk::AWK,
    &awk::GAWK,
    &cat::CAT,
    &cut::CUT,
    &diff::DIFF,
    &grep::EGREP,
    &grep::FGREP,
    &grep::GREP,
    &head::HEAD,
    &sed::SED,
    &seq::SEQ,
    &sort::SORT,
    &tail::TAIL,
    &tee::TEE,
    &tr::TR,
    &uniq::UNIQ,
    &wc::WC,
    &comm::COMM,
    &od::OD,
    &paste::PASTE,
    &rev::REV,
    &tac::TAC,
    &yes::YES,
];
