//! What other programs depend on: readers and writers both ways, kinds of errors, and bounds on types.

mod common;

use std::fmt::Debug;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use common::{documents, noise, records};
use sigma_encoder::{
    Decoder, Encoder, Error, Frames, Framing, Level, Limits, Options, Prepared, decode_all,
    encode_all, encode_frames, outline, read, write,
};

/// Written in pieces of so many bytes.
fn written(document: &[u8], piece: usize, options: Options) -> Vec<u8> {
    let mut encoder = write::Encoder::new(Vec::new(), options);
    for piece in document.chunks(piece) {
        encoder.write_all(piece).expect("memory does not fail");
    }
    encoder.finish().expect("memory does not fail")
}

/// Decoded by being written in pieces of so many bytes.
fn decoded(encoded: &[u8], piece: usize) -> io::Result<Vec<u8>> {
    let mut decoder = write::Decoder::new(Vec::new())?;
    for piece in encoded.chunks(piece) {
        decoder.write_all(piece)?;
    }
    decoder.finish()
}

#[test]
fn readers_and_writers_make_the_same_bytes_and_take_them_back() {
    for (name, document) in documents() {
        let options = Options::new();
        let expected = encode_all(document.as_slice(), &options).expect("memory does not fail");
        let piece = (document.len() / 5).max(1);
        assert!(written(&document, piece, options) == expected, "{name}");
        let mut read_encoded = Vec::new();
        let mut encoder = read::Encoder::new(document.as_slice(), options);
        encoder.read_to_end(&mut read_encoded).expect("memory does not fail");
        assert!(read_encoded == expected, "{name}");
        assert!(decode_all(expected.as_slice()).expect("ours") == document, "{name}");
        let piece = (expected.len() / 5).max(1);
        assert!(decoded(&expected, piece).expect("ours") == document, "{name}");
    }
}

#[test]
fn a_decoder_that_is_written_to_takes_every_form_in_any_pieces() {
    let document = records(2000);
    let options = Options::new().level(Level::Fast);
    let mut framed = Vec::new();
    let framing = Framing::new().frame_bytes(8 << 10);
    encode_frames(document.as_slice(), &mut framed, &options, framing).expect("memory");
    for encoded in [framed, encode_all(document.as_slice(), &options).expect("memory")] {
        for piece in [1, 1000, encoded.len()] {
            assert!(decoded(&encoded, piece).expect("ours") == document, "pieces of {piece}");
        }
    }
}

#[test]
fn what_is_written_comes_out_when_flushed() {
    // Several chunks, of which all but the last are there.
    let document = noise(300_000);
    let encoded = encode_all(document.as_slice(), &Options::new()).expect("memory");
    let mut decoder = write::Decoder::new(Vec::new()).expect("a thread");
    decoder.write_all(&encoded[..encoded.len() - 100]).expect("it is right so far");
    decoder.flush().expect("it is right so far");
    assert!(!decoder.get_ref().is_empty() && document.starts_with(decoder.get_ref()));
    decoder.write_all(&encoded[encoded.len() - 100..]).expect("it is right");
    assert!(decoder.finish().expect("it is right") == document);
}

#[test]
fn damage_is_told_by_the_decoder_that_is_written_to_and_it_stays_failed() {
    let document = records(2000);
    let encoded = encode_all(document.as_slice(), &Options::new()).expect("memory");
    let cut = decoded(&encoded[..encoded.len() - 1], 100).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    let mut damaged = encoded.clone();
    damaged[encoded.len() / 2] ^= 1;
    let mut decoder = write::Decoder::new(Vec::new()).expect("a thread");
    let mut results = damaged.chunks(100).map(|piece| decoder.write_all(piece));
    let first = results.find_map(Result::err);
    if let Some(error) = first {
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(results.all(|result| result.is_err()), "it stays failed");
    }
    assert!(decoder.finish().is_err());
    assert!(write::Decoder::new(Vec::new()).expect("a thread").finish().is_err());
    // One that is dropped ends its thread, whether it has failed or waits.
    drop(write::Decoder::new(Vec::new()).expect("a thread"));
}

#[test]
fn an_outline_is_what_is_decoded() {
    let (mut joined, mut sum) = (Vec::new(), 0);
    for (name, document) in documents() {
        let lines = document.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
        for level in Level::ALL {
            let options = Options::new().level(level);
            let mut in_frames = Vec::new();
            let framing = Framing::new().frame_bytes(100 << 10);
            let frames = encode_frames(document.as_slice(), &mut in_frames, &options, framing);
            let found = outline(in_frames.as_slice()).expect("ours");
            assert_eq!(found.frames, frames.expect("memory does not fail"), "{name}");
            assert_eq!((found.document_bytes, found.lines), (document.len() as u64, Some(lines)));
            let plain = encode_all(document.as_slice(), &options).expect("memory does not fail");
            let found = outline(plain.as_slice()).expect("ours");
            assert_eq!((found.document_bytes, found.frames), (document.len() as u64, 0), "{name}");
            assert_eq!(found.encodings, 1, "{name}");
            for encoded in [in_frames, plain] {
                joined.extend_from_slice(&encoded);
                sum += document.len() as u64;
                for cut in [0, 1, encoded.len() / 2, encoded.len() - 1] {
                    assert!(outline(&encoded[..cut]).is_err(), "{name}, cut to {cut}");
                }
            }
        }
    }
    let found = outline(joined.as_slice()).expect("encodings that follow each other");
    assert_eq!(found.document_bytes, sum);
    assert_eq!(found.encodings, 6 * documents().len() as u64);
    joined.push(b'x');
    assert!(matches!(outline(joined.as_slice()), Err(Error::TrailingBytes { .. })));
}

/// Fails after so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.0);
        self.0 -= len;
        if len == 0 { Err(ErrorKind::StorageFull.into()) } else { Ok(len) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_fails_outside_is_told_as_it_was() {
    let document = records(5000);
    let mut encoder = write::Encoder::new(Full(100), Options::new());
    let written = encoder.write_all(&document).and_then(|()| encoder.finish().map(drop));
    assert_eq!(written.unwrap_err().kind(), ErrorKind::StorageFull);
    let bytes = encode_all(document.as_slice(), &Options::new()).expect("memory");
    let mut decoder = write::Decoder::new(Full(100)).expect("a thread");
    let written = decoder.write_all(&bytes).and_then(|()| decoder.finish().map(drop));
    assert_eq!(written.unwrap_err().kind(), ErrorKind::StorageFull);
}

#[test]
fn errors_have_the_kinds_that_others_look_for() {
    let encoded = encode_all(&records(2000)[..], &Options::new()).expect("memory");
    let kind = |result: Result<Vec<u8>, Error>| io::Error::from(result.unwrap_err()).kind();
    assert_eq!(kind(decode_all(&encoded[..encoded.len() / 2])), ErrorKind::UnexpectedEof);
    assert_eq!(kind(decode_all(&b"plain"[..])), ErrorKind::InvalidData);
    let limits = Limits::new().output_bytes(10);
    let mut document = Vec::new();
    let mut decoder = Decoder::limited(encoded.as_slice(), limits).expect("the header is right");
    let error = decoder.read_to_end(&mut document).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExceeded);
    assert!(error.downcast::<Error>().is_ok());
}

#[test]
fn types_can_be_sent_and_printed() {
    fn check<T: Send + Debug>() {}
    check::<Encoder>();
    check::<Prepared>();
    check::<Decoder<&[u8]>>();
    check::<Frames<Vec<u8>>>();
    check::<read::Encoder<&[u8]>>();
    check::<write::Encoder<Vec<u8>>>();
    check::<write::Decoder<Vec<u8>>>();
    check::<(Options, Limits, Framing, Error)>();
}

/// Text of all files of Rust in a folder, and in the folders in it.
fn sources(folder: &Path, all: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a file of ours");
            all.push((path, text));
        }
    }
}

#[test]
fn machines_without_atomic_numbers_of_64_bits_are_not_shut_out() {
    let mut all = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    assert!(all.len() > 40, "these are the sources");
    for (path, text) in all {
        for number in ["AtomicU64", "AtomicI64"] {
            assert!(!text.contains(number), "`{}` uses `{number}`", path.display());
        }
    }
}
