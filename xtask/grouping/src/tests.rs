//! Groups are the same however the file is cut and whoever works at it; what does not fit is refused.

use super::{Group, Layout, Quantity, gather};

const LAYOUT: Layout<'_> = Layout {
    texts: ["kind", "variant", "profile"],
    size: "input_bytes",
    block: "block",
    apart: &["repeat"],
    outcome: "outcome",
    ok: "ok",
    output: "output",
    quantities: &[
        Quantity::Column("peak"),
        Quantity::Sum(["user", "system"], 1000.0),
        Quantity::Ratio(["peak", "input_bytes"]),
        Quantity::Column("unknown"),
    ],
};

const HEADER: &str =
    "kind,block,variant,profile,input_bytes,outcome,peak,user,system,note,output\n";

fn groups_in(text: &str, piece_bytes: usize, workers: usize) -> anyhow::Result<Vec<Group>> {
    gather::groups(text.as_bytes(), &LAYOUT, piece_bytes, workers)
}

fn groups(rows: &str) -> Vec<Group> {
    groups_in(&format!("{HEADER}{rows}"), 1 << 20, 2).unwrap()
}

/// Rows of three variants, of which one fails at times; a value appears late, another is missing late.
fn rows() -> String {
    let row = |i: u32| {
        let outcome = if i % 11 == 2 { "timeout" } else { "ok" };
        let peak = if i > 150 { String::new() } else { (1000 + i * 7 % 13).to_string() };
        let user = if i < 60 { String::new() } else { i.to_string() };
        let (block, variant) = (i / 3, ["a", "b", "c"][i as usize % 3]);
        format!("run,{block},{variant},wide,10,{outcome},{peak},{user},3,some note,{}\n", i % 2)
    };
    (0..200).map(row).collect()
}

#[test]
fn groups_depend_neither_on_the_size_of_a_piece_nor_on_the_number_of_threads() {
    let text = format!("{HEADER}{}", rows());
    let whole = groups_in(&text, 1 << 20, 1).unwrap();
    assert_eq!(whole.len(), 3);
    assert_eq!(whole[0].values[0].values.len(), 47);
    for piece_bytes in [1, 7, 300, 1000, 5000] {
        for workers in [1, 2, 3, 8] {
            let cut = groups_in(&text, piece_bytes, workers).unwrap();
            assert_eq!(cut, whole, "pieces of {piece_bytes} bytes, {workers} workers");
        }
    }
}

#[test]
fn quantities_are_made_of_their_columns_and_absent_where_one_of_these_is() {
    let found = groups("run,1,a,wide,10,ok,30,1,2,,x\nrun,2,a,wide,10,ok,,4,5,,x\n");
    let [peak, cpu, per_byte, unknown] = found[0].values.as_slice() else { panic!("four") };
    assert_eq!((peak.values.as_slice(), peak.blocks.as_slice()), (&[30.0][..], &[1][..]));
    assert_eq!((cpu.values.as_slice(), cpu.blocks.as_slice()), (&[3e3, 9e3][..], &[1, 2][..]));
    assert_eq!(per_byte.values, [3.0]);
    assert_eq!(unknown.values, [0.0; 0]);
    let empty = groups("run,1,a,empty,0,ok,30,1,2,,x\n");
    assert_eq!(empty[0].values[2].values, [0.0; 0], "nothing is divided by 0");
}

#[test]
fn only_successful_rows_have_values_and_all_are_counted() {
    let found = groups("run,1,a,wide,10,ok,3,,,,x\nrun,2,a,wide,10,failed,5,,,,y\n");
    assert_eq!(found[0].values[0].values, [3.0]);
    assert_eq!(found[0].outcomes, [("failed".to_owned(), 1), ("ok".to_owned(), 1)]);
    assert_eq!(found[0].distinct_outputs, 1);
}

#[test]
fn blocks_of_what_stands_apart_make_groups_of_their_own() {
    let row = |kind: &str, block: u32| format!("{kind},{block},a,wide,10,ok,3,,,,x\n");
    let found =
        groups(&[row("run", 1), row("repeat", 1), row("repeat", 2), row("run", 2)].concat());
    let seen: Vec<_> = found.iter().map(|of| (of.texts[0].as_str(), of.block)).collect();
    assert_eq!(seen, [("run", 0), ("repeat", 1), ("repeat", 2)]);
}

#[test]
fn an_empty_file_and_a_header_alone_have_no_groups() {
    assert_eq!(groups_in("", 100, 2).unwrap(), []);
    assert_eq!(groups_in(HEADER, 100, 2).unwrap(), []);
}

#[test]
fn what_is_not_a_table_of_samples_is_refused_with_a_reason() {
    let refused = |text: &str, reason: &str| {
        for (piece_bytes, workers) in [(1, 1), (40, 2), (1 << 20, 2)] {
            let error = groups_in(text, piece_bytes, workers).unwrap_err();
            let said = format!("{error:#}");
            assert!(said.contains(reason), "`{said}` does not say `{reason}`");
        }
    };
    let rows = rows();
    refused(&format!("{HEADER}{}", rows.trim_end()), "torn");
    refused(HEADER.trim_end(), "torn");
    refused(&format!("{}{rows}", HEADER.replace("outcome", "end")), "`outcome` is missing");
    refused(&format!("{HEADER}{}", rows.replacen("1001", "many", 1)), "many");
}

#[test]
fn a_column_with_fractions_is_read_as_it_is_written() {
    let layout =
        Layout { quantities: &[Quantity::Real("peak"), Quantity::Column("user")], ..LAYOUT };
    let rows = "run,1,a,wide,10,ok,1.5,1,2,,x\nrun,2,a,wide,10,ok,1e-3,4,5,,x\nrun,3,a,wide,10,ok,,7,5,,x\n";
    let text = format!("{HEADER}{rows}");
    let found = gather::groups(text.as_bytes(), &layout, 30, 2).unwrap();
    assert_eq!(found[0].values[0].values, [1.5, 1e-3]);
    assert_eq!(found[0].values[1].values, [1.0, 4.0, 7.0]);
}
