//! A run: lines in order, in a file that never changes.
//!
//! Blocks of 4,096 bytes: up to 255 lines of 16 bytes (name, place; big endian), zeros behind the last one,
//! the number of lines (2 bytes), zeros, and the XXH3 of all that (8 bytes). Behind them the first name of each
//! block and the blocks of the [filter](Filter), and at the end 40 bytes: how many lines, how many blocks of
//! lines and of the filter, the XXH3 of what is between the lines and here, and that of these numbers.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bursar_store::StoreError;
use xxhash_rust::xxh3::xxh3_64;

use super::filter::{self, Filter};
use super::line::{Line, Name, Place};
use crate::error::{self, Result};

const BLOCK: usize = 4_096;
const LINE: usize = 16;
const MOST_LINES: usize = 255;
/// Where a block's number of lines stands, and its checksum.
const COUNT: usize = MOST_LINES * LINE;
const SUM: usize = BLOCK - 8;
const END: usize = 40;
/// Blocks that are read at once by who reads all of them.
const AHEAD: usize = 64;

/// An open run. What it takes of memory is a byte for each line, and hardly any if it is very long.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) lines: u64,
    path: PathBuf,
    file: File,
    /// The first name of each block.
    first: Vec<Name>,
    filter: Filter,
}

/// Writes a run. `lines` must be in order and no more than `most`. It is synced when this returns.
pub(crate) fn write(
    path: &Path,
    most: u64,
    lines: impl Iterator<Item = Result<Line>>,
) -> Result<u64> {
    let failed = |error: std::io::Error| error::file(path, &error);
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(path);
    let mut file = BufWriter::with_capacity(AHEAD * BLOCK, file.map_err(failed)?);
    let mut first = Vec::new();
    let mut block = Vec::with_capacity(BLOCK);
    let mut filter = Filter::with_room(most);
    let mut total: u64 = 0;
    for line in lines {
        let line = line?;
        filter.add(line.name);
        if block.is_empty() {
            first.extend(line.name.0.to_be_bytes());
        }
        block.extend(line.name.0.to_be_bytes());
        block.extend(line.place.0.to_be_bytes());
        total = total.saturating_add(1);
        if block.len() == COUNT {
            file.write_all(&finished(&mut block)).map_err(failed)?;
        }
    }
    if !block.is_empty() {
        file.write_all(&finished(&mut block)).map_err(failed)?;
    }
    let (blocks, filter) = (first.len() / 8, filter.bytes());
    first.extend(&filter);
    let mut end = Vec::with_capacity(END);
    end.extend(total.to_be_bytes());
    end.extend(wide(blocks).to_be_bytes());
    end.extend(wide(filter.len() / filter::BLOCK).to_be_bytes());
    end.extend(xxh3_64(&first).to_be_bytes());
    end.extend(xxh3_64(&end).to_be_bytes());
    file.write_all(&first).and_then(|()| file.write_all(&end)).map_err(failed)?;
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_data().map_err(failed)?;
    Ok(total)
}

/// The block of some lines, which are gone then.
fn finished(lines: &mut Vec<u8>) -> Vec<u8> {
    let mut block = std::mem::replace(lines, Vec::with_capacity(BLOCK));
    let count = u16::try_from(block.len() / LINE).unwrap_or(u16::MAX);
    block.resize(COUNT, 0);
    block.extend(count.to_be_bytes());
    block.resize(SUM, 0);
    block.extend(xxh3_64(&block).to_be_bytes());
    block
}

impl Run {
    /// Opens a run of `lines` lines.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it can't be read, [`StoreError::Damaged`].
    pub(crate) fn open(path: PathBuf, id: u64, lines: u64) -> Result<Self> {
        let failed = |error: std::io::Error| error::file(&path, &error);
        let file = File::open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let damaged = || damaged(&path);
        let mut end = [0; END];
        let at = length.checked_sub(wide(END)).ok_or_else(damaged)?;
        file.read_exact_at(&mut end, at).map_err(failed)?;
        let [total, blocks, filter, sum, own] = numbers(&end);
        let blocks_end = blocks.checked_mul(wide(BLOCK)).ok_or_else(damaged)?;
        let size = at.checked_sub(blocks_end).ok_or_else(damaged)?;
        let (names, filter) = (blocks.checked_mul(8), filter.checked_mul(wide(filter::BLOCK)));
        let parts = names.zip(filter).and_then(|(names, filter)| names.checked_add(filter));
        let whole = end.get(..END - 8).is_some_and(|rest| xxh3_64(rest) == own);
        if !whole || total != lines || Some(size) != parts {
            return Err(damaged());
        }
        let mut behind = vec![0; usize::try_from(size).map_err(|_| damaged())?];
        file.read_exact_at(&mut behind, blocks_end).map_err(failed)?;
        let names = names.and_then(|names| usize::try_from(names).ok());
        let (names, filter) =
            names.and_then(|names| behind.split_at_checked(names)).ok_or_else(damaged)?;
        if xxh3_64(&behind) != sum {
            return Err(damaged());
        }
        let name = |name: &[u8; 8]| Name(u64::from_be_bytes(*name));
        let first = names.as_chunks().0.iter().map(name).collect();
        let filter = Filter::of(filter);
        Ok(Self { id, lines, path, file, first, filter })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the places with a name.
    ///
    /// # Errors
    /// As [`Run::open`].
    pub(crate) fn find(&self, name: Name, found: &mut Vec<Place>) -> Result<()> {
        if !self.filter.may_have(name) {
            return Ok(());
        }
        // The block before the first that begins with the name, or beyond it, may end with it.
        let beyond = self.first.partition_point(|first| *first < name);
        let last = self.first.partition_point(|first| *first <= name);
        let mut block = [0; BLOCK];
        for number in beyond.saturating_sub(1)..last {
            self.read(number, &mut block)?;
            let lines = self.lines_of(&block)?;
            let from = lines.partition_point(|line| name_of(line) < name);
            let with_name = lines.iter().skip(from).take_while(|line| name_of(line) == name);
            found.extend(with_name.map(|bytes| line(bytes).place));
        }
        Ok(())
    }

    fn read(&self, number: usize, block: &mut [u8; BLOCK]) -> Result<()> {
        let at = wide(number).saturating_mul(wide(BLOCK));
        self.file.read_exact_at(block, at).map_err(|error| error::file(&self.path, &error))
    }

    /// The lines of a block, checked.
    fn lines_of<'a>(&self, block: &'a [u8]) -> Result<&'a [[u8; LINE]]> {
        let parts = || {
            let (rest, sum) = block.split_last_chunk::<8>()?;
            let count = rest.get(COUNT..)?.first_chunk::<2>()?;
            let lines =
                rest.as_chunks::<LINE>().0.get(..usize::from(u16::from_be_bytes(*count)))?;
            (xxh3_64(rest) == u64::from_be_bytes(*sum)).then_some(lines)
        };
        parts().ok_or_else(|| damaged(&self.path))
    }

    /// All lines, in order.
    pub(crate) fn all(&self) -> All<'_> {
        All { run: self, next: 0, lines: Vec::new().into_iter() }
    }
}

/// The lines of a run, in order.
pub(crate) struct All<'a> {
    run: &'a Run,
    /// The next block to read.
    next: usize,
    lines: std::vec::IntoIter<Line>,
}

impl All<'_> {
    fn fill(&mut self) -> Result<()> {
        let blocks = self.run.first.len().saturating_sub(self.next).min(AHEAD);
        let mut bytes = vec![0; blocks * BLOCK];
        let at = wide(self.next).saturating_mul(wide(BLOCK));
        let failed = |error: std::io::Error| error::file(&self.run.path, &error);
        self.run.file.read_exact_at(&mut bytes, at).map_err(failed)?;
        let mut lines = Vec::with_capacity(blocks * MOST_LINES);
        for block in bytes.chunks_exact(BLOCK) {
            lines.extend(self.run.lines_of(block)?.iter().map(line));
        }
        self.next = self.next.saturating_add(blocks);
        self.lines = lines.into_iter();
        Ok(())
    }
}

impl Iterator for All<'_> {
    type Item = Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(line) = self.lines.next() {
            return Some(Ok(line));
        }
        if self.next >= self.run.first.len() {
            return None;
        }
        match self.fill() {
            Ok(()) => self.lines.next().map(Ok),
            Err(error) => {
                self.next = usize::MAX;
                Some(Err(error))
            }
        }
    }
}

fn numbers(bytes: &[u8; END]) -> [u64; END / 8] {
    let mut numbers = [0; END / 8];
    for (number, bytes) in numbers.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *number = u64::from_be_bytes(*bytes);
    }
    numbers
}

fn line(bytes: &[u8; LINE]) -> Line {
    let both = u128::from_be_bytes(*bytes);
    let part = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(u64::MAX);
    Line { name: Name(part(both >> 64)), place: Place(part(both)) }
}

fn name_of(bytes: &[u8; LINE]) -> Name {
    line(bytes).name
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
