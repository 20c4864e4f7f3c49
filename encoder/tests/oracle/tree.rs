//! FORMAT.md, section 6: the tree.

use super::hash::pair;

const FRAMES: usize = 128;

#[derive(Clone, Copy, Default)]
pub(crate) struct Frame {
    pub(crate) path: u32,
    pub(crate) local: u32,
    pub(crate) key: u32,
    pub(crate) index: u32,
    /// The hash of the first value.
    pub(crate) first: u32,
    /// The hash of the last value.
    pub(crate) last: u32,
    /// The digits of the last four numbers, the one of ordinal `n` at `n % 4`.
    pub(crate) numbers: [i64; 4],
    pub(crate) number_count: usize,
    pub(crate) is_object: bool,
}

impl Frame {
    pub(crate) fn column(&self) -> u32 {
        pair(self.local, if self.is_object { self.key } else { self.index.min(31) })
    }

    pub(crate) fn place(&self) -> u32 {
        if self.is_object { 0 } else { self.index.min(31) }
    }
}

#[derive(Clone)]
pub(crate) struct Tree {
    frames: Vec<Frame>,
    depth: usize,
    key: u32,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { frames: vec![Frame::default(); FRAMES], depth: 0, key: 0 }
    }

    pub(crate) fn frame(&self) -> &Frame {
        &self.frames[self.depth.min(FRAMES - 1)]
    }

    pub(crate) fn frame_mut(&mut self) -> &mut Frame {
        &mut self.frames[self.depth.min(FRAMES - 1)]
    }

    /// The frame above the innermost; the root's is itself.
    pub(crate) fn above(&self) -> &Frame {
        &self.frames[self.depth.min(FRAMES - 1).saturating_sub(1)]
    }

    /// The innermost object above the innermost frame, the root if there is none.
    pub(crate) fn object_above(&self) -> &Frame {
        let above = &self.frames[..self.depth.min(FRAMES - 1)];
        above.iter().rfind(|frame| frame.is_object).unwrap_or(&self.frames[0])
    }

    /// Follows a byte of a segment; was the byte inside a key, and is the next one?
    pub(crate) fn take(&mut self, byte: u8, in_key: bool, still_in_key: bool) {
        match (in_key, byte) {
            (true, _) if still_in_key => self.key = pair(self.key, u32::from(byte)),
            (true, _) => self.frame_mut().key = self.key,
            (false, b'"') => self.key = 0,
            (false, b',') => self.frame_mut().index += 1,
            (false, b'{') => self.open(true),
            (false, b'[') => self.open(false),
            (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
            (false, _) => {}
        }
    }

    fn open(&mut self, is_object: bool) {
        let above = *self.frame();
        let key = if above.is_object { above.key } else { 1 };
        self.depth += 1;
        *self.frame_mut() = Frame {
            path: pair(above.path, key),
            local: if above.is_object { pair(2, key) } else { pair(above.local, 3) },
            is_object,
            ..Frame::default()
        };
    }
}
