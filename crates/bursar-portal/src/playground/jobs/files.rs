//! Files that are in no vault, in a bounded part of the memory.

use std::collections::VecDeque;

use axum::body::Bytes;

/// The most that is kept, in bytes. What is oldest goes first.
const ROOM: usize = 64 << 20;

#[derive(Debug)]
struct Kept {
    job: String,
    number: usize,
    media_type: &'static str,
    bytes: Bytes,
}

/// The files.
#[derive(Debug, Default)]
pub(super) struct Files {
    kept: VecDeque<Kept>,
    size: usize,
}

impl Files {
    pub(super) fn keep(&mut self, job: &str, media_type: &'static str, bytes: Bytes) -> usize {
        let number = self.kept.iter().filter(|kept| kept.job == job).count();
        self.size = self.size.saturating_add(bytes.len());
        self.kept.push_back(Kept { job: job.to_owned(), number, media_type, bytes });
        while self.size > ROOM && self.kept.len() > 1 {
            let oldest = self.kept.pop_front();
            self.size = self.size.saturating_sub(oldest.map_or(0, |kept| kept.bytes.len()));
        }
        number
    }

    pub(super) fn get(&self, job: &str, number: usize) -> Option<(&'static str, Bytes)> {
        let found = self.kept.iter().find(|kept| kept.job == job && kept.number == number)?;
        Some((found.media_type, found.bytes.clone()))
    }

    pub(super) fn forget(&mut self, job: &str) {
        self.kept.retain(|kept| kept.job != job);
        self.size = self.kept.iter().map(|kept| kept.bytes.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let mut files = Files::default();
        let third = Bytes::from(vec![0; ROOM / 3]);
        for job in ["a", "b", "c", "d"] {
            assert_eq!(files.keep(job, "image/png", third.clone()), 0);
        }
        assert!(files.get("a", 0).is_none());
        assert!(files.get("b", 0).is_some());
        assert_eq!(files.keep("d", "image/png", Bytes::from_static(b"x")), 1);
        files.forget("d");
        assert!(files.get("d", 1).is_none());
        assert_eq!(files.size, 2 * (ROOM / 3));
    }
}
