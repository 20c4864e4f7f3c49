//! Documents and shorthands that several tests use.
#![allow(dead_code, reason = "each test uses some of it")]

use std::fmt::Write as _;

use sigma_encoder::{Coding, Error, Holding, Layout, Options};

/// Encodes in memory.
pub(crate) fn encode(document: &[u8], options: &Options) -> Vec<u8> {
    let mut encoded = Vec::new();
    sigma_encoder::encode(document, &mut encoded, options).expect("memory does not fail");
    encoded
}

/// Decodes in memory.
pub(crate) fn decode(encoded: &[u8]) -> Result<Vec<u8>, Error> {
    let mut document = Vec::new();
    sigma_encoder::decode(encoded, &mut document)?;
    Ok(document)
}

/// All sets of coding techniques.
pub(crate) fn every_coding() -> impl Iterator<Item = Coding> {
    (0..16).map(|bits| {
        let on = |bit: u32| bits >> bit & 1 == 1;
        Coding { prune: on(0), codebook: on(1), delta: on(2), pack: on(3) }
    })
}

/// All sets of memory techniques.
pub(crate) fn every_holding() -> impl Iterator<Item = Holding> {
    (0..16).map(|bits| {
        let on = |bit: u32| bits >> bit & 1 == 1;
        let layout = if on(0) { Layout::Boxed } else { Layout::Flat };
        Holding { layout, stream: on(1), pool: on(2), lazy: on(3) }
    })
}

/// A small generator of numbers (xorshift), the same everywhere.
pub(crate) struct Random(pub u64);

impl Random {
    /// The next number.
    pub(crate) fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }
}

/// Records as a log has them.
pub(crate) fn records(count: u64) -> Vec<u8> {
    let mut random = Random(42);
    let mut text = String::new();
    for id in 0..count {
        let user = random.below(50);
        let _ = writeln!(
            text,
            r#"{{"id":{id},"time":{},"user":"user-{user}","ok":{},"load":{}.{:02},"tags":["a","b{}"]}}"#,
            1_600_000_000 + id * 15 + random.below(3),
            random.below(2) == 0,
            random.below(100),
            random.below(100),
            random.below(5),
        );
    }
    text.into_bytes()
}

/// Bytes without structure.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut random = Random(7);
    (0..len).map(|_| random.number() as u8).collect()
}

/// Documents of all kinds, with a name each: small, odd, large, and no JSON at all.
pub(crate) fn documents() -> Vec<(String, Vec<u8>)> {
    let long = "x".repeat(100_000);
    let texts: Vec<(&str, Vec<u8>)> = vec![
        ("empty", b"".to_vec()),
        ("one byte", b"7".to_vec()),
        ("a raw NUL", b"\0".to_vec()),
        ("NULs in a string", b"[\"\0\0\",\0]".to_vec()),
        ("a byte order mark", b"\xEF\xBB\xBF{\"a\":1}\r\n".to_vec()),
        ("odd numbers", b"[1.0,-0,1e5,1E+5,01,-,.5,5.,1e,123456789012345678901234567890]".to_vec()),
        ("repeated keys", b"{\"a\":1,\"a\":1,\"a\":2}".to_vec()),
        ("odd space", b" \t{ \"a\"\n:\r1 , }  ".to_vec()),
        ("a lone surrogate", b"[\"\\ud800\",\"\xED\xA0\x80\"]".to_vec()),
        ("invalid UTF-8", b"{\"\xFF\xFE\":\"\x80\xC0\"}".to_vec()),
        ("cut after a backslash", b"[\"abc\\".to_vec()),
        ("cut in a key", b"{\"ab".to_vec()),
        ("cut after a quote", b"[\"".to_vec()),
        ("cut after a colon", b"{\"a\":".to_vec()),
        ("quotes escaped", br#"{"a\"b":"c\\\"d","e":"\\"}"#.to_vec()),
        ("newlines in strings", b"\"a\nb\rc\" \"".to_vec()),
        ("closers only", b"]]]]}}}}".to_vec()),
        ("plain text", b"It was a dark, \"stormy\" night: [sic] rain fell.\n".repeat(20)),
        ("a long string", format!("[\"{long}\",\"{long}\"]").into_bytes()),
        ("a long number", format!("[{}]", "1".repeat(70_000)).into_bytes()),
        ("a string as long as an item", format!("\"{}\"", "y".repeat(1 << 15)).into_bytes()),
        ("a number as long as an item", format!("[{}]", "9".repeat(1 << 15)).into_bytes()),
        ("space as long as an item", format!("{}1", " ".repeat(1 << 15)).into_bytes()),
        ("a long key", format!("{{\"{long}\":1}}").into_bytes()),
        ("backslashes", format!("\"{}\"", "\\".repeat(70_001)).into_bytes()),
        ("deep arrays", "[".repeat(50_000).into_bytes()),
        ("deep objects", "{\"a\":".repeat(20_000).into_bytes()),
        ("records", records(300)),
        ("many records", records(5000)),
        ("noise", noise(3000)),
        ("more noise", noise(300_000)),
    ];
    texts.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}
