//! `cargo xtask try 'CMD A' 'CMD B'`: commands measured against each other without a file. What is asked
//! becomes an experiment like any other, which `--save` keeps.

use std::path::{Component, Path, PathBuf};

use anyhow::Context;

use campaign::errln;
use campaign::{Chosen, How, Workspace};
use experiment::Experiment;
use experiment::error::user;
use record::Folder;
use record::publish;
use record::units::Bytes;
use report::tried;

use crate::cmd::run;
use crate::exit::Exit;
use crate::output::out;

/// The options of `try`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Commands, each in quotes; words are split as a shell would, but no shell runs
    ///
    /// The document is on stdin, the result on stdout. Where a command names `{input}`, that is the document's
    /// path; where it names `{output}`, its result is there.
    #[arg(value_name = "COMMAND", required = true)]
    commands: Vec<String>,
    /// Sizes of the documents: a range, or some sizes with commas between
    #[arg(long, value_name = "SIZE..SIZE", default_value = "10KB..1MB")]
    sizes: String,
    /// Sizes from one to its tenfold, of a range
    #[arg(long, value_name = "N", default_value_t = 2)]
    per_decade: u32,
    /// Kinds of generated documents, with commas between
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "balanced")]
    profiles: Vec<String>,
    /// Documents of your own instead of generated ones
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["sizes", "profiles", "per_decade"])]
    files: Vec<PathBuf>,
    /// Runs of each command at each document: as many, or from so many to so many
    #[arg(long, value_name = "MIN..MAX", default_value = "5..20")]
    runs: String,
    /// Runs before those, which do not count
    #[arg(long, value_name = "N", default_value_t = 1)]
    warmup: u32,
    /// What the result must be: the document's bytes, or the same JSON values
    #[arg(long, value_name = "bytes|json")]
    check: Option<String>,
    /// Write experiments/NAME.toml, to be run and reported again
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Wait until no other campaign measures on this machine
    #[arg(long)]
    wait: bool,
}

/// A command as it was given, its words, and its name in tables.
struct Tried {
    text: String,
    words: Vec<String>,
    name: String,
}

/// Measures the commands and says how they compare.
pub(crate) fn try_(workspace: &Workspace, options: &Options) -> anyhow::Result<Exit> {
    let tried = commands(&options.commands)?;
    let here = std::env::current_dir().context("the working folder cannot be read")?;
    let folder = workspace.room.join("try");
    let path = folder.join("try.toml");
    publish::replace(&path, toml(options, &tried, &here)?.as_bytes())?;
    let experiment = Experiment::load(&workspace.root, &path)?;
    if let Some(name) = &options.save {
        save(workspace, options, &tried, &here, name)?;
    }
    let chosen = Chosen {
        name: "try".to_owned(),
        home: folder.clone(),
        experiment,
        folder: Folder(folder.join("report")),
        only: Vec::new(),
    };
    let how = How { restart: true, build: true, wait: options.wait, quiet: false };
    run::measure(workspace, &chosen, how)?;
    let analysis = analysis::analyse(&chosen.folder, &chosen.name)?;
    let given: Vec<(&str, &str)> =
        tried.iter().map(|of| (of.name.as_str(), of.text.as_str())).collect();
    out!("{}", tried::results(&analysis, &given, tried::Style::of_stdout()));
    Ok(Exit::of(!analysis.has_failed()))
}

/// Writes what was tried as an experiment of the project.
fn save(
    workspace: &Workspace,
    options: &Options,
    tried: &[Tried],
    here: &Path,
    name: &str,
) -> anyhow::Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    if name.is_empty() || !name.chars().all(fits) {
        return user(format!("`--save {name}`: use letters, digits and `-_.+`"));
    }
    let folder = workspace.experiments();
    let path = folder.join(format!("{name}.toml"));
    if path.exists() {
        return user(format!("{} is there already; choose another name", path.display()));
    }
    let there = relative(here, &folder);
    publish::replace(&path, toml(options, tried, &there)?.as_bytes())?;
    errln!("wrote {}; `cargo xtask run {name}` measures it again", path.display());
    Ok(())
}

/// The words of each command and a short name for it.
fn commands(texts: &[String]) -> anyhow::Result<Vec<Tried>> {
    let mut tried: Vec<Tried> = Vec::new();
    for text in texts {
        let Some(words) = shlex::split(text).filter(|words| !words.is_empty()) else {
            return user(format!("`{text}` is no command: it is empty, or a quote is not closed"));
        };
        if let Some(word) = words.iter().find(|word| is_of_a_shell(word)) {
            return user(format!(
                "`{text}`: no shell runs, so `{word}` would be an argument; write \
                 `sh -c \"..\"` if a shell is to be measured with it"
            ));
        }
        if tried.iter().any(|of| of.words == words) {
            return user(format!("`{text}` is named twice; name each command once"));
        }
        tried.push(Tried { text: text.trim().to_owned(), words, name: String::new() });
    }
    let names = names(&tried.iter().map(|of| of.words.as_slice()).collect::<Vec<_>>());
    tried.iter_mut().zip(names).for_each(|(of, name)| of.name = name);
    Ok(tried)
}

fn is_of_a_shell(word: &str) -> bool {
    matches!(word, "|" | "||" | "&" | "&&" | ";" | "<" | ">" | ">>" | "2>" | "2>&1")
}

/// Longest name made of more than the program's.
const NAME_MAX: usize = 16;

/// The program's name where that tells the commands apart, with its arguments where they do, else numbered.
fn names(commands: &[&[String]]) -> Vec<String> {
    let fits = |c: &char| c.is_ascii_alphanumeric() || "-_.+".contains(*c);
    let fitting = |text: &str| text.chars().filter(fits).collect::<String>();
    let program = |words: &[String]| {
        let file = Path::new(&words[0]).file_name().unwrap_or_default();
        let name = fitting(&file.to_string_lossy());
        if name.is_empty() { "command".to_owned() } else { name }
    };
    let whole = |words: &[String]| {
        let rest = words[1..].iter().map(|word| fitting(word));
        std::iter::once(program(words)).chain(rest).collect::<String>()
    };
    let mut taken: Vec<String> = Vec::new();
    for words in commands {
        let is_alone = commands.iter().filter(|of| program(of) == program(words)).count() == 1;
        let long = whole(words);
        let short = if is_alone || long.len() > NAME_MAX { program(words) } else { long };
        let numbered = (2..).map(|number| format!("{short}-{number}"));
        let mut candidates = std::iter::once(short.clone()).chain(numbered);
        taken.extend(candidates.find(|name| !taken.contains(name)));
    }
    taken
}

/// The experiment; commands run in `cwd`, as the file is to know it.
fn toml(options: &Options, tried: &[Tried], cwd: &Path) -> anyhow::Result<String> {
    let texts: Vec<String> = tried.iter().map(|of| format!("`{}`", of.text)).collect();
    let mut toml = format!(
        "title    = {}\nquestion = {}\n\n[input]\n",
        text(&texts.join(" and ").replace('`', "")),
        text(&format!("How do {} compare, and how do they grow?", texts.join(" and "))),
    );
    if options.files.is_empty() {
        toml.push_str(&format!("profiles = {}\n", list(&options.profiles)));
        toml.push_str(&format!("sizes    = {}\n", sizes(options)?));
    } else {
        let files: Vec<String> =
            options.files.iter().map(|file| path_text(&cwd.join(file))).collect();
        toml.push_str(&format!("files = {}\n", list(&files)));
    }
    let (min, max) = runs(&options.runs)?;
    toml.push_str(&format!(
        "\n[measure]\nwarmup = {}\nruns   = {{ min = {min}, max = {max}, precision = \"2 %\" }}\n",
        options.warmup
    ));
    for Tried { words, name, .. } in tried {
        let mut words = words.clone();
        // A program of this folder is looked up from the file's.
        if words[0].contains('/') && Path::new(&words[0]).is_relative() {
            words[0] = path_text(&cwd.join(&words[0]));
        }
        toml.push_str(&format!(
            "\n[[variant]]\nname    = {}\ncommand = {}\ncwd     = {}\n",
            text(name),
            list(&words),
            text(&path_text(cwd))
        ));
        if let Some(check) = &options.check {
            toml.push_str(&format!("check   = {}\n", text(check)));
        }
    }
    toml.push_str("\n[fit]\nmetrics = [\"wall\", \"peak_rss\", \"peak_tree\", \"output\"]\n");
    if let [first, _, ..] = tried {
        toml.push_str(&format!("reference = {}\n", text(&first.name)));
    }
    Ok(toml)
}

/// `10KB..10MB`, or sizes with commas between.
fn sizes(options: &Options) -> anyhow::Result<String> {
    let size = |written: &str| -> anyhow::Result<String> {
        match written.trim().parse::<Bytes>() {
            Ok(size) => Ok(text(&size.to_string())),
            Err(found) => user(format!("`--sizes` holds {found}, a range such as `10KB..10MB`")),
        }
    };
    if let Some((from, to)) = options.sizes.split_once("..") {
        let (from, to, per_decade) = (size(from)?, size(to)?, options.per_decade);
        return Ok(format!("{{ from = {from}, to = {to}, per_decade = {per_decade} }}"));
    }
    let all = options.sizes.split(',').map(size).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(format!("[{}]", all.join(", ")))
}

/// `10`, or `5..20`.
fn runs(written: &str) -> anyhow::Result<(u32, u32)> {
    let (min, max) = written.split_once("..").unwrap_or((written, written));
    match (min.trim().parse(), max.trim().parse()) {
        (Ok(min), Ok(max)) if 1 <= min && min <= max => Ok((min, max)),
        _ => {
            user(format!("`--runs` holds `{written}`; write a number, or a range such as `5..20`"))
        }
    }
}

/// A text as TOML has it.
pub(super) fn text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|of| text(of)).collect();
    format!("[{}]", texts.join(", "))
}

fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The way from the folder `from` to `to`; both absolute.
fn relative(to: &Path, from: &Path) -> PathBuf {
    let (to_parts, from_parts): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (to.components().collect(), from.components().collect());
    let shared = to_parts.iter().zip(&from_parts).take_while(|(a, b)| a == b).count();
    let up = from_parts[shared..].iter().map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(to_parts[shared..].iter().copied()).collect();
    if way.as_os_str().is_empty() { PathBuf::from(".") } else { way }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(texts: &[&str]) -> Result<Vec<Tried>, String> {
        let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
        commands(&texts).map_err(|error| error.to_string())
    }

    fn named(texts: &[&str]) -> Vec<String> {
        tried(texts).unwrap().into_iter().map(|of| of.name).collect()
    }

    #[test]
    fn words_are_split_as_a_shell_would_and_no_shell_is_taken_for_granted() {
        let of = tried(&["jq '.a | .b'  \"x y\""]).unwrap().remove(0);
        assert_eq!(of.words, ["jq", ".a | .b", "x y"]);
        for (text, part) in [
            ("cat | wc", "no shell runs, so `|`"),
            ("cat > x", "no shell runs, so `>`"),
            ("cat 'x", "a quote is not closed"),
            (" ", "it is empty"),
        ] {
            let said = tried(&[text]).err().unwrap();
            assert!(said.contains(part), "{said}");
        }
        assert!(tried(&["cat", " cat"]).err().unwrap().contains("named twice"));
    }

    #[test]
    fn names_are_short_and_tell_commands_apart() {
        assert_eq!(named(&["jq -c .", "/usr/bin/python3 -m json.tool"]), ["jq", "python3"]);
        assert_eq!(named(&["zstd -1", "zstd -19"]), ["zstd-1", "zstd-19"]);
        let long = "x".repeat(40);
        assert_eq!(named(&[&format!("zstd {long}"), &format!("zstd y{long}")]), ["zstd", "zstd-2"]);
    }

    #[test]
    fn the_way_between_two_folders() {
        let way = |to: &str, from: &str| relative(Path::new(to), Path::new(from));
        assert_eq!(way("/a/b", "/a/b/experiments"), Path::new(".."));
        assert_eq!(way("/a/c", "/a/b/experiments"), Path::new("../../c"));
        assert_eq!(way("/a", "/a"), Path::new("."));
    }
}
