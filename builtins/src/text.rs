//! Commands that work on text and bytes.

mod awk;
mod basenc;
mod cat;
mod cmp;
mod column;
mod comm;
mod csplit;
mod cut;
mod diff;
mod digest;
mod expand;
mod expr;
mod factor;
mod fmt;
mod fold;
mod grep;
mod head;
mod hexdump;
mod iconv;
mod join;
mod less;
mod nl;
pub(crate) mod number;
mod numfmt;
mod od;
pub(crate) mod operands;
mod paste;
mod patch;
mod pr;
mod ranges;
mod rev;
mod rg;
mod sed;
mod seq;
mod shuf;
mod sort;
mod split;
mod strings;
mod tabs;
mod tac;
mod tail;
mod tee;
mod tr;
mod unexpand;
mod uniq;
mod wc;
mod xxd;
mod yes;

use crate::command::Command;

pub(crate) const COMMANDS: &[&Command] = &[
    &awk::AWK,
    &awk::GAWK,
    &cat::CAT,
    &cut::CUT,
    &diff::DIFF,
    &diff::three::DIFF3,
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
    &patch::PATCH,
    &pr::PR,
    &rev::REV,
    &rg::RG,
    &tac::TAC,
    &yes::YES,
    &fmt::FMT,
    &csplit::CSPLIT,
    &iconv::ICONV,
    &column::COLUMN,
    &hexdump::HD,
    &hexdump::HEXDUMP,
    &strings::STRINGS,
    &xxd::XXD,
    &cmp::CMP,
    &numfmt::NUMFMT,
    &split::SPLIT,
    &expr::EXPR,
    &factor::FACTOR,
    &join::JOIN,
    &shuf::SHUF,
    &basenc::BASE32,
    &basenc::BASE64,
    &basenc::BASENC,
    &digest::B2SUM,
    &digest::CKSUM,
    &digest::MD5SUM,
    &digest::SHA1SUM,
    &digest::SHA224SUM,
    &digest::SHA256SUM,
    &digest::SHA384SUM,
    &digest::SHA512SUM,
    &digest::SUM,
    &expand::EXPAND,
    &fold::FOLD,
    &less::LESS,
    &less::MORE,
    &nl::NL,
    &unexpand::UNEXPAND,
];
