//! `cargo xtask test`: every test of the workspace. The encoder and the probe are built first, as they
//! are measured, since some tests run them.

use xshell::cmd;

use campaign::Workspace;
use campaign::workspace::Wanted;

use crate::exit::Exit;

/// Runs `cargo test` over the workspace, passing on `arguments`.
pub(crate) fn test(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<Exit> {
    workspace.build(Wanted { sigma: workspace.has_sigma(), heap: false })?;
    let shell = workspace.shell()?;
    // The encoder apart: it asks for features of shared crates that the laboratory does not need, and with
    // them polars and half of all other crates would be built a second time.
    let parts: &[&[&str]] = match workspace.has_sigma() {
        true => &[&["--workspace", "--exclude", "sigma-encoder"], &["--package", "sigma-encoder"]],
        false => &[&["--workspace"]],
    };
    let mut exit = Exit::Fine;
    for part in parts.iter().copied() {
        let test = cmd!(shell, "cargo test --locked {part...} --no-fail-fast {arguments...}");
        if test.quiet().run().is_err() {
            exit = Exit::Failed;
        }
    }
    Ok(exit)
}
