//! Commands as text.

use crate::syntax::ast::{AndOr, Command, Function, List};
use bstr::BString;

pub fn command(_command: &Command) -> BString {
    BString::default()
}
pub fn and_or(_node: &AndOr) -> BString {
    BString::default()
}
pub fn function(_function: &Function) -> BString {
    BString::default()
}
pub fn list(_list: &List) -> BString {
    BString::default()
}
