//! A run: records in order, in a file that never changes.
//!
//! Blocks of about 4,096 bytes: records one after the other, and the XXH3 of them (8 bytes, big endian as all
//! numbers). Behind them the first name of each block and where it begins (8 bytes each) and the blocks of the
//! [filter](Filter), and at the end 48 bytes: how many records, where the last block ends, how many blocks of
//! records and of the filter, the XXH3 of what is between the records and here, and that of these numbers.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::marker::PhantomData;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bursar_store::StoreError;
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_64;

use super::Record;
use super::filter::{self, Filter};
use super::name::Name;
use crate::error::{self, Result};

/// A block with as many bytes of records gets no more.
const FULL: usize = 4_080;
/// A block's checksum.
const SUM: usize = 8;
/// What the table says of a block.
const ROW: usize = 16;
const END: usize = 48;
/// About how many bytes are read at once by who reads all of them.
const AHEAD: usize = 256 << 10;

/// A run is synced whenever so many bytes were written: the journal's syncs, which callers wait for, wait for no more
/// than that.
const SLICE: u64 = 1 << 20;
/// As much of what comes behind the blocks.
const PART: usize = 1 << 20;

/// An open run. What it takes of memory is about a byte for each record, and hardly any if there are very many.
#[derive(Debug)]
pub(crate) struct Run<R> {
    pub(crate) id: u64,
    pub(crate) records: u64,
    path: PathBuf,
    file: File,
    /// The first name of each block.
    first: Vec<Name>,
    /// Where each block begins, and where the last ends.
    begins: Vec<u64>,
    filter: Filter,
    of: PhantomData<fn() -> R>,
}

/// Writes a run; returns how many records it has. They must come in order and be no more than `most`. It is synced
/// when this returns.
pub(crate) fn write<R: Record>(
    path: &Path,
    most: u64,
    records: impl Iterator<Item = Result<R>>,
) -> Result<u64> {
    let failed = |error: std::io::Error| error::file(path, &error);
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(path);
    let mut file = BufWriter::with_capacity(AHEAD, file.map_err(failed)?);
    let mut table = Vec::new();
    let mut block = Vec::with_capacity(2 * FULL);
    let mut filter = Filter::with_room(most.saturating_mul(R::RARE) / 100);
    let (mut total, mut at, mut synced): (u64, u64, u64) = (0, 0, 0);
    for record in records {
        let record = record?;
        filter.add(record.name());
        if block.is_empty() {
            table.extend(record.name().0.to_be_bytes());
            table.extend(at.to_be_bytes());
        }
        record.write(&mut block);
        total = total.saturating_add(1);
        if block.len() >= FULL {
            at = at.saturating_add(finish(&mut block, &mut file).map_err(failed)?);
            if at.saturating_sub(synced) >= SLICE {
                file.flush().and_then(|()| file.get_ref().sync_data()).map_err(failed)?;
                synced = at;
            }
        }
    }
    if !block.is_empty() {
        at = at.saturating_add(finish(&mut block, &mut file).map_err(failed)?);
    }
    let (blocks, filter) = (table.len() / ROW, filter.bytes());
    table.extend(&filter);
    let mut end = Vec::with_capacity(END);
    let filters = wide(filter.len() / filter::BLOCK);
    for number in [total, at, wide(blocks), filters, xxh3_64(&table)] {
        end.extend(number.to_be_bytes());
    }
    end.extend(xxh3_64(&end).to_be_bytes());
    table.extend(end);
    for part in table.chunks(PART) {
        file.write_all(part).and_then(|()| file.flush()).map_err(failed)?;
        file.get_ref().sync_data().map_err(failed)?;
    }
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_data().map_err(failed)?;
    Ok(total)
}

/// Writes a block, which is empty then; returns how long it was.
fn finish(block: &mut Vec<u8>, file: &mut impl Write) -> std::io::Result<u64> {
    block.extend(xxh3_64(block).to_be_bytes());
    file.write_all(block)?;
    let length = wide(block.len());
    block.clear();
    Ok(length)
}

impl<R> Run<R> {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl<R: Record> Run<R> {
    /// Opens a run of so many records.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it can't be read, [`StoreError::Damaged`].
    pub(crate) fn open(path: PathBuf, id: u64, records: u64) -> Result<Self> {
        let failed = |error: std::io::Error| error::file(&path, &error);
        let file = File::open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let damaged = || damaged(&path);
        let mut end = [0; END];
        let at = length.checked_sub(wide(END)).ok_or_else(damaged)?;
        file.read_exact_at(&mut end, at).map_err(failed)?;
        let [total, blocks_end, blocks, filter, sum, own] = numbers(&end);
        let size = at.checked_sub(blocks_end).ok_or_else(damaged)?;
        let (rows, filter) =
            (blocks.checked_mul(wide(ROW)), filter.checked_mul(wide(filter::BLOCK)));
        let parts = rows.zip(filter).and_then(|(rows, filter)| rows.checked_add(filter));
        let whole = end.get(..END - SUM).is_some_and(|rest| xxh3_64(rest) == own);
        if !whole || total != records || Some(size) != parts {
            return Err(damaged());
        }
        let mut behind = vec![0; usize::try_from(size).map_err(|_| damaged())?];
        file.read_exact_at(&mut behind, blocks_end).map_err(failed)?;
        let rows = rows.and_then(|rows| usize::try_from(rows).ok());
        let (rows, filter) =
            rows.and_then(|rows| behind.split_at_checked(rows)).ok_or_else(damaged)?;
        if xxh3_64(&behind) != sum {
            return Err(damaged());
        }
        let rows = rows.as_chunks().0.iter().map(numbers::<ROW, 2>);
        let (first, mut begins): (Vec<Name>, Vec<u64>) =
            rows.map(|[name, begins]| (Name(name), begins)).unzip();
        begins.push(blocks_end);
        let filter = Filter::of(filter);
        Ok(Self { id, records, path, file, first, begins, filter, of: PhantomData })
    }

    /// Looks at the records with a name.
    ///
    /// # Errors
    /// As [`Run::open`].
    pub(crate) fn find(&self, name: Name, mut found: impl FnMut(R)) -> Result<()> {
        if !self.filter.may_have(name) {
            return Ok(());
        }
        // The block before the first that begins with the name, or beyond it, may end with it.
        let beyond = self.first.partition_point(|first| *first < name);
        let last = self.first.partition_point(|first| *first <= name);
        for number in beyond.saturating_sub(1)..last {
            let block = self.read(number, number + 1)?;
            self.each(&block, |other, place| {
                if other == name {
                    found(self.record(block.slice(place))?);
                }
                Ok(other <= name)
            })?;
        }
        Ok(())
    }

    /// The bytes of blocks, up to one.
    fn read(&self, from: usize, to: usize) -> Result<Bytes> {
        let place = self.begins.get(from).zip(self.begins.get(to));
        let (begin, end) = place.ok_or_else(|| damaged(&self.path))?;
        let length = end.checked_sub(*begin).and_then(|length| usize::try_from(length).ok());
        let mut bytes = vec![0; length.ok_or_else(|| damaged(&self.path))?];
        let read = self.file.read_exact_at(&mut bytes, *begin);
        read.map_err(|error| error::file(&self.path, &error))?;
        Ok(bytes.into())
    }

    /// Looks at the names of a block's records, which is checked, and at where they are in it, as long as `look` says so.
    fn each(
        &self,
        block: &[u8],
        mut look: impl FnMut(Name, Range<usize>) -> Result<bool>,
    ) -> Result<()> {
        let damaged = || damaged(&self.path);
        let (records, sum) = block.split_last_chunk::<SUM>().ok_or_else(damaged)?;
        if xxh3_64(records) != u64::from_be_bytes(*sum) {
            return Err(damaged());
        }
        let mut at = 0;
        while let Some(rest) = records.get(at..).filter(|rest| !rest.is_empty()) {
            let (name, length) = R::first(rest).ok_or_else(damaged)?;
            let place = at..at.saturating_add(length);
            at = place.end;
            if !look(name, place)? {
                break;
            }
        }
        Ok(())
    }

    fn record(&self, bytes: Bytes) -> Result<R> {
        R::read(bytes).ok_or_else(|| damaged(&self.path))
    }

    /// All records, in order.
    pub(crate) fn all(&self) -> All<'_, R> {
        All { run: self, next: 0, records: Vec::new().into_iter() }
    }
}

/// The records of a run, in order.
pub(crate) struct All<'a, R> {
    run: &'a Run<R>,
    /// The next block to read.
    next: usize,
    records: std::vec::IntoIter<R>,
}

impl<R: Record> All<'_, R> {
    /// Reads the next blocks.
    fn fill(&mut self) -> Result<()> {
        let begins = |block: usize| self.run.begins.get(block).copied().unwrap_or(u64::MAX);
        let begin = begins(self.next);
        let mut beyond = self.next + 1;
        while begins(beyond + 1).saturating_sub(begin) <= wide(AHEAD) {
            beyond += 1;
        }
        let bytes = self.run.read(self.next, beyond)?;
        let mut records = Vec::new();
        for block in self.next..beyond {
            let part = |at: u64| usize::try_from(at.saturating_sub(begin)).unwrap_or(usize::MAX);
            let (from, to) = (part(begins(block)), part(begins(block + 1)));
            if from > to || to > bytes.len() {
                return Err(damaged(&self.run.path));
            }
            let block = bytes.slice(from..to);
            self.run.each(&block, |_, place| {
                records.push(self.run.record(block.slice(place))?);
                Ok(true)
            })?;
        }
        self.next = beyond;
        self.records = records.into_iter();
        Ok(())
    }
}

impl<R: Record> Iterator for All<'_, R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Result<R>> {
        if let Some(record) = self.records.next() {
            return Some(Ok(record));
        }
        if self.next >= self.run.first.len() {
            return None;
        }
        match self.fill() {
            Ok(()) => self.records.next().map(Ok),
            Err(error) => {
                self.next = usize::MAX;
                Some(Err(error))
            }
        }
    }
}

/// Numbers of eight bytes each.
fn numbers<const BYTES: usize, const NUMBERS: usize>(bytes: &[u8; BYTES]) -> [u64; NUMBERS] {
    let mut numbers = [0; NUMBERS];
    for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *number = u64::from_be_bytes(*bytes);
    }
    numbers
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

pub(super) fn damaged(path: &Path) -> StoreError {
    StoreError::Damaged(format!(
        "{}: it is not what was written; rebuild the views from the journal: stop the server and run \
         `bursar views rebuild`",
        path.display()
    ))
}
