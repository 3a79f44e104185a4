//! Writing one git pack and its index. It makes no deltas, but takes those of other packs.

use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use gix::hash::ObjectId as GitId;
use gix::objs::Kind;
use gix::odb::pack::data::entry::Header;
use gix::zlib::stream::deflate::{self, Compress, FlushCompress};
use gix::zlib::{Compression, Status};
use tempfile::NamedTempFile;

use super::counters::Counters;
use super::disk::sync_dir;
use super::types::Durability;

/// Up to this size compressing saves less than it costs: the data is put in as it is.
const STORED_BYTES_MAX: usize = 128;
/// By how much the room for compressed data grows.
const COMPRESSED_BYTES: usize = 32 << 10;

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
    /// Kept from object to object: making one clears more memory than most objects have.
    compressor: Compress,
    compressed: Vec<u8>,
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
        let compressor = Compress::new(Compression::BEST_SPEED);
        let (placed, compressed) = (Vec::new(), Vec::new());
        Ok(Self { folder, file, end: 12, placed, compressor, compressed })
    }

    /// Appends an object that the pack doesn't have yet.
    pub fn add(&mut self, id: GitId, kind: Kind, data: &[u8]) -> io::Result<()> {
        let mut compressed = std::mem::take(&mut self.compressed);
        compressed.clear();
        if data.len() <= STORED_BYTES_MAX {
            stored(data, &mut compressed);
        } else {
            self.compress(data, &mut compressed)?;
        }
        let header = header_of(kind);
        let added = self.add_compressed(id, header, data.len() as u64, &compressed);
        self.compressed = compressed;
        added
    }

    fn compress(&mut self, data: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        self.compressor.reset();
        loop {
            let (read, written) = (self.compressor.total_in(), self.compressor.total_out());
            let at = |total: u64| usize::try_from(total).map_err(io::Error::other);
            let (read, written) = (at(read)?, at(written)?);
            out.resize(written + COMPRESSED_BYTES, 0);
            let rest = data.get(read..).unwrap_or_default();
            let room = out.get_mut(written..).unwrap_or_default();
            let status = self.compressor.compress(rest, room, FlushCompress::Finish);
            if status.map_err(io::Error::other)? == Status::StreamEnd {
                out.truncate(at(self.compressor.total_out())?);
                return Ok(());
            }
        }
    }

    /// Appends an object of exactly `len` bytes.
    pub fn add_stream(
        &mut self,
        id: GitId,
        kind: Kind,
        len: u64,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        self.place(id, header_of(kind), len, |out| {
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

fn header_of(kind: Kind) -> Header {
    match kind {
        Kind::Tree => Header::Tree,
        Kind::Blob => Header::Blob,
        Kind::Commit => Header::Commit,
        Kind::Tag => Header::Tag,
    }
}

/// A zlib stream of one block that is not compressed, of at most [`STORED_BYTES_MAX`] bytes.
fn stored(data: &[u8], out: &mut Vec<u8>) {
    /// The modulus of Adler-32; so few bytes don't overflow before it is taken.
    const ADLER: u32 = 65_521;
    let len = data.len() as u16;
    out.extend_from_slice(b"\x78\x01\x01");
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&(!len).to_le_bytes());
    out.extend_from_slice(data);
    let (mut low, mut high) = (1u32, 0u32);
    for byte in data {
        low += u32::from(*byte);
        high += low;
    }
    out.extend_from_slice(&(((high % ADLER) << 16) | (low % ADLER)).to_be_bytes());
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
    fn data_of_any_size_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pack")).unwrap();
        let noise = |len: usize| -> Vec<u8> {
            (0..len as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
        };
        let mut datas: Vec<Vec<u8>> =
            [0, 1, 127, 128, 129, 70_000].into_iter().map(noise).collect();
        datas.push(vec![b'x'; 500_000]);
        datas.push(vec![0xff; STORED_BYTES_MAX]);
        let mut pack = PackWriter::new(folder.path()).unwrap();
        let mut ids = Vec::new();
        for data in &datas {
            let hash = gix::objs::compute_hash(gix::hash::Kind::Sha1, Kind::Blob, data);
            ids.push(hash.unwrap());
            pack.add(*ids.last().unwrap(), Kind::Blob, data).unwrap();
        }
        pack.finish(Durability::Process, &Counters::default()).unwrap();
        let odb = gix::odb::at(folder.path(), gix::hash::Kind::Sha1).unwrap();
        use gix::objs::Find as _;
        for (id, data) in ids.iter().zip(&datas) {
            let mut buffer = Vec::new();
            let found = odb.try_find(id, &mut buffer).unwrap().unwrap();
            assert_eq!(found.data, data);
        }
    }

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
