//! x
use super::ast::*;
use bstr::BString;
pub fn text_of(_t: &WordText) -> Text {
    Text::default()
}
pub fn substitution(_l: &List) -> BString {
    BString::default()
}
pub fn list(l: &List) -> BString {
    BString::from(format!("{l:?}"))
}
