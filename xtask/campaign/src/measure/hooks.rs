//! What an experiment wants to be done beside its runs: built, set up, prepared, concluded, cleaned up. It is not
//! measured.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use experiment::Experiment;

use super::room::Ready;
use crate::interrupt;

/// How often it is looked whether a hook is to be stopped.
const HOOK_LOOK: Duration = Duration::from_millis(50);

/// Whether Ctrl-C ends a hook: not one that tidies up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Obeyed,
    Ignored,
}

/// Runs each `setup`, or `cleanup`, of an experiment once: variants that share one word for word share
/// its run. All are tried; the first that fails is what is said.
pub(crate) fn run_once(experiment: &Experiment, home: &Path, once: Once) -> anyhow::Result<()> {
    let mut done: Vec<Ready> = Vec::new();
    let mut first = Ok(());
    for variant in &experiment.variant {
        let Some(foreign) = variant.program.foreign() else { continue };
        let (word, line, stop) = match once {
            Once::Build => ("build", &foreign.build, Stop::Obeyed),
            Once::Setup => ("setup", &foreign.hooks.setup, Stop::Obeyed),
            Once::Cleanup => ("cleanup", &foreign.hooks.cleanup, Stop::Ignored),
        };
        let Some(line) = line else { continue };
        let mut ready = Ready::plain(Vec::new(), home);
        ready.command = ready.line(line);
        // What is known of a single run only is not known here.
        let is_whole = |text: &String| !text.contains('{');
        ready.env.extend(foreign.env.clone().into_iter().filter(|(_, value)| is_whole(value)));
        if let Some(cwd) = foreign.cwd.as_ref().filter(|cwd| is_whole(cwd)) {
            ready.cwd = ready.path(cwd);
        }
        if done.contains(&ready) {
            continue;
        }
        let what = format!("`{word}` of `{}`", variant.name);
        let ran = run_hook(&what, &ready.command, &ready, stop);
        done.push(ready);
        if first.is_ok() {
            first = ran;
        }
        if first.is_err() && stop == Stop::Obeyed {
            break;
        }
    }
    first
}

/// What is done once for a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Once {
    /// Before anything else.
    Build,
    /// Before the first run.
    Setup,
    /// After the last one.
    Cleanup,
}

/// Runs a command beside what is measured, where and with what a child has; it has to succeed.
pub(super) fn run_hook(
    what: &str,
    line: &[String],
    child: &Ready,
    stop: Stop,
) -> anyhow::Result<()> {
    let cannot = || format!("{what}, `{}`, cannot be started", line.join(" "));
    let [program, arguments @ ..] = line else { bail!("{what} is empty") };
    let mut command = duct::cmd(program, arguments).dir(&child.cwd).stdin_null().stdout_null();
    // Beside what is measured programs may need more than it does, such as a home folder.
    for (name, value) in &child.env {
        command = command.env(name, value);
    }
    let running = command.stderr_capture().unchecked().start().with_context(cannot)?;
    let output = loop {
        if let Some(output) = running.wait_timeout(HOOK_LOOK).with_context(cannot)? {
            break output;
        }
        if let (Err(interrupted), Stop::Obeyed) = (interrupt::check(), stop) {
            running.kill().with_context(cannot)?;
            return Err(interrupted);
        }
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    bail!(
        "{what}, `{}`, ended with {}: {}; nothing more is measured",
        line.join(" "),
        output.status,
        last.escape_debug()
    )
}
