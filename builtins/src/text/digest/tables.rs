//! The tables of the commands.

use super::hash::Algorithm;
use super::{bsd_sum, cksum, sum};
use crate::prelude::*;

const BINARY: Opt = flag('b', "binary", "read in binary mode");
const CHECK: Opt = flag('c', "check", "read checksums from the FILEs and check them");
const TAG: Opt = long("tag", "create a BSD-style checksum");
const TEXT: Opt = flag('t', "text", "read in text mode (default)");
const ZERO: Opt =
    flag('z', "zero", "end each output line with NUL, not newline, and disable file name escaping");
const IGNORE_MISSING: Opt =
    long("ignore-missing", "don't fail or report status for missing files (with -c)");
const QUIET: Opt = long("quiet", "don't print OK for each successfully verified file (with -c)");
const STATUS: Opt = long("status", "don't output anything, status code shows success (with -c)");
const STRICT: Opt =
    long("strict", "exit non-zero for improperly formatted checksum lines (with -c)");
const WARN: Opt = flag('w', "warn", "warn about improperly formatted checksum lines (with -c)");
const LENGTH: Opt = value(
    'l',
    "length",
    "BITS",
    "digest length in bits; must not exceed the max for the blake2 algorithm and must be a multiple of 8",
);

const OPTIONS: &[Opt] =
    &[BINARY, CHECK, TAG, TEXT, ZERO, IGNORE_MISSING, QUIET, STATUS, STRICT, WARN];

pub const MD5SUM: Command = Command {
    name: "md5sum",
    synopsis: "md5sum [OPTION]... [FILE]...",
    summary: "Print or check MD5 (128-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: OPTIONS,
    examples: &[Example {
        about: "Print a digest.",
        script: "printf abc | md5sum",
        prints: "900150983cd24fb0d6963f7d28e17f72  -\n",
    }],
    run: |ctx, args| sum(ctx, args, Algorithm::Md5),
    ..Command::BASE
};

pub const SHA1SUM: Command = Command {
    name: "sha1sum",
    synopsis: "sha1sum [OPTION]... [FILE]...",
    summary: "Print or check SHA1 (160-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    examples: &[Example {
        about: "Print a digest.",
        script: "printf abc | sha1sum",
        prints: "a9993e364706816aba3e25717850c26c9cd0d89d  -\n",
    }],
    run: |ctx, args| sum(ctx, args, Algorithm::Sha1),
    ..MD5SUM
};

pub const SHA224SUM: Command = Command {
    name: "sha224sum",
    synopsis: "sha224sum [OPTION]... [FILE]...",
    summary: "Print or check SHA224 (224-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    examples: &[Example {
        about: "Print a digest.",
        script: "printf abc | sha224sum",
        prints: "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7  -\n",
    }],
    run: |ctx, args| sum(ctx, args, Algorithm::Sha224),
    ..MD5SUM
};

pub const SHA256SUM: Command = Command {
    name: "sha256sum",
    synopsis: "sha256sum [OPTION]... [FILE]...",
    summary: "Print or check SHA256 (256-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    examples: &[
        Example {
            about: "Print a digest.",
            script: "printf abc | sha256sum",
            prints: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n",
        },
        Example {
            about: "Check files against what was printed before.",
            script: "echo x > f; sha256sum f > sums; sha256sum -c sums",
            prints: "f: OK\n",
        },
    ],
    run: |ctx, args| sum(ctx, args, Algorithm::Sha256),
    ..MD5SUM
};

pub const SHA384SUM: Command = Command {
    name: "sha384sum",
    synopsis: "sha384sum [OPTION]... [FILE]...",
    summary: "Print or check SHA384 (384-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    examples: &[Example {
        about: "Half of a digest.",
        script: "printf abc | sha384sum | cut -c1-48",
        prints: "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163\n",
    }],
    run: |ctx, args| sum(ctx, args, Algorithm::Sha384),
    ..MD5SUM
};

pub const SHA512SUM: Command = Command {
    name: "sha512sum",
    synopsis: "sha512sum [OPTION]... [FILE]...",
    summary: "Print or check SHA512 (512-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    examples: &[Example {
        about: "A part of a digest.",
        script: "printf abc | sha512sum | cut -c1-32",
        prints: "ddaf35a193617abacc417349ae204131\n",
    }],
    run: |ctx, args| sum(ctx, args, Algorithm::Sha512),
    ..MD5SUM
};

pub const B2SUM: Command = Command {
    name: "b2sum",
    synopsis: "b2sum [OPTION]... [FILE]...",
    summary: "Print or check BLAKE2b (512-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[BINARY, CHECK, LENGTH, TAG, TEXT, ZERO, IGNORE_MISSING, QUIET, STATUS, STRICT, WARN],
    examples: &[Example {
        about: "A short digest.",
        script: "printf abc | b2sum -l 128",
        prints: "cf4ab791c62b8d2b2109c90275287816  -\n",
    }],
    run: |ctx, args| sum(ctx, args, Algorithm::Blake2b(64)),
    ..MD5SUM
};

pub const CKSUM: Command = Command {
    name: "cksum",
    synopsis: "cksum [OPTION]... [FILE]...",
    summary: "Print or verify checksums.\nBy default use the 32 bit CRC algorithm.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        value(
            'a',
            "algorithm",
            "TYPE",
            "select the digest type to use: sysv, bsd, crc, md5, sha1, sha224, sha256, sha384, sha512, blake2b, sm3",
        ),
        CHECK,
        LENGTH,
        long("tag", "create a BSD-style checksum (the default)"),
        long("untagged", "create a reversed style checksum, without digest type"),
        ZERO,
        IGNORE_MISSING,
        QUIET,
        STATUS,
        STRICT,
        WARN,
        long("debug", "(ignored)"),
        flag('b', "binary", ""),
        flag('t', "text", ""),
    ],
    examples: &[
        Example {
            about: "POSIX's CRC and the size.",
            script: "printf abc | cksum",
            prints: "1219131554 3\n",
        },
        Example {
            about: "Another digest.",
            script: "echo x > f; cksum -a md5 f",
            prints: "MD5 (f) = 401b30e3b8b5d629635a5c613cdb7919\n",
        },
    ],
    run: cksum,
    ..Command::BASE
};

pub const SUM: Command = Command {
    name: "sum",
    synopsis: "sum [OPTION]... [FILE]...",
    summary: "Print or check BSD (16-bit) checksums.\n\nWith no FILE, or when FILE is -, read standard input.",
    options: &[
        short('r', "use BSD sum algorithm (the default), use 1K blocks"),
        flag('s', "sysv", "use System V sum algorithm, use 512 bytes blocks"),
    ],
    examples: &[Example {
        about: "The checksum and the count of blocks.",
        script: "printf abc | sum",
        prints: "16556     1\n",
    }],
    run: bsd_sum,
    ..Command::BASE
};
