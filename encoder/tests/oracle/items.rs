//! FORMAT.md, section 5: items.

/// The longest item, in bytes.
pub(crate) const ITEM_LEN_MAX: usize = 32_768;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Structure,
    Key,
    Text,
    Scalar,
}

/// Where a byte stands to the item that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    Inside,
    /// It is the item's last.
    Last,
    /// The item ends before it.
    After,
}

/// Follows a document byte by byte and says where its items end.
#[derive(Clone)]
pub(crate) struct Lexer {
    pub(crate) state: State,
    objects: u64,
    expects_key: bool,
    escaped: bool,
    after_text: bool,
    len: usize,
    opens_text: bool,
}

impl Lexer {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Structure,
            objects: 0,
            expects_key: false,
            escaped: false,
            after_text: false,
            len: 0,
            opens_text: false,
        }
    }

    /// Takes the next byte of the item, if it belongs to it.
    pub(crate) fn take(&mut self, byte: u8) -> Stands {
        let stands = match self.state {
            State::Structure => self.structure(byte),
            State::Key => self.key(byte),
            State::Text => self.text(byte),
            State::Scalar if is_delimiter(byte) => Stands::After,
            State::Scalar => Stands::Inside,
        };
        self.len += usize::from(stands != Stands::After);
        self.opens_text = stands == Stands::Last;
        stands
    }

    fn structure(&mut self, byte: u8) -> Stands {
        match byte {
            b'{' | b'[' => {
                self.objects = self.objects << 1 | u64::from(byte == b'{');
                self.expects_key = byte == b'{';
            }
            b'}' | b']' => {
                self.objects >>= 1;
                self.expects_key = false;
            }
            b',' => self.expects_key = self.objects & 1 == 1,
            b':' => self.expects_key = false,
            b'"' if self.after_text && self.len == 0 => {}
            b'"' if self.expects_key => {
                self.expects_key = false;
                self.state = State::Key;
            }
            b'"' => return Stands::Last,
            b' ' | b'\n' | b'\r' | b'\t' => {}
            _ => return Stands::After,
        }
        Stands::Inside
    }

    fn key(&mut self, byte: u8) -> Stands {
        let escaped = std::mem::take(&mut self.escaped);
        match byte {
            b'\\' if !escaped => self.escaped = true,
            b'"' | b'\n' | b'\r' if !escaped => self.state = State::Structure,
            _ => {}
        }
        Stands::Inside
    }

    fn text(&mut self, byte: u8) -> Stands {
        let escaped = std::mem::take(&mut self.escaped);
        match byte {
            b'"' | b'\n' | b'\r' if !escaped => return Stands::After,
            b'\\' if !escaped => self.escaped = true,
            _ => {}
        }
        Stands::Inside
    }

    /// The item ends after the bytes that were taken.
    pub(crate) fn end_item(&mut self) {
        let cut = self.len == ITEM_LEN_MAX && !self.opens_text;
        self.after_text = self.state == State::Text;
        if !cut {
            self.escaped = false;
            self.state = match self.state {
                State::Structure | State::Key if self.opens_text => State::Text,
                State::Structure | State::Key => State::Scalar,
                State::Text | State::Scalar => State::Structure,
            };
        }
        self.len = 0;
        self.opens_text = false;
    }

    /// The length of the item that `rest` begins with.
    pub(crate) fn item_len(&self, rest: &[u8]) -> usize {
        let mut lexer = self.clone();
        for (at, &byte) in rest.iter().enumerate().take(ITEM_LEN_MAX) {
            match lexer.take(byte) {
                Stands::Inside => {}
                Stands::Last => return at + 1,
                Stands::After => return at,
            }
        }
        rest.len().min(ITEM_LEN_MAX)
    }
}

/// Bytes that end a scalar.
fn is_delimiter(byte: u8) -> bool {
    b"{}[],:\" \n\r\t".contains(&byte)
}
