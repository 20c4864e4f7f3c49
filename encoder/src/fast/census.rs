//! What is found in blocks, for [`inspect`](crate::inspect()).

/// What the blocks of an encoding hold.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Blocks that are compressed as they are.
    pub plain: BlockBytes,
    /// Blocks in columns.
    pub columns: BlockBytes,
    /// Segments and the bytes in them, in blocks in columns.
    pub segments: (u64, u64),
    /// Values and the bytes in them, in blocks in columns.
    pub values: (u64, u64),
    /// How many of each kind of stream there are, and their bytes before compression, in the order
    /// of [`StreamKind::ALL`].
    pub streams: [(u64, u64); StreamKind::ALL.len()],
}

/// How many blocks, and how many bytes they have in the document and in the encoding.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockBytes {
    /// Blocks.
    pub blocks: u64,
    /// Their bytes in the document.
    pub document_bytes: u64,
    /// Their bytes in the encoding.
    pub coded_bytes: u64,
}

/// What a stream of a block in columns holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// Which segment follows which.
    Steps,
    /// Segments that are new to the dictionary.
    NewSegments,
    /// Values of columns that are too small for a stream of their own.
    Shared,
    /// Values of a column as they are.
    Texts,
    /// Distinct values of a column, and which of them each is.
    Names,
    /// Values of a column as integers.
    Numbers,
}

impl StreamKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Steps, Self::NewSegments, Self::Shared, Self::Texts, Self::Names, Self::Numbers];

    /// The kind's name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Steps => "steps",
            Self::NewSegments => "new segments",
            Self::Shared => "shared values",
            Self::Texts => "texts",
            Self::Names => "names",
            Self::Numbers => "numbers",
        }
    }
}

impl Census {
    /// Notes a stream.
    pub(super) fn add(&mut self, kind: StreamKind, bytes: usize) {
        let entry = &mut self.streams[kind as usize];
        entry.0 += 1;
        entry.1 += bytes as u64;
    }

    /// Adds what another encoding holds.
    pub(crate) fn add_all(&mut self, other: &Self) {
        let sum = |a: (u64, u64), b: (u64, u64)| (a.0 + b.0, a.1 + b.1);
        for (mine, more) in [(&mut self.plain, other.plain), (&mut self.columns, other.columns)] {
            mine.blocks += more.blocks;
            mine.document_bytes += more.document_bytes;
            mine.coded_bytes += more.coded_bytes;
        }
        self.segments = sum(self.segments, other.segments);
        self.values = sum(self.values, other.values);
        for (mine, more) in self.streams.iter_mut().zip(other.streams) {
            *mine = sum(*mine, more);
        }
    }
}
