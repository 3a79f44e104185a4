//! Writing one git pack and its index. It makes no deltas, but takes those of other packs.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gix::hash::ObjectId as GitId;
use gix::objs::Kind;
use gix::odb::pack::data::entry::Header;
use gix::zlib::Compression;
use gix::zlib::stream::deflate;
use tempfile::NamedTempFile;

use super::counters::Counters;
use super::disk::sync_dir;
use super::types::Durability;

/// What the index says of one object.
struct Placed {
    id: GitId,
    offset: u64,
    crc32: u32,
}

/// A pack that is being written to a temporary file, which is removed if it isn't finished.
pub(super) struct PackWriter {
    folder: PathBuf,
    file: BufWriter<NamedTempFile>,
    /// Where the next object begins.
    end: u64,
    placed: Vec<Placed>,
}

/// Passes bytes on and sums them up.
struct Summing<'a, W> {
    inner: &'a mut W,
    crc32: crc32fast::Hasher,
    count: u64,
}

impl<W: Write> Write for Summing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        let (done, _) = bytes.split_at(written.min(bytes.len()));
        self.crc32.update(done);
        self.count += done.len() as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl PackWriter {
    pub fn new(objects_dir: &Path) -> io::Result<Self> {
        let folder = objects_dir.join("pack");
        let file = temporary(&folder, "tmp_pack_")?;
        let mut file = BufWriter::with_capacity(256 << 10, file);
        // The number of objects is put in at the end.
        file.write_all(&header(0))?;
        Ok(Self { folder, file, end: 12, placed: Vec::new() })
    }

    /// Appends an object that the pack doesn't have yet.
    pub fn add(&mut self, id: GitId, kind: Kind, data: &[u8]) -> io::Result<()> {
        self.add_stream(id, kind, data.len() as u64, &mut &*data)
    }

    /// Appends an object of exactly `len` bytes.
    pub fn add_stream(
        &mut self,
        id: GitId,
        kind: Kind,
        len: u64,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        let header = match kind {
            Kind::Tree => Header::Tree,
            Kind::Blob => Header::Blob,
            Kind::Commit => Header::Commit,
            Kind::Tag => Header::Tag,
        };
        self.place(id, header, len, |out| {
            let mut deflate = deflate::Write::new(out, Compression::BEST_SPEED);
            if io::copy(content, &mut deflate)? != len {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "an object ends early"));
            }
            deflate.flush()
        })
    }

    /// Appends an entry of another pack, compressed as it is there.
    pub fn add_compressed(
        &mut self,
        id: GitId,
        header: Header,
        len: u64,
        compressed: &[u8],
    ) -> io::Result<()> {
        self.place(id, header, len, |out| out.write_all(compressed))
    }

    fn place(
        &mut self,
        id: GitId,
        header: Header,
        len: u64,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut out = Summing { inner: &mut self.file, crc32: crc32fast::Hasher::new(), count: 0 };
        header.write_to(len, &mut out)?;
        write(&mut out)?;
        let (count, crc32) = (out.count, out.crc32.finalize());
        self.placed.push(Placed { id, offset: self.end, crc32 });
        self.end += count;
        Ok(())
    }

    /// Completes the pack and makes it readable, the index last. Answers its name.
    pub fn finish(mut self, durability: Durability, counters: &Counters) -> io::Result<String> {
        self.file.flush()?;
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let count = u32::try_from(self.placed.len()).map_err(io::Error::other)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header(count))?;
        let checksum = hash_of(file.as_file_mut(), self.end)?;
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(checksum.as_slice())?;

        self.placed.sort_unstable_by_key(|object| object.id);
        let mut index = temporary(&self.folder, "tmp_idx_")?;
        index.write_all(&index_of(&self.placed, checksum)?)?;
        if durability == Durability::Power {
            for file in [&file, &index] {
                file.as_file().sync_all()?;
                counters.fsync();
            }
        }
        let name = format!("pack-{checksum}");
        let path = self.folder.join(&name);
        file.persist(path.with_extension("pack")).map_err(|error| error.error)?;
        index.persist(path.with_extension("idx")).map_err(|error| error.error)?;
        if durability == Durability::Power {
            sync_dir(&self.folder, counters).map_err(io::Error::other)?;
        }
        Ok(name)
    }
}

fn temporary(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(0o444))
        .tempfile_in(folder)
}

fn header(count: u32) -> Vec<u8> {
    [b"PACK".as_slice(), &2_u32.to_be_bytes(), &count.to_be_bytes()].concat()
}

/// The hash of the first `len` bytes, which must be there.
fn hash_of(file: &mut File, len: u64) -> io::Result<GitId> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    let mut rest = file.take(len);
    let mut chunk = vec![0; 256 << 10];
    loop {
        let count = rest.read(&mut chunk)?;
        match chunk.get(..count) {
            Some(fresh) if count > 0 => hasher.update(fresh),
            _ => break,
        }
    }
    hasher.try_finalize().map_err(io::Error::other)
}

/// The index of a pack, version 2. `placed` is sorted by id.
fn index_of(placed: &[Placed], pack: GitId) -> io::Result<Vec<u8>> {
    let mut index = Vec::with_capacity(1072 + placed.len() * 28);
    index.extend_from_slice(b"\xfftOc");
    index.extend_from_slice(&2_u32.to_be_bytes());
    for first in 0..=u8::MAX {
        let upto = placed.partition_point(|object| object.id.first_byte() <= first);
        index.extend_from_slice(&u32::try_from(upto).map_err(io::Error::other)?.to_be_bytes());
    }
    placed.iter().for_each(|object| index.extend_from_slice(object.id.as_slice()));
    placed.iter().for_each(|object| index.extend_from_slice(&object.crc32.to_be_bytes()));
    // Offsets that don't fit into 31 bits stand in a table of their own.
    let mut far = Vec::new();
    for object in placed {
        let near = u32::try_from(object.offset).ok().filter(|offset| offset >> 31 == 0);
        let word = match near {
            Some(offset) => offset,
            None => {
                far.push(object.offset);
                0x8000_0000 | u32::try_from(far.len() - 1).map_err(io::Error::other)?
            }
        };
        index.extend_from_slice(&word.to_be_bytes());
    }
    far.iter().for_each(|offset| index.extend_from_slice(&offset.to_be_bytes()));
    index.extend_from_slice(pack.as_slice());
    let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
    hasher.update(&index);
    index.extend_from_slice(hasher.try_finalize().map_err(io::Error::other)?.as_slice());
    Ok(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_offsets_have_a_table_of_their_own() {
        let id = |first: u8| GitId::from([first; 20]);
        let placed = [
            Placed { id: id(1), offset: 12, crc32: 7 },
            Placed { id: id(2), offset: 5 << 31, crc32: 8 },
        ];
        let index = index_of(&placed, id(9)).unwrap();
        let index = gix::odb::pack::index::File::from_data(
            index,
            PathBuf::from("x.idx"),
            gix::hash::Kind::Sha1,
        )
        .unwrap();
        assert_eq!(index.num_objects(), 2);
        let offsets: Vec<u64> =
            [1, 2].map(|first| index.pack_offset_at_index(index.lookup(id(first)).unwrap())).into();
        assert_eq!(offsets, [12, 5 << 31]);
        assert_eq!(index.pack_checksum(), id(9));
    }
}
