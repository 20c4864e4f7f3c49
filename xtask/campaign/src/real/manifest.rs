//! `bench.toml`: which programs the bench runs, at which sizes, and which half each belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use experiment::error::user;
use experiment::profile::Profile;
use experiment::source::Source;
use record::units::Bytes;

use super::folder;

/// The programs of the bench.
#[derive(Debug)]
pub struct Manifest {
    seed: u64,
    sizes_a_decade: u32,
    from: Bytes,
    /// Group by group, in the order of the file.
    pub programs: Vec<Program>,
}

/// One program: a series for each of its profiles.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// The truth, as tables print it: `O(n log n)`.
    pub class: String,
    /// What is run; `{built}`, `{programs}` and `{sigma}` are filled in.
    pub(crate) command: Vec<String>,
    #[serde(default = "records")]
    pub(crate) profiles: Vec<Profile>,
    /// The largest size.
    #[serde(default = "hundred_megabytes")]
    pub(crate) to: Bytes,
}

/// The two halves of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// What methods are chosen on.
    Development,
    /// What is looked at when they are chosen.
    Holdout,
}

impl Half {
    /// Both, in the order in which they are printed.
    pub const ALL: [Self; 2] = [Self::Development, Self::Holdout];

    /// Its name, and its file's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Holdout => "holdout",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    seed: u64,
    sizes_a_decade: u32,
    from: Bytes,
    group: BTreeMap<String, Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    program: Vec<Program>,
}

fn records() -> Vec<Profile> {
    vec![Profile::Records]
}

fn hundred_megabytes() -> Bytes {
    Bytes(100_000_000)
}

impl Manifest {
    /// Reads the bench of the project at `root`.
    pub fn load(root: &Path) -> anyhow::Result<Self> {
        let path = folder(root).join("bench.toml");
        let source = Source::read(&path, path.strip_prefix(root).unwrap_or(&path))?;
        Self::parse(&source)
    }

    fn parse(source: &Source) -> anyhow::Result<Self> {
        let raw: Raw = toml::from_str(source.text()).map_err(|error| {
            source.error(&error.span().unwrap_or_default(), error.message().trim_end())
        })?;
        let programs: Vec<Program> =
            raw.group.into_values().flat_map(|group| group.program).collect();
        let mut names = BTreeSet::new();
        if let Some(twice) = programs.iter().find(|program| !names.insert(&program.name)) {
            return user(format!("bench.toml names the program `{}` twice", twice.name));
        }
        if let Some(empty) = programs.iter().find(|program| program.command.is_empty()) {
            return user(format!("bench.toml: `{}` has an empty `command`", empty.name));
        }
        Ok(Self {
            seed: raw.seed,
            sizes_a_decade: raw.sizes_a_decade.max(1),
            from: raw.from,
            programs,
        })
    }

    /// The half that a program belongs to: a coin thrown for its name, so that programs that come later
    /// move none of the others.
    pub fn half(&self, program: &Program) -> Half {
        match draw(&format!("half/{}/{}", self.seed, program.name)) < 0.5 {
            true => Half::Development,
            false => Half::Holdout,
        }
    }

    /// The sizes of a program, ascending: both ends, and between them one at a random place in each of
    /// `sizes_a_decade` equal parts of a decade. Programs share one of three such grids, so that no claim
    /// hangs on where sizes fell and documents are made three times, not a hundred.
    pub fn sizes(&self, program: &Program) -> Vec<Bytes> {
        let grid = (3.0 * draw(&format!("grid/{}/{}", self.seed, program.name))) as u32;
        let (from, to) = (self.from.0 as f64, program.to.0 as f64);
        let parts = ((to / from).log10() * f64::from(self.sizes_a_decade)).round() as u32;
        let inner = (1..parts).map(|part| {
            let shift = 0.8 * (draw(&format!("size/{}/{grid}/{part}", self.seed)) - 0.5);
            let decades = (f64::from(part) + shift) / f64::from(self.sizes_a_decade);
            Bytes((from * 10_f64.powf(decades)).round() as u64)
        });
        [self.from].into_iter().chain(inner).chain([program.to]).collect()
    }
}

/// A number from 0 up to 1 that depends on `what` alone.
fn draw(what: &str) -> f64 {
    let hash = Sha256::digest(what);
    let bits = u64::from_be_bytes(hash[..8].try_into().expect("eight of 32 bytes"));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench() -> Manifest {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
        Manifest::load(root).unwrap()
    }

    #[test]
    fn sizes_are_dense_ascending_and_end_where_they_should() {
        let manifest = bench();
        for program in &manifest.programs {
            let sizes = manifest.sizes(program);
            assert_eq!((sizes[0], *sizes.last().unwrap()), (Bytes(10_000), program.to));
            for pair in sizes.windows(2) {
                let step = pair[1].0 as f64 / pair[0].0 as f64;
                assert!((1.02..2.0).contains(&step), "{}: {pair:?}", program.name);
            }
        }
    }

    #[test]
    fn both_halves_hold_every_class_of_which_there_are_two_programs() {
        let manifest = bench();
        let mut classes: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
        for program in &manifest.programs {
            let held_out = manifest.half(program) == Half::Holdout;
            classes.entry(&program.class).or_default().push(held_out);
        }
        for (class, halves) in classes.iter().filter(|(_, halves)| halves.len() > 1) {
            assert!(halves.contains(&true) && halves.contains(&false), "{class}: {halves:?}");
        }
    }

    #[test]
    fn a_program_that_comes_later_moves_no_other() {
        let mut manifest = bench();
        let before: Vec<Half> = manifest.programs.iter().map(|one| manifest.half(one)).collect();
        manifest.programs.reverse();
        let after: Vec<Half> =
            manifest.programs.iter().rev().map(|one| manifest.half(one)).collect();
        assert_eq!(before, after);
    }

    #[test]
    fn what_is_wrong_in_the_bench_is_said_with_its_place() {
        let text = |program: &str| {
            let text = format!(
                "seed = 1\nsizes_a_decade = 7\nfrom = \"10 KB\"\n[group.a]\nprogram = [{program}]\n"
            );
            Manifest::parse(&Source::from_text("bench.toml", &text)).unwrap_err().to_string()
        };
        let one = r#"{ name = "a", class = "O(1)", command = ["cat"] }"#;
        assert!(text(&format!("{one}, {one}")).contains("names the program `a` twice"));
        assert!(
            text(r#"{ name = "a", class = "O(1)", command = [] }"#).contains("empty `command`")
        );
        assert!(text(r#"{ name = "a", klass = "O(1)" }"#).contains("bench.toml:5:"));
    }
}
