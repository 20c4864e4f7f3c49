//! Documents that nobody thought of: made by chance, mutated, or no documents at all.

mod common;

use common::{decode, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use sigma_encoder::{Coding, Encoder, Holding, Layout, Level, Options};

/// Text that looks like JSON more often than not.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|n| n.to_string()),
        (-1000..1000i32, 0..9999u32).prop_map(|(a, b)| format!("{a}.{b}")),
        "[a-z \\\\\"é0-9]{0,12}".prop_map(|text| format!("\"{}\"", text.replace('"', "\\\""))),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(", "))),
            vec(("[a-d]{1,3}", inner), 0..6).prop_map(|pairs| {
                let pairs: Vec<_> = pairs.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

fn options() -> impl Strategy<Value = Options> {
    (0..3usize, any::<[bool; 4]>(), any::<[bool; 4]>()).prop_map(|(level, coding, holding)| {
        let [prune, codebook, delta, pack] = coding;
        let [boxed, stream, pool, lazy] = holding;
        let layout = if boxed { Layout::Boxed } else { Layout::Flat };
        Options {
            level: Level::ALL[level],
            coding: Coding { prune, codebook, delta, pack },
            holding: Holding { layout, stream, pool, lazy },
            ..Options::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn json_comes_back_under_any_options(text in json(), options in options()) {
        let encoded = encode(text.as_bytes(), &options);
        prop_assert_eq!(decode(&encoded).expect("an encoding of ours"), text.as_bytes());
    }

    #[test]
    fn mutated_json_comes_back(
        text in json(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        options in options(),
    ) {
        let mut bytes = text.into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let encoded = encode(&bytes, &options);
        prop_assert_eq!(decode(&encoded).expect("an encoding of ours"), bytes);
    }

    #[test]
    fn any_bytes_come_back_however_they_are_pushed(
        bytes in vec(any::<u8>(), 0..2000),
        cuts in vec(1..400usize, 1..20),
    ) {
        let mut pushed = Encoder::new(Options::default());
        let (mut out, mut rest) = (Vec::new(), bytes.as_slice());
        for cut in cuts.iter().cycle() {
            let (part, after) = rest.split_at((*cut).min(rest.len()));
            pushed.push(part, &mut out);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        pushed.finish(&mut out);
        prop_assert_eq!(&out, &encode(&bytes, &Options::default()));
        prop_assert_eq!(decode(&out).expect("an encoding of ours"), bytes);
    }

    #[test]
    fn any_bytes_decode_or_are_refused(mut bytes in vec(any::<u8>(), 1..300), compact in any::<bool>()) {
        if compact {
            bytes[0] = 0b1010_0000 | bytes[0] & 0b1_0110;
        } else {
            bytes.splice(0..0, [0xCE, 0xA3, 1, 5, 0]);
        }
        let _ = decode(&bytes);
    }
}
