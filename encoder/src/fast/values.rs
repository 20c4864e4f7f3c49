//! Where the values of a block are, and those of a column.

/// A value's place in the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) column: u16,
}

/// The values of a column, in the order of the document.
#[derive(Clone, Copy)]
pub(super) struct Values<'a> {
    /// The block.
    pub(super) text: &'a [u8],
    pub(super) tokens: &'a [Token],
    /// Which of the tokens.
    pub(super) order: &'a [u32],
}

impl<'a> Values<'a> {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Where each begins, and its bytes.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        self.order.iter().map(|&index| {
            let token = self.tokens[index as usize];
            (token.start, self.at(token.start, token.len))
        })
    }

    /// The bytes at a place.
    #[inline]
    pub(super) fn at(&self, start: u32, len: u32) -> &'a [u8] {
        &self.text[start as usize..][..len as usize]
    }
}
