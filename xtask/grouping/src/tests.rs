//! What groups and pairs hold, and that what does not fit is refused.

use super::{Columns, Group, Quantity, Table};

const LAYOUT: Columns<'_> = Columns {
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

fn samples(text: &str, layout: &Columns<'_>) -> anyhow::Result<Table> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), text)?;
    Table::read(file.path(), layout)
}

fn groups_in(text: &str) -> anyhow::Result<Vec<Group>> {
    samples(text, &LAYOUT)?.groups()
}

/// The values of a quantity; none where no row has one.
fn values(group: &Group, place: usize) -> &[f64] {
    &group.values[place]
}

fn groups(rows: &str) -> Vec<Group> {
    groups_in(&format!("{HEADER}{rows}")).unwrap()
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
fn a_cell_has_its_rows_in_the_order_of_the_file() {
    let found = groups(&rows());
    let variants: Vec<&str> = found.iter().map(|of| of.texts[1].as_str()).collect();
    assert_eq!(variants, ["a", "b", "c"]);
    let is_ok = |i: &u32| i % 11 != 2;
    for (group, first) in found.iter().zip(0..) {
        let expected = || (first..200).step_by(3).filter(is_ok);
        let peaks = expected().filter(|i| *i <= 150).map(|i| f64::from(1000 + i * 7 % 13));
        assert_eq!(values(group, 0), peaks.collect::<Vec<_>>());
        assert_eq!(group.blocks, expected().map(|i| i / 3).collect::<Vec<_>>());
        assert_eq!(values(group, 1).len(), expected().filter(|i| *i >= 60).count());
    }
}

#[test]
fn pairs_are_of_the_same_document_and_block_and_lack_neither_side() {
    let row = |block: u32, variant: &str, profile: &str, outcome: &str, peak: &str| {
        format!("run,{block},{variant},{profile},10,{outcome},{peak},,,,x\n")
    };
    let text = [
        row(1, "a", "wide", "ok", "10"),
        row(1, "b", "wide", "ok", "20"),
        row(1, "b", "deep", "ok", "90"),
        row(2, "b", "wide", "ok", "22"),
        row(3, "b", "wide", "ok", "24"),
        row(4, "b", "wide", "ok", ""),
        row(2, "a", "wide", "failed", "1"),
        row(3, "a", "wide", "ok", "12"),
        row(4, "a", "wide", "ok", "13"),
    ];
    let samples = samples(&format!("{HEADER}{}", text.concat()), &LAYOUT).unwrap();
    let pairs = samples.pairs("run", "a", &[0, 3]).unwrap();
    assert_eq!(pairs.len(), 1);
    assert_eq!(
        (pairs[0].variant.as_str(), pairs[0].profile.as_str(), pairs[0].size),
        ("b", "wide", 10)
    );
    assert_eq!(pairs[0].values, [vec![(20.0, 10.0), (24.0, 12.0)], vec![]]);
    assert_eq!(samples.pairs("decode", "a", &[0]).unwrap(), []);
}

#[test]
fn quantities_are_made_of_their_columns_and_absent_where_one_of_these_is() {
    let found = groups("run,1,a,wide,10,ok,30,1,2,,x\nrun,2,a,wide,10,ok,,4,5,,x\n");
    assert_eq!(values(&found[0], 0), [30.0]);
    assert_eq!(values(&found[0], 1), [3e3, 9e3]);
    assert_eq!(values(&found[0], 2), [3.0]);
    assert_eq!((values(&found[0], 3), &found[0].blocks[..]), (&[][..], &[1, 2][..]));
    let empty = groups("run,1,a,empty,0,ok,30,1,2,,x\n");
    assert_eq!(values(&empty[0], 2), [0.0; 0], "nothing is divided by 0");
}

#[test]
fn only_successful_rows_have_values_and_all_are_counted() {
    let found = groups("run,1,a,wide,10,ok,3,,,,x\nrun,2,a,wide,10,failed,5,,,,y\n");
    assert_eq!(values(&found[0], 0), [3.0]);
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
    assert_eq!(groups_in("").unwrap(), []);
    assert_eq!(groups_in(HEADER).unwrap(), []);
}

#[test]
fn what_is_not_a_table_of_samples_is_refused_with_a_reason() {
    let refused = |text: &str, reason: &str| {
        let said = format!("{:#}", groups_in(text).unwrap_err());
        assert!(said.contains(reason), "`{said}` does not say `{reason}`");
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
        Columns { quantities: &[Quantity::Real("peak"), Quantity::Column("user")], ..LAYOUT };
    let rows = "run,1,a,wide,10,ok,1.5,1,2,,x\nrun,2,a,wide,10,ok,1e-3,4,5,,x\nrun,3,a,wide,10,ok,,7,5,,x\n";
    let text = format!("{HEADER}{rows}");
    let found = samples(&text, &layout).unwrap().groups().unwrap();
    assert_eq!(values(&found[0], 0), [1.5, 1e-3]);
    assert_eq!(values(&found[0], 1), [1.0, 4.0, 7.0]);
}
