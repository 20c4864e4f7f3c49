//! Where in the tree the document stands: path, key, index, and what was seen on the way.
//!
//! Derived from the bytes alone, the same on both sides, never stored. The stack is capped: deeper
//! levels share the deepest container.

use super::lexer::{Event, Lexer};
use crate::base::fuzzing;
use crate::base::hash;

/// Containers that are told apart; deeper ones share the last. It bounds memory; half, twice: no byte.
const DEPTH_MAX: usize = fuzzing::limit(128, 8);
/// Elements of an array that have a column of their own; half, twice: 0.0 %.
const INDEX_MAX: u32 = 31;
/// Numbers remembered per container.
pub(crate) const NUMBERS_KEPT: usize = 4;

/// An open object or array.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Container {
    /// Hash of all keys from the root.
    pub(crate) path: u32,
    /// Hash of the last two keys.
    local: u32,
    /// Hash of the key at hand.
    pub(crate) key: u32,
    /// Elements or members so far.
    index: u32,
    /// Hash of the first value.
    pub(crate) first: u32,
    /// Hash of the last value.
    pub(crate) last: u32,
    /// The digits of its last numbers, number n at n modulo [`NUMBERS_KEPT`].
    pub(crate) numbers: [i64; NUMBERS_KEPT],
    /// How many numbers it has had.
    pub(crate) number_count: u32,
    is_object: bool,
}

impl Container {
    /// One that opens inside this one.
    fn inside(&self, is_object: bool) -> Self {
        let key = if self.is_object { self.key } else { 1 };
        // In an array of arrays the keys above are what tells columns apart.
        let local = if self.is_object { hash::pair(2, key) } else { hash::pair(self.local, 3) };
        Self { path: hash::pair(self.path, key), local, is_object, ..Self::default() }
    }

    /// Place in an array, 0 in an object.
    #[inline]
    fn place(&self) -> u32 {
        if self.is_object { 0 } else { self.index.min(INDEX_MAX) }
    }
}

/// The lexer and the stack of open containers.
#[derive(Clone, Debug)]
pub(crate) struct TreeState {
    /// The automaton.
    pub(crate) lexer: Lexer,
    stack: Stack,
}

impl TreeState {
    /// At the first byte of a document.
    pub(crate) fn new() -> Self {
        let containers = vec![Container::default(); DEPTH_MAX];
        Self { lexer: Lexer::new(), stack: Stack { containers, depth: 0, key: 0 } }
    }

    /// The innermost container.
    #[inline]
    pub(crate) fn container(&self) -> &Container {
        self.stack.top()
    }

    /// The container around the innermost.
    pub(crate) fn parent(&self) -> &Container {
        &self.stack.containers[self.stack.place().saturating_sub(1)]
    }

    /// The container around the innermost object.
    pub(crate) fn parent_object(&self) -> &Container {
        let mut place = self.stack.place();
        while place > 0 {
            place -= 1;
            if self.stack.containers[place].is_object {
                break;
            }
        }
        &self.stack.containers[place]
    }

    /// Hash that values of the same meaning share: key and the key above, or the place in an array.
    #[inline]
    pub(crate) fn column(&self) -> u32 {
        let top = self.container();
        hash::pair(top.local, if top.is_object { top.key } else { top.place() })
    }

    /// Place in the innermost array, 0 in an object.
    #[inline]
    pub(crate) fn index(&self) -> u32 {
        self.container().place()
    }

    /// Follows a segment.
    #[inline]
    pub(crate) fn take_segment(&mut self, segment: &[u8]) {
        let Self { lexer, stack } = self;
        lexer.take_segment(segment, |event, byte| stack.follow(event, byte));
    }

    /// Follows a value: its hash, and its digits if it is a number.
    #[inline]
    pub(crate) fn take_value(&mut self, value: &[u8], hash: u32, digits: Option<i64>) {
        let top = self.stack.top_mut();
        if let Some(digits) = digits {
            top.numbers[top.number_count as usize % NUMBERS_KEPT] = digits;
            top.number_count = top.number_count.wrapping_add(1);
        }
        top.last = hash;
        if top.first == 0 {
            top.first = hash;
        }
        self.lexer.take_value(value);
    }
}

/// The open containers, innermost last.
#[derive(Clone, Debug)]
struct Stack {
    containers: Vec<Container>,
    depth: u64,
    /// Hash of the key being read.
    key: u32,
}

impl Stack {
    fn place(&self) -> usize {
        self.depth.min(DEPTH_MAX as u64 - 1) as usize
    }

    #[inline]
    fn top(&self) -> &Container {
        &self.containers[self.place()]
    }

    #[inline]
    fn top_mut(&mut self) -> &mut Container {
        let place = self.place();
        &mut self.containers[place]
    }

    #[inline]
    fn follow(&mut self, event: Event, byte: u8) {
        match event {
            Event::OpensObject => self.open(true),
            Event::OpensArray => self.open(false),
            Event::Closes => self.depth = self.depth.saturating_sub(1),
            Event::Comma => {
                let top = self.top_mut();
                top.index = top.index.wrapping_add(1);
            }
            Event::BeginsKey => self.key = 0,
            Event::InKey => self.key = hash::pair(self.key, u32::from(byte)),
            Event::EndsKey => self.top_mut().key = self.key,
            Event::Colon | Event::BeginsText | Event::Other => {}
        }
    }

    fn open(&mut self, is_object: bool) {
        let inside = self.top().inside(is_object);
        self.depth += 1;
        *self.top_mut() = inside;
    }
}
