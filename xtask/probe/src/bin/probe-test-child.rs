//! Children that misbehave, for the tests.
fn main() {}
