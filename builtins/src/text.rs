//! Commands that work on text and bytes.

mod awk;
mod cat;
mod cut;
mod grep;
mod head;
mod operands;
mod ranges;
mod sed;
mod seq;
mod sort;
mod tail;
mod tee;
mod tr;
mod uniq;
mod wc;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &awk::AWK,
    &awk::GAWK,
    &cat::CAT,
    &cut::CUT,
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
];
