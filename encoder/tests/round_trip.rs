//! What goes in comes out, whatever it is and however it is encoded.

mod common;

use common::{decode, documents, encode, every_holding};
use sigma_encoder::{Level, Options};

#[test]
fn every_document_comes_back_at_every_level() {
    for (name, document) in documents() {
        for level in Level::ALL {
            let options = Options { level, ..Options::default() };
            let encoded = encode(&document, &options);
            assert!(decode(&encoded).expect(&name) == document, "{name} at {level:?}");
        }
    }
}

#[test]
fn memory_techniques_never_change_the_output() {
    for (name, document) in documents().into_iter().filter(|(_, bytes)| bytes.len() < 110_000) {
        let expected = encode(&document, &Options::default());
        for holding in every_holding() {
            let options = Options { holding, ..Options::default() };
            assert!(encode(&document, &options) == expected, "{name} with {holding:?}");
        }
    }
}

#[test]
fn the_output_does_not_depend_on_how_the_input_is_pushed() {
    for (name, document) in documents().into_iter().filter(|(_, bytes)| bytes.len() < 110_000) {
        let expected = encode(&document, &Options::default());
        for step in [1, 7, 4096, 65_537] {
            let mut pushed = sigma_encoder::Encoder::new(Options::default());
            let mut encoded = Vec::new();
            document.chunks(step).for_each(|part| pushed.push(part, &mut encoded));
            pushed.finish(&mut encoded);
            assert!(encoded == expected, "{name} in steps of {step}");
        }
    }
}

#[test]
fn the_corpus_comes_back() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpus");
    let Ok(entries) = std::fs::read_dir(corpus) else {
        eprintln!("not tested: there is no corpus at ../shared/corpus");
        return;
    };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let document = std::fs::read(&path).expect("a readable file");
        let part = &document[..document.len().min(400_000)];
        let encoded = encode(part, &Options::default());
        assert!(decode(&encoded).expect("an encoding of ours") == part, "{}", path.display());
    }
}
