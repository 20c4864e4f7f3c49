//! Whether two JSON texts hold the same values in whatever notation: spaces, order of keys, escapes and
//! the way a number is written do not matter. A text may hold many values, as NDJSON does.
//!
//! Each text becomes a digest, so that one is in memory at a time; open arrays and objects are on a
//! stack of our own, since documents may be nested deeper than a thread's stack. Integers are compared
//! exactly, other numbers as the doubles that JSON programs keep (RFC 8259, section 6). Of a key that comes
//! twice the last value counts.

use std::collections::BTreeMap;

use record::hash::{self, Sha256Hex};

/// The digest of all values of a text, or where it is no JSON.
pub(super) fn digest(text: &[u8]) -> Result<Sha256Hex, String> {
    let mut values = Values { text, at: 0, open: vec![Open::Array(Vec::new())] };
    values.read()?;
    match values.open.as_slice() {
        [Open::Array(all)] => Ok(hash::bytes(all)),
        _ => Err(format!("it ends in an open array or object after {} bytes", text.len())),
    }
}

/// A value that is being read: what is known of it in one notation for all.
enum Open {
    Array(Vec<u8>),
    /// Values by key, and the key whose value comes next.
    Object(BTreeMap<String, Vec<u8>>, Option<String>),
}

struct Values<'a> {
    text: &'a [u8],
    at: usize,
    /// The values of the whole text are at the bottom.
    open: Vec<Open>,
}

/// Integers of more digits are compared as doubles too.
const DIGITS_MAX: i64 = 400;

impl Values<'_> {
    fn read(&mut self) -> Result<(), String> {
        loop {
            self.skip_spaces();
            let Some(&byte) = self.text.get(self.at) else { return Ok(()) };
            match byte {
                b'[' => self.begin(Open::Array(Vec::new()))?,
                b'{' => self.begin(Open::Object(BTreeMap::new(), None))?,
                b']' | b'}' => self.end(byte)?,
                b'"' => self.text_or_key()?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                b'-' | b'0'..=b'9' => self.number()?,
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn skip_spaces(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| b" \t\r\n".contains(byte)) {
            self.at += 1;
        }
    }

    fn unexpected(&self) -> String {
        format!("it is no JSON at byte {}", self.at)
    }

    /// A value may stand here: not where a key must.
    fn begin(&mut self, open: Open) -> Result<(), String> {
        if matches!(self.open.last(), Some(Open::Object(_, None))) {
            return Err(self.unexpected());
        }
        self.open.push(open);
        self.at += 1;
        Ok(())
    }

    fn end(&mut self, byte: u8) -> Result<(), String> {
        // What is at the bottom is closed by nothing.
        let inner = (self.open.len() > 1).then(|| self.open.pop()).flatten();
        let (kind, known) = match (byte, inner) {
            (b']', Some(Open::Array(known))) => (b'[', known),
            (b'}', Some(Open::Object(values, None))) => {
                let mut known = Vec::new();
                for (key, value) in values {
                    known.extend(framed(b's', key.as_bytes()));
                    known.extend(value);
                }
                (b'{', known)
            }
            _ => return Err(self.unexpected()),
        };
        self.at += 1;
        self.value(framed(kind, hash::bytes(&known).0.as_bytes()))
    }

    /// A value is complete: it goes to what it stands in.
    fn value(&mut self, known: Vec<u8>) -> Result<(), String> {
        match self.open.last_mut() {
            Some(Open::Array(all)) => all.extend(known),
            Some(Open::Object(values, key @ Some(_))) => {
                values.insert(key.take().unwrap_or_default(), known);
            }
            _ => return Err(self.unexpected()),
        }
        // Behind a value of an array or object a comma or the end of it.
        self.skip_spaces();
        let is_inside = self.open.len() > 1;
        match self.text.get(self.at) {
            Some(b',') if is_inside => {
                self.at += 1;
                self.skip_spaces();
                match self.text.get(self.at) {
                    Some(b']' | b'}') => Err(self.unexpected()),
                    _ => Ok(()),
                }
            }
            Some(b']' | b'}') if is_inside => Ok(()),
            _ if is_inside => Err(self.unexpected()),
            _ => Ok(()),
        }
    }

    fn text_or_key(&mut self) -> Result<(), String> {
        let start = self.at;
        let mut end = start + 1;
        loop {
            match self.text.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(_) => end += 1,
                None => return Err(self.unexpected()),
            }
        }
        let text: String =
            serde_json::from_slice(&self.text[start..=end]).map_err(|_| self.unexpected())?;
        self.at = end + 1;
        if let Some(Open::Object(_, key @ None)) = self.open.last_mut() {
            *key = Some(text);
            self.skip_spaces();
            if self.text.get(self.at) != Some(&b':') {
                return Err(self.unexpected());
            }
            self.at += 1;
            return Ok(());
        }
        self.value(framed(b's', text.as_bytes()))
    }

    fn word(&mut self, word: &str) -> Result<(), String> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err(self.unexpected());
        }
        self.at += word.len();
        self.value(framed(b'w', word.as_bytes()))
    }

    fn number(&mut self) -> Result<(), String> {
        let is_part = |byte: &&u8| b"+-.eE0123456789".contains(*byte);
        let length = self.text[self.at..].iter().take_while(is_part).count();
        let text = std::str::from_utf8(&self.text[self.at..self.at + length]).unwrap_or_default();
        // serde knows which notations there are.
        let double: f64 = match serde_json::from_str::<serde_json::Value>(text) {
            Ok(_) => text.parse().map_err(|_| self.unexpected())?,
            // Beyond the largest double it is still a number.
            Err(error) if error.to_string().contains("out of range") => f64::INFINITY,
            Err(_) => return Err(self.unexpected()),
        };
        let known = match integer(text) {
            Some(integer) => framed(b'i', integer.as_bytes()),
            None => framed(b'd', &double.to_bits().to_le_bytes()),
        };
        self.at += length;
        self.value(known)
    }
}

/// A kind, a length and the bytes: no two different sequences of these are alike.
fn framed(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    [&[kind][..], &length, bytes].concat()
}

/// The digits of a number without a fraction, however it is written: `1e2`, `100`, `100.0`.
fn integer(text: &str) -> Option<String> {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |text| ("-", text));
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    let exponent: i64 = exponent.parse::<i64>().ok()?.checked_sub(fraction.len() as i64)?;
    let significant = digits.trim_end_matches('0');
    let zeros = exponent.checked_add((digits.len() - significant.len()) as i64)?;
    let fits = (0..=DIGITS_MAX).contains(&zeros) && significant.len() as i64 + zeros <= DIGITS_MAX;
    fits.then(|| format!("{sign}{significant}{}", "0".repeat(zeros as usize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        digest(a.as_bytes()).unwrap() == digest(b.as_bytes()).unwrap()
    }

    #[test]
    fn notation_does_not_matter() {
        for (a, b) in [
            ("{\"a\":1,\"b\":[true,null]}", " { \"b\" : [ true , null ] ,\n\"a\" : 1.0 }\n"),
            ("\"\\u00e9\\/\"", "\"é/\""),
            ("1e2", "100"),
            ("100000000000000000000", "1e+20"),
            ("-0", "0.0"),
            ("0.1", "1e-1"),
            ("3.14159265358979323846", "3.141592653589793"),
            ("{\"a\":1,\"a\":2}", "{\"a\":2}"),
            ("1\n2\n[]", "1 2 []"),
            ("", " \n"),
        ] {
            assert!(same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn values_do() {
        for (a, b) in [
            ("[1,2]", "[2,1]"),
            ("[1,2]", "[[1],2]"),
            ("[[],[]]", "[[[]]]"),
            ("[]", "{}"),
            ("[\"a\",\"b\"]", "[\"ab\"]"),
            ("{\"a\":\"b\"}", "{\"b\":\"a\"}"),
            ("{\"a\":null}", "{}"),
            ("12345678901234567", "12345678901234568"),
            ("1", "\"1\""),
            ("0", "null"),
            ("1 2", "[1,2]"),
            ("1", "1 1"),
            ("\"\"", ""),
        ] {
            assert!(!same(a, b), "{a} and {b}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_where() {
        for wrong in [
            "[",
            "]",
            "{]",
            "[}",
            "[1 2]",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{1:2}",
            "{\"a\":1,}",
            "tru",
            "\"",
            "\"\\x\"",
            "01",
            "1.",
            "-",
            "[,1]",
            "{,}",
            "nul",
            "a",
            "{\"a\" 1}",
            "{[]:1}",
        ] {
            assert!(digest(wrong.as_bytes()).is_err(), "{wrong}");
        }
        assert_eq!(digest(b"[1, x]").unwrap_err(), "it is no JSON at byte 4");
    }

    #[test]
    fn a_document_may_be_nested_as_deep_as_it_likes() {
        let deep = format!("{}{}", "[".repeat(300_000), "]".repeat(300_000));
        assert!(same(&deep, &deep.replace("[]", "[ ]")));
    }
}
