//! `{names}` in the words of a command. Only names that are known are filled in: programs such as `awk`
//! and `jq` have braces of their own.

use std::path::Path;

/// The names that the laboratory fills in, in one place or another.
pub const RESERVED: [&str; 9] =
    ["input", "output", "size", "work", "encoded", "decoded", "seed", "profile", "exclude"];

/// Whether `text` holds `{name}`.
pub fn names(text: &str, name: &str) -> bool {
    let mut found = false;
    replace(text, &mut |of| {
        found |= of == name;
        None
    });
    found
}

/// Whether one of the words holds `{name}`.
pub fn any_names(words: &[String], name: &str) -> bool {
    words.iter().any(|word| names(word, name))
}

/// `text` with the values filled in.
pub fn text(text: &str, values: &[(&str, &str)]) -> String {
    replace(text, &mut |name| {
        values.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned())
    })
}

/// Words with the values filled in; one that was nothing but names and became empty is left out.
pub fn words(words: &[String], values: &[(&str, &str)]) -> Vec<String> {
    let filled = words.iter().map(|word| (word, text(word, values)));
    filled
        .filter(|(word, filled)| word.is_empty() || !filled.is_empty())
        .map(|(_, filled)| filled)
        .collect()
}

/// A text with each `{bin:NAME}` replaced by the program of this name in `folder`, or the name that is not
/// there.
pub fn programs(text: &str, folder: &Path) -> Result<String, String> {
    let mut missing = None;
    let filled = replace(text, &mut |name| {
        let name = name.strip_prefix("bin:")?;
        let path = folder.join(name);
        if !path.is_file() {
            missing.get_or_insert(name.to_owned());
        }
        Some(path.to_string_lossy().into_owned())
    });
    missing.map_or(Ok(filled), Err)
}

/// Replaces each `{name}` for which there is a value; all else stays.
fn replace(text: &str, value: &mut dyn FnMut(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, behind) = (&rest[..open], &rest[open + 1..]);
        filled.push_str(before);
        let end = behind.find(['{', '}']).filter(|end| behind[*end..].starts_with('}'));
        if let Some((end, value)) = end.and_then(|end| Some((end, value(&behind[..end])?))) {
            filled.push_str(&value);
            rest = &behind[end + 1..];
        } else {
            filled.push('{');
            rest = behind;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_filled_in() {
        let values = [("input", "/a b"), ("size", "10")];
        assert_eq!(text("{input}.gz", &values), "/a b.gz");
        assert_eq!(text("-{size}-{level}", &values), "-10-{level}");
        for foreign in ["{print $1}", "{a: .b, c}", "{", "}{", "{}", "a{b", "{ input }", "{{"] {
            assert_eq!(text(foreign, &values), foreign);
        }
        assert_eq!(text("{a:{size}}", &values), "{a:10}");
        // What was filled in is not looked at again.
        assert_eq!(text("{x}", &[("x", "{y}"), ("y", "z")]), "{y}");
    }

    #[test]
    fn an_argument_that_becomes_empty_is_left_out() {
        let line = ["zstd", "{window}", "", "-{window}"].map(ToOwned::to_owned);
        assert_eq!(words(&line, &[("window", "")]), ["zstd", "", "-"]);
    }
}
