//! The algorithms, fed chunk by chunk.

use blake2::Blake2bVar;
use blake2::digest::{DynDigest, Update, VariableOutput};

use crate::args::choice::Choice;

/// What a digest is computed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Bsd,
    Sysv,
    Crc,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    /// With the length of the digest in bytes.
    Blake2b(usize),
    Sm3,
}

/// `cksum -a`'s words.
pub(super) const WORDS: &[Choice<Algorithm>] = &[
    (&["bsd"], Algorithm::Bsd),
    (&["sysv"], Algorithm::Sysv),
    (&["crc"], Algorithm::Crc),
    (&["md5"], Algorithm::Md5),
    (&["sha1"], Algorithm::Sha1),
    (&["sha224"], Algorithm::Sha224),
    (&["sha256"], Algorithm::Sha256),
    (&["sha384"], Algorithm::Sha384),
    (&["sha512"], Algorithm::Sha512),
    (&["blake2b"], Algorithm::Blake2b(64)),
    (&["sm3"], Algorithm::Sm3),
];

impl Algorithm {
    /// The algorithms that have a tag to know them by.
    pub const TAGGED: [Self; 8] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Blake2b(64),
        Self::Sm3,
    ];

    /// Those that print numbers.
    pub fn is_legacy(self) -> bool {
        matches!(self, Self::Bsd | Self::Sysv | Self::Crc)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Bsd => "BSD",
            Self::Sysv => "SYSV",
            Self::Crc => "CRC",
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha224 => "SHA224",
            Self::Sha256 => "SHA256",
            Self::Sha384 => "SHA384",
            Self::Sha512 => "SHA512",
            Self::Blake2b(_) => "BLAKE2b",
            Self::Sm3 => "SM3",
        }
    }

    /// The tag of a digest: the name, and for a shorter one its length.
    pub fn tag(self) -> String {
        match self {
            Self::Blake2b(bytes) if bytes < 64 => format!("{}-{}", self.name(), 8 * bytes),
            _ => self.name().into(),
        }
    }

    /// The length of a digest in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::Bsd | Self::Sysv => 2,
            Self::Crc => 4,
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha224 => 28,
            Self::Sha256 | Self::Sm3 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
            Self::Blake2b(bytes) => bytes,
        }
    }
}

/// A computation under way.
pub(super) enum Hasher {
    Digest(Box<dyn DynDigest>),
    Blake(Box<Blake2bVar>),
    Number(Number),
}

impl Hasher {
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Md5 => Self::Digest(Box::new(md5::Md5::default())),
            Algorithm::Sha1 => Self::Digest(Box::new(sha1::Sha1::default())),
            Algorithm::Sha224 => Self::Digest(Box::new(sha2::Sha224::default())),
            Algorithm::Sha256 => Self::Digest(Box::new(sha2::Sha256::default())),
            Algorithm::Sha384 => Self::Digest(Box::new(sha2::Sha384::default())),
            Algorithm::Sha512 => Self::Digest(Box::new(sha2::Sha512::default())),
            Algorithm::Sm3 => Self::Digest(Box::new(sm3::Sm3::default())),
            Algorithm::Blake2b(bytes) => match Blake2bVar::new(bytes) {
                Ok(hasher) => Self::Blake(Box::new(hasher)),
                // Lengths are checked where they are read.
                Err(_) => Self::Number(Number::new(algorithm)),
            },
            Algorithm::Bsd | Algorithm::Sysv | Algorithm::Crc => {
                Self::Number(Number::new(algorithm))
            }
        }
    }

    pub fn update(&mut self, data: &[u8]) {
        match self {
            Self::Digest(digest) => digest.update(data),
            Self::Blake(blake) => blake.update(data),
            Self::Number(number) => number.update(data),
        }
    }

    /// The digest in hexadecimal; of the oldest algorithms, the number.
    pub fn finish(self, bytes: usize) -> String {
        let mut out = vec![0; bytes];
        // The buffer has the digest's own length.
        let _ = match self {
            Self::Digest(mut digest) => digest.finalize_into_reset(&mut out).is_ok(),
            Self::Blake(blake) => blake.finalize_variable(&mut out).is_ok(),
            Self::Number(number) => return number.finish(),
        };
        out.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The checksums that are numbers.
pub(super) struct Number {
    algorithm: Algorithm,
    sum: u32,
    bytes: u64,
}

/// CRC-32 as POSIX has it (most significant bit first), for eight bytes at a time.
const CRC: [[u32; 256]; 8] = crc_tables();

const fn crc_tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 != 0 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut nth = 1;
    while nth < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[nth - 1][byte];
            tables[nth][byte] = before << 8 ^ tables[0][(before >> 24) as usize];
            byte += 1;
        }
        nth += 1;
    }
    tables
}

fn crc_step(crc: u32, byte: u8) -> u32 {
    crc << 8 ^ CRC[0][usize::from((crc >> 24) as u8 ^ byte)]
}

impl Number {
    fn new(algorithm: Algorithm) -> Self {
        Self { algorithm, sum: 0, bytes: 0 }
    }

    fn update(&mut self, data: &[u8]) {
        self.bytes += data.len() as u64;
        match self.algorithm {
            Algorithm::Sysv => {
                let add = |sum: u32, &byte: &u8| sum.wrapping_add(u32::from(byte));
                self.sum = data.iter().fold(self.sum, add);
            }
            Algorithm::Bsd => {
                let rotate = |sum: u32, &byte: &u8| {
                    let turned = sum >> 1 | (sum & 1) << 15;
                    (turned + u32::from(byte)) & 0xffff
                };
                self.sum = data.iter().fold(self.sum, rotate);
            }
            _ => {
                let mut pieces = data.chunks_exact(8);
                for piece in pieces.by_ref() {
                    let lead = self.sum.to_be_bytes();
                    let mut crc = 0;
                    for (at, byte) in piece.iter().enumerate() {
                        let byte = byte ^ lead.get(at).copied().unwrap_or(0);
                        crc ^= CRC[7 - at][usize::from(byte)];
                    }
                    self.sum = crc;
                }
                self.sum = pieces.remainder().iter().fold(self.sum, |crc, &b| crc_step(crc, b));
            }
        }
    }

    fn finish(self) -> String {
        match self.algorithm {
            Algorithm::Sysv => {
                let folded = (self.sum & 0xffff) + (self.sum >> 16);
                let folded = (folded & 0xffff) + (folded >> 16);
                format!("{folded} {}", self.bytes.div_ceil(512))
            }
            Algorithm::Bsd => format!("{:05} {:5}", self.sum, self.bytes.div_ceil(1024)),
            _ => {
                let mut crc = self.sum;
                let mut length = self.bytes;
                while length > 0 {
                    crc = crc_step(crc, (length & 0xff) as u8);
                    length >>= 8;
                }
                format!("{} {}", !crc, self.bytes)
            }
        }
    }
}
