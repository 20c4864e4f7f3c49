//! FORMAT.md, section 9: blocks of the level fast. Zstandard is the library's.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use zstd_safe::{DCtx, InBuffer, OutBuffer};

use super::columns::{Values, texts, values};
use super::hash::{self, pair};
use super::model::Techniques;
use super::{Check, Reader, Refused};

const BLOCK_LEN_MAX: u64 = 2_097_152;
const CODED_LEN_MAX: usize = 4_194_304;
const PLAIN: u8 = 0;
const COLUMNS: u8 = 1;
const TOKENS_MAX: usize = 131_072;
const SEGMENTS_MAX: usize = 4096;
const COLUMNS_MAX: usize = 2048;
/// With more than these a dictionary is emptied before a block.
const SEGMENTS_KEPT: usize = 3072;
const COLUMNS_KEPT: usize = 1536;
const PAIRS: usize = 4096;
const NONE: u32 = 65_535;
/// A column with fewer values shares a stream.
const OWN_STREAM: usize = 16;
/// What follows a segment: nothing.
const NOTHING: u8 = 2;

/// The document of blocks, up to the check at the end.
pub(super) fn document(
    reader: &mut Reader,
    techniques: Techniques,
    check: &Check,
) -> Result<Vec<u8>, Refused> {
    let mut unpacker = techniques.pack.then(DCtx::create);
    let mut dictionary = Dictionary::default();
    let (mut document, mut checks) = (Vec::new(), Vec::new());
    loop {
        let len = reader.varint()?;
        if len == 0 {
            break;
        }
        let coded_len = reader.three()?;
        if len > BLOCK_LEN_MAX || coded_len > CODED_LEN_MAX {
            return Err(Refused("the length of a block"));
        }
        let coded = reader.bytes(coded_len)?;
        let block = block(coded, len as usize, &mut dictionary, &mut unpacker, techniques)?;
        let found = check.of(&[&block, coded]);
        if reader.bytes(check.part_len())? != &found[..check.part_len()] {
            return Err(Refused("the check of a block"));
        }
        document.extend(block);
        checks.extend(found);
    }
    match reader.bytes(check.whole_len())? == check.of(&[&checks]) {
        true => Ok(document),
        false => Err(Refused("the check of the document")),
    }
}

fn block(
    coded: &[u8],
    len: usize,
    dictionary: &mut Dictionary,
    unpacker: &mut Option<DCtx>,
    techniques: Techniques,
) -> Result<Vec<u8>, Refused> {
    let mut reader = Reader(coded);
    match reader.byte()? {
        PLAIN => {
            *dictionary = Dictionary::default();
            unpack(reader.0, len, unpacker)
        }
        COLUMNS if techniques.codebook => {
            let streams_len = reader.three()?;
            if streams_len > len {
                return Err(Refused("the length of the streams"));
            }
            let streams = unpack(reader.0, streams_len, unpacker)?;
            let block = dictionary.block(&streams, techniques)?;
            match block.len() == len {
                true => Ok(block),
                false => Err(Refused("a block of another length")),
            }
        }
        _ => Err(Refused("the form of a block")),
    }
}

/// The next `len` bytes of the one Zstandard frame.
fn unpack(coded: &[u8], len: usize, unpacker: &mut Option<DCtx>) -> Result<Vec<u8>, Refused> {
    let refused = Err(Refused("what is packed"));
    let Some(context) = unpacker else {
        return if coded.len() == len { Ok(coded.to_vec()) } else { refused };
    };
    let mut bytes = vec![0; len];
    let (mut input, mut output) = (InBuffer::around(coded), OutBuffer::around(&mut bytes[..]));
    while input.pos() < coded.len() || output.pos() < len {
        let before = (input.pos(), output.pos());
        match context.decompress_stream(&mut output, &mut input) {
            Ok(hint) if hint > 0 && (input.pos(), output.pos()) != before => {}
            // The frame ends, or nothing comes any more.
            _ => return refused,
        }
    }
    Ok(bytes)
}

struct Segment {
    text: Vec<u8>,
    follows: u8,
    key: Option<u32>,
    /// The column that its key names.
    column: usize,
    /// The last two different segments that followed it, the latest first.
    followers: [Option<usize>; 2],
}

struct Dictionary {
    segments: Vec<Segment>,
    columns: HashMap<(u32, u32), usize>,
    /// What followed two segments.
    expected: Vec<Option<usize>>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Self { segments: Vec::new(), columns: HashMap::new(), expected: vec![None; PAIRS] }
    }
}

/// Where in a block the tokens are.
#[derive(Default)]
struct Progress {
    last: Option<usize>,
    before_last: Option<usize>,
    key: u32,
    /// Segments, and the columns of the values after them.
    tokens: Vec<(usize, Option<usize>)>,
}

impl Progress {
    fn pair(&self) -> usize {
        let number = |segment: Option<usize>| segment.map_or(NONE, |number| number as u32);
        pair(number(self.last), number(self.before_last)) as usize % PAIRS
    }
}

impl Dictionary {
    fn block(&mut self, streams: &[u8], techniques: Techniques) -> Result<Vec<u8>, Refused> {
        // Column 0 counts, but is not in the table.
        if self.segments.len() > SEGMENTS_KEPT || self.columns.len() + 1 > COLUMNS_KEPT {
            *self = Self::default();
        }
        let mut reader = Reader(streams);
        let lens = [reader.varint()?, reader.varint()?, reader.varint()?];
        let steps = reader.bytes(lens[0] as usize)?;
        let new_segments = reader.bytes(lens[1] as usize)?;
        let shared = reader.bytes(lens[2] as usize)?;
        let tokens = self.tokens(steps, new_segments)?;

        let mut counts: HashMap<usize, usize> = HashMap::new();
        for column in tokens.iter().filter_map(|&(_, column)| column) {
            *counts.entry(column).or_default() += 1;
        }
        let has_own = |column: usize| column != 0 && counts[&column] >= OWN_STREAM;
        let mut shared_values = texts(shared)?;
        let mut own_values: HashMap<usize, Values> = HashMap::new();
        let mut block = Vec::new();
        for (segment, column) in tokens {
            block.extend(&self.segments[segment].text);
            let Some(column) = column else { continue };
            let values = match own_values.entry(column) {
                _ if !has_own(column) => &mut shared_values,
                Entry::Occupied(entry) => entry.into_mut(),
                // Streams stand in the order of their first values.
                Entry::Vacant(entry) => {
                    entry.insert(values(&mut reader, counts[&column], techniques)?)
                }
            };
            block.extend(values.next().ok_or(Refused("a value too few"))?);
        }
        let mut rest = own_values.into_values().chain([shared_values]);
        match reader.0.is_empty() && rest.all(|mut values| values.next().is_none()) {
            true => Ok(block),
            false => Err(Refused("something left over in a block")),
        }
    }

    fn tokens(
        &mut self,
        steps: &[u8],
        new_segments: &[u8],
    ) -> Result<Vec<(usize, Option<usize>)>, Refused> {
        let (mut steps, mut new_segments) = (Reader(steps), Reader(new_segments));
        let mut on = Progress::default();
        while !steps.0.is_empty() {
            let repeated = steps.byte()?;
            for _ in 0..repeated {
                let segment = self.expected[on.pair()].ok_or(Refused("nothing is expected"))?;
                self.take(segment, &mut on)?;
            }
            if repeated == 255 || steps.0.is_empty() {
                continue;
            }
            let segment = match code(&mut steps)? {
                follower @ (0 | 1) => {
                    let last = on.last.ok_or(Refused("a follower of nothing"))?;
                    self.segments[last].followers[follower].ok_or(Refused("no follower"))?
                }
                new @ 2..=4 => {
                    let len = new_segments.byte()?;
                    self.add(new_segments.bytes(usize::from(len))?, new as u8 - 2)?
                }
                known => known - 5,
            };
            self.take(segment, &mut on)?;
        }
        match new_segments.0.is_empty() {
            true => Ok(on.tokens),
            false => Err(Refused("new segments left over")),
        }
    }

    fn add(&mut self, text: &[u8], follows: u8) -> Result<usize, Refused> {
        if self.segments.len() == SEGMENTS_MAX {
            return Err(Refused("a segment too many"));
        }
        let key = key(text).map(hash::bytes);
        let column = key.map_or(0, |key| self.column(key, u32::from(follows)));
        let followers = [None; 2];
        self.segments.push(Segment { text: text.to_vec(), follows, key, column, followers });
        Ok(self.segments.len() - 1)
    }

    fn column(&mut self, name: u32, more: u32) -> usize {
        let next = self.columns.len() + 1;
        match self.columns.get(&(name, more)) {
            Some(&column) => column,
            None if next == COLUMNS_MAX => 0,
            None => *self.columns.entry((name, more)).or_insert(next),
        }
    }

    fn take(&mut self, number: usize, on: &mut Progress) -> Result<(), Refused> {
        let segment = self.segments.get(number).ok_or(Refused("a segment that is not there"))?;
        if on.tokens.len() == TOKENS_MAX {
            return Err(Refused("a token too many"));
        }
        let has_value = segment.follows != NOTHING;
        let column = match segment.key {
            Some(key) => {
                on.key = key;
                segment.column
            }
            None if has_value => self.column(on.key, number as u32 + 3),
            None => 0,
        };
        on.tokens.push((number, has_value.then_some(column)));
        self.expected[on.pair()] = Some(number);
        if let Some(last) = on.last {
            let followers = &mut self.segments[last].followers;
            if followers[0] != Some(number) {
                *followers = [Some(number), followers[0]];
            }
        }
        (on.last, on.before_last) = (Some(number), on.last);
        Ok(())
    }
}

fn code(steps: &mut Reader) -> Result<usize, Refused> {
    let low = usize::from(steps.byte()?);
    Ok(if low < 128 { low } else { low & 127 | usize::from(steps.byte()?) << 7 })
}

/// What stands between the last two quotes before the last colon.
fn key(text: &[u8]) -> Option<&[u8]> {
    let before_quote = |text: &[u8]| text.iter().rposition(|&byte| byte == b'"');
    let colon = text.iter().rposition(|&byte| byte == b':')?;
    let end = before_quote(&text[..colon])?;
    let start = before_quote(&text[..end])?;
    Some(&text[start + 1..end])
}
