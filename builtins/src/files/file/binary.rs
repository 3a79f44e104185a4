//! Formats that are no text, told by their first bytes.

use crate::core::strftime::strftime;

/// Where, which bytes, what it is, and its MIME type.
type Magic = (usize, &'static [u8], &'static str, &'static str);

const MAGIC: &[Magic] = &[
    (0, b"7z\xbc\xaf\x27\x1c", "7-zip archive data, version 0.4", "application/x-7z-compressed"),
    (0, b"\xfd7zXZ\0", "XZ compressed data, checksum CRC64", "application/x-xz"),
    (
        0,
        b"\x28\xb5\x2f\xfd",
        "Zstandard compressed data (v0.8+), Dictionary ID: None",
        "application/zstd",
    ),
    (0, b"Rar!\x1a\x07\x01\x00", "RAR archive data, v5", "application/x-rar"),
    (0, b"Rar!\x1a\x07\x00", "RAR archive data, v4", "application/x-rar"),
    (0, b"PK\x05\x06", "Zip archive data (empty)", "application/zip"),
    (0, b"!<arch>\ndebian", "Debian binary package", "application/vnd.debian.binary-package"),
    (0, b"!<arch>\n", "current ar archive", "application/x-archive"),
    (257, b"ustar  \0", "POSIX tar archive (GNU)", "application/x-tar"),
    (257, b"ustar\0", "POSIX tar archive", "application/x-tar"),
    (
        0,
        b"\0asm\x01\0\0\0",
        "WebAssembly (wasm) binary module version 0x1 (MVP)",
        "application/wasm",
    ),
    (0, b"fLaC", "FLAC audio bitstream data", "audio/flac"),
    (0, b"OggS", "Ogg data", "application/ogg"),
    (0, b"ID3\x03", "Audio file with ID3 version 2.3.0", "audio/mpeg"),
    (0, b"ID3\x04", "Audio file with ID3 version 2.4.0", "audio/mpeg"),
    (4, b"ftypmp42", "ISO Media, MP4 v2 [ISO 14496-14]", "video/mp4"),
    (4, b"ftypisom", "ISO Media, MP4 Base Media v1 [ISO 14496-12:2003]", "video/mp4"),
    (
        4,
        b"ftypqt  ",
        "ISO Media, Apple QuickTime movie, Apple QuickTime (.MOV/QT)",
        "video/quicktime",
    ),
    (0, b"\x1a\x45\xdf\xa3", "Matroska data", "video/x-matroska"),
    (0, b"wOF2\0\x01\0\0", "Web Open Font Format (Version 2), TrueType", "font/woff2"),
    (0, b"wOF2OTTO", "Web Open Font Format (Version 2), CFF", "font/woff2"),
    (0, b"wOFF\0\x01\0\0", "Web Open Font Format, TrueType", "font/woff"),
    (0, b"wOFFOTTO", "Web Open Font Format, CFF", "font/woff"),
    (0, b"8BPS", "Adobe Photoshop Image", "image/vnd.adobe.photoshop"),
    (0, b"II*\0", "TIFF image data, little-endian", "image/tiff"),
    (0, b"MM\0*", "TIFF image data, big-endian", "image/tiff"),
    (
        0,
        b"\xcf\xfa\xed\xfe\x07\0\0\x01",
        "Mach-O 64-bit x86_64 executable",
        "application/x-mach-binary",
    ),
    (
        0,
        b"\xcf\xfa\xed\xfe\x0c\0\0\x01",
        "Mach-O 64-bit arm64 executable",
        "application/x-mach-binary",
    ),
    (0, b"DIRC", "Git index", "application/x-git"),
    (0, b"PACK\0\0\0\x02", "Git pack, version 2", "application/x-git"),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "Composite Document File V2 Document",
        "application/CDFV2",
    ),
    (0, b"{\\rtf1", "Rich Text Format data, version 1", "text/rtf"),
];

fn u16_at(head: &[u8], at: usize, big: bool) -> Option<u16> {
    let bytes: [u8; 2] = head.get(at..at + 2)?.try_into().ok()?;
    Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
}

fn u32_at(head: &[u8], at: usize, big: bool) -> Option<u32> {
    let bytes: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}

/// What a file is by its beginning (and its last eight bytes), if it is something known.
pub(super) fn describe(head: &[u8], tail: &[u8]) -> Option<(String, &'static str)> {
    let special: [fn(&[u8], &[u8]) -> Option<(String, &'static str)>; 12] =
        [gzip, elf, png, gif, jpeg, pdf, zip, riff, bzip2, sqlite, java, bmp];
    if let Some(found) = special.iter().find_map(|describe| describe(head, tail)) {
        return Some(found);
    }
    if let Some(found) = executable(head) {
        return Some(found);
    }
    let hit = |magic: &&Magic| head.get(magic.0..).is_some_and(|rest| rest.starts_with(magic.1));
    MAGIC.iter().find(hit).map(|(_, _, text, mime)| ((*text).to_owned(), *mime))
}

fn gzip(head: &[u8], tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"\x1f\x8b\x08") {
        return None;
    }
    let mut text = "gzip compressed data".to_owned();
    let flags = *head.get(3)?;
    let mut at = 10;
    if flags & 4 != 0 {
        at += 2 + usize::from(u16_at(head, at, false)?);
    }
    if flags & 8 != 0 {
        let name = head.get(at..)?.split(|&byte| byte == 0).next()?;
        text.push_str(&format!(", was \"{}\"", String::from_utf8_lossy(name)));
    }
    let mtime = u32_at(head, 4, false)?;
    if mtime > 0 {
        let time = strftime(b"%a %b %e %H:%M:%S %Y", i64::from(mtime), &jiff::tz::TimeZone::UTC);
        text.push_str(&format!(", last modified: {}", String::from_utf8_lossy(&time)));
    }
    match head.get(8)? {
        2 => text.push_str(", max compression"),
        4 => text.push_str(", max speed"),
        _ => {}
    }
    match head.get(9)? {
        0 => text.push_str(", from FAT filesystem (MS-DOS, OS/2, NT)"),
        3 => text.push_str(", from Unix"),
        11 => text.push_str(", from NTFS filesystem (NT)"),
        _ => {}
    }
    let size = u32_at(tail, 4, false)?;
    text.push_str(&format!(", original size modulo 2^32 {size}"));
    Some((text, "application/gzip"))
}

fn elf(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"\x7fELF") {
        return None;
    }
    let (class, data) = (*head.get(4)?, *head.get(5)?);
    let big = data == 2;
    let bits = if class == 2 { "64-bit" } else { "32-bit" };
    let order = if big { "MSB" } else { "LSB" };
    let (kind, mime) = match u16_at(head, 16, big)? {
        1 => ("relocatable", "application/x-object"),
        2 => ("executable", "application/x-executable"),
        3 => ("shared object", "application/x-sharedlib"),
        4 => ("core file", "application/x-coredump"),
        _ => ("no file type", "application/octet-stream"),
    };
    let machine = match u16_at(head, 18, big)? {
        3 => "Intel 80386",
        8 => "MIPS",
        20 => "PowerPC or cisco 4500",
        21 => "64-bit PowerPC or cisco 7500",
        22 => "IBM S/390",
        40 => "ARM",
        62 => "x86-64",
        183 => "ARM aarch64",
        243 => "UCB RISC-V",
        _ => "unknown machine",
    };
    let system = match head.get(7)? {
        0 => "SYSV",
        3 => "GNU/Linux",
        9 => "FreeBSD",
        _ => "unknown",
    };
    Some((format!("ELF {bits} {order} {kind}, {machine}, version 1 ({system})"), mime))
}

fn png(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return None;
    }
    let (width, height) = (u32_at(head, 16, true)?, u32_at(head, 20, true)?);
    let depth = head.get(24)?;
    let color = match head.get(25)? {
        0 => " grayscale",
        2 => "/color RGB",
        3 => " colormap",
        4 => " gray+alpha",
        _ => "/color RGBA",
    };
    let lace = if *head.get(28)? == 0 { "non-interlaced" } else { "interlaced" };
    let text = format!("PNG image data, {width} x {height}, {depth}-bit{color}, {lace}");
    Some((text, "image/png"))
}

fn gif(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    let version = head.strip_prefix(b"GIF8")?.get(..2)?;
    let version = std::str::from_utf8(version).ok().filter(|text| text.ends_with('a'))?;
    let (width, height) = (u16_at(head, 6, false)?, u16_at(head, 8, false)?);
    Some((format!("GIF image data, version 8{version}, {width} x {height}"), "image/gif"))
}

fn jpeg(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"\xff\xd8\xff") {
        return None;
    }
    let mut text = "JPEG image data".to_owned();
    if head.get(6..11) == Some(b"JFIF\0") {
        let unit = match head.get(13)? {
            1 => "resolution (DPI)",
            2 => "resolution (DPCM)",
            _ => "aspect ratio",
        };
        let (major, minor) = (head.get(11)?, head.get(12)?);
        let (x, y) = (u16_at(head, 14, true)?, u16_at(head, 16, true)?);
        let length = u16_at(head, 4, true)?;
        text.push_str(&format!(
            ", JFIF standard {major}.{minor:02}, {unit}, density {x}x{y}, segment length {length}"
        ));
    }
    let mut at = 2;
    while let Some([0xff, marker]) = head.get(at..at + 2) {
        let Some(length) = u16_at(head, at + 2, true) else { break };
        let frame = match marker {
            0xc0 => "baseline",
            0xc1 => "extended sequential",
            0xc2 => "progressive",
            0xda | 0xd9 => break,
            _ => {
                at += 2 + usize::from(length);
                continue;
            }
        };
        let (height, width) = (u16_at(head, at + 5, true)?, u16_at(head, at + 7, true)?);
        let (precision, components) = (head.get(at + 4)?, head.get(at + 9)?);
        text.push_str(&format!(
            ", {frame}, precision {precision}, {width}x{height}, components {components}"
        ));
        break;
    }
    Some((text, "image/jpeg"))
}

fn pdf(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    let version = head.strip_prefix(b"%PDF-")?.get(..3)?;
    let version = std::str::from_utf8(version).ok()?;
    Some((format!("PDF document, version {version}"), "application/pdf"))
}

fn zip(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"PK\x03\x04") {
        return None;
    }
    let version = u16_at(head, 4, false)? & 0xff;
    let method = match u16_at(head, 8, false)? {
        0 => "store",
        8 => "deflate",
        9 => "deflate64",
        12 => "bzip2",
        14 => "lzma",
        _ => "unknown",
    };
    let name = head.get(30..)?;
    if name.starts_with(b"mimetypeapplication/epub+zip") {
        return Some(("EPUB document".to_owned(), "application/epub+zip"));
    }
    let text = format!(
        "Zip archive data, at least v{}.{} to extract, compression method={method}",
        version / 10,
        version % 10
    );
    Some((text, "application/zip"))
}

fn riff(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"RIFF") {
        return None;
    }
    let lead = "RIFF (little-endian) data";
    match head.get(8..12)? {
        b"WEBP" => Some((format!("{lead}, Web/P image"), "image/webp")),
        b"AVI " => Some((format!("{lead}, AVI"), "video/x-msvideo")),
        b"WAVE" => {
            let bits = u16_at(head, 34, false)?;
            let channels = match u16_at(head, 22, false)? {
                1 => "mono".to_owned(),
                2 => "stereo".to_owned(),
                count => format!("{count} channels"),
            };
            let rate = u32_at(head, 24, false)?;
            let text =
                format!("{lead}, WAVE audio, Microsoft PCM, {bits} bit, {channels} {rate} Hz");
            Some((text, "audio/x-wav"))
        }
        _ => Some((lead.to_owned(), "application/octet-stream")),
    }
}

fn bzip2(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    let level = head.strip_prefix(b"BZh")?.first().filter(|byte| byte.is_ascii_digit())?;
    let text = format!("bzip2 compressed data, block size = {}00k", *level as char);
    Some((text, "application/x-bzip2"))
}

fn sqlite(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"SQLite format 3\0") {
        return None;
    }
    let number = |at| u32_at(head, at, true);
    let encoding = match number(56)? {
        1 => "UTF-8",
        2 => "UTF-16 little endian",
        3 => "UTF-16 big endian",
        _ => "unknown 0 encoding",
    };
    let text = format!(
        "SQLite 3.x database, last written using SQLite version {}, file counter {}, database pages {}, cookie {:#x}, schema {}, {encoding}, version-valid-for {}",
        number(96)?,
        number(24)?,
        number(28)?,
        number(40)?,
        number(44)?,
        number(92)?
    );
    Some((text.replace("cookie 0x0,", "cookie 0,"), "application/vnd.sqlite3"))
}

fn java(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"\xca\xfe\xba\xbe") {
        return None;
    }
    let (minor, major) = (u16_at(head, 4, true)?, u16_at(head, 6, true)?);
    if major < 45 {
        return None;
    }
    let release = match major {
        45..=48 => format!("1.{}", major - 44),
        49..=52 => format!("1.{}", major - 44),
        _ => (major - 44).to_string(),
    };
    let text = format!("compiled Java class data, version {major}.{minor} (Java {release})");
    Some((text, "application/x-java-applet"))
}

fn bmp(head: &[u8], _tail: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"BM") || u32_at(head, 14, false)? != 40 {
        return None;
    }
    let number = |at| u32_at(head, at, false);
    let text = format!(
        "PC bitmap, Windows 3.x format, {} x {} x {}, image size {}, cbSize {}, bits offset {}",
        number(18)?,
        number(22)?,
        u16_at(head, 28, false)?,
        number(34)?,
        number(2)?,
        number(10)?
    );
    Some((text, "image/bmp"))
}

fn executable(head: &[u8]) -> Option<(String, &'static str)> {
    if !head.starts_with(b"MZ") {
        return None;
    }
    let at = usize::try_from(u32_at(head, 60, false)?).ok()?;
    if head.get(at..at + 4) != Some(b"PE\0\0") {
        return Some(("MS-DOS executable".to_owned(), "application/x-dosexec"));
    }
    let plus = u16_at(head, at + 24, false)? == 0x20b;
    let machine = match u16_at(head, at + 4, false)? {
        0x14c => "Intel 80386",
        0x8664 => "x86-64",
        0xaa64 => "Aarch64",
        _ => "unknown",
    };
    let system = match u16_at(head, at + 92, false)? {
        2 => "(GUI)",
        3 => "(console)",
        _ => "",
    };
    let kind = if u16_at(head, at + 22, false)? & 0x2000 != 0 { "(DLL) " } else { "" };
    let format = if plus { "PE32+" } else { "PE32" };
    let text = format!("{format} executable {kind}{system} {machine}, for MS Windows");
    Some((text, "application/vnd.microsoft.portable-executable"))
}
