//! `y`.

use bstr::{BString, ByteSlice};

use super::super::script::Translate;

/// Exchanges characters.
pub(super) fn translate(translate: &Translate, space: &mut Vec<u8>) {
    if let Some(table) = &translate.bytes {
        for byte in space.iter_mut() {
            if let Some(to) = table.get(usize::from(*byte)) {
                *byte = *to;
            }
        }
        return;
    }
    let mut out = Vec::with_capacity(space.len());
    for (start, end, _) in space.char_indices() {
        let raw = space.get(start..end).unwrap_or_default();
        match translate.characters.get(raw.as_bstr()) {
            Some(to) => out.extend_from_slice(to),
            None => out.extend_from_slice(raw),
        }
    }
    *space = BString::from(out).into();
}
