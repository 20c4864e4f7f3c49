//! Documents that are made up to take much time, each of parts that are drawn again and again.

use crate::common::Random;

/// Adds a part to a document.
pub(crate) type Part = fn(&mut Random, &mut Vec<u8>);

macro_rules! add {
    ($text:expr, $($format:tt)*) => {{
        use std::io::Write as _;
        write!($text, $($format)*).expect("memory does not fail")
    }};
}

/// One of some texts.
fn one_of(random: &mut Random, text: &mut Vec<u8>, of: &[&str]) {
    text.extend_from_slice(of[random.below(of.len() as u64) as usize].as_bytes());
}

/// Bytes of an alphabet.
fn letters(random: &mut Random, text: &mut Vec<u8>, len: u64, alphabet: &[u8]) {
    for _ in 0..len {
        text.push(alphabet[random.below(alphabet.len() as u64) as usize]);
    }
}

/// A word of a language that has so many; the first ones are the most usual.
fn word(random: &mut Random, text: &mut Vec<u8>, words: u64) {
    let rank = random.below(words);
    let number = random.below(rank + 1);
    let mut drawn = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    drawn.number();
    let len = 2 + drawn.below(9);
    letters(&mut drawn, text, len, b"eeeeaaiioottnnsshhrrddlluccmmffwwyyggppbvk");
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What they are called, and what they are made of.
pub(crate) const PARTS: [(&str, Part); 40] = [
    ("distinct keys", |random, text| {
        add!(text, "{{\"{:x}\":{}}}\n", random.number(), random.below(10));
    }),
    ("distinct short keys", |random, text| add!(text, "\"{:x}\":0,", random.below(1 << 28))),
    ("keys that are counted", |_, text| add!(text, "{{\"k{}\":1}},", text.len())),
    ("distinct keys in one object", |random, text| {
        if text.is_empty() {
            text.push(b'{');
        }
        add!(text, "\"{:08x}\":{{\"{:x}\":[]}},", random.below(1 << 32), random.below(1 << 20));
    }),
    ("escapes", |random, text| {
        add!(text, "\"\\u{:04x}\\u{:04x}\",", random.below(1 << 16), random.below(1 << 16));
    }),
    ("a string of escapes", |random, text| {
        if text.is_empty() {
            text.push(b'"');
        }
        add!(text, "\\u{:04X}", random.below(1 << 16));
    }),
    ("short escapes", |random, text| {
        one_of(random, text, &["\\n", "\\t", "\\\"", "\\\\", "\\/", "\\b", "\",\"", "a"]);
    }),
    ("backslashes", |random, text| one_of(random, text, &["\\", "\\\\\\", "\"", "\",", "\\n"])),
    ("letters of a large alphabet", |random, text| {
        let letter = char::from_u32(0x4E00 + random.below(20_000) as u32).expect("a letter");
        add!(text, "{letter}");
        if random.below(6) == 0 {
            text.extend_from_slice(b"\",\"");
        }
    }),
    ("empty values", |random, text| one_of(random, text, &["{},", "[],", "\"\","])),
    ("empty arrays", |random, text| one_of(random, text, &["[", "]"])),
    ("punctuation", |random, text| letters(random, text, 1, b"[]{}:,\"\\ ")),
    ("deep arrays", |random, text| {
        let depth = 1 + random.below(300);
        text.extend(std::iter::repeat_n(b'[', depth as usize));
        text.push(b'0' + (depth % 10) as u8);
        text.extend(std::iter::repeat_n(b']', random.below(depth + 2) as usize));
        text.push(b',');
    }),
    ("deep objects", |random, text| {
        for _ in 0..=random.below(200) {
            add!(text, "{{\"{}\":", random.below(3));
        }
        add!(text, "{}", random.below(9));
        text.extend(std::iter::repeat_n(b'}', 1 + random.below(200) as usize));
        text.push(b',');
    }),
    ("closers only", |random, text| one_of(random, text, &["]", "}", "]]]", "}]", ",", "0"])),
    ("space", |random, text| letters(random, text, 1, b" \n\t\r    ")),
    ("space around values", |random, text| {
        let len = random.below(30);
        letters(random, text, len, b"     \n\t\r");
        one_of(random, text, &["1", "[", "]", ",", "\"a\"", "null", ":", "{", "}"]);
    }),
    ("digits", |random, text| add!(text, "{},", random.below(10))),
    ("bits", |random, text| one_of(random, text, &["0,", "1,"])),
    ("lines of a digit", |random, text| add!(text, "{}\n", random.below(10))),
    ("numbers", |random, text| add!(text, "{},", random.below(1_000_000))),
    ("long numbers", |random, text| {
        let len = 20 + random.below(300);
        letters(random, text, len, b"0123456789");
        text.push(b',');
    }),
    ("signs of numbers", |random, text| letters(random, text, 1, b"0123456789.-+eE,")),
    ("doubles", |random, text| {
        add!(text, "{},", random.number() as f64 / 2f64.powi(random.below(90) as i32));
    }),
    ("doubles of 17 digits", |random, text| {
        add!(text, "[{:.15}],", random.below(1 << 53) as f64 / (1_u64 << 50) as f64 + 10.0);
    }),
    ("exponents", |random, text| {
        add!(text, "-{}.{}E+{},", random.below(10), random.below(100), random.below(400));
    }),
    ("bare words", |random, text| {
        let len = 1 + random.below(12);
        letters(random, text, len, b"abcdefghijklmnopqrstuvwxyz_-");
        text.push(b',');
    }),
    ("short strings", |random, text| {
        text.push(b'"');
        letters(random, text, 1, BASE64);
        text.extend_from_slice(b"\",");
    }),
    ("types that alternate", |random, text| {
        one_of(random, text, &["{\"a\":", "[", "]", "}", "true,", "null,", "-1.5e3,", "\"b\","]);
        add!(text, "{},\"{:x}\",", random.below(1000), random.below(1 << 16));
    }),
    ("prose", |random, text| {
        word(random, text, 30_000);
        one_of(random, text, &[" ", " ", " ", " ", " ", " ", ", ", ". "]);
    }),
    ("prose in records", |random, text| {
        add!(text, "{{\"id\":{},\"text\":\"", text.len());
        for _ in 0..20 + random.below(60) {
            word(random, text, 30_000);
            one_of(random, text, &[" ", " ", " ", " ", " ", " ", ", ", ". "]);
        }
        text.extend_from_slice(b"\"}\n");
    }),
    ("what came before, cut up", |random, text| {
        if text.len() < 4000 {
            return letters(random, text, 24, BASE64);
        }
        let start = random.below(text.len() as u64 - 24) as usize;
        text.extend_from_within(start..start + 24);
    }),
    ("base64", |random, text| {
        let len = 1 + random.below(2000);
        text.push(b'"');
        letters(random, text, len, BASE64);
        text.extend_from_slice(b"\",");
    }),
    ("hexadecimal", |random, text| {
        add!(text, "\"{:016x}{:016x}\",", random.number(), random.number());
    }),
    ("a string without end", |random, text| {
        if text.is_empty() {
            text.push(b'"');
        }
        letters(random, text, 1, b"abcdefghijklmnopqrstuvwxyz      ");
    }),
    ("a string of one letter", |random, text| {
        if text.is_empty() || random.below(1 << 17) == 0 {
            text.push(b'"');
        }
        text.push(b'x');
    }),
    ("no UTF-8", |random, text| {
        let len = 1 + random.below(9);
        (0..len).for_each(|_| text.push(0x80 | random.number() as u8));
        one_of(random, text, &["\",\"", "\":\"", ",", "{\"", "}"]);
    }),
    ("noise", |random, text| text.push((random.number() >> 32) as u8)),
    ("noise in strings", |random, text| {
        text.push(b'"');
        let len = random.below(3000);
        for _ in 0..len {
            let byte = (random.number() >> 32) as u8;
            text.push(if byte < 32 || byte == b'"' || byte == b'\\' { byte | 0x80 } else { byte });
        }
        text.extend_from_slice(b"\",");
    }),
    ("noise between records", |random, text| {
        for n in 0..100 {
            add!(text, "{{\"id\":{n},\"user\":\"user-{}\"}}\n", random.below(9));
        }
        (0..2500).for_each(|_| text.push((random.number() >> 32) as u8));
    }),
];

/// A document of at least `len` bytes.
pub(crate) fn document(part: Part, len: usize) -> Vec<u8> {
    let (mut random, mut text) = (Random(0x5EED), Vec::with_capacity(len + 4096));
    while text.len() < len {
        part(&mut random, &mut text);
    }
    text
}
