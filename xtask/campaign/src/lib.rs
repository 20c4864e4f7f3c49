//! An experiment becomes samples on disk: inputs -> plan -> measure, until the stopping rule is satisfied.
//! Nothing is derived of samples here but what the stopping rule needs.
//!
//! | module | what it does |
//! |---|---|
//! | `ready` | opens, starts and closes a campaign |
//! | `workspace` | knows the folders, builds what is measured and what measures |
//! | `inputs` | makes or finds documents |
//! | `plan` | orders runs into complete randomised blocks |
//! | `stopping_rule` | says which cells still need runs |
//! | `self_test` | tests the probe and the encoder on what is known |
//! | `running`, `runs` | makes what is missing: blocks, heap, timelines, repetitions, single runs |
//! | `journals` | the files that grow meanwhile |
//! | `measure` | makes one sample of one run, through the probe |
//! | `watched` | notices when a measured file changes |
//! | `resume` | continues a campaign that was stopped, if it may be continued |
//! | `doctor` | looks at the machine |
//! | `disturbance` | what went on beside a run |
//! | `machine_lock` | one campaign at a time on a machine |
//! | `interrupt` | Ctrl-C |
//! | `progress`, `stderr` | what is seen meanwhile |
//! | `real` | the bench of real programs whose growth is known |

// A reader that goes away must not end in a panic; see `stderr`.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod disturbance;
pub mod doctor;
pub mod inputs;
pub mod interrupt;
mod journals;
mod machine_lock;
mod measure;
mod plan;
pub mod progress;
mod ready;
pub mod real;
mod resume;
mod running;
mod runs;
mod self_test;
pub mod stderr;
mod stopping_rule;
mod watched;
pub mod workspace;

pub use measure::trial;
pub use ready::{Campaign, Chosen, How};
pub use running::{OneRun, Running};
pub use watched::named as programs_named;
pub use workspace::Workspace;
