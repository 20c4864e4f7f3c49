//! What is on disk: the table of metrics, the rows of a campaign and the files that hold them. Nothing
//! here is derived, and nothing measures.
//!
//! | module | what it holds |
//! |---|---|
//! | `metric` | what is measured: name, unit and words of each metric |
//! | `sample`, `heap`, `timeline`, `failure` | the rows of `samples.csv`, `heap.csv`, `timeline.csv`, `failures.csv` |
//! | `self_test` | the names and amounts of the runs that test the probe |
//! | `journal` | a CSV file that only grows and survives whatever kills its writer |
//! | `lock`, `machine` | what was measured, and where |
//! | `folder`, `publish` | where the files of a campaign stand; how published files are replaced |
//! | `units`, `hash` | sizes, times and shares as they are written; the identity of files |

mod cell_key;
pub mod failure;
pub mod folder;
pub mod hash;
pub mod heap;
pub mod journal;
pub mod lock;
pub mod machine;
pub mod metric;
pub mod publish;
pub mod sample;
pub mod self_test;
pub mod timeline;
pub mod units;

pub use cell_key::CellKey;
pub use failure::Failure;
pub use folder::Folder;
pub use heap::HeapRow;
pub use journal::{Journal, Row};
pub use lock::{Asks, Because, Binary, ChosenSize, Lock, LockedDocument, Machines};
pub use machine::Machine;
pub use metric::Metric;
pub use sample::{Kind, Outcome, Sample, Samples};
pub use self_test::EMPTY;
pub use timeline::TimelineRow;
