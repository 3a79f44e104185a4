//! Commands that work on text and bytes.

mod awk;
mod cat;
mod cut;
mod head;
mod operands;
mod ranges;
mod sed;
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
    &head::HEAD,
    &sed::SED,
    &tail::TAIL,
    &tee::TEE,
    &tr::TR,
    &uniq::UNIQ,
    &wc::WC,
];
