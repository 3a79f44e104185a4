//! Commands that work on text and bytes.

mod cat;
mod cut;
mod head;
mod operands;
mod ranges;
mod tail;
mod tee;
mod tr;
mod uniq;
mod wc;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] =
    &[&cat::CAT, &cut::CUT, &head::HEAD, &tail::TAIL, &tee::TEE, &tr::TR, &uniq::UNIQ, &wc::WC];
