//! How many maps hold each slot, as bit planes: bit `p` of a slot's count is its bit in plane `p`.
//!
//! A row is added with a ripple of and/xor over words, 64 slots at once and no counter ever touched by itself.
//! `aggregate` wraps it for the SQL aggregates.

use crate::error::Error;
use crate::grain::Grain;
use crate::map::{Bits, MAX_WORDS, Slotmap};
use core::ops::Range;

/// Counts over a window of words that grows to what it is given.
#[derive(Debug, Clone)]
pub struct Tally {
    grain: Grain,
    /// The words in use; the planes may reach beyond.
    used: Range<i64>,
    first_word: i64,
    planes: Vec<Vec<u64>>,
    width: usize,
}

impl Tally {
    /// Nothing counted.
    pub fn new(grain: Grain) -> Self {
        Tally {
            grain,
            used: 0..0,
            first_word: 0,
            planes: Vec::new(),
            width: 0,
        }
    }

    /// Minutes per slot of all that is counted.
    pub fn grain(&self) -> Grain {
        self.grain
    }

    /// Counts one more map.
    pub fn add(&mut self, map: &impl Bits) -> Result<(), Error> {
        self.add_at(0, map)
    }

    /// Counts one more map so many times.
    pub fn add_times(&mut self, map: &impl Bits, times: u32) -> Result<(), Error> {
        (0..32)
            .filter(|plane| times >> plane & 1 == 1)
            .try_for_each(|plane| self.add_at(plane, map))
    }

    /// Counts a map `2^plane` times.
    pub fn add_at(&mut self, plane: usize, map: &impl Bits) -> Result<(), Error> {
        self.reach(map)?;
        let offset = (map.first_word() - self.first_word) as usize;
        for index in 0..map.len() {
            let mut carry = map.word(index);
            let mut level = plane;
            while carry != 0 {
                while self.planes.len() <= level {
                    self.planes.push(vec![0; self.width]);
                }
                let word = &mut self.planes[level][offset + index];
                (*word, carry) = (*word ^ carry, *word & carry);
                level += 1;
            }
        }
        Ok(())
    }

    /// Sets every slot of a map, counting none: with this alone, plane 0 is the union.
    pub fn set(&mut self, map: &impl Bits) -> Result<(), Error> {
        self.reach(map)?;
        if self.planes.is_empty() {
            self.planes.push(vec![0; self.width]);
        }
        if let Some(plane) = self.planes.first_mut() {
            crate::set::or_into(plane, self.first_word, map);
        }
        Ok(())
    }

    /// Adds everything that another one counted.
    pub fn merge(&mut self, other: &Tally) -> Result<(), Error> {
        if self.grain != other.grain {
            return Err(Error::MixedGrains(self.grain, other.grain));
        }
        for (level, plane) in other.planes()?.iter().enumerate() {
            self.add_at(level, plane)?;
        }
        Ok(())
    }

    /// Makes room for a map of the same grain.
    fn reach(&mut self, map: &impl Bits) -> Result<(), Error> {
        if map.grain() != self.grain {
            return Err(Error::MixedGrains(self.grain, map.grain()));
        }
        if map.is_empty() {
            return Ok(());
        }
        let used = if self.used.is_empty() {
            map.first_word()..map.end_word()
        } else {
            self.used.start.min(map.first_word())..self.used.end.max(map.end_word())
        };
        if used.end - used.start > MAX_WORDS as i64 {
            return Err(Error::TooLong);
        }
        if self.width == 0 {
            self.first_word = used.start;
        }
        let end_word = self.first_word + self.width as i64;
        if used.start < self.first_word || used.end > end_word {
            // Half as much again on the side that grows, so that many small steps copy little.
            let slack = self.width as i64 / 2;
            let start = match used.start < self.first_word {
                true => used.start - slack,
                false => self.first_word,
            };
            let end = match used.end > end_word {
                true => used.end + slack,
                false => end_word,
            };
            let (width, offset) = ((end - start) as usize, (self.first_word - start) as usize);
            for plane in &mut self.planes {
                let mut wider = vec![0; width];
                wider[offset..offset + plane.len()].copy_from_slice(plane);
                *plane = wider;
            }
            (self.first_word, self.width) = (start, width);
        }
        self.used = used;
        Ok(())
    }

    /// The bit planes, least significant first.
    pub fn planes(&self) -> Result<Vec<Slotmap>, Error> {
        self.planes
            .iter()
            .map(|plane| Slotmap::new(self.grain, self.first_word, plane.clone()))
            .collect()
    }

    /// The slots that were counted `k` times or more; `k` is at least 1.
    pub fn at_least(&self, k: u64) -> Result<Slotmap, Error> {
        if self.planes.len() < 64 && k >> self.planes.len() != 0 {
            return Ok(Slotmap::empty(self.grain));
        }
        let words = (0..self.width).map(|index| {
            // From the most significant plane down: who is above k already, and who is not below it so far.
            let (mut above, mut not_below) = (0, u64::MAX);
            for (p, plane) in self.planes.iter().enumerate().rev() {
                if k >> p & 1 == 1 {
                    not_below &= plane[index];
                } else {
                    above |= not_below & plane[index];
                }
            }
            above | not_below
        });
        Slotmap::new(self.grain, self.first_word, words.collect())
    }
}
