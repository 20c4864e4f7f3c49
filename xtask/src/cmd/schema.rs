//! `cargo xtask schema`: the JSON Schema by which editors complete and check experiments.

use campaign::Workspace;
use campaign::errln;
use record::publish;

use crate::exit::Exit;

/// Writes the schema, or with `check` compares it with the committed one.
pub(crate) fn schema(workspace: &Workspace, check: bool) -> anyhow::Result<Exit> {
    let path = workspace.experiments().join("experiment.schema.json");
    let schema = experiment::schema();
    if !check {
        publish::replace(&path, schema.as_bytes())?;
        return Ok(Exit::Fine);
    }
    if std::fs::read_to_string(&path).ok().as_deref() == Some(&schema) {
        return Ok(Exit::Fine);
    }
    errln!("experiments/experiment.schema.json is stale; run `cargo xtask schema`");
    Ok(Exit::Failed)
}
