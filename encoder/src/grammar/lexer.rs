//! Where one item ends and the next begins: an automaton over bytes that never fails.
//!
//! A document is an alternation of **segments** (punctuation, white space, keys) and **values**
//! (the inside of a string, or a scalar: a run of other bytes). Anything that is not JSON is read
//! the same way, so there are no invalid documents.

use crate::base::fuzzing;

/// No item is longer; what is longer is cut into pieces.
pub(crate) const ITEM_MAX: usize = fuzzing::limit(1 << 15, 96);

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

impl State {
    /// Whether a segment comes, and not a value.
    #[inline]
    pub(crate) fn is_segment(self) -> bool {
        matches!(self, Self::Structure | Self::Key)
    }
}

/// What a byte of a segment means. Whoever follows the structure of a document follows these: the tree, the layouts
/// of whole documents, what is inspected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// `{`.
    OpensObject,
    /// `[`.
    OpensArray,
    /// `}` or `]`.
    Closes,
    /// `,`.
    Comma,
    /// `:`.
    Colon,
    /// The quote before a key.
    BeginsKey,
    /// A byte of a key.
    InKey,
    /// The quote, or the end of the line, after a key.
    EndsKey,
    /// The quote before a string value: the segment ends.
    BeginsText,
    /// White space, the quote after a string value, and what should not be there.
    Other,
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

    /// Takes one byte of a segment: here is the grammar.
    #[inline]
    pub(crate) fn step_segment(&mut self, byte: u8) -> Event {
        if self.state == State::Key {
            return self.step_key(byte);
        }
        let after_text = std::mem::take(&mut self.after_text);
        match byte {
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'}' | b']' => self.close(),
            b',' => {
                self.expects_key = self.objects & 1 == 1;
                Event::Comma
            }
            b':' => {
                self.expects_key = false;
                Event::Colon
            }
            b'"' if after_text => Event::Other,
            b'"' if self.expects_key => {
                self.expects_key = false;
                self.state = State::Key;
                Event::BeginsKey
            }
            b'"' => {
                self.state = State::Text;
                Event::BeginsText
            }
            _ => Event::Other,
        }
    }

    #[inline]
    fn step_key(&mut self, byte: u8) -> Event {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' || breaks_line(byte) {
            self.state = State::Structure;
            return Event::EndsKey;
        }
        Event::InKey
    }

    #[inline]
    fn open(&mut self, object: bool) -> Event {
        self.objects = self.objects << 1 | u64::from(object);
        self.expects_key = object;
        if object { Event::OpensObject } else { Event::OpensArray }
    }

    #[inline]
    fn close(&mut self) -> Event {
        self.objects >>= 1;
        self.expects_key = false;
        Event::Closes
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
    fn end_item(&mut self, len: usize) {
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

    /// Takes a whole segment, and says of each byte what it means.
    #[inline]
    pub(crate) fn take_segment(&mut self, segment: &[u8], mut follow: impl FnMut(Event, u8)) {
        for &byte in segment {
            let event = self.step_segment(byte);
            follow(event, byte);
        }
        // A segment that began a string ends with it; another ends where a scalar begins.
        if self.state != State::Text {
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
            if self.step_segment(byte) == Event::BeginsText {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a well-formed document, found the simple way: strings without their quotes, and
    /// runs of what is no punctuation; a string is a key if a colon follows.
    fn naive_values(text: &str) -> Vec<String> {
        let (mut values, mut rest) = (Vec::new(), text);
        while let Some(first) = rest.chars().next() {
            if first == '"' {
                let body = &rest[1..];
                let end = (0..body.len())
                    .find(|&at| {
                        let escapes = body[..at].bytes().rev().take_while(|&b| b == b'\\').count();
                        body.as_bytes()[at] == b'"' && escapes % 2 == 0
                    })
                    .expect("a closing quote");
                rest = &body[end + 1..];
                if !rest.trim_start().starts_with(':') {
                    values.push(body[..end].to_owned());
                }
            } else if is_structure(first as u8) {
                rest = &rest[1..];
            } else {
                let end = rest.bytes().position(is_structure).unwrap_or(rest.len());
                values.push(rest[..end].to_owned());
                rest = &rest[end..];
            }
        }
        values
    }

    /// The values that the automaton finds.
    fn values(text: &str) -> Vec<String> {
        let (mut lexer, mut rest, mut values) = (Lexer::new(), text.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let (item, after) = rest.split_at(lexer.item_len(rest).unwrap_or(rest.len()));
            if lexer.state.is_segment() {
                lexer.take_segment(item, |_, _| {});
            } else {
                values.push(String::from_utf8_lossy(item).into_owned());
                lexer.take_value(item);
            }
            rest = after;
        }
        values
    }

    #[test]
    fn a_naive_oracle_finds_the_same_values() {
        let texts = [
            "{\"a\":1,\"b\":[true,\"x\\\"y\",{\"c\":\"\"}],\"d\":{\"e\":[[],[null]]}}",
            " [ \"k\" , { \"k\" : \"v\" , \"l\" : -1.5e3 } , \"\\\\\" ] ",
            "{}\n{\"a\":{\"b\":\"{[,:]}\"}}\n7\n\"z\"",
        ];
        for text in texts {
            assert_eq!(values(text), naive_values(text), "{text}");
        }
    }

    #[test]
    fn a_string_cut_after_a_backslash_stays_open() {
        let mut lexer = Lexer::new();
        lexer.take_segment(b"\"", |_, _| {});
        assert_eq!(lexer.item_len(b"ab\\\""), None);
        assert_eq!(lexer.item_len(b"ab\\\\\""), Some(4));
    }
}
