//! Whether a campaign that was stopped may be continued: samples of one campaign are of one
//! experiment, the same programs and documents, on one machine. What differs is named with both sides.

use experiment::Lock;
use record::Binary;
use record::machine::Machine;

/// What makes samples of the two campaigns different things, each in a few words; nothing if they
/// may be joined. Prose, fits and criteria may differ: they belong to the report.
pub fn differences(
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
