//! `echo`: its options are whatever looks like them, and its escapes.

use super::escape::{self, Style};

/// What bash's `echo` prints. `escapes` is what `xpg_echo` says.
pub fn echo<W: AsRef<[u8]>>(args: &[W], escapes: bool, out: &mut Vec<u8>) {
    echo_as(Style::Echo, args, escapes, out);
}

/// What `echo` prints, with escapes as `style` has them.
pub fn echo_as<W: AsRef<[u8]>>(style: Style, args: &[W], mut escapes: bool, out: &mut Vec<u8>) {
    let mut newline = true;
    let mut words = args;
    while let Some((word, rest)) = words.split_first() {
        let Some((b'-', letters)) = word.as_ref().split_first() else { break };
        if letters.is_empty() || !letters.iter().all(|letter| b"neE".contains(letter)) {
            break;
        }
        for letter in letters {
            match letter {
                b'n' => newline = false,
                letter => escapes = *letter == b'e',
            }
        }
        words = rest;
    }
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        let word = word.as_ref();
        if !escapes {
            out.extend_from_slice(word);
        } else if !escape::all(word, style, out, &mut |_| {}) {
            return;
        }
    }
    if newline {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn said(args: &[&str]) -> String {
        let args: Vec<BString> = args.iter().map(|arg| BString::from(*arg)).collect();
        let mut out = Vec::new();
        echo(&args, false, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn options_and_escapes_are_bashs() {
        assert_eq!(said(&["a", "b"]), "a b\n");
        assert_eq!(said(&["-n", "a"]), "a");
        assert_eq!(said(&["-ne", r"a\tb\0101\x41\q"]), "a\tbAA\\q");
        assert_eq!(said(&["-e", r"a\cb", "c"]), "a");
        assert_eq!(said(&["-e", "-x"]), "-x\n");
        assert_eq!(said(&["-", "-nx"]), "- -nx\n");
    }
}
