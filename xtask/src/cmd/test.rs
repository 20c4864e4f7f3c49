//! `cargo xtask test`: every test of the workspace. The encoder and the probe are built first, as they
//! are measured, since some tests run them.

use xshell::cmd;

use crate::error::Verdict;
use crate::workshop::{Wanted, Workshop};

/// Runs `cargo test` over the workspace, passing on `arguments`.
pub(crate) fn test(workshop: &Workshop, arguments: &[String]) -> anyhow::Result<Verdict> {
    workshop.build(Wanted { sigma: workshop.has_sigma(), heap: false })?;
    let shell = workshop.shell()?;
    let passed = cmd!(shell, "cargo test --locked --workspace --no-fail-fast {arguments...}")
        .quiet()
        .run()
        .is_ok();
    Ok(if passed { Verdict::Fine } else { Verdict::Failed })
}
