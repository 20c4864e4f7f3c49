//! The program `sigma`.
use std::io::{self, BufReader, Read};

fn main() {
    let mut args = std::env::args().skip(1);
    let verb = args.next().unwrap_or_default();
    let stdin = io::stdin().lock();
    let mut options = sigma_encoder::Options::default();
    if args.next().is_some() { options.level = sigma_encoder::Level::Max; }
    let r = if verb == "encode" {
        sigma_encoder::encode(stdin, io::stdout().lock(), &options)
    } else {
        sigma_encoder::decode(BufReader::new(stdin), io::stdout().lock())
    };
    if let Err(e) = r { eprintln!("sigma: {e}"); std::process::exit(1) }
}
