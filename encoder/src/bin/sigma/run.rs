//! What each verb does with its files: one after the other, each by itself.

use std::io::{self, BufReader, IsTerminal, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use sigma_encoder::Error;

use crate::args::{
    Args, DecodeArgs, Deferred, EncodeArgs, InspectArgs, ListArgs, PlaceArgs, TestArgs, Verb,
};
use crate::decoding::{Decoding, Part};
use crate::encoding;
use crate::failure::{Failure, Voice, at, of_panic};
use crate::files::{Input, Source, beside, sources};
use crate::output::Target;
use crate::stats::{Repetition, Stats, Work};
use crate::{interrupt, list, resident};

/// Does what was asked.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    let voice = Voice::new(args.quiet, args.verbose);
    interrupt::survive_file_size_limit();
    resident::give_back_code();
    match &args.verb {
        Verb::Encode(Deferred(encode)) => run_encode(encode, voice),
        Verb::Decode(Deferred(decode)) => run_decode(decode, voice),
        Verb::Test(Deferred(test)) => run_test(test, voice),
        Verb::List(Deferred(list)) => run_list(list, voice),
        Verb::Inspect(Deferred(inspect)) => run_inspect(inspect, voice),
    }
}

/// What is done with one file.
type Doing<'a> = &'a dyn Fn(&Source) -> Result<Work, Failure>;

/// Does something with each file. What goes wrong with one is said, and the next one comes; a panic is
/// a thing that goes wrong with one. The sum of the work, the number of files, and of those that failed.
fn each(sources: &[Source], voice: Voice, doing: Doing<'_>) -> Result<(Work, u64, u64), Failure> {
    let (mut sum, mut failures) = (Work::default(), 0);
    for source in sources {
        let done = panic::catch_unwind(AssertUnwindSafe(|| doing(source)));
        let done = done.unwrap_or_else(|panic| Err(of_panic(&source.name(), &*panic)));
        match done {
            Ok(work) => sum.add(work),
            Err(Failure::Work(message)) => {
                voice.error(&message);
                failures += 1;
            }
            Err(Failure::Said) => failures += 1,
            Err(failure) => return Err(failure),
        }
    }
    Ok((sum, sources.len() as u64, failures))
}

/// The exit code for so many failures, all of which were said.
fn judge(failures: u64) -> Result<(), Failure> {
    if failures == 0 { Ok(()) } else { Err(Failure::Said) }
}

fn run_encode(args: &EncodeArgs, voice: Voice) -> Result<(), Failure> {
    let places = Places::of(&args.place, true, voice)?;
    let encode = |source: &Source| -> Result<Work, Failure> {
        let input = Input::open(source, true)?;
        let stats = places.stats(&input)?;
        let target = if args.append {
            encoding::target_of_append(&args.place)?
        } else {
            places.target(&input)?
        };
        let mut figures = Stats::with_room_for(args.repeat as usize);
        let work = if args.append {
            let work = encoding::append(args, &input, &target, voice)?;
            figures.add(work, Repetition::now());
            work
        } else {
            encoding::encode(args, &input, &target, voice, &mut figures)?
        };
        places.done(&input, "encoded", &target, work)?;
        write_stats(stats.as_ref(), &figures)?;
        Ok(work)
    };
    let (sum, count, failures) = each(&places.sources, voice, &encode)?;
    places.summary("encoded", sum, count, failures);
    judge(failures + places.failures)
}

fn run_decode(args: &DecodeArgs, voice: Voice) -> Result<(), Failure> {
    let places = Places::of(&args.place, false, voice)?;
    let part = match (&args.range, &args.lines) {
        (Some(range), _) => Part::Bytes(range.clone()),
        (None, Some(lines)) => Part::Lines(lines.clone()),
        (None, None) => Part::All,
    };
    let decode = |source: &Source| -> Result<Work, Failure> {
        let input = Input::open(source, args.place.force)?;
        let (stats, target) = (places.stats(&input)?, places.target(&input)?);
        let decoding = Decoding {
            limits: args.limits.limits(),
            part: part.clone(),
            threads: args.threads.count(),
            voice,
            is_sparse: !args.no_sparse,
            passes_others: args.place.force && args.place.stdout,
            removes: args.place.rm,
        };
        let work = decoding.decode(&input, &target)?;
        places.done(&input, "decoded", &target, work)?;
        let mut figures = Stats::default();
        figures.add(work, Repetition::now());
        write_stats(stats.as_ref(), &figures)?;
        Ok(work)
    };
    let (sum, count, failures) = each(&places.sources, voice, &decode)?;
    places.summary("decoded", sum, count, failures);
    judge(failures + places.failures)
}

/// Where the output of each file goes.
struct Places<'a> {
    place: &'a PlaceArgs,
    encoding: bool,
    sources: Vec<Source>,
    /// Folders that could not be read.
    failures: u64,
    voice: Voice,
}

impl<'a> Places<'a> {
    fn of(place: &'a PlaceArgs, encoding: bool, voice: Voice) -> Result<Self, Failure> {
        let files = &place.files;
        let (sources, failures) = sources(&files.files, files.recursive, !encoding, voice);
        let usage = |message: &str| Err(Failure::Usage(message.into()));
        if sources.len() > 1 && place.stats_json.is_some() {
            return usage("--stats-json tells of one file; name one");
        }
        if sources.len() > 1 && place.output.is_some() {
            return usage("-o is for one file; give -c to have the outputs one after the other");
        }
        if place.rm && place.stdout {
            return usage("--rm removes what has another form in a file; leave it out with -c");
        }
        Ok(Self { place, encoding, sources, failures, voice })
    }

    /// Where the output of this input goes: it is not the input.
    fn target(&self, input: &Input) -> Result<Target, Failure> {
        let Self { place, encoding, .. } = self;
        let target = match (&place.output, input.source.path()) {
            (Some(path), _) if path.as_os_str() == "-" => Target::stdout(!encoding, place.force)?,
            (Some(path), _) => Target::named(path, place.force)?,
            (None, Some(_)) if !place.stdout && input.regular().is_none() => {
                let name = input.source.name();
                let message =
                    format!("{name} is no ordinary file; say with -c or -o what to write");
                return Err(Failure::Work(message));
            }
            (None, Some(file)) if !place.stdout => {
                Target::named(&beside(file, *encoding, place.force)?, place.force)?
            }
            _ => Target::stdout(!encoding, place.force)?,
        };
        refuse_input(&target, input)?;
        Ok(target)
    }

    /// Where figures go: neither the input nor the output.
    fn stats(&self, input: &Input) -> Result<Option<Target>, Failure> {
        let Some(path) = &self.place.stats_json else { return Ok(None) };
        if self.place.output.as_ref() == Some(path) {
            let message = "--stats-json and -o name the same file; name two";
            return Err(Failure::Usage(message.into()));
        }
        let target = Target::named(path, self.place.force)?;
        refuse_input(&target, input)?;
        Ok(Some(target))
    }

    /// What follows when the output of a file is complete.
    fn done(&self, input: &Input, what: &str, target: &Target, work: Work) -> Result<(), Failure> {
        if self.place.rm && target.is_file() {
            input.remove()?;
        }
        let is_watched = target.is_file() && io::stderr().is_terminal() && !self.voice.is_quiet();
        if is_watched || self.voice.is_verbose() {
            let name = input.source.name();
            crate::failure::say(&format!("{name}: {what} {}, to {}", work.text(), target.name()));
        }
        Ok(())
    }

    /// Of several files.
    fn summary(&self, what: &str, sum: Work, count: u64, failures: u64) {
        let done = count - failures;
        if count > 1 && !self.place.stdout {
            let failed = if failures == 0 { String::new() } else { format!("; {failures} failed") };
            let text = sum.text();
            self.voice.warning(&format!("{done} of {count} files {what}: {text}{failed}"));
        }
    }
}

fn refuse_input(target: &Target, input: &Input) -> Result<(), Failure> {
    let stdin = input.stdin_metadata();
    match input.metadata().or(stdin.as_ref()).is_some_and(|metadata| target.is(metadata)) {
        true => {
            let (name, source) = (target.name(), input.source.name());
            let message = format!("{name} is {source}, the input; write to another file");
            Err(Failure::Work(message))
        }
        false => Ok(()),
    }
}

fn run_test(args: &TestArgs, voice: Voice) -> Result<(), Failure> {
    let (sources, unread) = sources(&args.files.files, args.files.recursive, true, voice);
    let decoding = Decoding {
        limits: args.limits.limits(),
        part: Part::All,
        threads: args.threads.count(),
        voice,
        is_sparse: false,
        passes_others: false,
        removes: false,
    };
    let test = |source: &Source| -> Result<Work, Failure> {
        let work = decoding.decode(&Input::open(source, false)?, &Target::Nowhere)?;
        voice.detail(&format!("{}: {}", source.name(), work.text()));
        Ok(work)
    };
    let (_, count, failures) = each(&sources, voice, &test)?;
    if failures > 0 {
        voice.error(&format!("{failures} of {count} failed the test"));
    }
    judge(failures + unread)
}

fn run_list(args: &ListArgs, voice: Voice) -> Result<(), Failure> {
    let (sources, unread) = sources(&args.files.files, args.files.recursive, true, voice);
    print(&list::heading())?;
    let row = |source: &Source| -> Result<Work, Failure> {
        let (row, work) = list::row(&Input::open(source, false)?)?;
        print(&row)?;
        Ok(work)
    };
    let (sum, count, failures) = each(&sources, voice, &row)?;
    if count > 1 {
        print(&list::total(sum, count - failures))?;
    }
    judge(failures + unread)
}

fn run_inspect(args: &InspectArgs, voice: Voice) -> Result<(), Failure> {
    let source = args.file.as_deref().filter(|path| *path != Path::new("-"));
    let source = source.map_or(Source::Stdin, |path| Source::File(path.to_owned()));
    let inspect = |source: &Source| -> Result<Work, Failure> {
        let input = Input::open(source, false)?;
        let inspection =
            sigma_encoder::inspect_limited(BufReader::new(input.reader()), args.limits.limits())
                .map_err(|error| at(&source.name(), &error))?;
        print(&crate::inspection::text(&inspection, args.paths, args.frames))?;
        Ok(Work::default())
    };
    let (_, _, failures) = each(&[source], voice, &inspect)?;
    judge(failures)
}

fn print(text: &str) -> Result<(), Failure> {
    let written = io::stdout().write_all(text.as_bytes());
    written.map_err(|error| at("standard output", &Error::from(error)))
}

fn write_stats(target: Option<&Target>, stats: &Stats) -> Result<(), Failure> {
    let Some(target) = target else { return Ok(()) };
    let mut output = target.open(false)?;
    let written = output.write_all(stats.json().as_bytes());
    written.map_err(|error| at(&target.name(), &error.into()))?;
    output.publish(None, false)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_file_at_which_a_thread_panics_is_an_error_and_the_others_are_done() {
        let sources = ["a", "b", "c", "d"].map(|name| Source::File(PathBuf::from(name)));
        let doing = |source: &Source| -> Result<Work, Failure> {
            match source.name().as_str() {
                "`a`" => panic!("a bug of the thread at work"),
                "`b`" => std::thread::scope(|scope| {
                    let panics = scope.spawn(|| panic!("a bug of another thread"));
                    panics.join().expect("it is told to the thread that waits");
                }),
                "`c`" => return Err(Failure::Work("an error".into())),
                _ => {}
            }
            Ok(Work { input_bytes: 7, ..Work::default() })
        };
        let (sum, count, failures) = each(&sources, Voice::new(2, 0), &doing).expect("it goes on");
        assert_eq!((sum.input_bytes, count, failures), (7, 4, 3));
        assert!(matches!(judge(failures), Err(Failure::Said)), "the exit code is 1");
    }
}
