//! The program `sigmacat`: `sigma decode -c -f`, as `zcat` and `zstdcat` have it.
//!
//! It starts the `sigma` beside it, and is nothing else, so that it takes no room.

use std::env;
use std::io;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let sigma = env::current_exe().map(|path| path.with_file_name("sigma"));
    let failed = sigma.and_then(|sigma| {
        let mut command = Command::new(sigma);
        command.args(["decode", "-c", "-f"]).args(env::args_os().skip(1));
        run(command)
    });
    match failed {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sigmacat: the program `sigma` beside it cannot be started: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Becomes the other program.
#[cfg(unix)]
fn run(mut command: Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;

    Err(command.exec())
}

#[cfg(not(unix))]
fn run(mut command: Command) -> io::Result<ExitCode> {
    let code = command.status()?.code().unwrap_or(1);
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}
