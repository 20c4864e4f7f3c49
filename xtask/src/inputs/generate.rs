//! Documents of an exact size. Every generator knows what its closing brackets cost and ends with
//! one padded item, so that the size asked for is hit to the byte and the document stays valid JSON.
//! Sizes too small for a shape give a JSON string of that size.
//!
//! Only integers and a fixed stream cipher decide what is written: the same bytes on every platform.

use std::io::{self, Write};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};

use super::Profile;
use super::shapes;
use crate::units::Bytes;

/// Writes the document of this profile, size and seed.
pub(super) fn document(
    profile: Profile,
    size: Bytes,
    seed: u64,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut random = Random::new(profile, seed);
    let mut out = Out { sink, left: size.0 };
    match profile {
        Profile::Balanced => balanced(&mut out, &mut random),
        Profile::Deep => deep(&mut out, &mut random),
        Profile::Wide => list(&mut out, &mut random, &WIDE, &mut shapes::leaf),
        Profile::Records => list(&mut out, &mut random, &RECORDS, &mut shapes::Events::item()),
        Profile::Ast => list(&mut out, &mut random, &AST, &mut shapes::Syntax::item()),
        Profile::Numbers => list(&mut out, &mut random, &NUMBERS, &mut shapes::Series::item()),
        Profile::Text => list(&mut out, &mut random, &TEXT, &mut shapes::paragraph),
        Profile::Random => list(&mut out, &mut random, &RANDOM, &mut shapes::noise),
    }
}

/// Writes a real document again and again, a line feed after each copy, up to the size; the last copy is
/// cut where the size ends. One digit in 32 that follows another digit is drawn anew in each copy but
/// the first, so that copies are alike and not equal, and JSON stays JSON.
pub(super) fn repeated(
    text: &[u8],
    size: Bytes,
    seed: u64,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut random = Random::named(&format!("repeated/{seed}"));
    let mut copy = text.to_vec();
    copy.push(b'\n');
    let mut left = size.0;
    while left > 0 {
        let taken = &copy[..copy.len().min(left as usize)];
        sink.write_all(taken)?;
        left -= taken.len() as u64;
        for index in 1..text.len() {
            let between_digits = text[index - 1].is_ascii_digit() && text[index].is_ascii_digit();
            if between_digits && random.below(32) == 0 {
                copy[index] = b'0' + random.below(10) as u8;
            }
        }
    }
    Ok(())
}

/// Numbers drawn from `ChaCha8`, whose stream is fixed by its specification; the seed is the hash of
/// what the document is called, so profiles of one seed do not share their draws.
pub(super) struct Random(ChaCha8Rng);

impl Random {
    fn new(profile: Profile, seed: u64) -> Self {
        Self::named(&format!("{profile}/{seed}"))
    }

    fn named(name: &str) -> Self {
        Self(ChaCha8Rng::from_seed(Sha256::digest(name).into()))
    }

    /// A number from 0 up to `end`, without it (multiply and shift; Lemire 2019, without rejection:
    /// the bias is below 2^-20 for the small ranges used here).
    pub(super) fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.0.next_u32()) * u64::from(end)) >> 32) as u32
    }

    /// One of `choices`.
    pub(super) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len() as u32) as usize]
    }
}

/// What is written to, and how many bytes are still to come.
struct Out<'a> {
    sink: &'a mut dyn Write,
    left: u64,
}

impl Out<'_> {
    fn put(&mut self, text: &str) -> io::Result<()> {
        self.left -= text.len() as u64;
        self.sink.write_all(text.as_bytes())
    }

    /// Exactly `length` bytes of words, with nothing in them that JSON would escape.
    fn fill(&mut self, random: &mut Random, mut length: u64) -> io::Result<()> {
        while length > 0 {
            let word = random.pick(&shapes::WORDS);
            let word = &word[..word.len().min(length as usize)];
            self.put(word)?;
            length -= word.len() as u64;
            if length > 0 {
                self.put("_")?;
                length -= 1;
            }
        }
        Ok(())
    }

    /// A document too small for its shape: a string, or what is shorter still.
    fn tiny(&mut self, random: &mut Random) -> io::Result<()> {
        match self.left {
            0 => Ok(()),
            1 => self.put("0"),
            length => {
                self.put("\"")?;
                self.fill(random, length - 2)?;
                self.put("\"")
            }
        }
    }
}

/// A document that is a list of items: what surrounds them, and the padded item that ends it.
struct List {
    open: &'static str,
    between: &'static str,
    close: &'static str,
    pad_open: &'static str,
    pad_close: &'static str,
}

const WIDE: List = List {
    open: r#"{"type":"DICT","value":"root","children":["#,
    between: ",",
    close: "]}",
    pad_open: LEAF_OPEN,
    pad_close: LEAF_CLOSE,
};
const RECORDS: List =
    List { open: "", between: "", close: "", pad_open: r#"{"pad":""#, pad_close: "\"}\n" };
const AST: List = List {
    open: r#"{"type":"Program","sourceType":"module","body":["#,
    between: ",",
    close: "]}",
    pad_open: r#"{"type":"EmptyStatement","comment":""#,
    pad_close: "\"}",
};
const NUMBERS: List = List {
    open: r#"{"series":"sensor-7","unit":"mK","points":["#,
    between: ",",
    close: "]}",
    pad_open: r#"[0,0,""#,
    pad_close: "\"]",
};
const TEXT: List =
    List { open: r#"{"paragraphs":["#, between: ",", close: "]}", pad_open: "\"", pad_close: "\"" };
const RANDOM: List = List { open: "[", between: ",", close: "]", pad_open: "\"", pad_close: "\"" };

const LEAF_OPEN: &str = r#"{"type":"VARIABLE","value":""#;
const LEAF_CLOSE: &str = r#""}"#;
/// Bytes of a leaf with an empty value.
const LEAF_BYTES: u64 = (LEAF_OPEN.len() + LEAF_CLOSE.len()) as u64;
const NODE_OPEN: &str = r#"{"type":"BLOCK","value":""#;
const NODE_MIDDLE: &str = r#"","children":["#;
const NODE_CLOSE: &str = "]}";

impl List {
    /// Bytes of the padded item with nothing in it.
    fn pad_bytes(&self) -> u64 {
        (self.pad_open.len() + self.pad_close.len()) as u64
    }
}

/// Items as long as what is left after them can still hold the padded one, then that.
fn list(
    out: &mut Out<'_>,
    random: &mut Random,
    list: &List,
    item: &mut dyn FnMut(&mut Random, &mut String),
) -> io::Result<()> {
    let frame = (list.open.len() + list.close.len()) as u64;
    if out.left < frame + list.pad_bytes() {
        return out.tiny(random);
    }
    out.put(list.open)?;
    let ending = list.close.len() as u64 + list.pad_bytes();
    let mut next = String::new();
    loop {
        next.clear();
        item(random, &mut next);
        let cost = (next.len() + list.between.len()) as u64;
        if out.left < cost + ending {
            break;
        }
        out.put(&next)?;
        out.put(list.between)?;
    }
    out.put(list.pad_open)?;
    let length = out.left - (list.close.len() + list.pad_close.len()) as u64;
    out.fill(random, length)?;
    out.put(list.pad_close)?;
    out.put(list.close)
}

/// A chain: each level holds the next as its only child; the innermost is a padded leaf.
fn deep(out: &mut Out<'_>, random: &mut Random) -> io::Result<()> {
    let mut open_levels = 0;
    let mut value = String::new();
    loop {
        value.clear();
        shapes::name(random, &mut value);
        let closing = (open_levels + 1) * NODE_CLOSE.len() as u64;
        let cost = (NODE_OPEN.len() + value.len() + NODE_MIDDLE.len()) as u64;
        if out.left < cost + closing + LEAF_BYTES {
            break;
        }
        out.put(NODE_OPEN)?;
        out.put(&value)?;
        out.put(NODE_MIDDLE)?;
        open_levels += 1;
    }
    let closing = open_levels * NODE_CLOSE.len() as u64;
    if out.left < closing + LEAF_BYTES {
        assert_eq!(open_levels, 0, "a level is only opened when a leaf still fits");
        return out.tiny(random);
    }
    let length = out.left - closing;
    leaf(out, random, length)?;
    (0..open_levels).try_for_each(|_| out.put(NODE_CLOSE))
}

/// A leaf of exactly `length` bytes.
fn leaf(out: &mut Out<'_>, random: &mut Random, length: u64) -> io::Result<()> {
    out.put(LEAF_OPEN)?;
    out.fill(random, length - LEAF_BYTES)?;
    out.put(LEAF_CLOSE)
}

/// What is still to be written of a balanced tree, innermost last.
enum Todo {
    Node(u64),
    Text(&'static str),
}

/// A tree whose nodes share their bytes evenly among two to four children.
fn balanced(out: &mut Out<'_>, random: &mut Random) -> io::Result<()> {
    /// A leaf with a short value.
    const LEAF_COMFORTABLE: u64 = LEAF_BYTES + 14;
    if out.left < LEAF_BYTES {
        return out.tiny(random);
    }
    let mut todo = vec![Todo::Node(out.left)];
    let mut value = String::new();
    while let Some(next) = todo.pop() {
        let length = match next {
            Todo::Text(text) => {
                out.put(text)?;
                continue;
            }
            Todo::Node(length) => length,
        };
        value.clear();
        shapes::name(random, &mut value);
        let frame = (NODE_OPEN.len() + value.len() + NODE_MIDDLE.len() + NODE_CLOSE.len()) as u64;
        let children = (length.saturating_sub(frame) / LEAF_COMFORTABLE).min(4);
        if children < 2 {
            leaf(out, random, length)?;
            continue;
        }
        out.put(NODE_OPEN)?;
        out.put(&value)?;
        out.put(NODE_MIDDLE)?;
        todo.push(Todo::Text(NODE_CLOSE));
        let shared = length - frame - (children - 1);
        for child in 0..children {
            let extra = u64::from(child < shared % children);
            todo.push(Todo::Node(shared / children + extra));
            if child + 1 < children {
                todo.push(Todo::Text(","));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::profile::PROFILES;
    use crate::hash;

    fn made(profile: Profile, size: u64, seed: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        document(profile, Bytes(size), seed, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn every_size_is_hit_to_the_byte_with_valid_json() {
        for (profile, name) in PROFILES {
            for size in (0..600).chain([999, 1_000, 10_000, 65_537]) {
                let bytes = made(profile, size, 7);
                assert_eq!(bytes.len() as u64, size, "{name} of {size} B");
                let text = std::str::from_utf8(&bytes).unwrap();
                let documents = match profile {
                    Profile::Records => text.lines().collect(),
                    _ if text.is_empty() => vec![],
                    _ => vec![text],
                };
                for one in documents {
                    let mut json = serde_json::Deserializer::from_str(one);
                    serde::de::IgnoredAny::deserialize(&mut json).expect(one);
                    json.end().expect(one);
                }
            }
        }
    }

    use serde::Deserialize;

    #[test]
    fn the_bytes_are_the_same_on_every_platform_and_release() {
        let golden = [
            (Profile::Balanced, "15e1c0b7bee04d3b"),
            (Profile::Deep, "585d5a4a73edca84"),
            (Profile::Wide, "9f5ae735392b6731"),
            (Profile::Records, "83df87f2b4a67573"),
            (Profile::Ast, "cdfa150a228e0a41"),
            (Profile::Numbers, "40ab7d6767517143"),
            (Profile::Text, "e5d1de20f4c7ca95"),
            (Profile::Random, "ccc454bd892bc575"),
        ];
        let found = golden.map(|(profile, _)| {
            (profile, hash::bytes(&made(profile, 100_000, 42)).short().to_owned())
        });
        assert_eq!(found, golden.map(|(profile, hash)| (profile, hash.to_owned())));
    }

    #[test]
    fn a_repeated_document_comes_back_changed_and_ends_at_the_size() {
        let text = br#"{"id":12345678901234567890,"name":"x"}"#;
        let mut bytes = Vec::new();
        repeated(text, Bytes(1_000), 7, &mut bytes).unwrap();
        assert_eq!(bytes.len(), 1_000);
        let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        assert_eq!(lines[0], text);
        let (last, whole) = lines.split_last().unwrap();
        assert!(last.len() < text.len());
        assert!(whole.iter().all(|line| serde_json::from_slice::<serde_json::Value>(line).is_ok()));
        assert!(whole.windows(2).any(|pair| pair[0] != pair[1]));
        assert_eq!(
            hash::bytes(&bytes).short(),
            "a423749fe85827c3",
            "the same bytes on every platform"
        );
    }

    #[test]
    fn another_seed_gives_other_bytes() {
        for (profile, name) in PROFILES {
            assert_ne!(made(profile, 5_000, 1), made(profile, 5_000, 2), "{name}");
        }
    }
}
