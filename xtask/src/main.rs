//! The `xtask` of this workspace: the laboratory, which lives in the library. That of any other
//! workspace can be the same few lines.

fn main() -> std::process::ExitCode {
    laboratory::main()
}
