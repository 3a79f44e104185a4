//! The alphabets, and data through them chunk by chunk.

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    Base64,
    Base64Url,
    Base32,
    Base32Hex,
    Base16,
    Base2Msbf,
    Base2Lsbf,
    Z85,
}

const Z85: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

impl Code {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "base64" => Self::Base64,
            "base64url" => Self::Base64Url,
            "base32" => Self::Base32,
            "base32hex" => Self::Base32Hex,
            "base16" => Self::Base16,
            "base2msbf" => Self::Base2Msbf,
            "base2lsbf" => Self::Base2Lsbf,
            "z85" => Self::Z85,
            _ => return None,
        })
    }

    fn alphabet(self) -> &'static [u8] {
        match self {
            Self::Base64 => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
            Self::Base64Url => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
            Self::Base32 => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            Self::Base32Hex => b"0123456789ABCDEFGHIJKLMNOPQRSTUV",
            Self::Base16 => b"0123456789ABCDEF",
            Self::Base2Msbf | Self::Base2Lsbf => b"01",
            Self::Z85 => Z85,
        }
    }

    /// How many bits a letter stands for; of no use for `Z85`.
    fn bits(self) -> u32 {
        match self {
            Self::Base64 | Self::Base64Url => 6,
            Self::Base32 | Self::Base32Hex => 5,
            Self::Base16 => 4,
            Self::Base2Msbf | Self::Base2Lsbf => 1,
            Self::Z85 => 0,
        }
    }

    /// Bytes and letters of a whole group.
    fn group(self) -> (usize, usize) {
        match self {
            Self::Base64 | Self::Base64Url => (3, 4),
            Self::Base32 | Self::Base32Hex => (5, 8),
            Self::Base16 => (1, 2),
            Self::Base2Msbf | Self::Base2Lsbf => (1, 8),
            Self::Z85 => (4, 5),
        }
    }

    fn is_padded(self) -> bool {
        matches!(self, Self::Base64 | Self::Base64Url | Self::Base32 | Self::Base32Hex)
    }
}

/// Bytes in, wrapped letters out.
pub(super) struct Encoder {
    code: Code,
    wrap: Option<u64>,
    column: u64,
    held: Vec<u8>,
    letters: Vec<u8>,
}

impl Encoder {
    pub fn new(code: Code, wrap: Option<u64>) -> Self {
        Self { code, wrap, column: 0, held: Vec::new(), letters: Vec::new() }
    }

    pub fn feed(&mut self, data: &[u8], out: &mut Vec<u8>) {
        // Whether the length is right shows at the end only, so the last piece waits for it.
        if self.code == Code::Z85 {
            self.write(out);
        }
        let (size, _) = self.code.group();
        let mut rest = data;
        if !self.held.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(size - self.held.len()));
            self.held.extend_from_slice(head);
            rest = tail;
            if self.held.len() < size {
                return;
            }
            let held = std::mem::take(&mut self.held);
            self.encode(&held);
        }
        let mut groups = rest.chunks_exact(size);
        for group in groups.by_ref() {
            self.encode(group);
        }
        self.held.extend_from_slice(groups.remainder());
        if self.code != Code::Z85 {
            self.write(out);
        }
    }

    /// False if the data ends where this code cannot end.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let held = std::mem::take(&mut self.held);
        let whole = held.is_empty() || self.code.is_padded();
        if whole && !held.is_empty() {
            self.encode(&held);
        }
        if whole || self.code != Code::Z85 {
            self.write(out);
        }
        if whole && self.wrap.is_some() && self.column > 0 {
            out.push(b'\n');
        }
        whole
    }

    fn encode(&mut self, group: &[u8]) {
        let alphabet = self.code.alphabet();
        let letter = |at: u64| alphabet.get(at as usize).copied().unwrap_or(b'?');
        if self.code == Code::Z85 {
            let number = group.iter().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
            let powers = [85u64.pow(4), 85u64.pow(3), 85u64.pow(2), 85, 1];
            self.letters.extend(powers.map(|power| letter(number / power % 85)));
            return;
        }
        if self.code == Code::Base2Lsbf {
            let bits = |byte: &u8| (0..8).map(|bit| b'0' + (byte >> bit & 1)).collect::<Vec<_>>();
            self.letters.extend(group.iter().flat_map(bits));
            return;
        }
        let (size, count) = self.code.group();
        let bits = self.code.bits();
        let number = group.iter().fold(0u64, |n, &byte| n << 8 | u64::from(byte));
        let number = number << (8 * (size - group.len()));
        let used = (group.len() * 8).div_ceil(bits as usize);
        let mask = (1 << bits) - 1;
        for nth in 0..count {
            let shift = bits * (count - 1 - nth) as u32;
            self.letters.push(if nth < used { letter(number >> shift & mask) } else { b'=' });
        }
    }

    fn write(&mut self, out: &mut Vec<u8>) {
        let Some(wrap) = self.wrap else {
            out.append(&mut self.letters);
            return;
        };
        let mut rest = &self.letters[..];
        while !rest.is_empty() {
            // A full line is ended only when more comes or at the end.
            if self.column == wrap {
                out.push(b'\n');
                self.column = 0;
            }
            let room = usize::try_from(wrap - self.column).unwrap_or(usize::MAX);
            let (line, tail) = rest.split_at(rest.len().min(room));
            out.extend_from_slice(line);
            self.column += line.len() as u64;
            rest = tail;
        }
        self.letters.clear();
    }
}

/// Letters in, bytes out.
pub(super) struct Decoder {
    code: Code,
    ignore: bool,
    /// What each byte stands for.
    values: [Option<u8>; 256],
    held: Vec<u8>,
}

impl Decoder {
    pub fn new(code: Code, ignore: bool) -> Self {
        let mut values = [None; 256];
        for (value, &letter) in (0u8..).zip(code.alphabet()) {
            if let Some(slot) = values.get_mut(usize::from(letter)) {
                *slot = Some(value);
            }
        }
        Self { code, ignore, values, held: Vec::new() }
    }

    fn value(&self, letter: u8) -> Option<u64> {
        self.values.get(usize::from(letter)).copied().flatten().map(u64::from)
    }

    /// False at the first wrong letter; `out` has what stood before it.
    pub fn feed(&mut self, data: &[u8], out: &mut Vec<u8>) -> bool {
        let (_, count) = self.code.group();
        for &letter in data {
            let known = self.value(letter).is_some() || (letter == b'=' && self.code.is_padded());
            if letter == b'\n' || (self.ignore && !known) {
                continue;
            }
            self.held.push(letter);
            if self.held.len() == count {
                let held = std::mem::take(&mut self.held);
                if !self.group(&held, out) {
                    return false;
                }
            }
        }
        true
    }

    /// False if the letters end within a group.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> bool {
        let held = std::mem::take(&mut self.held);
        held.is_empty() || self.group(&held, out)
    }

    fn group(&self, letters: &[u8], out: &mut Vec<u8>) -> bool {
        let (_, count) = self.code.group();
        let bits = self.code.bits();
        let values: Vec<u64> = letters.iter().map_while(|&letter| self.value(letter)).collect();
        if self.code == Code::Z85 {
            let number = values.iter().fold(0u64, |n, value| n * 85 + value);
            let fine = values.len() == count && number <= u64::from(u32::MAX);
            if fine {
                out.extend_from_slice(&(number as u32).to_be_bytes());
            }
            return fine;
        }
        if self.code == Code::Base2Lsbf {
            if values.len() == count {
                let byte = values.iter().rev().fold(0u64, |n, value| n << 1 | value);
                out.push(byte as u8);
            }
            return values.len() == count;
        }
        let padding = letters.get(values.len()..).unwrap_or_default();
        let number = values.iter().fold(0u64, |n, value| n << bits | value);
        let whole = values.len() * bits as usize / 8;
        let spare = values.len() as u32 * bits - 8 * whole as u32;
        let bytes = (number >> spare).to_be_bytes();
        let bytes = bytes.get(8 - whole..).unwrap_or_default();
        // Only as many letters as the bytes need may stand before the padding.
        let fits = whole > 0 && (whole * 8).div_ceil(bits as usize) == values.len();
        let padded = letters.len() == count && padding.iter().all(|&letter| letter == b'=');
        let fine = padded && fits;
        // A wrong group is written as far as it goes; one that is cut short only in base64.
        if fine || bits == 6 || (bits == 5 && letters.len() == count) {
            out.extend_from_slice(bytes);
        }
        fine
    }
}
