//! `l`: a line unambiguously.

/// The text with escapes, folded at `width` columns (0: not at all), ended by `$`.
pub(super) fn listed(text: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    let mut column = 0;
    for byte in text {
        let piece;
        let shown: &[u8] = match byte {
            b'\\' => b"\\\\",
            7 => b"\\a",
            8 => b"\\b",
            12 => b"\\f",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            11 => b"\\v",
            b' '..=b'~' => std::slice::from_ref(byte),
            other => {
                piece = [b'\\', b'0' + (other >> 6), b'0' + ((other >> 3) & 7), b'0' + (other & 7)];
                &piece
            }
        };
        if width > 0 && column + shown.len() > width - 1 {
            out.extend_from_slice(b"\\\n");
            column = 0;
        }
        column += shown.len();
        out.extend_from_slice(shown);
    }
    out.extend_from_slice(b"$\n");
    out
}
