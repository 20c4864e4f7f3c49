//! `[grid]`: techniques that are on or off, and the variants that every combination of them makes. Of
//! the full factorial a fraction may be declared, as in Box, Hunter and Hunter (2005), *Statistics for
//! Experimenters*, chapter 6: `codebook = layout * stream * pool` runs only the combinations in which
//! `codebook` is on exactly where the product of the others' signs is positive.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use record::units::Bytes;

use super::{Layout, Level, Program, Switches, Variant};

/// A factorial of variants, instead of a list. Each technique takes one value (fixed) or two (the first
/// counts as off, the second as on).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawGrid {
    /// Effort of all variants.
    pub(crate) level: Option<Level>,
    /// Layouts of the tree.
    #[serde(default)]
    pub(crate) layout: Vec<Layout>,
    /// Hold a bounded window instead of the whole document.
    #[serde(default)]
    pub(crate) stream: Vec<bool>,
    /// Reuse buffers.
    #[serde(default)]
    pub(crate) pool: Vec<bool>,
    /// Touch tables on first use.
    #[serde(default)]
    pub(crate) lazy: Vec<bool>,
    /// Find whole items in history.
    #[serde(default)]
    pub(crate) prune: Vec<bool>,
    /// Learn segments.
    #[serde(default)]
    pub(crate) codebook: Vec<bool>,
    /// Extrapolate integers.
    #[serde(default)]
    pub(crate) delta: Vec<bool>,
    /// Code adaptively.
    #[serde(default)]
    pub(crate) pack: Vec<bool>,
    /// Generators of a fraction, such as `codebook = layout * stream * pool`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) fraction: Vec<Spanned<String>>,
    /// What techniques were said to save, to stand beside what is measured.
    #[serde(default)]
    pub(crate) estimate: Vec<RawEstimate>,
}

/// An earlier estimate of what a technique saves at peak.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEstimate {
    /// The technique.
    #[schemars(with = "String")]
    pub(crate) technique: Spanned<String>,
    /// Least and most peak memory it was said to save.
    #[schemars(with = "Vec<String>")]
    pub(crate) saves: [Spanned<String>; 2],
    /// Who said so.
    pub(crate) source: String,
}

/// A grid with its members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    pub technique: Vec<Technique>,
    /// Empty for the full factorial.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fraction: Vec<Generator>,
    pub member: Vec<Member>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub estimate: Vec<Estimate>,
}

/// A technique with its two values in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Technique {
    pub name: String,
    pub off: String,
    pub on: String,
}

/// `technique` is on where the product of the signs of `of` is positive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    pub technique: String,
    pub of: Vec<String>,
}

/// A variant with the state of each technique.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub variant: String,
    pub on: Vec<bool>,
}

/// What a technique was said to save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    pub technique: String,
    pub saves_at_least: Bytes,
    pub saves_at_most: Bytes,
    pub source: String,
}

/// A value that a technique can have.
#[derive(Debug, Clone, Copy)]
enum Setting {
    Layout(Layout),
    Switch(bool),
}

/// The text that is wrong (none for the whole grid), and what is wrong with it.
pub(crate) type Refusal<'a> = (Option<&'a Spanned<String>>, String);

type Factor = (&'static str, Vec<Setting>);

impl RawGrid {
    /// The grid and its variants, or what is wrong with which text (none for the whole grid).
    pub(crate) fn resolve(&self) -> Result<(Grid, Vec<Variant>), Refusal<'_>> {
        let factors = self.factors();
        if let Some((name, values)) = factors.iter().find(|(_, values)| values.len() > 2) {
            return Err((
                None,
                format!("`grid.{name}` has {} values; write one or two", values.len()),
            ));
        }
        let technique: Vec<Technique> = factors.iter().filter_map(technique).collect();
        if technique.is_empty() {
            let message = "`grid` has no technique with two values; write `pool = [false, true]`";
            return Err((None, message.to_owned()));
        }
        let fraction = self.generators(&technique)?;
        let mut variants = Vec::new();
        let mut member = Vec::new();
        for bits in 0..1_usize << technique.len() {
            let on: Vec<bool> = (0..technique.len()).map(|at| bits >> at & 1 == 1).collect();
            if fraction.iter().all(|generator| generator.keeps(&technique, &on)) {
                let variant = self.variant(&factors, &on);
                member.push(Member { variant: variant.name.clone(), on });
                variants.push(variant);
            }
        }
        let estimate = self.estimates(&technique)?;
        Ok((Grid { technique, fraction, member, estimate }, variants))
    }

    fn factors(&self) -> Vec<Factor> {
        let switches = |values: &[bool]| values.iter().copied().map(Setting::Switch).collect();
        let layouts = self.layout.iter().copied().map(Setting::Layout).collect();
        vec![
            ("layout", layouts),
            ("stream", switches(&self.stream)),
            ("pool", switches(&self.pool)),
            ("lazy", switches(&self.lazy)),
            ("prune", switches(&self.prune)),
            ("codebook", switches(&self.codebook)),
            ("delta", switches(&self.delta)),
            ("pack", switches(&self.pack)),
        ]
    }

    fn generators(&self, techniques: &[Technique]) -> Result<Vec<Generator>, Refusal<'_>> {
        let known = |name: &&str| techniques.iter().any(|of| of.name == **name);
        let mut seen = BTreeSet::new();
        let parse = |text: &Spanned<String>| {
            let (technique, product) = text.get_ref().split_once('=')?;
            let of: Vec<&str> = product.split('*').map(str::trim).collect();
            let technique = technique.trim();
            let valid = known(&technique) && of.iter().all(known) && !of.contains(&technique);
            let own = |name: &&str| Some((*name).to_owned());
            valid.then_some(Generator {
                technique: technique.to_owned(),
                of: of.iter().filter_map(own).collect(),
            })
        };
        let mut found = Vec::new();
        for text in &self.fraction {
            let generator = parse(text).filter(|of| seen.insert(of.technique.clone()));
            found.push(generator.ok_or_else(|| {
                let names: Vec<String> =
                    techniques.iter().map(|of| format!("`{}`", of.name)).collect();
                let message = format!(
                    "`grid.fraction` holds `{}`; write `technique = one * other * ..`, each of {} \
                     generated once at most",
                    text.get_ref(),
                    names.join(", ")
                );
                (Some(text), message)
            })?);
        }
        Ok(found)
    }

    fn estimates(&self, techniques: &[Technique]) -> Result<Vec<Estimate>, Refusal<'_>> {
        let bytes = |text: &'_ Spanned<String>| text.get_ref().parse::<Bytes>();
        self.estimate
            .iter()
            .map(|raw| {
                if !techniques.iter().any(|of| of.name == *raw.technique.get_ref()) {
                    let message = format!(
                        "`grid.estimate.technique` holds `{}`, which has no two values in `grid`",
                        raw.technique.get_ref()
                    );
                    return Err((Some(&raw.technique), message));
                }
                let [least, most] = &raw.saves;
                let refused =
                    |text, found| (Some(text), format!("`grid.estimate.saves` holds {found}"));
                Ok(Estimate {
                    technique: raw.technique.get_ref().clone(),
                    saves_at_least: bytes(least).map_err(|found| refused(least, found))?,
                    saves_at_most: bytes(most).map_err(|found| refused(most, found))?,
                    source: raw.source.trim().to_owned(),
                })
            })
            .collect()
    }

    /// The variant in which the techniques of two values are on or off, named for what is on.
    fn variant(&self, factors: &[Factor], on: &[bool]) -> Variant {
        let mut states = on.iter();
        let mut encode = Switches { level: self.level, ..Switches::default() };
        let mut parts = Vec::new();
        for (name, values) in factors {
            let setting = match values.as_slice() {
                [] => continue,
                [only] => *only,
                [off, on, ..] => *if states.next() == Some(&true) { on } else { off },
            };
            if values.len() == 2 {
                match setting {
                    Setting::Layout(_) => parts.push(setting.word()),
                    Setting::Switch(true) => parts.push(name),
                    Setting::Switch(false) => {}
                }
            }
            set(&mut encode, name, setting);
        }
        let name = if parts.is_empty() { "none".to_owned() } else { parts.join("+") };
        Variant { name, about: String::new(), optional: false, program: Program::Sigma { encode } }
    }
}

fn technique((name, values): &Factor) -> Option<Technique> {
    let [off, on] = values.as_slice() else { return None };
    Some(Technique {
        name: (*name).to_owned(),
        off: off.word().to_owned(),
        on: on.word().to_owned(),
    })
}

fn set(encode: &mut Switches, name: &str, setting: Setting) {
    let Setting::Switch(on) = setting else {
        if let Setting::Layout(layout) = setting {
            encode.layout = Some(layout);
        }
        return;
    };
    let switch = match name {
        "stream" => &mut encode.stream,
        "pool" => &mut encode.pool,
        "lazy" => &mut encode.lazy,
        "prune" => &mut encode.prune,
        "codebook" => &mut encode.codebook,
        "delta" => &mut encode.delta,
        _ => &mut encode.pack,
    };
    *switch = Some(on);
}

impl Setting {
    fn word(self) -> &'static str {
        match self {
            Setting::Layout(Layout::Boxed) => "boxed",
            Setting::Layout(Layout::Flat) => "flat",
            Setting::Switch(true) => "on",
            Setting::Switch(false) => "off",
        }
    }
}

impl Generator {
    fn keeps(&self, techniques: &[Technique], on: &[bool]) -> bool {
        let state = |name: &String| {
            techniques.iter().position(|of| of.name == *name).is_some_and(|at| on[at])
        };
        let off = self.of.iter().filter(|name| !state(name)).count();
        state(&self.technique) == (off % 2 == 0)
    }
}

impl Grid {
    /// The defining words of the fraction: sets of techniques whose product of signs is the same in
    /// every variant, shortest first. None for the full factorial.
    pub fn words(&self) -> Vec<Vec<String>> {
        let generators: Vec<BTreeSet<&String>> =
            self.fraction.iter().map(|of| of.of.iter().chain([&of.technique]).collect()).collect();
        let mut words: Vec<Vec<String>> = (1..1_usize << generators.len())
            .map(|chosen| {
                let mut counts: BTreeMap<&String, u32> = BTreeMap::new();
                let picked = generators.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
                for name in picked.flat_map(|(_, word)| word) {
                    *counts.entry(name).or_default() += 1;
                }
                let odd = |name: &&String| counts.get(name).is_some_and(|count| count % 2 == 1);
                self.technique.iter().map(|of| &of.name).filter(odd).cloned().collect()
            })
            .collect();
        words.sort_by_key(Vec::len);
        words
    }

    /// Variants that the full factorial would have.
    pub fn full(&self) -> usize {
        1 << self.technique.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(text: &str) -> Result<(Grid, Vec<Variant>), String> {
        let raw: RawGrid = toml::from_str(text).unwrap();
        raw.resolve().map_err(|(_, message)| message)
    }

    #[test]
    fn the_full_factorial_has_every_combination_once_with_a_name_of_its_own() {
        let text = "layout = [\"boxed\", \"flat\"]\npool = [false, true]\nstream = [false]";
        let (grid, variants) = grid(text).unwrap();
        let names: Vec<&str> = variants.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(names, ["boxed", "flat", "boxed+pool", "flat+pool"]);
        assert_eq!(grid.member[2].on, [false, true]);
        let Program::Sigma { encode } = &variants[3].program else { panic!("not sigma") };
        assert_eq!(encode.arguments(), ["--layout=flat", "--stream=off", "--pool=on"]);
        assert!(grid.words().is_empty());
    }

    #[test]
    fn a_fraction_keeps_what_its_generators_say_and_knows_its_words() {
        let text = "stream = [false, true]\npool = [false, true]\nlazy = [false, true]\n\
                    fraction = [\"lazy = stream * pool\"]";
        let (grid, variants) = grid(text).unwrap();
        let names: Vec<&str> = variants.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(names, ["stream", "pool", "lazy", "stream+pool+lazy"]);
        assert_eq!(grid.words(), [["stream", "pool", "lazy"]]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(grid("pool = [true]").unwrap_err().contains("no technique with two values"));
        let two = "pool = [false, true]\nlazy = [false, true]\n";
        for wrong in ["pool", "pool = pool", "pool = zip", "pack = lazy"] {
            let message = grid(&format!("{two}fraction = [\"{wrong}\"]")).unwrap_err();
            assert!(message.contains("`pool`, `lazy`"), "{message}");
        }
    }
}
