//! Where a document is cut: near every multiple of the frame size, at the end of a line if one is
//! near, else between two items, else right there.
//!
//! A cut depends on the frame size and the bytes around it alone, so every thread finds the cuts of its
//! frame by itself, and a pipe is cut like a file. Decoding is exact wherever a document was cut.

use std::io::{self, Read};

use super::place::{ReadAt, Region};

/// A cut is at most this far after a multiple of the frame size.
const REACH: u64 = 1 << 16;

/// How far after its multiple a cut may be: frames stay in order and are never empty.
fn reach(frame_bytes: u64) -> u64 {
    REACH.min(frame_bytes / 2)
}

/// The multiple of the frame size near which the frame ends that begins at `start`.
fn multiple_after(start: u64, frame_bytes: u64) -> u64 {
    (start / frame_bytes + 1).saturating_mul(frame_bytes)
}

/// Whether the cut behind the frame that begins at `start` was chosen with all in view that concerns
/// it, when the document ended after `len` bytes: then it stays when the document goes on.
pub(super) fn is_final(start: u64, frame_bytes: u64, len: u64) -> bool {
    multiple_after(start, frame_bytes).saturating_add(reach(frame_bytes)) <= len
}

/// How many of the bytes `after` a multiple still belong to the frame that ends there; `before` is the
/// byte before them.
fn cut(before: u8, after: &[u8]) -> usize {
    let line_end = || after.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
    let in_between = |ends: fn(&[u8]) -> bool| {
        (0..after.len()).find(|&at| after[at] == b',' && ends(&after[at + 1..])).map(|at| at + 1)
    };
    if before == b'\n' {
        return 0;
    }
    let found = line_end().or_else(|| in_between(opens_object)).or_else(|| in_between(|_| true));
    found.unwrap_or(0)
}

/// Whether an object comes next: after a comma that is no key of the object before it.
fn opens_object(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Where frame `number` of a document of `len` bytes begins; at `len` if there is none.
pub(super) fn start_of<S: ReadAt + ?Sized>(
    source: &S,
    len: u64,
    frame_bytes: u64,
    number: u64,
) -> io::Result<u64> {
    let multiple = match number.checked_mul(frame_bytes) {
        Some(0) => return Ok(0),
        Some(multiple) if multiple < len => multiple,
        _ => return Ok(len),
    };
    let end = (multiple + reach(frame_bytes)).min(len);
    let mut around = Vec::new();
    Region::new(source, multiple - 1, end).read_to_end(&mut around)?;
    Ok(multiple + cut(around[0], &around[1..]) as u64)
}

/// A document from a pipe, frame by frame: as a reader it ends at each frame's end.
pub(super) struct Cutter<R> {
    inner: R,
    frame_bytes: u64,
    /// Bytes that were looked at and not yet given.
    ahead: Vec<u8>,
    /// Where the next byte is in the document, and the byte before it.
    position: u64,
    before: u8,
    /// Bytes are given up to here: the next multiple, then the cut that was found for it.
    end: u64,
    is_cut: bool,
    ended: bool,
    /// Frames that were begun.
    pub(super) frames: u64,
}

impl<R: Read> Cutter<R> {
    pub(super) fn new(inner: R, frame_bytes: u64) -> Self {
        Self::behind(inner, frame_bytes, 0, 0)
    }

    /// A document whose first `frames` were cut already, up to `position`, and do not come again.
    pub(super) fn behind(inner: R, frame_bytes: u64, position: u64, frames: u64) -> Self {
        Self {
            inner,
            frame_bytes,
            ahead: Vec::new(),
            position,
            before: 0,
            end: position,
            is_cut: true,
            ended: false,
            frames,
        }
    }

    /// The most bytes that a frame can have.
    pub(super) fn frame_len_max(&self) -> u64 {
        self.frame_bytes + reach(self.frame_bytes)
    }

    /// Goes to the next frame, if there is one: where it begins. The frame before was read to its end.
    pub(super) fn next_frame(&mut self) -> io::Result<Option<u64>> {
        self.look(1)?;
        if self.ahead.is_empty() {
            return Ok(None);
        }
        self.frames += 1;
        self.end = multiple_after(self.position, self.frame_bytes);
        self.is_cut = false;
        Ok(Some(self.position))
    }

    /// Has `wanted` bytes to look at, or all that are left.
    fn look(&mut self, wanted: u64) -> io::Result<()> {
        let missing = wanted.saturating_sub(self.ahead.len() as u64);
        if missing > 0 && !self.ended {
            let read = (&mut self.inner).take(missing).read_to_end(&mut self.ahead)? as u64;
            self.ended = read < missing;
        }
        Ok(())
    }

    fn find_cut(&mut self) -> io::Result<()> {
        let reach = reach(self.frame_bytes);
        self.look(reach)?;
        let near = &self.ahead[..self.ahead.len().min(reach as usize)];
        self.end = self.position + cut(self.before, near) as u64;
        self.is_cut = true;
        Ok(())
    }
}

impl<R: Read> Read for Cutter<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.position == self.end && !self.is_cut {
            self.find_cut()?;
        }
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let wanted = bytes.len().min(left);
        let len = if self.ahead.is_empty() {
            self.inner.read(&mut bytes[..wanted])?
        } else {
            let len = wanted.min(self.ahead.len());
            bytes[..len].copy_from_slice(&self.ahead[..len]);
            self.ahead.drain(..len);
            len
        };
        if len > 0 {
            self.before = bytes[len - 1];
            self.position += len as u64;
        }
        self.ended |= len == 0 && wanted > 0;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(document: &[u8], frame_bytes: u64) -> Vec<u64> {
        let len = document.len() as u64;
        let starts = (0..).map(|number| start_of(document, len, frame_bytes, number).unwrap());
        starts.take_while(|&start| start < len).collect()
    }

    fn starts_of_pipe(document: &[u8], frame_bytes: u64) -> Vec<u64> {
        let mut cutter = Cutter::new(document, frame_bytes);
        let (mut starts, mut whole) = (Vec::new(), Vec::new());
        while let Some(start) = cutter.next_frame().unwrap() {
            assert_eq!((cutter.frames, start), (starts.len() as u64 + 1, whole.len() as u64));
            starts.push(start);
            cutter.read_to_end(&mut whole).unwrap();
        }
        assert_eq!(whole, document);
        starts
    }

    #[test]
    fn a_cut_is_after_a_line_else_between_objects_else_after_a_comma_else_right_there() {
        assert_eq!(cut(b'\n', b"abc\n"), 0);
        assert_eq!(cut(b'x', b"a},{\"b\nc\n"), 7);
        assert_eq!(cut(b'x', b"1,2]}, {\"a\":[1,2],\"b"), 6);
        assert_eq!(cut(b'x', b"1,2]"), 2);
        assert_eq!(cut(b'x', b"abc"), 0);
        assert_eq!(cut(b'x', b""), 0);
    }

    #[test]
    fn a_pipe_is_cut_like_a_file() {
        let lines: Vec<u8> = (0..3000).flat_map(|n| format!("{n},{n}\n").into_bytes()).collect();
        let documents: [&[u8]; 7] = [
            b"",
            b"x",
            &[b'x'; 2047],
            &[b'x'; 2048],
            &[b'x'; 9001],
            &lines,
            &[b"[".as_slice(), &b"{\"a\":1},".repeat(700)].concat(),
        ];
        for document in documents {
            for frame_bytes in [1024, 1025, 4096, 100_000] {
                let starts = starts(document, frame_bytes);
                assert_eq!(starts, starts_of_pipe(document, frame_bytes));
                let least = (document.len() as u64).div_ceil(frame_bytes + frame_bytes / 2);
                assert!(starts.len() as u64 >= least && starts.is_sorted());
            }
        }
    }
}
