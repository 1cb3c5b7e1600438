//! The meter of a rendering.

use crate::error::Limit;
use crate::options::Limits;

/// Bytes of text that count as one step of work.
const BYTES_PER_STEP: usize = 64;

/// Items that count as one step of work.
const ITEMS_PER_STEP: usize = 8;

/// What an empty collection costs, in bytes.
pub(crate) const COLLECTION_BYTES: usize = 96;

/// What an item of a collection costs, in bytes; a map's entry costs two and its hash.
pub(crate) const ITEM_BYTES: usize = 24;

/// Counts work and memory, and says when there is too much of either.
#[derive(Debug)]
pub(crate) struct Meter {
    work: u64,
    work_max: u64,
    allocated_bytes: u64,
    allocated_bytes_max: u64,
    pub(crate) nesting_max: u32,
}

impl Meter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            work: 0,
            work_max: limits.work_max,
            allocated_bytes: 0,
            allocated_bytes_max: limits.allocated_bytes_max,
            nesting_max: limits.nesting_max,
        }
    }

    /// One step of work. This is where having allocated too much shows, too.
    pub(crate) fn step(&mut self) -> Result<(), Limit> {
        self.work(1)
    }

    pub(crate) fn work(&mut self, steps: u64) -> Result<(), Limit> {
        self.work = self.work.saturating_add(steps);
        if self.work > self.work_max {
            return Err(Limit::Work);
        }
        if self.allocated_bytes > self.allocated_bytes_max {
            return Err(Limit::AllocatedBytes);
        }
        Ok(())
    }

    /// Steps that are left; none once too much was allocated.
    pub(crate) fn work_left(&self) -> u64 {
        if self.allocated_bytes > self.allocated_bytes_max { 0 } else { self.work_max.saturating_sub(self.work) }
    }

    /// A method that goes through so many bytes of text.
    pub(crate) fn read_bytes(&mut self, bytes: usize) -> Result<(), Limit> {
        self.work((bytes / BYTES_PER_STEP) as u64)
    }

    /// A method that goes through so many items.
    pub(crate) fn read_items(&mut self, items: usize) -> Result<(), Limit> {
        self.work((items / ITEMS_PER_STEP) as u64)
    }

    /// Says that so much is about to be made.
    pub(crate) fn allocate(&mut self, bytes: usize) -> Result<(), Limit> {
        self.note(bytes);
        if self.allocated_bytes > self.allocated_bytes_max { Err(Limit::AllocatedBytes) } else { Ok(()) }
    }

    /// Whether a text that is being made may be so long.
    pub(crate) fn check_text(&self, bytes: usize) -> Result<(), Limit> {
        let total = self.allocated_bytes.saturating_add(bytes as u64);
        if total > self.allocated_bytes_max { Err(Limit::AllocatedBytes) } else { Ok(()) }
    }

    /// Says that so much has been made; the next step complains if it was too much.
    pub(crate) fn note(&mut self, bytes: usize) {
        self.allocated_bytes = self.allocated_bytes.saturating_add(bytes as u64);
    }
}
