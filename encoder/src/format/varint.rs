//! Numbers of any length. [`Source::varint`](super::source::Source::varint) reads them.

/// Appends a number, seven bits a byte, the lowest first.
pub(crate) fn write_varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}
