//! FORMAT.md, section 1, "Framed form".

use xxhash_rust::xxh64::xxh64;

use super::{MAGIC, Oracle, Reader, Refused, VERSION};

const TRAILER: u8 = 129;
const FRAME_SIZES: std::ops::RangeInclusive<u64> = 1 << 10..=1 << 40;
/// Every piece is so long, but the last of a frame.
const PIECE_LEN: usize = 65_536;

impl Oracle {
    /// The document of a framed encoding with this header. It is read from front to back; then the index
    /// and the trailer must say the same.
    pub(super) fn framed(
        &mut self,
        header: &[u8],
        frame_size: u64,
        reader: &mut Reader,
    ) -> Result<Vec<u8>, Refused> {
        if !FRAME_SIZES.contains(&frame_size) {
            return Err(Refused("the frame size"));
        }
        let mut document = Vec::new();
        let mut entries: Vec<(u64, u64, u64, [u8; 8])> = Vec::new();
        loop {
            let before = reader.0.len();
            let Some(frame) = pieces(reader)? else { break };
            let (len, lines) = (reader.varint()?, reader.varint()?);
            let mut inside = Reader(&frame);
            let bytes = self.single(&mut inside)?;
            if !inside.0.is_empty() {
                return Err(Refused("a frame that goes on after its encoding"));
            }
            let line_ends = bytes.split(|&byte| byte == 10).count() as u64 - 1;
            if len == 0 || len != bytes.len() as u64 || lines != line_ends {
                return Err(Refused("the length or the lines of a frame's document"));
            }
            let check = xxh64(&bytes, document.len() as u64).to_le_bytes();
            if reader.bytes(8)? != check {
                return Err(Refused("the check of a frame"));
            }
            document.extend(bytes);
            entries.push((len, (before - reader.0.len()) as u64, lines, check));
        }
        let index_and_trailer = reader.0;
        for (document_len, frame_len, lines, check) in entries {
            if reader.varint()? != document_len
                || reader.varint()? != frame_len
                || reader.varint()? != lines
                || reader.bytes(8)? != check
            {
                return Err(Refused("the index"));
            }
        }
        let index = &index_and_trailer[..index_and_trailer.len() - reader.0.len()];
        let checked = [header, index].concat();
        let trailer = [
            (index.len() as u64).to_le_bytes().to_vec(),
            xxh64(&checked, 0).to_le_bytes().to_vec(),
            vec![MAGIC[0], MAGIC[1], VERSION, TRAILER],
        ];
        match reader.bytes(20)? == trailer.concat() {
            true => Ok(document),
            false => Err(Refused("the trailer")),
        }
    }
}

/// The encoding of the next frame, `None` after the last.
fn pieces(reader: &mut Reader) -> Result<Option<Vec<u8>>, Refused> {
    let mut encoding = Vec::new();
    loop {
        let len = reader.varint()? as usize;
        if len > PIECE_LEN {
            return Err(Refused("the length of a piece"));
        }
        if len == 0 && encoding.is_empty() {
            return Ok(None);
        }
        encoding.extend(reader.bytes(len)?);
        if len < PIECE_LEN {
            return Ok(Some(encoding));
        }
    }
}
