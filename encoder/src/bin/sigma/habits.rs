//! Habits from `gzip`, `xz` and `zstd`: `sigma FILE`, `sigma -d FILE.sg`. Such a command line is put as
//! one with a verb, and that is read.

use std::ffi::OsString;

use crate::args::VERBS;

/// Options of one letter that take a value, which may follow in the same argument.
const WITH_VALUE: [char; 4] = ['o', 'T', 'M', 'C'];

/// The arguments, with a verb if there is none.
pub(crate) fn with_verb(arguments: Vec<OsString>, has_input: bool) -> Vec<OsString> {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_else(|| "sigma".into());
    let rest: Vec<OsString> = arguments.collect();
    let mut whole = vec![program];
    if names_verb(&rest) || (rest.is_empty() && !has_input) {
        whole.extend(rest);
        return whole;
    }
    let (verb, rest) = verb_of(rest);
    whole.push(verb.into());
    whole.extend(rest);
    whole
}

/// Whether a verb comes first, or a question about the program.
fn names_verb(arguments: &[OsString]) -> bool {
    let is_voice = |argument: &str| {
        let letters = argument.strip_prefix('-').unwrap_or_default();
        let short = !letters.is_empty() && letters.chars().all(|letter| "qv".contains(letter));
        short || ["--quiet", "--verbose"].contains(&argument)
    };
    let text = |argument: &OsString| argument.to_str().unwrap_or_default().to_owned();
    let first = arguments.iter().map(text).find(|argument| !is_voice(argument));
    first.is_some_and(|first| {
        let questions = ["-h", "--help", "-V", "--version", "help"];
        VERBS.contains(&first.as_str()) || questions.contains(&first.as_str())
    })
}

/// The verb that the last of `-d`, `-t`, `-l`, `-z` asks for, and the arguments without these.
fn verb_of(arguments: Vec<OsString>) -> (&'static str, Vec<OsString>) {
    let mut verb = "encode";
    let mut rest = Vec::with_capacity(arguments.len());
    let (mut is_value, mut is_name) = (false, false);
    for argument in arguments {
        let text = argument.to_str().unwrap_or_default();
        if is_value || is_name || !text.starts_with('-') || text == "-" {
            is_value = false;
            rest.push(argument);
        } else if text == "--" {
            is_name = true;
            rest.push(argument);
        } else if let Some(long) = long_verb(text) {
            verb = long;
        } else if text.starts_with("--") {
            rest.push(argument);
        } else {
            let left = without_verbs(&text[1..], &mut verb);
            // Nothing follows the letter in this argument.
            let value = left.find(WITH_VALUE);
            is_value = value.is_some_and(|at| at + 1 == left.len());
            if !left.is_empty() {
                rest.push(format!("-{left}").into());
            }
        }
    }
    (verb, rest)
}

fn long_verb(argument: &str) -> Option<&'static str> {
    match argument {
        "--compress" | "--encode" => Some("encode"),
        "--decompress" | "--uncompress" | "--decode" => Some("decode"),
        "--test" => Some("test"),
        "--list" => Some("list"),
        _ => None,
    }
}

/// A group of letters without those that name a verb; what follows a letter with a value is the value.
fn without_verbs(letters: &str, verb: &mut &'static str) -> String {
    let mut left = String::new();
    for (at, letter) in letters.char_indices() {
        match letter {
            'd' => *verb = "decode",
            't' => *verb = "test",
            'l' => *verb = "list",
            'z' => *verb = "encode",
            _ if WITH_VALUE.contains(&letter) => {
                left.push_str(&letters[at..]);
                break;
            }
            _ => left.push(letter),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::with_verb;

    fn put(line: &str) -> String {
        let arguments = ["sigma"].into_iter().chain(line.split_whitespace());
        let put = with_verb(arguments.map(Into::into).collect(), true);
        let words: Vec<_> = put[1..].iter().map(|word| word.to_str().expect("text")).collect();
        words.join(" ")
    }

    #[test]
    fn a_command_line_without_a_verb_gets_one() {
        for (line, expected) in [
            ("", "encode"),
            ("a.json", "encode a.json"),
            ("-9 a.json", "encode -9 a.json"),
            ("-dc a.sg", "decode -c a.sg"),
            ("-d -o -d a.sg", "decode -o -d a.sg"),
            ("-od a.json", "encode -od a.json"),
            ("-Cnone -d a.sg", "decode -Cnone a.sg"),
            ("-kdT4 a.sg", "decode -kT4 a.sg"),
            ("-T 4 -d a.sg", "decode -T 4 a.sg"),
            ("-o x -t a.sg", "test -o x a.sg"),
            ("--decompress --stdout a.sg", "decode --stdout a.sg"),
            ("-l a.sg b.sg", "list a.sg b.sg"),
            ("-d -z a", "encode a"),
            ("-d -- -t", "decode -- -t"),
            ("-", "encode -"),
            ("-q a.json", "encode -q a.json"),
            ("./encode", "encode ./encode"),
        ] {
            assert_eq!(put(line), expected, "{line}");
        }
    }

    #[test]
    fn a_command_line_with_a_verb_stays() {
        for line in ["encode -d", "-q encode a", "-v --quiet test a", "--help", "-V", "help encode"]
        {
            assert_eq!(put(line), line);
        }
        assert_eq!(with_verb(vec!["sigma".into()], false), ["sigma"]);
    }
}
