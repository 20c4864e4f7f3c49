//! Where one item ends and the next begins: an automaton over bytes that never fails.
//!
//! A document is an alternation of **segments** (punctuation, white space, keys) and **values**
//! (the inside of a string, or a scalar: a run of other bytes). Anything that is not JSON is read
//! the same way, so there are no invalid documents.

/// No item is longer; what is longer is cut into pieces.
pub(crate) const ITEM_MAX: usize = 1 << 15;

/// What the automaton expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Between values.
    Structure,
    /// Inside a key.
    Key,
    /// Inside a string value.
    Text,
    /// Inside a scalar.
    Scalar,
}

/// The automaton's whole state; small, and copied to look ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lexer {
    /// What comes next.
    pub(crate) state: State,
    /// Open containers, innermost in the lowest bit, 1 for an object; the outermost are forgotten
    /// beyond 64.
    objects: u64,
    /// The next string in this object is a key.
    expects_key: bool,
    /// A string value has just ended: a quote closes it.
    after_text: bool,
    /// The last byte was a backslash that escapes the next.
    escaped: bool,
}

/// Whether a byte belongs to segments rather than to a scalar.
#[inline]
pub(crate) fn is_structure(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"' | b' ' | b'\n' | b'\r' | b'\t')
}

/// Whether a byte ends a string even without a quote.
#[inline]
fn breaks_line(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

impl Lexer {
    /// At the first byte of a document.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Structure,
            objects: 0,
            expects_key: false,
            after_text: false,
            escaped: false,
        }
    }

    /// Takes one byte of a segment; returns whether it ended the segment by opening a string.
    #[inline]
    pub(crate) fn step_segment(&mut self, byte: u8) -> bool {
        if self.state == State::Key {
            self.step_key(byte);
            return false;
        }
        let after_text = std::mem::take(&mut self.after_text);
        match byte {
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'}' | b']' => self.close(),
            b',' => self.expects_key = self.objects & 1 == 1,
            b':' => self.expects_key = false,
            b'"' if after_text => {}
            b'"' if self.expects_key => {
                self.expects_key = false;
                self.state = State::Key;
            }
            b'"' => {
                self.state = State::Text;
                return true;
            }
            _ => {}
        }
        false
    }

    #[inline]
    fn step_key(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' || breaks_line(byte) {
            self.state = State::Structure;
        }
    }

    fn open(&mut self, object: bool) {
        self.objects = self.objects << 1 | u64::from(object);
        self.expects_key = object;
    }

    fn close(&mut self) {
        self.objects >>= 1;
        self.expects_key = false;
    }

    /// Whether `byte` would end the segment by beginning a scalar.
    #[inline]
    pub(crate) fn begins_scalar(&self, byte: u8) -> bool {
        self.state == State::Structure && !is_structure(byte)
    }

    /// Whether `byte` would end the string at hand.
    #[inline]
    pub(crate) fn ends_text(&self, byte: u8) -> bool {
        !self.escaped && (byte == b'"' || breaks_line(byte))
    }

    /// Whether the next byte of a string is escaped.
    pub(crate) fn is_escaped(&self) -> bool {
        self.escaped
    }

    /// Takes one byte of a string.
    #[inline]
    pub(crate) fn step_text(&mut self, byte: u8) {
        self.escaped = !self.escaped && byte == b'\\';
    }

    /// After the last byte of an item of `len` bytes: what comes next.
    pub(crate) fn end_item(&mut self, len: usize) {
        if len == ITEM_MAX {
            return;
        }
        self.state = match self.state {
            State::Structure => State::Scalar,
            State::Text => {
                self.after_text = true;
                self.escaped = false;
                State::Structure
            }
            State::Scalar => State::Structure,
            State::Key => State::Key,
        };
    }

    /// Takes a whole segment.
    pub(crate) fn take_segment(&mut self, segment: &[u8]) {
        let mut opened = false;
        for &byte in segment {
            opened = self.step_segment(byte);
        }
        if !opened {
            self.end_item(segment.len());
        }
    }

    /// Takes a whole value.
    pub(crate) fn take_value(&mut self, value: &[u8]) {
        if self.state == State::Text && value.len() == ITEM_MAX {
            for &byte in value {
                self.step_text(byte);
            }
        }
        self.end_item(value.len());
    }

    /// The length of the item that starts `bytes`, or `None` if its end is not among them.
    pub(crate) fn item_len(&self, bytes: &[u8]) -> Option<usize> {
        let bytes = &bytes[..bytes.len().min(ITEM_MAX)];
        let found = match self.state {
            State::Structure | State::Key => self.segment_len(bytes),
            State::Text => self.text_len(bytes),
            State::Scalar => bytes.iter().position(|&byte| is_structure(byte)),
        };
        found.or((bytes.len() == ITEM_MAX).then_some(ITEM_MAX))
    }

    fn segment_len(mut self, bytes: &[u8]) -> Option<usize> {
        for (index, &byte) in bytes.iter().enumerate() {
            if self.begins_scalar(byte) {
                return Some(index);
            }
            if self.step_segment(byte) {
                return Some(index + 1);
            }
        }
        None
    }

    fn text_len(mut self, bytes: &[u8]) -> Option<usize> {
        for (index, &byte) in bytes.iter().enumerate() {
            if self.ends_text(byte) {
                return Some(index);
            }
            self.step_text(byte);
        }
        None
    }
}
