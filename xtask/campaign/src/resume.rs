//! A campaign that was stopped is continued, if it may be (the resume check): samples of one campaign are of one
//! experiment, the same programs and documents, on one machine. What differs is named with both sides.

use std::collections::BTreeMap;

use experiment::error::user;
use experiment::{Experiment, Lock};
use record::{Binary, Folder, Machine, Machines};

use crate::errln;

/// Prepares the folder of the running campaign: one that was stopped is continued if it measures the
/// same thing in the same place, and refused if not.
pub(crate) fn resume(running: &Folder, name: &str, lock: Lock) -> anyhow::Result<Machines> {
    let now = Machine::now();
    let Some((earlier, machines)) =
        running.read_lock::<Experiment>()?.zip(running.read_machines()?)
    else {
        // Both are written before the first row.
        if std::fs::metadata(running.samples()).is_ok_and(|of| of.len() > 0) {
            return user(format!(
                "{} holds samples, but {} or {} beside it is gone, and nothing else says of what they \
                 are; put it back to continue, or `cargo xtask run {name} --restart` drops the samples",
                running.samples().display(),
                running.lock().file_name().unwrap_or_default().display(),
                running.machine().file_name().unwrap_or_default().display()
            ));
        }
        running.remove()?;
        running.write_lock(&lock)?;
        let machines = Machines {
            refused: Vec::new(),
            refused_because: BTreeMap::new(),
            before: now,
            after: None,
        };
        running.write_machines(&machines)?;
        return Ok(machines);
    };
    let changed = differences((&earlier, &machines.before), (&lock, &now));
    if !changed.is_empty() {
        return user(format!(
            "a campaign of `{name}` was stopped, and since then this changed: {}; undo it to continue, or \
             `cargo xtask run {name} --restart` drops its samples and measures anew",
            changed.join("; ")
        ));
    }
    errln!("continuing the campaign of {}", machines.before.time);
    // Prose, fits and criteria may have changed; they belong to the report.
    running.write_lock(&Lock { experiment: lock.experiment, ..earlier })?;
    Ok(machines)
}

/// Publishes a campaign that was complete when it was stopped; true if it is the one that is wanted.
pub(crate) fn finish(running: &Folder, folder: &Folder, lock: &Lock) -> anyhow::Result<bool> {
    let Some(machines) = running.read_machines()?.filter(|of| of.after.is_some()) else {
        return Ok(false);
    };
    running.move_to::<Experiment>(folder)?;
    errln!("published the campaign of {}, which was complete", machines.before.time);
    let Some(published) = folder.read_lock::<Experiment>()? else { return Ok(false) };
    let now = Machine::now();
    Ok(differences((&published, &machines.before), (lock, &now)).is_empty())
}

/// What makes samples of the two campaigns different things, each in a few words; nothing if they
/// may be joined. Prose, fits and criteria may differ: they belong to the report.
fn differences(
    (earlier, machine_earlier): (&Lock, &Machine),
    (now, machine_now): (&Lock, &Machine),
) -> Vec<String> {
    let mut found = Vec::new();
    if earlier.experiment.measures_the_same(&now.experiment) {
        found.extend(documents(earlier, now));
    } else {
        found.push("what the experiment measures".to_owned());
    }
    found.extend(programs(&earlier.binary, &now.binary));
    if earlier.rustc != now.rustc {
        found.push(format!("the compiler (`{}`, now `{}`)", earlier.rustc, now.rustc));
    }
    let machine = machine_earlier.differences(machine_now);
    found.extend(machine.into_iter().map(|what| format!("the machine: {what}")));
    found
}

/// Documents whose bytes are others now; profiles that were added or removed are the experiment's.
fn documents(earlier: &Lock, now: &Lock) -> Vec<String> {
    let changed = now.document.iter().filter(|of| {
        let mut before = earlier.document.iter().filter(|was| was.profile == of.profile).peekable();
        // A file that grew or shrank has another size.
        before.peek().is_some() && !before.any(|was| was.size == of.size && was.sha256 == of.sha256)
    });
    changed.map(|of| format!("the input `{}` of {}", of.profile, of.size)).collect()
}

fn programs(earlier: &[Binary], now: &[Binary]) -> Vec<String> {
    let text = |binary: Option<&Binary>| match binary {
        None => "absent".to_owned(),
        Some(binary) => {
            let hash = binary.sha256.as_ref().map_or("unknown", |sha256| sha256.short());
            format!("{}, SHA-256 {hash}", binary.version)
        }
    };
    let of = |all: &'_ [Binary], name: &str| all.iter().find(|of| of.name == name).cloned();
    let mut names: Vec<&str> = earlier.iter().chain(now).map(|of| of.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter(|name| of(earlier, name) != of(now, name))
        .map(|name| {
            let (was, is) = (of(earlier, name), of(now, name));
            format!("the program `{name}` ({}; now {})", text(was.as_ref()), text(is.as_ref()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::hash::Sha256Hex;

    fn binary(version: &str, hash: &str) -> Vec<Binary> {
        let sha256 = Some(Sha256Hex(hash.repeat(64)));
        vec![Binary { name: "sigma".to_owned(), version: version.to_owned(), sha256 }]
    }

    #[test]
    fn a_changed_program_is_named_with_both_hashes() {
        assert_eq!(programs(&binary("1", "a"), &binary("1", "a")), [""; 0]);
        let found = programs(&binary("1", "a"), &binary("1", "b"));
        assert_eq!(
            found,
            ["the program `sigma` (1, SHA-256 aaaaaaaaaaaaaaaa; now 1, SHA-256 bbbbbbbbbbbbbbbb)"]
        );
    }
}
