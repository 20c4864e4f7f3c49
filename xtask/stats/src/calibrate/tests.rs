//! The machinery of the calibration, and a short run of all its rows.

use super::*;

#[test]
fn the_table_does_not_depend_on_threads() {
    let case = &cases()[0];
    let counts = [1, 3].map(|threads| count(case, 200, 1, threads, &|_| {}));
    assert_eq!(counts[0], counts[1]);
}

#[test]
fn no_row_is_missed_in_a_short_run() {
    let missed: Vec<Row> = calibrate(60, 1, 2, &|_| {})
        .into_iter()
        .filter(|row| row.verdict == RowVerdict::Missed)
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn bounds_read_as_they_judge() {
    assert_eq!(Bound::Between(0.94, 0.96).to_string(), "94 to 96 %");
    assert!(Bound::AtLeast(0.99).holds(0.99, 0.0) && !Bound::AtLeast(0.99).holds(0.98, 0.0));
    assert!(Bound::AtMost(0.05).holds(0.051, 0.002));
}
