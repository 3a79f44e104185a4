//! How headers are laid out, and where names go that do not fit in one.

use tar::{EntryType, Header};

use crate::prelude::*;

/// The bytes of a name field.
const NAME_BYTES: usize = 100;

/// `--format`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// A long name is a member of its own before its member.
    Gnu,
    /// A long name is cut at a slash in two.
    Ustar,
    /// A long name is a record of an extended header.
    Pax,
    /// Without anything but names and numbers.
    V7,
}

impl Layout {
    pub fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"gnu" | b"oldgnu" => Self::Gnu,
            b"ustar" => Self::Ustar,
            b"posix" | b"pax" => Self::Pax,
            b"v7" => Self::V7,
            _ => return None,
        })
    }

    /// An empty header.
    pub fn header(self) -> Header {
        match self {
            Self::Gnu => Header::new_gnu(),
            Self::Ustar | Self::Pax => Header::new_ustar(),
            Self::V7 => Header::new_old(),
        }
    }

    /// Why a member with these names cannot be stored, if it cannot.
    pub fn refuses(self, name: &[u8], link: Option<&[u8]>) -> Option<(BString, &'static str)> {
        let most = if self == Self::V7 { NAME_BYTES - 1 } else { NAME_BYTES };
        let link = link.filter(|link| link.len() > most);
        match self {
            Self::Gnu | Self::Pax => None,
            Self::V7 if name.len() > most => Some((name.into(), "file name is too long (max 99)")),
            Self::V7 => link.map(|link| (link.into(), "link name is too long")),
            Self::Ustar if name.len() > most && split(name).is_none() => {
                let reason = match name.len() > NAME_BYTES + 156 {
                    true => "file name is too long (max 256)",
                    false => "file name is too long (cannot be split)",
                };
                Some((name.into(), reason))
            }
            Self::Ustar => link.map(|link| (link.into(), "link name is too long")),
        }
    }

    /// What comes before the header of a member: whole blocks.
    pub fn before(self, name: &[u8], link: Option<&[u8]>, mtime_ns: i64, mode: u32) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Gnu => {
                if let Some(link) = link {
                    long_name(b'K', link, &mut out);
                }
                long_name(b'L', name, &mut out);
            }
            Self::Pax => {
                let mut records = Vec::new();
                let odd = |text: &[u8]| text.len() > NAME_BYTES || !text.is_ascii();
                if odd(name) {
                    record("path", name, &mut records);
                }
                if let Some(link) = link.filter(|link| odd(link)) {
                    record("linkpath", link, &mut records);
                }
                let nanoseconds = mtime_ns.rem_euclid(1_000_000_000);
                let seconds = mtime_ns.div_euclid(1_000_000_000);
                if nanoseconds != 0 && seconds >= 0 {
                    let fraction = format!("{nanoseconds:09}");
                    let text = format!("{seconds}.{}", fraction.trim_end_matches('0'));
                    record("mtime", text.as_bytes(), &mut records);
                }
                extended(name, &records, seconds, mode, &mut out);
            }
            Self::Ustar | Self::V7 => {}
        }
        out
    }

    /// Puts the name where a reader looks for it.
    pub fn set_name(self, header: &mut Header, name: &[u8]) {
        let cut = match self {
            Self::Ustar if name.len() > NAME_BYTES => split(name),
            _ => None,
        };
        let short = match cut {
            Some((folder, short)) => {
                if let Some(header) = header.as_ustar_mut() {
                    fill(&mut header.prefix, folder);
                }
                short
            }
            None => name,
        };
        fill(&mut header.as_old_mut().name, short);
    }
}

fn fill(field: &mut [u8], text: &[u8]) {
    field.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
}

/// A name as a folder of at most 155 bytes and a rest of at most 100.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let last = name.len().min(156).saturating_sub(1);
    let slash = name.get(..last)?.rfind_byte(b'/').filter(|slash| *slash > 0)?;
    let (folder, rest) = (name.get(..slash)?, name.get(slash + 1..)?);
    (!rest.is_empty() && rest.len() <= NAME_BYTES).then_some((folder, rest))
}

/// `LENGTH KEY=VALUE` and a newline; the length counts itself.
fn record(key: &str, value: &[u8], out: &mut Vec<u8>) {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    out.extend_from_slice(format!("{length} {key}=").as_bytes());
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// A member that holds records about the next one.
fn extended(name: &[u8], records: &[u8], mtime_s: i64, mode: u32, out: &mut Vec<u8>) {
    if records.is_empty() {
        return;
    }
    let trimmed = name.strip_suffix(b"/").unwrap_or(name);
    let (folder, base) = match trimmed.rfind_byte(b'/') {
        Some(slash) => trimmed.split_at(slash + 1),
        None => (&b"./"[..], trimmed),
    };
    let own = [folder, b"PaxHeaders/", base].concat();
    let mut header = Header::new_ustar();
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(u64::try_from(mtime_s).unwrap_or(0));
    header.set_size(records.len() as u64);
    header.set_entry_type(EntryType::XHeader);
    fill(&mut header.as_old_mut().name, &own);
    out.extend_from_slice(&sealed(header));
    out.extend_from_slice(records);
    out.resize(out.len().next_multiple_of(super::BLOCK_BYTES), 0);
}

/// A name that does not fit goes before its member, as a member of its own.
fn long_name(kind: u8, name: &[u8], out: &mut Vec<u8>) {
    if name.len() <= NAME_BYTES {
        return;
    }
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(name.len() as u64 + 1);
    header.set_entry_type(EntryType::new(kind));
    let _ = header.set_username("root");
    let _ = header.set_groupname("root");
    fill(&mut header.as_old_mut().name, b"././@LongLink");
    out.extend_from_slice(&sealed(header));
    out.extend_from_slice(name);
    out.push(0);
    out.resize(out.len().next_multiple_of(super::BLOCK_BYTES), 0);
}

/// A header's bytes with the checksum as GNU writes it: six digits, NUL, blank.
pub(super) fn sealed(mut header: Header) -> [u8; super::BLOCK_BYTES] {
    header.set_cksum();
    let sum = header.cksum().unwrap_or(0);
    fill(&mut header.as_old_mut().cksum, format!("{sum:06o}\0 ").as_bytes());
    *header.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_record_counts_itself() {
        let mut out = Vec::new();
        record("path", b"abc", &mut out);
        assert_eq!(out, b"12 path=abc\n");
        out.clear();
        record("path", &[b'x'; 90], &mut out);
        assert_eq!(out.len(), 99);
        assert!(out.starts_with(b"99 path=x"));
        out.clear();
        record("path", &[b'x'; 91], &mut out);
        assert_eq!(out.len(), 101);
        assert!(out.starts_with(b"101 path=x"));
    }

    #[test]
    fn long_names_are_cut_at_a_slash() {
        let name = [b"d/".repeat(60), b"file".to_vec()].concat();
        let (folder, rest) = split(&name).expect("two parts");
        assert_eq!((folder.len(), rest), (119, &b"file"[..]));
        assert_eq!(split(&[b'x'; 120]), None);
    }
}
