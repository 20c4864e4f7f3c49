//! Stage 4: one run becomes one [`Sample`]. The probe starts the child, since a process of this size
//! must not (a child's `ru_maxrss` starts with its parent's peak); duct starts the probe.

mod blame;
mod hooks;
pub(crate) mod pinning;
mod probe_record;
mod room;
mod same_json;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::num::NonZero;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use experiment::foreign::{Check, Sameness};
use experiment::reading::{self, From};
use experiment::{Measure, Program, Variant, fill};
use record::hash::{self, Sha256Hex};
use record::heap::{self, HeapReport, HeapRow};
use record::self_test::SELF_TEST_SPIKE;
use record::timeline::{self, TimelineRow};
use record::units::{Bytes, Nanos};
use record::{Kind, Outcome, Sample};

use crate::disturbance::Reading;
use crate::inputs::Document;
use crate::interrupt::{self, Interrupted, Stoppable};
use crate::measure::pinning::{Pinning, Who};
use crate::plan::Cell;
use crate::watched::Watched;
use crate::workspace::Tools;
use hooks::{Stop, run_hook};
use probe_record::{ProbeRecord, outcome, outcome_of, sample, sample_of};
use room::{Ready, Room};

pub(crate) use hooks::{Once, run_once};

/// Starts children through the probe and turns what it prints into samples.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    tools: &'a Tools,
    measure: &'a Measure,
    /// What is looked for in what programs print.
    readings: &'a [reading::Reading],
    /// Where children are started: the folder of the experiment's file.
    home: PathBuf,
    /// What is measured, and must stay what it is.
    watched: Watched,
    pinning: Pinning,
    cpu_count: u32,
    /// Where outputs of children go.
    scratch: PathBuf,
    room: Room,
    /// Outputs that were seen to be right, by document, the command that said so, and hash.
    verified: HashSet<(Sha256Hex, Vec<String>, Sha256Hex)>,
    /// What each document holds as JSON, of those that were compared so.
    json: HashMap<Sha256Hex, Sha256Hex>,
    /// Metrics of variants that were not found in what the variant printed, in words.
    not_found: Vec<String>,
    /// Further options of the probe, for a timeline.
    looks: Vec<OsString>,
    /// Whether it is looked what files programs map: before runs that count.
    maps: bool,
    /// Why the last child could not be started, in the probe's words.
    not_started: Option<String>,
    /// What a child may hold.
    pub(crate) memory_limit: Option<Bytes>,
    /// Whether children stop before they give memory back, so that `peak_anon` is exact; costs time.
    pub exact_anon: bool,
    /// What the machine refused to the probe, in words, each once.
    pub refused: Vec<String>,
    /// The reason that it gave, by call.
    pub refused_because: BTreeMap<String, String>,
}

/// What the instrumented encoder reports; see `sigma encode --stats-json`.
#[derive(Debug, Deserialize)]
struct Stats {
    /// One per encoding of the document in the same process.
    repetitions: Vec<Repetition>,
    heap: HeapReport,
}

#[derive(Debug, Deserialize)]
struct Repetition {
    rss_bytes: Option<u64>,
    live_heap_bytes: Option<u64>,
}

/// How long a child may run, what it may hold and write, and where it runs.
#[derive(Debug, Clone, Copy)]
struct Limits {
    timeout: Nanos,
    memory: Option<Bytes>,
    output: Option<Bytes>,
    cpu: Option<u32>,
}

impl Limits {
    /// Of the laboratory's own children, which are known to end.
    fn of_self_test(cpu: Option<u32>) -> Self {
        Self { timeout: Nanos(60_000_000_000), memory: None, output: None, cpu }
    }
}

/// How often a run that was stopped meanwhile is made again.
const AGAIN_MAX: u32 = 3;

/// What a run was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its kind.
    pub kind: Kind,
    /// The block, or the number of the attempt.
    pub block: u32,
    /// Its place in the block.
    pub position: u32,
}

impl<'a> Bench<'a> {
    /// A bench for the children of one campaign, with an empty folder for their outputs.
    pub(crate) fn new(
        tools: &'a Tools,
        (measure, readings): (&'a Measure, &'a [reading::Reading]),
        home: &Path,
        watched: Watched,
        scratch: &Path,
    ) -> anyhow::Result<Self> {
        // A folder of this process: the child of a campaign that was killed a moment ago may still
        // be writing into the one before.
        if let Ok(earlier) = fs::read_dir(scratch) {
            let earlier = earlier.flatten().filter(|entry| entry.file_name() != "held");
            earlier.for_each(|entry| drop(fs::remove_dir_all(entry.path())));
        }
        let scratch = scratch.join(format!("run-{}", std::process::id()));
        fs::create_dir_all(&scratch)
            .with_context(|| format!("cannot create {}", scratch.display()))?;
        Ok(Self {
            tools,
            measure,
            readings,
            home: home.to_owned(),
            watched,
            pinning: Pinning::new(measure.pin),
            cpu_count: std::thread::available_parallelism().map_or(1, NonZero::get) as u32,
            room: Room::new(&scratch),
            scratch,
            verified: HashSet::new(),
            json: HashMap::new(),
            not_found: Vec::new(),
            looks: Vec::new(),
            maps: false,
            not_started: None,
            memory_limit: measure.memory_limit,
            exact_anon: false,
            refused: Vec::new(),
            refused_because: BTreeMap::new(),
        })
    }

    /// Fails if a file that is measured is not what it was; programs are read for it.
    pub(crate) fn check_files(&mut self) -> anyhow::Result<()> {
        self.watched.check_in_full()
    }

    /// Watches documents that were made on the way.
    pub(crate) fn watch(&mut self, documents: &[Document]) -> anyhow::Result<()> {
        self.watched.add_documents(documents)
    }

    /// One run of a cell; if its output has not been seen before, a row for decoding it stands before
    /// the run's own, so that a campaign killed in between runs the cell again.
    pub(crate) fn run(&mut self, place: Place, cell: Cell<'_>) -> anyhow::Result<Vec<Sample>> {
        let mut rows = Vec::new();
        for attempt in 0.. {
            self.maps = matches!(place.kind, Kind::SelfTest | Kind::Warmup);
            let tried = self.tried(place, cell);
            self.maps = false;
            let mut tried = tried?;
            // A run of a file that changed meanwhile leaves no row.
            self.watched.check()?;
            let stopped = tried.iter().any(|row| row.stopped_ns.is_some_and(|ns| ns > 0));
            let pinned_wrongly = self.learn(&tried);
            if !pinned_wrongly && (!stopped || attempt >= AGAIN_MAX) {
                rows.extend(tried);
                return Ok(rows);
            }
            // What was decoded is decoded again, so that it has a row that counts.
            self.verified.clear();
            for row in &mut tried {
                row.kind = Kind::Void;
            }
            rows.extend(tried);
        }
        unreachable!("attempts end")
    }

    /// Whether a run was pinned that should not have been, as it is known only now.
    fn learn(&mut self, rows: &[Sample]) -> bool {
        self.pinning.learn(rows);
        let is_wrong = |row: &Sample| row.cpu.is_some() && row.is_concurrent();
        self.pinning.is_open() && rows.iter().any(is_wrong)
    }

    /// Takes from the rows of a campaign that is continued what is known of its programs.
    pub(crate) fn remember(&mut self, rows: &[Sample]) {
        let counted: Vec<Sample> =
            rows.iter().filter(|row| row.kind != Kind::Void).cloned().collect();
        self.pinning.learn(&counted);
    }

    /// The limits of a variant's own child.
    fn limits(&self, cell: Cell<'_>, kind: Kind) -> Limits {
        let own = cell.variant.program.foreign().and_then(|foreign| foreign.timeout);
        Limits {
            timeout: own.unwrap_or(self.measure.timeout),
            memory: self.memory_limit,
            output: Some(self.measure.output_limit.of(cell.document.size)),
            cpu: self.pinning.cpu(&Who::new(&cell.variant.name, kind)),
        }
    }

    fn tried(&mut self, place: Place, cell: Cell<'_>) -> anyhow::Result<Vec<Sample>> {
        let child = self.child(cell)?;
        let rows = Self::prepare(cell, &child).and_then(|()| self.measured(place, cell, &child));
        let concluded = Self::conclude(cell, &child);
        let rows = rows?;
        concluded?;
        Ok(rows)
    }

    fn measured(
        &mut self,
        place: Place,
        cell: Cell<'_>,
        child: &Ready,
    ) -> anyhow::Result<Vec<Sample>> {
        let limits = self.limits(cell, place.kind);
        let record = self.probe(child, limits)?;
        let mut encoded = sample(place, &cell.variant.name, cell.document, &record);
        encoded.outcome = outcome_of(&record, cell.variant);
        encoded.own = self.read(cell, child, encoded.outcome);
        self.judged(place, cell, child, encoded)
    }

    /// The row of a run with what became of its result, behind the row of decoding it.
    fn judged(
        &mut self,
        place: Place,
        cell: Cell<'_>,
        child: &Ready,
        mut encoded: Sample,
    ) -> anyhow::Result<Vec<Sample>> {
        let Some(result) = child.result.as_ref().filter(|_| encoded.outcome == Outcome::Ok) else {
            return Ok(vec![encoded]);
        };
        if fs::symlink_metadata(result).is_err() {
            encoded.outcome = Outcome::Failed;
            self.not_started = Some(format!("it left no result at {}", result.display()));
            return Ok(vec![encoded]);
        }
        let (sha256, size) = hash::any(result).context("cannot read the encoder's output")?;
        encoded.output_bytes = Some(size.0);
        encoded.output_sha256 = Some(sha256.short().to_owned());
        let decoded = self.round_trip(place, cell, child, &sha256)?;
        encoded.outcome = match decoded.as_ref().map(|decoded| decoded.outcome) {
            None | Some(Outcome::Ok) => Outcome::Ok,
            Some(Outcome::WrongRoundTrip) => Outcome::WrongRoundTrip,
            Some(_) => Outcome::DecoderFailed,
        };
        // Without a decoder it is the result itself that was compared; a row says where it was wrong.
        let has_decoder = self.decoder(cell.variant).is_some();
        let decoded = decoded.filter(|row| has_decoder || row.outcome != Outcome::Ok);
        Ok(decoded.into_iter().chain([encoded]).collect())
    }

    /// Decodes an output, or takes it as it is where there is no decoder, and checks it against the
    /// document; nothing if this output of this document was seen to be right before and decoding is not
    /// measured.
    fn round_trip(
        &mut self,
        place: Place,
        cell: Cell<'_>,
        child: &Ready,
        sha256: &Sha256Hex,
    ) -> anyhow::Result<Option<Sample>> {
        let Some(check) = check_of(cell.variant) else { return Ok(None) };
        let backwards = self.decoder(cell.variant);
        let line = backwards.clone().or(match &check {
            Check::Command(line) => Some(line.clone()),
            Check::Named(_) => None,
        });
        let key = (cell.document.sha256.clone(), line.unwrap_or_default(), sha256.clone());
        if self.verified.contains(&key) && (backwards.is_none() || !self.measure.decode) {
            return Ok(None);
        }
        let result = child.result.clone().unwrap_or_default();
        let place = Place { kind: Kind::Decode, ..place };
        let (mut row, decoded) = match backwards {
            None => {
                let row = Sample {
                    outcome: Outcome::Ok,
                    ..sample_of(place, &cell.variant.name, cell.document)
                };
                (row, result.clone())
            }
            Some(line) => {
                let (back, decoded) = self.back(cell, child, &line)?;
                let limits = self.limits(cell, Kind::Decode);
                let record = self.probe(&back, limits)?;
                (sample(place, &cell.variant.name, cell.document, &record), decoded)
            }
        };
        if row.outcome == Outcome::Ok {
            let (found, size) = hash::any(&decoded).context("cannot read the decoder's output")?;
            row.output_bytes = Some(size.0);
            row.output_sha256 = Some(found.short().to_owned());
            if self.is_right(cell, child, &check, (&result, &decoded), &found)? {
                self.verified.insert(key);
            } else {
                row.outcome = Outcome::WrongRoundTrip;
            }
        }
        Ok(Some(row))
    }

    /// The child that takes a result back, and where the document will be.
    fn back(
        &self,
        cell: Cell<'_>,
        child: &Ready,
        line: &[String],
    ) -> anyhow::Result<(Ready, PathBuf)> {
        let result = child.result.clone().unwrap_or_default();
        let decoded = self.room.fresh("decoded")?;
        let (from_file, to_file) =
            (fill::any_names(line, "encoded"), fill::any_names(line, "decoded"));
        if to_file && cell.document.path.is_dir() {
            fs::create_dir(&decoded)
                .with_context(|| format!("cannot create {}", decoded.display()))?;
        }
        if !from_file && result.is_dir() {
            bail!(
                "the result of `{}` is a folder, which cannot be on a stdin; write `{{encoded}}` in `decode`",
                cell.variant.name
            );
        }
        let mut back = child.clone().with("encoded", &result).with("decoded", &decoded);
        back.command = back.line(line);
        back.stdin = (!from_file).then_some(result);
        back.stdout = (!to_file).then(|| decoded.clone());
        back.writes = if to_file { vec![decoded.clone()] } else { Vec::new() };
        Ok((back, decoded))
    }

    /// Whether what came back is the document, in the sense that the variant asks for.
    fn is_right(
        &mut self,
        cell: Cell<'_>,
        child: &Ready,
        check: &Check,
        (encoded, decoded): (&Path, &Path),
        found: &Sha256Hex,
    ) -> anyhow::Result<bool> {
        match check {
            Check::Named(Sameness::None) => Ok(true),
            Check::Named(Sameness::Bytes) => Ok(*found == cell.document.sha256),
            Check::Named(Sameness::Json) => self.is_same_json(cell.document, decoded),
            Check::Command(line) => {
                let named = child.clone().with("encoded", encoded).with("decoded", decoded);
                let checking = Ready {
                    command: named.line(line),
                    stdin: None,
                    stdout: None,
                    writes: Vec::new(),
                    ..named
                };
                let limits = self.limits(cell, Kind::Decode);
                let record = self.probe(&checking, limits)?;
                match outcome(&record) {
                    Outcome::Ok => Ok(true),
                    Outcome::Failed => Ok(false),
                    other => bail!(
                        "the check of `{}`, `{}`, could not say whether a result is right: {other} ({})",
                        cell.variant.name,
                        checking.command.join(" "),
                        self.said().unwrap_or_else(|| "no message".to_owned())
                    ),
                }
            }
        }
    }

    fn is_same_json(&mut self, document: &Document, decoded: &Path) -> anyhow::Result<bool> {
        let cannot = |path: &Path| format!("cannot read {}", path.display());
        if !self.json.contains_key(&document.sha256) {
            let text = fs::read(&document.path).with_context(|| cannot(&document.path))?;
            let held = same_json::digest(&text).map_err(|wrong| {
                anyhow::anyhow!(
                    "`check = \"json\"` needs documents that are JSON; of {}: {wrong}",
                    document.path.display()
                )
            });
            self.json.insert(document.sha256.clone(), held?);
        }
        if decoded.is_dir() {
            return Ok(false);
        }
        let text = fs::read(decoded).with_context(|| cannot(decoded))?;
        match same_json::digest(&text) {
            Ok(held) => Ok(self.json.get(&document.sha256) == Some(&held)),
            Err(wrong) => {
                self.not_started = Some(wrong);
                Ok(false)
            }
        }
    }

    /// The values of the declared metrics in what a program printed.
    fn read(
        &mut self,
        cell: Cell<'_>,
        child: &Ready,
        outcome: Outcome,
    ) -> Vec<(record::metric::Metric, f64)> {
        if outcome != Outcome::Ok {
            return Vec::new();
        }
        let mut found = Vec::new();
        for reading in self.readings {
            let (path, place) = match &reading.from {
                From::Stdout => (self.scratch.join("stdout"), "its stdout".to_owned()),
                From::Stderr => (self.stderr(), "its stderr".to_owned()),
                From::File(path) => (child.path(path), format!("`{path}`")),
            };
            let text = fs::File::open(path).and_then(|file| {
                let mut text = Vec::new();
                file.take(READ_MAX).read_to_end(&mut text).map(|_| text)
            });
            if let Some(value) = text.ok().and_then(|text| reading.value(&text)) {
                found.push((reading.metric, value));
                continue;
            }
            let line = format!("{}: no `{}` in {place}", cell.variant.name, reading.metric);
            if !self.not_found.contains(&line) {
                crate::errln!("{line}");
                self.not_found.push(line);
            }
        }
        found
    }

    /// What a variant wants to be done before each run. It is not measured, and that it fails says nothing
    /// about the variant: the campaign stops.
    fn prepare(cell: Cell<'_>, child: &Ready) -> anyhow::Result<()> {
        interrupt::check()?;
        let foreign = cell.variant.program.foreign();
        let Some(line) = foreign.and_then(|of| of.hooks.prepare.as_ref()) else { return Ok(()) };
        let what = format!("`prepare` of `{}`", cell.variant.name);
        run_hook(&what, &child.line(line), child, Stop::Obeyed)
    }

    /// The same after each run, also one that failed or was interrupted.
    fn conclude(cell: Cell<'_>, child: &Ready) -> anyhow::Result<()> {
        let foreign = cell.variant.program.foreign();
        let Some(line) = foreign.and_then(|of| of.hooks.conclude.as_ref()) else { return Ok(()) };
        let what = format!("`conclude` of `{}`", cell.variant.name);
        run_hook(&what, &child.line(line), child, Stop::Ignored)
    }

    /// Everything that is said of a variant's child, its files made ready.
    fn child(&mut self, cell: Cell<'_>) -> anyhow::Result<Ready> {
        match &cell.variant.program {
            Program::Command(foreign) => self.room.ready(foreign, cell.document, &self.home),
            Program::Sigma { encode } => {
                let sigma = self.sigma();
                let mut command = vec![sigma, "encode".to_owned(), "-c".to_owned()];
                command.extend(encode.arguments());
                let result = self.scratch.join("stdout");
                let stdin = Some(cell.document.path.clone());
                let stdout = Some(result.clone());
                Ok(Ready {
                    stdin,
                    stdout,
                    result: Some(result),
                    ..Ready::plain(command, &self.home)
                })
            }
        }
    }

    /// This project's encoder, which is built where an experiment has variants of it.
    fn sigma(&self) -> String {
        self.tools.sigma.as_ref().map_or("sigma".into(), |path| path.to_string_lossy().into_owned())
    }

    /// The command line that takes results of a variant back.
    fn decoder(&self, variant: &Variant) -> Option<Vec<String>> {
        match &variant.program {
            Program::Sigma { .. } => Some(vec![self.sigma(), "decode".to_owned(), "-c".to_owned()]),
            Program::Command(foreign) => foreign.decode.clone(),
        }
    }

    /// Encodes the document `count` times in one process: one row per repetition, or one row that
    /// says how it failed. Only for the encoder of this project, instrumented.
    pub(crate) fn repeat(
        &mut self,
        cell: Cell<'_>,
        attempt: u32,
        count: u32,
    ) -> anyhow::Result<Vec<Sample>> {
        let (record, stats) = self.instrumented(cell, count)?;
        let Some(found) = stats else {
            let place = Place { kind: Kind::Repeat, block: attempt, position: 0 };
            return Ok(vec![sample(place, &cell.variant.name, cell.document, &record)]);
        };
        let rows = found.repetitions.iter().zip(0..).map(|(repetition, position)| Sample {
            outcome: Outcome::Ok,
            rss_at_exit_bytes: repetition.rss_bytes,
            live_heap_bytes: repetition.live_heap_bytes,
            ..Sample::skipped(
                Kind::Repeat,
                attempt,
                position,
                &cell.variant.name,
                &cell.document.profile,
                cell.document.size.0,
            )
        });
        Ok(rows.collect())
    }

    /// One run of a cell with the instrumented encoder: its exact heap by stage.
    pub(crate) fn heap(&mut self, cell: Cell<'_>) -> anyhow::Result<Vec<HeapRow>> {
        match self.instrumented(cell, 1)? {
            (record, None) => Ok(vec![HeapRow::without(&cell.key(), outcome(&record))]),
            (_, Some(stats)) => heap::rows(&cell.key(), &stats.heap)
                .map_err(|wrong| anyhow::anyhow!("`sigma` built with feature `heap`: {wrong}")),
        }
    }

    /// Runs the instrumented encoder, which encodes the document `count` times; without statistics if
    /// it fails.
    fn instrumented(
        &mut self,
        cell: Cell<'_>,
        count: u32,
    ) -> anyhow::Result<(ProbeRecord, Option<Stats>)> {
        let path = self.scratch.join("stats.json");
        // `sigma` overwrites nothing.
        let _ = fs::remove_file(&path);
        let mut child = self.child(cell)?;
        let sigma = self.tools.sigma_heap.as_ref().context("the instrumented encoder")?;
        child.command[0] = sigma.to_string_lossy().into_owned();
        child.command.extend(["--repeat".to_owned(), count.to_string(), "--stats-json".to_owned()]);
        child.command.push(path.to_string_lossy().into_owned());
        child.stdout = None;
        let limits = self.limits(cell, Kind::Run);
        let record = self.probe(&child, limits)?;
        if outcome(&record) != Outcome::Ok {
            return Ok((record, None));
        }
        let text = fs::read(&path).context("cannot read what sigma wrote to --stats-json")?;
        let stats =
            serde_json::from_slice(&text).context("sigma's --stats-json is not understood")?;
        Ok((record, Some(stats)))
    }

    /// One run of a cell that is looked at every `interval_us` microseconds.
    pub(crate) fn timeline(
        &mut self,
        cell: Cell<'_>,
        interval_us: u64,
    ) -> anyhow::Result<Vec<TimelineRow>> {
        let path = self.scratch.join("timeline");
        let child = Ready { stdout: None, ..self.child(cell)? };
        Self::prepare(cell, &child)?;
        self.looks = vec![
            "--timeline".into(),
            path.clone().into(),
            "--timeline-us".into(),
            interval_us.to_string().into(),
        ];
        let limits = self.limits(cell, Kind::Run);
        let record = self.probe(&child, limits);
        self.looks.clear();
        let concluded = Self::conclude(cell, &child);
        record?;
        concluded?;
        let text = fs::read_to_string(&path).context("cannot read the probe's timeline")?;
        timeline::rows(&cell.key(), &text)
            .with_context(|| format!("the probe's timeline is not understood: {text:?}"))
    }

    /// A run of the probe itself as the child, which is known to use next to nothing, or to touch
    /// `touch_bytes`.
    pub(crate) fn self_test(
        &mut self,
        name: &str,
        touch_bytes: Option<u64>,
        attempt: u32,
    ) -> anyhow::Result<Sample> {
        let mut command = vec![self.tools.probe.to_string_lossy().into_owned()];
        match touch_bytes {
            None => command.push("--self-test-nothing".to_owned()),
            Some(bytes) => {
                let gives_back = name == SELF_TEST_SPIKE;
                let how = if gives_back { "--self-test-spike" } else { "--self-test-touch" };
                command.extend([how.to_owned(), bytes.to_string()]);
            }
        }
        let limits = Limits::of_self_test(self.pinning.self_test_cpu());
        let record = self.probe(&Ready::plain(command, &self.home), limits)?;
        let place = Place { kind: Kind::SelfTest, block: attempt, position: 0 };
        let size = record::units::Bytes(touch_bytes.unwrap_or(0));
        let nothing = Document::unwritten("probe", size);
        Ok(sample(place, name, &nothing, &record))
    }

    /// Where the last child's messages are.
    fn stderr(&self) -> PathBuf {
        self.scratch.join("stderr")
    }

    /// Where the probe says which files the last child mapped.
    fn mapped(&self) -> PathBuf {
        self.scratch.join("mapped")
    }

    /// Why the last child was not started, or the last lines of what it said on stderr.
    pub(crate) fn said(&self) -> Option<String> {
        self.not_started.clone().or_else(|| blame::last_lines(&self.stderr()))
    }

    /// Runs one child under the probe.
    fn probe(&mut self, child: &Ready, limits: Limits) -> anyhow::Result<ProbeRecord> {
        let arguments = self.probe_arguments(child, limits);
        let _ = fs::remove_file(self.mapped());
        interrupt::check()?;
        let cannot = || format!("cannot start {}", self.tools.probe.display());
        let before = Reading::now(limits.cpu);
        let running = duct::cmd(&self.tools.probe, arguments)
            .stdout_capture()
            .stderr_capture()
            .unchecked()
            .start()
            .with_context(cannot)?;
        let stoppable = Stoppable::new(running.pids()[0]);
        let output = running.wait().with_context(cannot)?;
        drop(stoppable);
        if !output.status.success() {
            // Ctrl-C reaches a probe that has not begun yet as it reaches any program.
            if output.status.signal().is_some() {
                interrupt::check()?;
            }
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("the probe gave up ({}): {}", output.status, said.trim());
        }
        let mut record = ProbeRecord::parse(&output.stdout)?;
        if record.stopped_for.as_deref() == Some("interrupted") {
            return Err(Interrupted.into());
        }
        if self.maps {
            // Where `ptrace` is refused there is no list.
            let list = fs::read(self.mapped()).unwrap_or_default();
            self.watched.add_mapped(&String::from_utf8_lossy(&list), &self.scratch)?;
        }
        if let Some(error) = record.error.as_ref().filter(|error| blame::is_laboratory(error)) {
            bail!("the laboratory could not start a run, which is not recorded: {error}");
        }
        let has_failed = record.row.exit_code != Some(0) || record.disk_full == Some(true);
        blame::room(&self.scratch, has_failed)?;
        let beside = Reading::now(limits.cpu).since(&before);
        let is_refused = record.refused.iter().any(|call| call == "sched_setaffinity");
        let row = &mut record.row;
        let (wall_ns, threads) = (row.wall_ns.unwrap_or(0), row.threads_max.unwrap_or(1));
        row.disturbed = beside.is_felt(wall_ns, threads, self.cpu_count).map(u8::from);
        row.steal_us = beside.steal_us;
        row.cpu_wait_us = beside.cpu_wait_us;
        row.memory_wait_us = beside.memory_wait_us;
        row.cpu = limits.cpu.filter(|_| !is_refused);
        if row.cpu.is_some() && row.is_concurrent() {
            // Several threads on one CPU take turns: their wall time says nothing of the program.
            row.wall_ns = None;
        }
        self.not_started.clone_from(&record.error);
        let because = record.refused.iter().zip(&record.refused_because);
        self.refused_because.extend(because.map(|(call, why)| (call.clone(), why.clone())));
        for refused in &record.refused {
            if !self.refused.contains(refused) {
                self.refused.push(refused.clone());
            }
        }
        Ok(record)
    }

    fn probe_arguments(&self, child: &Ready, limits: Limits) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = Vec::new();
        let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
        if let Some(stdin) = &child.stdin {
            option("--stdin", stdin.into());
        }
        if let Some(stdout) = &child.stdout {
            option("--stdout", stdout.into());
        }
        option("--stderr", self.stderr().into());
        option("--cwd", child.cwd.clone().into());
        option("--timeout-ms", (limits.timeout.0 / 1_000_000).max(1).to_string().into());
        if let Some(limit) = limits.memory {
            option("--memory-limit", limit.0.to_string().into());
        }
        if let Some(limit) = limits.output {
            option("--output-limit-bytes", limit.0.max(1).to_string().into());
            for path in &child.writes {
                option("--output", path.into());
            }
        }
        if let Some(cpu) = limits.cpu {
            option("--cpu", cpu.to_string().into());
        }
        for (name, value) in declared(&child.env) {
            option("--env", format!("{name}={value}").into());
        }
        if !self.measure.layout_noise {
            arguments.push("--fixed-addresses".into());
        }
        arguments.extend(["--cgroup".into(), "auto".into()]);
        if self.exact_anon {
            arguments.push("--exact-anon".into());
        }
        if self.maps {
            arguments.extend(["--mapped".into(), self.mapped().into()]);
        }
        arguments.extend(self.looks.iter().cloned());
        arguments.push("--".into());
        arguments.extend(child.command.iter().map(OsString::from));
        arguments
    }
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.scratch));
    }
}

/// The peak of one run, in its views.
// The unit stands at every field, as in the probe's record.
#[allow(clippy::struct_field_names)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peaks {
    pub(crate) rss_bytes: u64,
    pub(crate) hwm_bytes: Option<u64>,
    pub(crate) anon_bytes: Option<u64>,
}

/// One run of a command on a document, started as experiments start theirs, its output dropped; or, in
/// words, how it failed.
pub(crate) fn peaks(
    probe: &Path,
    command: &[String],
    document: &Path,
) -> anyhow::Result<Result<Peaks, String>> {
    interrupt::check()?;
    let mut arguments: Vec<OsString> = vec!["--fixed-addresses".into()];
    arguments.extend(["--cpu".into(), pinning::measured_cpu().unwrap_or(0).to_string().into()]);
    arguments.extend(["--stdin".into(), document.into()]);
    for (name, value) in environment() {
        arguments.extend(["--env".into(), format!("{name}={value}").into()]);
    }
    arguments.push("--".into());
    arguments.extend(command.iter().map(OsString::from));
    let cannot = || format!("cannot start {}", probe.display());
    let running = duct::cmd(probe, arguments).stdout_capture().start().with_context(cannot)?;
    let stoppable = Stoppable::new(running.pids()[0]);
    let output = running.wait();
    drop(stoppable);
    interrupt::check()?;
    let record = ProbeRecord::parse(&output.with_context(cannot)?.stdout)?;
    if outcome(&record) != Outcome::Ok {
        let how = outcome(&record).to_string();
        return Ok(Err(record.error.unwrap_or(how)));
    }
    Ok(Ok(Peaks {
        rss_bytes: record.row.peak_rss_bytes.context("the probe's record holds no peak")?,
        hwm_bytes: record.row.peak_hwm_bytes,
        anon_bytes: record.row.peak_anon_bytes,
    }))
}

/// One run of a child that touches 1 MB, with layout noise off as far as this machine lets: its peak, and
/// what was refused.
pub fn trial(probe: &Path) -> anyhow::Result<(u64, Vec<String>)> {
    let cpu = pinning::measured_cpu().unwrap_or(0).to_string();
    let output = duct::cmd!(
        probe,
        "--cpu",
        cpu,
        "--fixed-addresses",
        "--",
        probe,
        "--self-test-touch",
        "1000000"
    )
    .stdout_capture()
    .run()
    .with_context(|| format!("cannot run {}", probe.display()))?;
    let record = ProbeRecord::parse(&output.stdout)?;
    let peak = record.row.peak_rss_bytes.context("the probe's record holds no peak")?;
    Ok((peak, record.refused))
}

/// The declared environment of every child: what is needed to find programs, and a fixed locale.
fn environment() -> [(&'static str, String); 2] {
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
    [("PATH", path), ("LC_ALL", "C".to_owned())]
}

/// The same with what a variant declares, which comes first.
fn declared(own: &[(String, String)]) -> Vec<(String, String)> {
    let mut all = own.to_vec();
    for (name, value) in environment() {
        if !own.iter().any(|(of, _)| of == name) {
            all.push((name.to_owned(), value));
        }
    }
    all
}

/// Most that is looked through for a metric.
const READ_MAX: u64 = 64 << 20;

/// What makes a result of a variant right; nothing where nothing is asked.
fn check_of(variant: &Variant) -> Option<Check> {
    match &variant.program {
        Program::Sigma { .. } => Some(Check::Named(Sameness::Bytes)),
        Program::Command(foreign) => foreign.checked(),
    }
}
