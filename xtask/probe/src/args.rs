//! The command line: what is asked of the probe, or one clear line on what is wrong with it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The text of `probe --help`.
pub(crate) const USAGE: &str = "\
usage: probe [OPTION]... -- PROGRAM [ARG]...
       probe --self-test-touch BYTES | --self-test-spike BYTES | --self-test-hold BYTES |
             --self-test-nothing

Starts PROGRAM, waits for it, kills whatever it leaves behind and prints one line of JSON.

Everything is kept to the whole tree of processes that PROGRAM starts.

  --stdin FILE          the child's standard input (default /dev/null)
  --stdout FILE         created or truncated (default /dev/null)
  --stderr FILE         gets the first and the last 64 KiB (default /dev/null)
  --timeout-ms N        kill it after N milliseconds
                        (time that it or the probe stands stopped is not counted)
  --memory-limit BYTES  kill it once the memory of all its processes exceeds BYTES
  --output-limit-bytes N
                        kill it once it wrote more to the file behind --stdout and to --output
  --output PATH         a file or folder it writes, for the limit; may be given again
  --exact-anon          stop it before it gives memory back, so that no peak of its anonymous
                        memory is missed; costs time
  --cgroup DIR          make a control group (version 2) for it in DIR and read its memory.peak;
                        `auto` looks for a place
  --fixed-addresses     no address space randomisation
  --cpu N               run it on CPU N only
  --timeline FILE       write the child's resident memory over time there, as lines
                        `NANOSECONDS BYTES`; a picture, since spikes between looks are missed
  --timeline-us N       microseconds between two looks (default 1000)
  --mapped FILE         write there which files processes had mapped at their exits, a path a line
  --env KEY=VALUE       declare a variable; there are no others
  --cwd DIR             start it in DIR
  --record FILE         write the record there instead of to standard output
";

/// What the command line asks for.
pub(crate) enum Command {
    /// Start a child and measure it.
    Measure(Box<Request>),
    /// Be a child that touches this many bytes; `--self-test-nothing` is none of them.
    Touch(usize),
    /// Be a child that touches this many bytes and gives them back before it ends.
    Spike(usize),
    /// Be a child that touches this many bytes and stays until it is killed.
    Hold(usize),
    /// Print the usage.
    Help,
}

/// One child to start, as declared.
#[derive(Default)]
pub(crate) struct Request {
    /// `None` is `/dev/null`, here and in the two below.
    pub(crate) stdin: Option<PathBuf>,
    pub(crate) stdout: Option<PathBuf>,
    pub(crate) stderr: Option<PathBuf>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) memory_limit_bytes: Option<u64>,
    pub(crate) output_limit_bytes: Option<u64>,
    pub(crate) outputs: Vec<PathBuf>,
    /// Where a control group may be made; `auto` is a place to look for.
    pub(crate) cgroup: Option<PathBuf>,
    pub(crate) timeline: Option<PathBuf>,
    pub(crate) timeline_us: Option<u64>,
    pub(crate) mapped: Option<PathBuf>,
    pub(crate) fixed_addresses: bool,
    pub(crate) exact_anon: bool,
    pub(crate) cpu: Option<usize>,
    /// `KEY=VALUE`, each key once.
    pub(crate) env: Vec<OsString>,
    pub(crate) cwd: Option<PathBuf>,
    /// `None` is standard output.
    pub(crate) record: Option<PathBuf>,
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
}

impl Request {
    /// The value declared for `key`.
    pub(crate) fn variable(&self, key: &str) -> Option<&OsStr> {
        self.env.iter().map(|pair| split(pair)).find(|(k, _)| *k == key).map(|(_, value)| value)
    }
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(mut args: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut request = Request::default();
    while let Some(option) = args.next() {
        match option.to_str() {
            Some("--") => return program(request, args),
            Some("--help" | "-h") => return Ok(Command::Help),
            Some("--self-test-nothing") => return Ok(Command::Touch(0)),
            Some("--self-test-touch") => return number(&option, &mut args, 0).map(Command::Touch),
            Some("--self-test-spike") => return number(&option, &mut args, 0).map(Command::Spike),
            Some("--self-test-hold") => return number(&option, &mut args, 0).map(Command::Hold),
            _ => request = declare(request, &option, &mut args)?,
        }
    }
    Err("no `--` and program behind it; write `probe [OPTION]... -- PROGRAM [ARG]...`".into())
}

fn program(
    mut request: Request,
    mut args: impl Iterator<Item = OsString>,
) -> Result<Command, String> {
    request.program = args
        .next()
        .filter(|program| !program.is_empty())
        .ok_or("no program behind `--`; write `-- PROGRAM [ARG]...`")?;
    request.arguments = args.collect();
    Ok(Command::Measure(Box::new(request)))
}

fn declare(
    mut request: Request,
    option: &OsStr,
    args: &mut impl Iterator<Item = OsString>,
) -> Result<Request, String> {
    match option.to_str() {
        Some("--stdin") => request.stdin = Some(value(option, args)?.into()),
        Some("--stdout") => request.stdout = Some(value(option, args)?.into()),
        Some("--stderr") => request.stderr = Some(value(option, args)?.into()),
        Some("--timeout-ms") => request.timeout_ms = Some(number(option, args, 1)?),
        Some("--memory-limit") => request.memory_limit_bytes = Some(number(option, args, 1)?),
        Some("--output-limit-bytes") => {
            request.output_limit_bytes = Some(number(option, args, 1)?);
        }
        Some("--output") => request.outputs.push(value(option, args)?.into()),
        Some("--cgroup") => request.cgroup = Some(value(option, args)?.into()),
        Some("--timeline") => request.timeline = Some(value(option, args)?.into()),
        Some("--timeline-us") => request.timeline_us = Some(number(option, args, 1)?),
        Some("--mapped") => request.mapped = Some(value(option, args)?.into()),
        Some("--fixed-addresses") => request.fixed_addresses = true,
        Some("--exact-anon") => request.exact_anon = true,
        Some("--cpu") => request.cpu = Some(number(option, args, 0)?),
        Some("--env") => {
            let pair = variable(value(option, args)?, &request)?;
            request.env.push(pair);
        }
        Some("--cwd") => request.cwd = Some(value(option, args)?.into()),
        Some("--record") => request.record = Some(value(option, args)?.into()),
        _ => return Err(format!("unknown option `{}`; see `probe --help`", option.display())),
    }
    Ok(request)
}

fn value(option: &OsStr, args: &mut impl Iterator<Item = OsString>) -> Result<OsString, String> {
    args.next().ok_or_else(|| format!("`{}` lacks its value", option.display()))
}

fn number<N: TryFrom<u64>>(
    option: &OsStr,
    args: &mut impl Iterator<Item = OsString>,
    min: u64,
) -> Result<N, String> {
    let text = value(option, args)?;
    let parsed = text.to_str().and_then(|text| text.parse::<u64>().ok());
    parsed.filter(|number| *number >= min).and_then(|number| N::try_from(number).ok()).ok_or_else(
        || {
            let (option, text) = (option.display(), text.display());
            format!("`{option}` holds `{text}`; write a whole number, at least {min}")
        },
    )
}

fn variable(pair: OsString, request: &Request) -> Result<OsString, String> {
    let (key, _) = split(&pair);
    if key.is_empty() || key.len() == pair.len() {
        return Err(format!("`--env` holds `{}`; write `KEY=VALUE`", pair.display()));
    }
    if request.env.iter().any(|other| split(other).0 == key) {
        return Err(format!("`--env` declares `{}` twice", key.display()));
    }
    Ok(pair)
}

/// `KEY=VALUE` at its first `=`; without one, all of it is the key.
fn split(pair: &OsStr) -> (&OsStr, &OsStr) {
    let bytes = pair.as_bytes();
    let end = bytes.iter().position(|&byte| byte == b'=').unwrap_or(bytes.len());
    let value = bytes.get(end + 1..).unwrap_or_default();
    (OsStr::from_bytes(&bytes[..end]), OsStr::from_bytes(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from))
    }

    fn request(line: &str) -> Request {
        match parse_words(line) {
            Ok(Command::Measure(request)) => *request,
            Ok(_) => panic!("`{line}` is no measurement"),
            Err(message) => panic!("{message}"),
        }
    }

    #[test]
    fn everything_behind_the_dashes_is_the_childs() {
        let request = request("--cpu 1 -- cat -- --cpu 2");
        assert_eq!(request.program, "cat");
        assert_eq!(request.arguments, ["--", "--cpu", "2"]);
        assert_eq!(request.cpu, Some(1));
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        let request = request("--env A=b=c --env B= -- x");
        assert_eq!(request.variable("A"), Some(OsStr::new("b=c")));
        assert_eq!(request.variable("B"), Some(OsStr::new("")));
        assert_eq!(request.variable("C"), None);
    }

    #[test]
    fn every_wrong_line_is_told_what_is_wrong() {
        for (line, part) in [
            ("", "no `--`"),
            ("--", "no program"),
            ("--timeout-ms", "lacks its value"),
            ("--timeout-ms soon -- x", "`--timeout-ms` holds `soon`"),
            ("--timeout-ms 0 -- x", "at least 1"),
            ("--memory-limit -5 -- x", "`--memory-limit` holds `-5`"),
            ("--env PATH -- x", "write `KEY=VALUE`"),
            ("--env =v -- x", "write `KEY=VALUE`"),
            ("--env A=1 --env A=2 -- x", "declares `A` twice"),
            ("--shell -- x", "unknown option `--shell`"),
        ] {
            let message = parse_words(line).err().unwrap_or_default();
            assert!(message.contains(part), "`{line}`: {message}");
        }
    }
}
