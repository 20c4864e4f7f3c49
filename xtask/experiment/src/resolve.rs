//! From what the TOML says to what it means: units parsed, defaults filled in, names checked. Every
//! refusal points at file, line and column and says what was found and what is allowed.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

use record::metric::{Metric, Unit};
use record::units::{Bytes, Nanos, Share};

use super::criterion::{BoundUnit, Expects, Limit, Sizes, bound_in};
use super::data::{Data, RawData};
use super::fill;
use super::foreign::{Check, Foreign, Hooks, Output, Sameness};
use super::generator::{Generator, RawGenerators};
use super::grid::{Grid, RawGrid};
use super::matrix::RawMatrix;
use super::placeholder::{self, Placeholder};
use super::profile::{Profile, profile_names};
use super::raw::{
    RawCheck, RawCriterion, RawExperiment, RawFit, RawInput, RawMeasure, RawRepeat, RawRuns,
    RawVariant, parse,
};
use super::reading::{RawMetric, Reading};
use super::sizes::{self, RawSizes};
use super::source::Source;
use super::{
    Auto, Criterion, Experiment, Fit, Input, Measure, Program, Repeat, Variant, default_margin,
};
use crate::error::UserError;

type Resolved<T> = Result<T, UserError>;

/// Largest document that a sweep may ask for.
const SIZE_MAX: Bytes = Bytes(100_000_000_000);

/// Most blocks of one kind.
const BLOCKS_MAX: u32 = 10_000;

/// Resolves the experiment in `source`; files are looked up from its folder, `home`, and known by their
/// path from `root`.
pub(crate) fn resolve(source: &Source, root: &Path, home: &Path) -> Resolved<Experiment> {
    let raw: RawExperiment =
        parse(source.text()).map_err(|m| source.error(&m.span, sentence(&m.message)))?;
    let at = Resolver { source, root, home };
    let data = raw.data.as_ref().map(|data| at.data(data)).transpose()?;
    let input = match (&raw.input, &data) {
        (Some(input), None) => at.input(input)?,
        (None, Some(_)) => Input::default(),
        (Some(input), Some(_)) => {
            let message = "`input` stands beside `data`, of which nothing is measured; write one";
            return Err(at.error(&input.span(), message));
        }
        (None, None) => {
            let message =
                "missing key `input`; write `[input]` with `profiles` and `sizes`, or `[data]`";
            return Err(at.error(&(0..0), message));
        }
    };
    let measure = at.measure(&raw.measure, &input)?;
    let (grid, members) = at.grid(raw.grid.as_ref())?;
    let listed = at.matrix(raw.matrix.as_ref(), raw.variant)?;
    let variant = match data.is_some() {
        true => Vec::new(),
        false => at.variants(&listed, members)?,
    };
    let metric = at.readings(&raw.metric)?;
    let own: Vec<Metric> = metric.iter().map(|reading| reading.metric).collect();
    let fit = at.fit(&raw.fit, &variant, &own)?;
    at.counted(&raw.fit, &fit, &measure)?;
    let names = Names {
        variants: variant.iter().map(|v| v.name.clone()).collect(),
        profiles: profile_names(&input),
        own,
    };
    let criterion = at.criteria(&raw.criterion, &names, &measure)?;
    let analysis = at.analysis(raw.analysis.as_ref(), &names, &fit)?;
    let input = with_named_sizes(input, &measure, &criterion, &analysis);
    Ok(Experiment {
        title: at.text("title", &raw.title)?,
        question: at.text("question", &raw.question)?,
        expect: raw.expect.unwrap_or_default().trim().to_owned(),
        analysis,
        input,
        measure,
        variant,
        grid,
        data,
        build: raw.build,
        metric,
        fit,
        criterion,
    })
}

/// Where sizes are chosen while measuring, those that are looked at by name are among the first.
fn with_named_sizes(
    mut input: Input,
    measure: &Measure,
    criteria: &[Criterion],
    analysis: &str,
) -> Input {
    let Some(Auto { from, to, .. }) = input.auto else { return input };
    let of_criteria = criteria.iter().filter_map(|of| match of.expects {
        Expects::Value { sizes: Sizes::At(size), .. }
        | Expects::Cv { sizes: Sizes::At(size), .. } => Some(size),
        _ => None,
    });
    // A placeholder's last field is a measured size, or something else that is no size.
    let last = |span: Range<usize>| analysis[span.start + 1..span.end - 1].rsplit('/').next();
    let in_prose = placeholder::spans(analysis).into_iter().filter_map(last);
    let in_prose = in_prose.filter_map(|text| text.trim().parse::<Bytes>().ok());
    let of_measure = measure.timeline.iter().copied().chain(measure.repeat.map(|of| of.at));
    let named = of_criteria.chain(in_prose).chain(of_measure);
    input.sizes.extend(named.filter(|size| (from..=to).contains(size)));
    input.sizes.sort_unstable();
    input.sizes.dedup();
    input
}

/// What criteria and prose may refer to.
struct Names {
    variants: Vec<String>,
    profiles: Vec<String>,
    /// Metrics that the experiment declares.
    own: Vec<Metric>,
}

struct Resolver<'a> {
    source: &'a Source,
    root: &'a Path,
    home: &'a Path,
}

impl Resolver<'_> {
    fn error(&self, span: &Range<usize>, message: impl std::fmt::Display) -> UserError {
        self.source.error(span, message)
    }

    /// A text that must not be empty.
    fn text(&self, key: &str, text: &Spanned<String>) -> Resolved<String> {
        match text.get_ref().trim() {
            "" => Err(self.error(&text.span(), format!("`{key}` is empty; write a sentence"))),
            text => Ok(text.to_owned()),
        }
    }

    /// One quantity, written as text.
    fn quantity<T: std::str::FromStr<Err = String>>(
        &self,
        key: &str,
        text: &Spanned<String>,
    ) -> Resolved<T> {
        text.get_ref()
            .parse()
            .map_err(|found: String| self.error(&text.span(), format!("`{key}` holds {found}")))
    }

    /// A list of quantities or names without duplicates.
    fn list<T: std::str::FromStr<Err = String> + PartialEq>(
        &self,
        key: &str,
        texts: &[Spanned<String>],
    ) -> Resolved<Vec<T>> {
        self.list_of(key, texts, str::parse)
    }

    fn list_of<T: PartialEq>(
        &self,
        key: &str,
        texts: &[Spanned<String>],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Resolved<Vec<T>> {
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            let value = parse(text.get_ref())
                .map_err(|found| self.error(&text.span(), format!("`{key}` holds {found}")))?;
            if values.contains(&value) {
                let message = format!("`{key}` holds `{}` twice; name each once", text.get_ref());
                return Err(self.error(&text.span(), message));
            }
            values.push(value);
        }
        Ok(values)
    }

    fn input(&self, raw: &Spanned<RawInput>) -> Resolved<Input> {
        let RawInput { profiles, sizes, seed, repeated, files, folders, generate } = raw.get_ref();
        let profiles: Vec<Profile> = self.list("input.profiles", profiles)?;
        let (parsed, auto) = self.swept_sizes(sizes)?;
        let files = self.files("input.files", files)?;
        let repeated = self.files("input.repeated", repeated)?;
        let folders = self.found("input.folders", folders, Path::is_dir, "folder")?;
        let generate =
            generate.as_ref().map(|of| self.generators(of)).transpose()?.unwrap_or_default();
        let swept = !(profiles.is_empty() && repeated.is_empty() && generate.is_empty());
        if swept == parsed.is_empty() || (!swept && files.is_empty() && folders.is_empty()) {
            let message = "`input` makes no documents; name at least one of `profiles` (or \
                           `repeated`, `generate`) and one of `sizes`, or `files` or `folders`";
            return Err(self.error(&raw.span(), message));
        }
        let input = Input {
            profiles,
            sizes: parsed,
            auto,
            seed: *seed,
            repeated,
            files,
            folders,
            generate,
        };
        self.distinct_documents(raw, &input)?;
        Ok(input)
    }

    /// The sizes of the sweep, ascending; where more are chosen while measuring, the smallest alone.
    fn swept_sizes(&self, raw: &RawSizes) -> Resolved<(Vec<Bytes>, Option<Auto>)> {
        match raw {
            RawSizes::List(list) => {
                let mut sizes: Vec<Bytes> = self.list("input.sizes", list)?;
                if let Some(index) = sizes.iter().position(|size| *size > SIZE_MAX) {
                    let message = too_large("input.sizes", sizes[index]);
                    return Err(self.error(&list[index].span(), message));
                }
                sizes.sort_unstable();
                Ok((sizes, None))
            }
            RawSizes::Auto => Ok((vec![sizes::AUTO.from], Some(sizes::AUTO))),
            RawSizes::Range(range) => {
                let refuse = |refused| self.range_refused(refused);
                let auto = range.is_auto().then(|| range.resolve_auto().map_err(refuse));
                let auto = auto.transpose()?;
                let sizes = match auto {
                    None => range.resolve().map_err(refuse)?,
                    Some(auto) => vec![auto.from],
                };
                let largest = auto.map(|auto| auto.to).or(sizes.last().copied());
                match largest.filter(|size| *size > SIZE_MAX) {
                    None => Ok((sizes, auto)),
                    Some(largest) => {
                        let message = too_large("input.sizes.to", largest);
                        Err(self.error(&range.to.span(), message))
                    }
                }
            }
        }
    }

    fn range_refused(&self, refused: sizes::Refusal<'_>) -> UserError {
        match refused {
            sizes::Refusal::Size(key, text, found) => {
                self.error(&text.span(), format!("`{key}` holds {found}"))
            }
            sizes::Refusal::PerDecade(number, found) => {
                let message = format!("`input.sizes.per_decade` holds {found}");
                self.error(&number.span(), message)
            }
        }
    }

    /// A size that some part of the experiment looks at must be one that is measured; among chosen sizes it
    /// is measured with the first.
    fn is_measured(input: &Input, size: Bytes) -> bool {
        let in_range = |auto: &Auto| (auto.from..=auto.to).contains(&size);
        input.sizes.contains(&size) || input.auto.as_ref().is_some_and(in_range)
    }

    /// The files that the patterns name; a pattern that names none is an error.
    fn files(&self, key: &str, patterns: &[Spanned<String>]) -> Resolved<Vec<PathBuf>> {
        self.found(key, patterns, Path::is_file, "file")
    }

    /// The programs that make documents.
    fn generators(&self, raw: &Spanned<RawGenerators>) -> Resolved<Vec<Generator>> {
        let generator = |(name, line): &(String, Spanned<Vec<String>>)| {
            let span = if line.span().is_empty() { raw.span() } else { line.span() };
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
            if name.is_empty() || !name.chars().all(fits) {
                let message = format!(
                    "`input.generate` names `{}`; use letters, digits and `-_.+`",
                    name.escape_debug()
                );
                return Err(self.error(&span, message));
            }
            let line = Spanned::new(span, line.get_ref().clone());
            let command = self.command("input.generate", &line)?;
            Ok(Generator { name: name.clone(), command })
        };
        raw.get_ref().0.iter().map(generator).collect()
    }

    /// What the patterns name of one kind.
    fn found(
        &self,
        key: &str,
        patterns: &[Spanned<String>],
        is_wanted: fn(&Path) -> bool,
        kind: &str,
    ) -> Resolved<Vec<PathBuf>> {
        let mut files = BTreeSet::new();
        for pattern in patterns {
            let refuse = |what: &str| {
                let message = format!(
                    "`{key}` holds `{}`, {what}; write a path relative to this file, \
                     `*` and `?` match",
                    pattern.get_ref()
                );
                self.error(&pattern.span(), message)
            };
            let absolute = self.home.join(pattern.get_ref());
            let found =
                glob::glob(&absolute.to_string_lossy()).map_err(|error| refuse(error.msg))?;
            let before = files.len();
            for path in found.filter_map(Result::ok).filter(|path| is_wanted(path)) {
                files.insert(self.known_as(&path));
            }
            if files.len() == before {
                return Err(refuse(&format!("which names no {kind} that is not named already")));
            }
        }
        self.distinct_file_names(key, patterns, &files)?;
        Ok(files.into_iter().collect())
    }

    /// The path by which a file is recorded: from the root, wherever the project lies.
    fn known_as(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root).unwrap_or(path).to_owned()
    }

    /// Samples know a document by its name and size alone.
    fn distinct_documents(&self, raw: &Spanned<RawInput>, input: &Input) -> Resolved<()> {
        // What the laboratory's own rows are of.
        const TAKEN: [&str; 2] = ["empty", "probe"];
        let mut names: BTreeSet<String> = TAKEN.map(ToOwned::to_owned).into();
        match profile_names(input).into_iter().find(|name| !names.insert(name.clone())) {
            None => Ok(()),
            Some(twice) => {
                let message = format!(
                    "two documents of `input` are called `{twice}`: a file may not share its name \
                     with a profile, with another file (repeated ones are known without their \
                     extension), or be called `empty` or `probe`; rename one"
                );
                Err(self.error(&raw.span(), message))
            }
        }
    }

    /// Tables name a document by its file name alone, so that must be unique.
    fn distinct_file_names(
        &self,
        key: &str,
        patterns: &[Spanned<String>],
        files: &BTreeSet<PathBuf>,
    ) -> Resolved<()> {
        let mut names = BTreeSet::new();
        match files.iter().find(|file| !names.insert(file.file_name())) {
            None => Ok(()),
            Some(twice) => {
                let message = format!(
                    "`{key}` names two files called `{}`; give each its own name",
                    twice.file_name().unwrap_or_default().display()
                );
                Err(self.error(&patterns[0].span(), message))
            }
        }
    }

    fn measure(&self, raw: &RawMeasure, input: &Input) -> Resolved<Measure> {
        let (runs_min, runs_max, precision) = match &raw.runs {
            None => (5, 5, None),
            Some(runs) => self.runs(runs)?,
        };
        let timeout = raw.timeout.as_ref().map(|text| self.quantity("measure.timeout", text));
        let memory_limit =
            raw.memory_limit.as_ref().map(|text| self.quantity("measure.memory_limit", text));
        let repeat = raw.repeat.as_ref().map(|repeat| self.repeat(repeat, input));
        Ok(Measure {
            warmup: self.warmup(raw)?,
            runs_min,
            runs_max,
            precision,
            timeout: timeout.transpose()?.unwrap_or(Nanos(60_000_000_000)),
            memory_limit: memory_limit.transpose()?,
            output_limit: raw
                .output_limit
                .as_ref()
                .map(|text| self.quantity("measure.output_limit", text))
                .transpose()?
                .unwrap_or_default(),
            layout_noise: raw.layout_noise.unwrap_or(false),
            pin: raw.pin.unwrap_or_default(),
            after_failure: raw.after_failure.unwrap_or(false),
            decode: raw.decode.unwrap_or(false),
            seed: raw.seed.unwrap_or(1),
            heap: raw.heap.unwrap_or(false),
            timeline: self.timeline(&raw.timeline, input)?,
            repeat: repeat.transpose()?,
        })
    }

    fn warmup(&self, raw: &RawMeasure) -> Resolved<u32> {
        match &raw.warmup {
            None => Ok(1),
            Some(warmup) if *warmup.get_ref() <= BLOCKS_MAX => Ok(*warmup.get_ref()),
            Some(warmup) => {
                let message =
                    format!("`measure.warmup` is {}; write at most {BLOCKS_MAX}", warmup.get_ref());
                Err(self.error(&warmup.span(), message))
            }
        }
    }

    fn timeline(&self, sizes: &[Spanned<String>], input: &Input) -> Resolved<Vec<Bytes>> {
        let timeline: Vec<Bytes> = self.list("measure.timeline", sizes)?;
        match timeline.iter().position(|size| !Self::is_measured(input, *size)) {
            None => Ok(timeline),
            Some(index) => {
                let message = format!(
                    "`measure.timeline` holds `{}`; write some of `input.sizes`: {}",
                    timeline[index],
                    quoted(&input.sizes)
                );
                Err(self.error(&sizes[index].span(), message))
            }
        }
    }

    fn repeat(&self, raw: &Spanned<RawRepeat>, input: &Input) -> Resolved<Repeat> {
        let RawRepeat { count, at } = raw.get_ref();
        if *count < 20 {
            let message =
                format!("`measure.repeat.count` is {count}; a trend needs at least 20 repetitions");
            return Err(self.error(&raw.span(), message));
        }
        let size: Bytes = self.quantity("measure.repeat.at", at)?;
        if !Self::is_measured(input, size) {
            let message = format!(
                "`measure.repeat.at` holds `{size}`; write one of `input.sizes`: {}",
                quoted(&input.sizes)
            );
            return Err(self.error(&at.span(), message));
        }
        Ok(Repeat { count: *count, at: size })
    }

    fn runs(&self, runs: &Spanned<RawRuns>) -> Resolved<(u32, u32, Option<Share>)> {
        let RawRuns { min, max, precision } = runs.get_ref();
        if *min < 1 || max < min || *max > BLOCKS_MAX {
            let message = format!(
                "`measure.runs` is {{ min = {min}, max = {max} }}; write 1 <= min <= max <= {BLOCKS_MAX}"
            );
            return Err(self.error(&runs.span(), message));
        }
        let precision =
            precision.as_ref().map(|text| self.quantity("measure.runs.precision", text));
        Ok((*min, *max, precision.transpose()?))
    }

    fn data(&self, raw: &RawData) -> Resolved<Data> {
        let data = raw.resolve().map_err(|(text, message)| self.error(&text.span(), message))?;
        let path = self.home.join(&data.file);
        if path.is_file() {
            return Ok(Data { file: self.known_as(&path), ..data });
        }
        let message = format!(
            "`data.file` holds `{}`, which is no file; write a path relative to this file",
            data.file.display()
        );
        Err(self.error(&raw.file.span(), message))
    }

    /// The grid and the variants it makes.
    fn grid(&self, raw: Option<&Spanned<RawGrid>>) -> Resolved<(Option<Grid>, Vec<Variant>)> {
        let Some(raw) = raw else { return Ok((None, Vec::new())) };
        let (grid, variants) = raw.get_ref().resolve().map_err(|(text, message)| {
            self.error(&text.map_or_else(|| raw.span(), Spanned::span), message)
        })?;
        Ok((Some(grid), variants))
    }

    /// The variants that are listed, those that name parameters once for every combination.
    fn matrix(
        &self,
        raw: Option<&Spanned<RawMatrix>>,
        listed: Vec<Spanned<RawVariant>>,
    ) -> Resolved<Vec<Spanned<RawVariant>>> {
        let Some(raw) = raw else { return Ok(listed) };
        raw.get_ref()
            .expand(&listed)
            .map_err(|(span, message)| self.error(&span.unwrap_or_else(|| raw.span()), message))
    }

    /// The variants that are listed, then those of the grid.
    fn variants(
        &self,
        raw: &[Spanned<RawVariant>],
        of_grid: Vec<Variant>,
    ) -> Resolved<Vec<Variant>> {
        let mut names: BTreeSet<String> = of_grid.iter().map(|of| of.name.clone()).collect();
        let mut variants = Vec::with_capacity(raw.len());
        for variant in raw {
            let variant = self.variant(variant)?;
            if !names.insert(variant.name.clone()) {
                let span = raw[variants.len()].get_ref().name.span();
                let message =
                    format!("`variant.name` `{}` is used twice; name each once", variant.name);
                return Err(self.error(&span, message));
            }
            variants.push(variant);
        }
        variants.extend(of_grid);
        if variants.is_empty() {
            let message = "no `[[variant]]` and no `[grid]`; write at least one, with `name` and `encode` or \
                           `command`";
            return Err(self.error(&(0..0), message));
        }
        Ok(variants)
    }

    fn variant(&self, raw: &Spanned<RawVariant>) -> Resolved<Variant> {
        let RawVariant { name, about, encode, command, optional, .. } = raw.get_ref();
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
        if name.get_ref().is_empty() || !name.get_ref().chars().all(fits) {
            let message = format!(
                "`variant.name` is `{}`; use letters, digits and `-_.+`",
                name.get_ref().escape_debug()
            );
            return Err(self.error(&name.span(), message));
        }
        let program = match (encode, command) {
            (Some(encode), None) => {
                self.of_commands_alone(raw.get_ref())?;
                Program::Sigma { encode: encode.clone() }
            }
            (None, Some(command)) => {
                Program::Command(Box::new(self.foreign(raw.get_ref(), command)?))
            }
            _ => {
                let message = format!(
                    "variant `{}` has {} of `encode` and `command`; write exactly one",
                    name.get_ref(),
                    if encode.is_some() { "both" } else { "none" }
                );
                return Err(self.error(&name.span(), message));
            }
        };
        let about = about.clone().unwrap_or_default().trim().to_owned();
        Ok(Variant {
            name: name.get_ref().clone(),
            about,
            optional: optional.unwrap_or(false),
            program,
        })
    }

    /// What is said of commands does not stand beside `encode`.
    fn of_commands_alone(&self, raw: &RawVariant) -> Resolved<()> {
        if let Some(decode) = &raw.decode {
            let message = "`decode` stands beside `encode`; sigma decodes its own output";
            return Err(self.error(&decode.span(), message));
        }
        let lines = [&raw.build, &raw.setup, &raw.prepare, &raw.conclude, &raw.cleanup];
        let texts = [&raw.output, &raw.timeout];
        let spans = lines.into_iter().flatten().map(Spanned::span);
        let mut spans = spans
            .chain(texts.into_iter().flatten().map(Spanned::span))
            .chain(raw.check.iter().map(Spanned::span))
            .chain(raw.exit_codes.iter().map(Spanned::span));
        match (spans.next(), raw.cwd.is_some() || !raw.env.is_empty() || raw.version.is_some()) {
            (None, false) => Ok(()),
            (span, _) => {
                let message = "beside `encode` only `name`, `about` and `optional` may stand; the rest is \
                               said of a `command`";
                Err(self.error(&span.unwrap_or_else(|| raw.name.span()), message))
            }
        }
    }

    fn foreign(&self, raw: &RawVariant, command: &Spanned<Vec<String>>) -> Resolved<Foreign> {
        let line = |key, line: &Option<Spanned<Vec<String>>>| {
            line.as_ref().map(|line| self.command(key, line)).transpose()
        };
        let foreign = Foreign {
            command: self.command("command", command)?,
            output: self.output(raw, command.get_ref())?,
            decode: line("decode", &raw.decode)?,
            check: raw.check.as_ref().map(|check| self.check(check)).transpose()?,
            version: raw.version.clone(),
            env: raw.env.clone(),
            cwd: raw.cwd.clone(),
            exit_codes: raw.exit_codes.as_ref().map(|of| of.get_ref().clone()).unwrap_or_default(),
            timeout: raw
                .timeout
                .as_ref()
                .map(|text| self.quantity("variant.timeout", text))
                .transpose()?,
            build: line("build", &raw.build)?,
            hooks: Hooks {
                setup: line("setup", &raw.setup)?,
                prepare: line("prepare", &raw.prepare)?,
                conclude: line("conclude", &raw.conclude)?,
                cleanup: line("cleanup", &raw.cleanup)?,
            },
        };
        if let Some(codes) = raw.exit_codes.as_ref().filter(|codes| codes.get_ref().is_empty()) {
            let message =
                "`exit_codes` is empty; write those that are no failure, such as `[0, 1]`";
            return Err(self.error(&codes.span(), message));
        }
        if let Some((key, _)) = foreign.env.iter().find(|(key, value)| {
            key.is_empty() || key.contains(['=', '\0']) || value.contains('\0')
        }) {
            let message =
                format!("`env` holds the name `{}`; write `NAME = \"value\"`", key.escape_debug());
            return Err(self.error(&command.span(), message));
        }
        let without = foreign.output == Output::Nothing;
        if let (true, Some(span)) = (
            without && (foreign.decode.is_some() || foreign.checked().is_some()),
            raw.output.as_ref().map(Spanned::span),
        ) {
            let message = "`output` is `none`, of which nothing can be decoded or checked; leave out `decode` \
                           and `check`, or say where the result is";
            return Err(self.error(&span, message));
        }
        Ok(foreign)
    }

    /// Where the result of a command is; it must be said in the command too.
    fn output(&self, raw: &RawVariant, command: &[String]) -> Resolved<Output> {
        let named = fill::any_names(command, "output")
            || raw.env.values().any(|value| fill::names(value, "output"));
        let Some(text) = &raw.output else {
            return Ok(if named { Output::File } else { Output::Stdout });
        };
        let output = Output::from(text.get_ref().clone());
        let refuse = |message: String| Err(self.error(&text.span(), message));
        match &output {
            Output::File | Output::Folder if !named => refuse(format!(
                "`output` is `{}`, but `command` does not say where; write `{{output}}` in it",
                text.get_ref()
            )),
            Output::Stdout | Output::Nothing if named => refuse(format!(
                "`output` is `{}`, but `command` names `{{output}}`; write `file` or `folder`",
                text.get_ref()
            )),
            Output::At(path) if !path.contains(['/', '{']) => refuse(format!(
                "`output` holds `{path}`; write `stdout`, `file`, `folder`, `none`, or a path such as \
                 `{{input}}.gz` or `{{work}}/{path}`"
            )),
            _ => Ok(output),
        }
    }

    fn check(&self, raw: &Spanned<RawCheck>) -> Resolved<Check> {
        match raw.get_ref() {
            RawCheck::Named(name) => match name.as_str() {
                "bytes" => Ok(Check::Named(Sameness::Bytes)),
                "json" => Ok(Check::Named(Sameness::Json)),
                "none" => Ok(Check::Named(Sameness::None)),
                other => {
                    let message = format!(
                        "`check` holds `{other}`; write `bytes`, `json`, `none` or a command"
                    );
                    Err(self.error(&raw.span(), message))
                }
            },
            RawCheck::Command(line) => {
                self.command("check", &Spanned::new(raw.span(), line.clone())).map(Check::Command)
            }
        }
    }

    fn command(&self, key: &str, line: &Spanned<Vec<String>>) -> Resolved<Vec<String>> {
        if line.get_ref().first().is_some_and(|program| !program.is_empty()) {
            Ok(line.get_ref().clone())
        } else {
            let message =
                format!("`{key}` is empty; write [\"program\", \"argument\", ..], no shell");
            Err(self.error(&line.span(), message))
        }
    }

    /// The metrics that programs say of themselves.
    fn readings(&self, raw: &[RawMetric]) -> Resolved<Vec<Reading>> {
        let mut readings: Vec<Reading> = Vec::with_capacity(raw.len());
        for metric in raw {
            let reading =
                metric.resolve().map_err(|(text, message)| self.error(&text.span(), message))?;
            if readings.iter().any(|of| of.metric.key() == reading.metric.key()) {
                let message =
                    format!("`metric.name` `{}` is used twice; name each once", reading.metric);
                return Err(self.error(&metric.name.span(), message));
            }
            readings.push(reading);
        }
        Ok(readings)
    }

    fn fit(&self, raw: &RawFit, variants: &[Variant], own: &[Metric]) -> Resolved<Fit> {
        let mut metrics: Vec<Metric> =
            self.list_of("fit.metrics", &raw.metrics, |name| Metric::find(name, own))?;
        if metrics.is_empty() {
            metrics.push(Metric::PeakRss);
        }
        let mut predict: Vec<Bytes> = self.list("fit.predict", &raw.predict)?;
        predict.sort_unstable();
        let names: Vec<String> = variants.iter().map(|variant| variant.name.clone()).collect();
        let reference = raw.reference.as_ref();
        let margin = raw.margin.as_ref().map(|margin| self.quantity("fit.margin", margin));
        Ok(Fit {
            budget: self.budgets(raw, &metrics)?,
            check_budget: raw.check_budget,
            reference: reference
                .map(|name| self.known("fit.reference", name, &names))
                .transpose()?,
            margin: margin.transpose()?.unwrap_or(default_margin()),
            metrics,
            predict,
        })
    }

    fn budgets(&self, raw: &RawFit, metrics: &[Metric]) -> Resolved<Vec<Bytes>> {
        let mut budgets: Vec<Bytes> = self.list("fit.budget", &raw.budget)?;
        if let (Some(first), false) = (raw.budget.first(), metrics.contains(&Metric::PeakRss)) {
            let message = "`fit.budget` limits peak memory; add `peak_rss` to `fit.metrics`";
            return Err(self.error(&first.span(), message));
        }
        budgets.sort_unstable();
        Ok(budgets)
    }

    /// A metric that is counted needs what counts it.
    fn counted(&self, raw: &RawFit, fit: &Fit, measure: &Measure) -> Resolved<()> {
        let index = fit.metrics.iter().position(|metric| *metric == Metric::PeakHeap);
        match index.filter(|_| !measure.heap) {
            None => Ok(()),
            Some(index) => Err(self.error(
                &raw.metrics[index].span(),
                "`peak_heap` needs the instrumented encoder; write `heap = true` in `[measure]`",
            )),
        }
    }

    fn criteria(
        &self,
        raw: &[Spanned<RawCriterion>],
        names: &Names,
        measure: &Measure,
    ) -> Resolved<Vec<Criterion>> {
        let mut seen = BTreeSet::new();
        let mut criteria = Vec::with_capacity(raw.len());
        for criterion in raw {
            let resolved = self.criterion(criterion.get_ref(), names, measure)?;
            if !seen.insert(resolved.name.clone()) {
                let message =
                    format!("`criterion.name` `{}` is used twice; name each once", resolved.name);
                return Err(self.error(&criterion.get_ref().name.span(), message));
            }
            criteria.push(resolved);
        }
        Ok(criteria)
    }

    fn criterion(
        &self,
        raw: &RawCriterion,
        names: &Names,
        measure: &Measure,
    ) -> Resolved<Criterion> {
        let variants = match &raw.variant {
            None => names.variants.clone(),
            Some(name) => vec![self.known("criterion.variant", name, &names.variants)?],
        };
        let profiles = raw
            .profiles
            .iter()
            .map(|name| self.known("criterion.profiles", name, &names.profiles))
            .collect::<Resolved<Vec<_>>>()?;
        Ok(Criterion {
            name: self.text("criterion.name", &raw.name)?,
            variants,
            profiles: if profiles.is_empty() { names.profiles.clone() } else { profiles },
            required: raw.required.unwrap_or(true),
            expects: self.expects(raw, measure, &names.own)?,
        })
    }

    fn expects(&self, raw: &RawCriterion, measure: &Measure, own: &[Metric]) -> Resolved<Expects> {
        if raw.metric.get_ref() == "memory_given_back" {
            return match measure.repeat {
                Some(_) => Ok(Expects::MemoryGivenBack),
                None => Err(self.error(
                    &raw.metric.span(),
                    "`memory_given_back` needs `measure.repeat`; \
                     write `repeat = { count = 20, at = \"1 MB\" }` in `[measure]`",
                )),
            };
        }
        let metric = Metric::find(raw.metric.get_ref(), own).map_err(|found| {
            let message = format!("`criterion.metric` holds {found} or `memory_given_back`");
            self.error(&raw.metric.span(), message)
        })?;
        match raw.of.as_ref().map(|of| (of, of.get_ref().as_str())) {
            None | Some((_, "value")) => {
                let unit = match metric.unit() {
                    Unit::Bytes => BoundUnit::Bytes,
                    Unit::Nanos => BoundUnit::Nanos,
                    Unit::Count | Unit::Ratio | Unit::Other(_) => BoundUnit::Plain,
                };
                let limit = self.limit(raw, unit)?;
                Ok(Expects::Value { metric, sizes: self.sizes(raw)?, limit })
            }
            Some((_, "cv")) => {
                let limit = self.limit(raw, BoundUnit::Plain)?;
                Ok(Expects::Cv { metric, sizes: self.sizes(raw)?, limit })
            }
            Some((_, "growth")) => {
                Ok(Expects::Growth { metric, limit: self.limit(raw, BoundUnit::Plain)? })
            }
            Some((of, other)) => {
                let message =
                    format!("`criterion.of` holds `{other}`; write `value`, `cv` or `growth`");
                Err(self.error(&of.span(), message))
            }
        }
    }

    fn limit(&self, raw: &RawCriterion, unit: BoundUnit) -> Resolved<Limit> {
        let (bound, limit): (_, fn(f64) -> Limit) = match (&raw.below, &raw.above) {
            (Some(bound), None) => (bound, Limit::Below),
            (None, Some(bound)) => (bound, Limit::Above),
            _ => {
                let message = format!(
                    "criterion `{}` needs exactly one of `below` and `above`",
                    raw.name.get_ref()
                );
                return Err(self.error(&raw.name.span(), message));
            }
        };
        bound_in(unit, bound.get_ref())
            .map(limit)
            .map_err(|found| self.error(&bound.span(), format!("the bound is {found}")))
    }

    fn sizes(&self, raw: &RawCriterion) -> Resolved<Sizes> {
        match (&raw.at, &raw.from) {
            (Some(at), None) => Ok(Sizes::At(self.quantity("criterion.at", at)?)),
            (None, Some(from)) => Ok(Sizes::From(self.quantity("criterion.from", from)?)),
            (None, None) => Ok(Sizes::From(Bytes(0))),
            (Some(at), Some(_)) => {
                Err(self.error(&at.span(), "`at` stands beside `from`; write one of them"))
            }
        }
    }

    fn known(&self, key: &str, name: &Spanned<String>, names: &[String]) -> Resolved<String> {
        if names.contains(name.get_ref()) {
            Ok(name.get_ref().clone())
        } else {
            let message =
                format!("`{key}` holds `{}`; write one of {}", name.get_ref(), quoted(names));
            Err(self.error(&name.span(), message))
        }
    }

    /// The prose, with every `{name}` in it checked.
    fn analysis(
        &self,
        text: Option<&Spanned<String>>,
        names: &Names,
        fit: &Fit,
    ) -> Resolved<String> {
        let Some(text) = text else { return Ok(String::new()) };
        for span in placeholder::spans(text.get_ref()) {
            let name = &text.get_ref()[span.start + 1..span.end - 1];
            check_placeholder(name, names, fit).map_err(|message| {
                // The value's span includes its quotes; find the name itself for the line.
                let inside = &self.source.text()[text.span()];
                let offset = inside.find(&format!("{{{name}}}")).unwrap_or(0);
                let start = text.span().start + offset;
                self.error(&(start..start), format!("`analysis` holds {message}"))
            })?;
        }
        Ok(text.get_ref().trim().to_owned())
    }
}

/// Whether the data can have a value for `{name}`.
fn check_placeholder(name: &str, names: &Names, fit: &Fit) -> Result<(), String> {
    let found = Placeholder::parse(name, &names.own)?;
    let unknown = |what: &str, found: &str, allowed: String| {
        Err(format!("`{{{name}}}` with {what} `{found}`; write one of {allowed}"))
    };
    if !names.variants.contains(&found.variant) {
        return unknown("variant", &found.variant, quoted(&names.variants));
    }
    if !names.profiles.contains(&found.profile) {
        return unknown("profile", &found.profile, quoted(&names.profiles));
    }
    let fitted = !matches!(found.what, placeholder::What::Mean(_));
    if fitted && !fit.metrics.contains(&found.metric) {
        return unknown("unfitted metric", found.metric.name(), quoted(&fit.metrics));
    }
    Ok(())
}

fn too_large(key: &str, size: Bytes) -> String {
    format!("`{key}` holds `{size}`; at most {SIZE_MAX}")
}

/// `a`, `b`, `c`, each in backticks.
fn quoted<T: std::fmt::Display>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What serde and toml say, in the voice of the other messages.
fn sentence(message: &str) -> String {
    message
        .replacen("unknown field", "unknown key", 1)
        .replacen("missing field", "missing key", 1)
        .replacen("invalid type:", "wrong type:", 1)
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
