//! Where in the tree the document stands: path, key, index, and what was seen on the way.
//!
//! Derived from the bytes alone, the same on both sides, never stored. The stack is capped: deeper
//! levels share the deepest frame.

use crate::fuzzing;
use crate::hash;
use crate::lexer::{Lexer, State};

/// Containers that are told apart; deeper ones share the last frame.
const DEPTH_MAX: usize = fuzzing::limit(128, 8);
/// Elements of an array that have a column of their own.
const INDEX_MAX: u32 = 31;
/// Integers remembered per container.
pub(crate) const FRAME_NUMBERS: usize = 4;

/// One open container.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    /// Hash of all keys from the root.
    pub(crate) path: u32,
    /// Hash of the last two keys.
    local: u32,
    /// Hash of the key at hand.
    pub(crate) key: u32,
    /// Elements or members so far.
    pub(crate) index: u32,
    /// The first value in this container.
    pub(crate) first: u32,
    /// The last value in this container.
    pub(crate) last: u32,
    /// The first integers of this container, in order.
    pub(crate) numbers: [i64; FRAME_NUMBERS],
    /// How many integers it has had.
    pub(crate) number_count: u32,
    object: bool,
}

/// The lexer and the stack of open containers.
#[derive(Clone, Debug)]
pub(crate) struct TreeState {
    /// The automaton.
    pub(crate) lexer: Lexer,
    frames: Vec<Frame>,
    depth: u64,
    /// Hash of the key being read.
    key: u32,
}

impl TreeState {
    /// At the first byte of a document.
    pub(crate) fn new() -> Self {
        Self { lexer: Lexer::new(), frames: vec![Frame::default(); DEPTH_MAX], depth: 0, key: 0 }
    }

    fn at(depth: u64) -> usize {
        depth.min(DEPTH_MAX as u64 - 1) as usize
    }

    /// The innermost container.
    #[inline]
    pub(crate) fn top(&self) -> &Frame {
        &self.frames[Self::at(self.depth)]
    }

    /// The innermost container, to note a value in it.
    #[inline]
    pub(crate) fn top_mut(&mut self) -> &mut Frame {
        &mut self.frames[Self::at(self.depth)]
    }

    /// The container around the innermost object.
    pub(crate) fn parent_object(&self) -> &Frame {
        let mut depth = Self::at(self.depth);
        while depth > 0 {
            depth -= 1;
            if self.frames[depth].object {
                break;
            }
        }
        &self.frames[depth]
    }

    /// The container around the innermost.
    pub(crate) fn parent(&self) -> &Frame {
        &self.frames[Self::at(self.depth).saturating_sub(1)]
    }

    /// Hash that values of the same meaning share: key and the key above, or the place in an array.
    #[inline]
    pub(crate) fn column(&self) -> u32 {
        let top = self.top();
        let place = if top.object { top.key } else { top.index.min(INDEX_MAX) };
        hash::pair(top.local, place)
    }

    /// Place in the innermost array, 0 in an object.
    #[inline]
    pub(crate) fn index(&self) -> u32 {
        let top = self.top();
        if top.object { 0 } else { top.index.min(INDEX_MAX) }
    }

    /// Follows a segment.
    pub(crate) fn take_segment(&mut self, segment: &[u8]) {
        for &byte in segment {
            let in_key = self.lexer.state == State::Key;
            self.lexer.step_segment(byte);
            if in_key {
                self.follow_key(byte);
            } else {
                self.follow_structure(byte);
            }
        }
        if self.lexer.state != State::Text {
            self.lexer.end_item(segment.len());
        }
    }

    #[inline]
    fn follow_key(&mut self, byte: u8) {
        if self.lexer.state == State::Key {
            self.key = hash::pair(self.key, u32::from(byte));
        } else {
            self.top_mut().key = self.key;
        }
    }

    #[inline]
    fn follow_structure(&mut self, byte: u8) {
        match byte {
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' => {
                let top = self.top_mut();
                top.index = top.index.wrapping_add(1);
            }
            b'"' => self.key = 0,
            _ => {}
        }
    }

    fn open(&mut self, object: bool) {
        let top = *self.top();
        self.depth += 1;
        let key = if top.object { top.key } else { 1 };
        *self.top_mut() = Frame {
            path: hash::pair(top.path, key),
            local: if top.object { hash::pair(2, key) } else { hash::pair(top.local, 3) },
            key: 0,
            index: 0,
            first: 0,
            last: 0,
            numbers: [0; FRAME_NUMBERS],
            number_count: 0,
            object,
        };
    }
}
