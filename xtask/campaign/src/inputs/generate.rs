//! Documents of an exact size. Every generator knows what its closing brackets cost and ends with
//! one padded item, so that the size asked for is hit to the byte and the document stays valid JSON.
//! Sizes too small for a shape give a JSON string of that size.
//!
//! Only integers and a fixed stream cipher decide what is written: the same bytes on every platform.

use std::io::{self, Write};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};
use sha2::{Digest, Sha256};

use record::units::Bytes;

use super::Profile;
use super::shapes;

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
        Profile::Records => {
            let (fineness, mut item) = (shapes::Events::FINENESS, shapes::Events::item());
            list_of(&mut out, &mut random, &RECORDS, fineness, &mut item)
        }
        Profile::Ast => {
            let (fineness, mut item) = (shapes::Syntax::FINENESS, shapes::Syntax::item());
            list_of(&mut out, &mut random, &AST, fineness, &mut item)
        }
        Profile::Numbers => list(&mut out, &mut random, &NUMBERS, &mut shapes::Series::item()),
        Profile::Text => list(&mut out, &mut random, &TEXT, &mut shapes::Paragraphs::item()),
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

    /// Exactly `length` bytes of words with a byte between them, and nothing that JSON would escape.
    fn fill(&mut self, random: &mut Random, between: &str, mut length: u64) -> io::Result<()> {
        while length > 0 {
            let word = random.pick(&shapes::WORDS);
            let word = &word[..word.len().min(length as usize)];
            self.put(word)?;
            length -= word.len() as u64;
            if length > 0 {
                self.put(between)?;
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
                self.fill(random, "_", length - 2)?;
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
    pad_between: &'static str,
    pad_close: &'static str,
}

const WIDE: List = List {
    open: r#"{"type":"DICT","value":"root","children":["#,
    between: ",",
    close: "]}",
    pad_open: LEAF_OPEN,
    pad_between: "_",
    pad_close: LEAF_CLOSE,
};
const RECORDS: List = List {
    open: "",
    between: "",
    close: "",
    pad_open: r#"{"pad":""#,
    pad_between: "_",
    pad_close: "\"}\n",
};
const AST: List = List {
    open: r#"{"type":"Program","sourceType":"module","body":["#,
    between: ",",
    close: "]}",
    pad_open: r#"{"type":"EmptyStatement","comment":""#,
    pad_between: "_",
    pad_close: "\"}",
};
const NUMBERS: List = List {
    open: r#"{"series":"sensor-7","unit":"mK","points":["#,
    between: ",",
    close: "]}",
    pad_open: r#"[0,0,""#,
    pad_between: "_",
    pad_close: "\"]",
};
const TEXT: List = List {
    open: r#"{"paragraphs":["#,
    between: ",",
    close: "]}",
    pad_open: "\"",
    pad_between: " ",
    pad_close: "\"",
};
const RANDOM: List =
    List { open: "[", between: ",", close: "]", pad_open: "\"", pad_between: "_", pad_close: "\"" };

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

/// A list whose items come in one size.
fn list(
    out: &mut Out<'_>,
    random: &mut Random,
    list: &List,
    item: &mut dyn FnMut(&mut Random, &mut String),
) -> io::Result<()> {
    list_of(out, random, list, 1, &mut |_, random, text| item(random, text))
}

/// Items as long as what is left after them can still hold the padded one, then that. Where an item no
/// longer fits, finer ones are tried, so that less than the finest is padded.
fn list_of(
    out: &mut Out<'_>,
    random: &mut Random,
    list: &List,
    fineness: usize,
    item: &mut dyn FnMut(usize, &mut Random, &mut String),
) -> io::Result<()> {
    let frame = (list.open.len() + list.close.len()) as u64;
    if out.left < frame + list.pad_bytes() {
        return out.tiny(random);
    }
    out.put(list.open)?;
    let ending = list.close.len() as u64 + list.pad_bytes();
    let mut next = String::new();
    for fine in 0..fineness {
        loop {
            next.clear();
            item(fine, random, &mut next);
            let cost = (next.len() + list.between.len()) as u64;
            if out.left < cost + ending {
                break;
            }
            out.put(&next)?;
            out.put(list.between)?;
        }
    }
    out.put(list.pad_open)?;
    let length = out.left - (list.close.len() + list.pad_close.len()) as u64;
    out.fill(random, list.pad_between, length)?;
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
    out.fill(random, "_", length - LEAF_BYTES)?;
    out.put(LEAF_CLOSE)
}

/// A tree planned level by level: nodes are added where the next one of a complete tree stands, so that
/// nodes, and not their values, make a document larger.
struct Plan {
    /// The values of all nodes, one after the other, and where each ends.
    values: String,
    ends: Vec<usize>,
    /// The first child of each node that has any, the root's first; children stand side by side.
    first_child: Vec<usize>,
    /// Bytes that no further node fits into.
    slack: u64,
}

impl Plan {
    /// As many nodes as fit into `bytes`.
    fn new(bytes: u64, random: &mut Random) -> Self {
        let mut plan =
            Self { values: String::new(), ends: Vec::new(), first_child: Vec::new(), slack: bytes };
        let mut children = shapes::Children::new();
        // What the parent of the next node becomes costs as much as its frame is longer than a leaf's.
        let inner_bytes = (NODE_OPEN.len() + NODE_MIDDLE.len() + NODE_CLOSE.len()) as u64;
        let mut siblings_left = 0;
        loop {
            let before = plan.values.len();
            shapes::name(random, &mut plan.values);
            let mut cost = LEAF_BYTES + (plan.values.len() - before) as u64;
            let is_root = plan.ends.is_empty();
            let opens = !is_root && siblings_left == 0;
            if opens {
                cost += inner_bytes - LEAF_BYTES;
            } else if !is_root {
                cost += 1; // the comma
            }
            if cost > plan.slack {
                plan.values.truncate(before);
                return plan;
            }
            plan.slack -= cost;
            if opens {
                plan.first_child.push(plan.ends.len());
                siblings_left = children.next(random);
            }
            siblings_left = siblings_left.saturating_sub(1);
            plan.ends.push(plan.values.len());
        }
    }

    fn nodes(&self) -> usize {
        self.ends.len()
    }

    fn value(&self, node: usize) -> &str {
        let start = if node == 0 { 0 } else { self.ends[node - 1] };
        &self.values[start..self.ends[node]]
    }

    fn children(&self, node: usize) -> std::ops::Range<usize> {
        let Some(first) = self.first_child.get(node) else { return 0..0 };
        *first..self.first_child.get(node + 1).copied().unwrap_or(self.nodes())
    }
}

/// What is still to be written of a balanced tree, innermost last.
enum Todo {
    Node(usize),
    Text(&'static str),
}

/// A tree of even depth whose nodes have two to four children, three on average; the last leaf is padded.
fn balanced(out: &mut Out<'_>, random: &mut Random) -> io::Result<()> {
    let plan = Plan::new(out.left, random);
    if plan.nodes() == 0 {
        return match out.left < LEAF_BYTES {
            true => out.tiny(random),
            false => leaf(out, random, out.left),
        };
    }
    let padded = plan.nodes() - 1;
    let mut todo = vec![Todo::Node(0)];
    while let Some(next) = todo.pop() {
        let node = match next {
            Todo::Text(text) => {
                out.put(text)?;
                continue;
            }
            Todo::Node(node) => node,
        };
        let children = plan.children(node);
        if children.is_empty() {
            out.put(LEAF_OPEN)?;
            out.put(plan.value(node))?;
            if node == padded {
                out.fill(random, "_", plan.slack)?;
            }
            out.put(LEAF_CLOSE)?;
            continue;
        }
        out.put(NODE_OPEN)?;
        out.put(plan.value(node))?;
        out.put(NODE_MIDDLE)?;
        todo.push(Todo::Text(NODE_CLOSE));
        for child in children.clone().rev() {
            todo.push(Todo::Node(child));
            if child > children.start {
                todo.push(Todo::Text(","));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use experiment::profile::PROFILES;
    use record::hash;

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
            (Profile::Balanced, "ab655b4d2eedf6b2"),
            (Profile::Deep, "585d5a4a73edca84"),
            (Profile::Wide, "9f5ae735392b6731"),
            (Profile::Records, "7639ce6dc58359da"),
            (Profile::Ast, "e7a0779dfb3b2517"),
            (Profile::Numbers, "40ab7d6767517143"),
            (Profile::Text, "246e1811be6d60d1"),
            (Profile::Random, "ccc454bd892bc575"),
        ];
        let found = golden.map(|(profile, _)| {
            (profile, hash::bytes(&made(profile, 100_000, 42)).short().to_owned())
        });
        assert_eq!(found, golden.map(|(profile, hash)| (profile, hash.to_owned())));
    }

    /// Objects and arrays, members and elements, and the deepest nesting.
    #[derive(Debug, Default, Clone, Copy)]
    struct Counts {
        nodes: u64,
        values: u64,
        words: u64,
        depth: u64,
    }

    fn counts(text: &[u8]) -> Counts {
        let (mut found, mut depth, mut in_string, mut before) = (Counts::default(), 0, false, b' ');
        for &byte in text {
            match byte {
                b'"' => in_string = !in_string,
                b' ' => found.words += 1,
                _ if in_string => {}
                b'{' | b'[' => {
                    found.nodes += 1;
                    depth += 1;
                    found.depth = found.depth.max(depth);
                }
                b'}' | b']' => {
                    depth -= 1;
                    found.values += u64::from(!matches!(before, b'{' | b'['));
                }
                b',' => found.values += 1,
                _ => {}
            }
            before = byte;
        }
        found
    }

    fn assert_proportional(of: &str, size: u64, found: u64, largest: u64) {
        let expected = largest as f64 * size as f64 / LARGEST as f64;
        let off = found as f64 / expected - 1.0;
        assert!(off.abs() <= 0.02, "{of} at {size} B: {found}, {expected:.1} expected");
    }

    const LARGEST: u64 = 2_000_000;

    #[test]
    fn nodes_depth_and_values_grow_in_proportion_to_bytes() {
        let sizes =
            [10_000, 10_001, 10_323, 12_191, 17_777, 40_000, 51_113, 87_400, 300_007, 1_000_000];
        for (profile, name) in PROFILES {
            for seed in [1, 5, 42] {
                let largest = counts(&made(profile, LARGEST, seed));
                for size in sizes {
                    let found = counts(&made(profile, size, seed));
                    let check = |of: &str, found, largest| {
                        assert_proportional(&format!("{of} of {name}"), size, found, largest);
                    };
                    match profile {
                        // Strings of hundreds of bytes: there are few in 10 KB, but their words are many.
                        Profile::Text => check("words", found.words, largest.words),
                        Profile::Random => check("values", found.values, largest.values),
                        _ => {
                            check("nodes", found.nodes, largest.nodes);
                            check("values", found.values, largest.values);
                        }
                    }
                    match profile {
                        Profile::Deep => check("depth", found.depth, largest.depth),
                        // Three children a node, so a level more for three times the bytes.
                        Profile::Balanced => {
                            let levels = (LARGEST as f64 / size as f64).ln() / 3_f64.ln();
                            let off = largest.depth as f64 - found.depth as f64 - 2.0 * levels;
                            assert!(off.abs() <= 2.0, "depth of {name} at {size} B: {found:?}");
                        }
                        _ => assert_eq!(found.depth, largest.depth, "depth of {name} at {size} B"),
                    }
                }
            }
        }
    }

    #[test]
    fn no_more_than_one_item_is_padded() {
        for (profile, name) in PROFILES {
            for size in (10_000..10_400).step_by(7) {
                let text = made(profile, size, 3);
                let text = std::str::from_utf8(&text).unwrap();
                let strings = text.split('"').skip(1).step_by(2).map(str::len);
                let longest = match profile {
                    Profile::Text => 1_100, // 119 words
                    Profile::Numbers | Profile::Random => 60,
                    _ => 120,
                };
                assert!(strings.max().unwrap() <= longest, "{name} at {size} B");
            }
        }
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
