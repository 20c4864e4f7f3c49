//! Every context of the model: its name, and what it captures.
//!
//! A context is a hash of what is known on both sides before something is coded. Those that pay most come first, since
//! a level uses only the first of them: adding some costs time, and in a table of fixed size they crowd out others.

use super::columns::Column;
use super::delta::{BASES, Basis};
use super::recent::Recent;
use crate::base::hash::{pair, triple};
use crate::grammar::pieces::ItemKind;
use crate::grammar::tree::{NUMBERS_KEPT, TreeState};
use crate::numbers::decimal::Decimal;

/// Contexts of segments, at most; a level uses the first of them. The same below.
pub(super) const SEGMENT: usize = 6;
/// Contexts of values.
pub(super) const VALUE: usize = 6;
/// Contexts of pieces, at every level.
pub(super) const PIECE: usize = 3;
/// Contexts of the endings of pieces, at every level.
pub(super) const ENDING: usize = 3;
/// Contexts of new bytes.
pub(super) const BYTE: usize = 5;
/// Contexts of digits.
pub(super) const DIGIT: usize = 7;

/// Those that a level uses.
#[inline]
pub(super) fn first<const MAX: usize, const N: usize>(contexts: &[u32; MAX]) -> &[u32; N] {
    contexts.first_chunk().expect("no level uses more contexts than there are")
}

/// Which segment comes.
#[inline]
pub(super) fn of_segment(tree: &TreeState, recent: &Recent) -> [u32; SEGMENT] {
    let [s1, s2, s3, s4, s5] = recent.segments;
    let value = recent.values[0];
    // Members that come or not by the value before them: `"type":"error","code":`.
    let after_value = pair(s1, value);
    // The order of members, where one segment ends two different members.
    let last_two = pair(s1, s2);
    // The same member at another depth, or another element of an array of fixed length.
    let path = triple(tree.container().path, tree.index(), s1);
    // What usually follows, wherever it is.
    let last = s1;
    // Shapes of records that repeat with a period of several members.
    let last_three = pair(last_two, s3);
    let last_five = triple(last_three, s4, s5);
    // Shapes that the first value of the object decides: `{"type":"Literal",..}` of syntax trees.
    let first_value = triple(last_three, tree.container().first, value);
    [after_value, last_two, path, last, last_five, first_value]
}

/// Which value comes in a column.
#[inline]
pub(super) fn of_value(
    tree: &TreeState,
    recent: &Recent,
    column: u32,
    memory: &Column,
) -> [u32; VALUE] {
    let [a, b] = recent.values;
    let (here, around) = (tree.container(), tree.parent());
    // Values of a column that follow each other: states, counters of few values.
    let last_in_column = pair(column, memory.last);
    // Values that depend on the member before: a code and its text.
    let value_before = pair(column, a);
    // The usual value of the column.
    let column_alone = column;
    // Values that depend on the two members before.
    let two_values_before = triple(column, a, b);
    // Values of a column that repeat with a period.
    let last_two_in_column = triple(column, memory.last, memory.before);
    // Values that depend on the first member of the object, and on what stands before the object.
    let first_and_above = triple(here.path, pair(here.key, here.first), around.last);
    [
        last_in_column,
        value_before,
        column_alone,
        two_values_before,
        last_two_in_column,
        first_and_above,
    ]
}

/// Which difference a number has to which number before it.
#[inline]
pub(super) fn of_number(
    tree: &TreeState,
    recent: &Recent,
    column: u32,
    memory: &Column,
) -> [Basis; BASES] {
    let above = tree.parent_object();
    let nth = tree.container().number_count as usize % NUMBERS_KEPT;
    let same_above = Decimal { digits: above.numbers[nth], places: 0 };
    let [a, b, ..] = recent.segments;
    let value = recent.values[0];
    let surroundings = triple(a, b, value);
    [
        // A counter, or a time that is taken at regular intervals.
        Basis { context: column, base: memory.number },
        // An end after a start: lengths that repeat where the text around them does.
        Basis { context: pair(surroundings, 1), base: recent.number },
        // Offsets that are counted from those of the object around: `start` and `end` of syntax trees.
        Basis { context: pair(surroundings, 2), base: same_above },
        // The same as the number before it, or a little more, by the member.
        Basis { context: pair(column, a), base: recent.number },
        // A counter whose step depends on the value before it.
        Basis { context: pair(column, value), base: memory.number },
    ]
}

/// Which piece of an item comes; `pieces` are the hashes of the last two, `beginning` that of the item so far.
#[inline]
pub(super) fn of_piece(
    pieces: [u32; 2],
    kind: ItemKind,
    column: u32,
    beginning: u32,
) -> [u32; PIECE] {
    let ([a, b], kind) = (pieces, kind as u32);
    // Word after two words.
    let last_two = triple(a, b, kind);
    // Word after a word, in this column.
    let last_in_column = triple(a, column, kind);
    // What items of this column begin with.
    let beginning_in_column = triple(beginning, column, kind);
    [last_two, last_in_column, beginning_in_column]
}

/// How a piece ends whose first bytes, `begun`, are known; `last` is the hash of the piece before.
#[inline]
pub(super) fn of_ending(begun: u32, last: u32, kind: ItemKind, column: u32) -> [u32; ENDING] {
    // The usual word that begins so.
    let usual = pair(begun, kind as u32);
    // The word that begins so after the last one.
    let after_last = pair(begun, last);
    // The word that begins so in this column.
    let in_column = triple(begun, column, 1);
    [usual, after_last, in_column]
}

/// Which byte comes, where nothing longer is known; `word` is the hash of the last piece and the bytes of this one.
#[inline]
pub(super) fn of_byte(last_bytes: u64, kind: ItemKind, word: u32) -> [u32; BYTE] {
    let (low, high) = (last_bytes as u32, (last_bytes >> 32) as u32);
    // Orders 2, 1 and 3: spelling.
    let order2 = pair(low & 0xFFFF, 1);
    let order1 = pair(low & 0xFF, 0x100 | kind as u32);
    let order3 = pair(low & 0xFF_FFFF, 2);
    // Order 5: words and their endings.
    let order5 = triple(low, high & 0xFF, 3);
    // The word so far, after the word before it.
    let word = triple(word, kind as u32, 4);
    [order2, order1, order3, order5, word]
}

/// What the digits of a new number are coded under.
#[derive(Clone, Copy, Debug)]
pub(super) struct DigitSite {
    /// The column, and what the digits are of.
    pub(super) salt: u32,
    /// How many symbols there are so far.
    pub(super) place: u32,
    /// Whether the beginning is too long to be told apart.
    pub(super) far: bool,
    /// The hash of the symbols so far.
    pub(super) beginning: u32,
    /// The last symbols, four bits each.
    pub(super) symbols: u32,
    /// Whether the symbols so far are those of the column's last value.
    pub(super) repeats: bool,
    /// The next two bytes of the column's last value.
    pub(super) above: [u8; 2],
    /// What is known of the number from outside: of a number, the value before it and the column's last; of a
    /// difference, the last step and the column's.
    pub(super) hints: [u32; 2],
    /// 0 for a number, 1 and 2 for a difference.
    pub(super) mode: u32,
    /// The digits that are possible, as a set of bits, where that is known.
    pub(super) possible: Option<u32>,
}

/// Which digit comes.
#[inline]
pub(super) fn of_digit(site: &DigitSite) -> [u32; DIGIT] {
    let DigitSite { salt, place, far, symbols, mode, .. } = *site;
    let last = symbols & 15;
    // The beginning of a long number does not come again; what is kept of it is coarse.
    let beginning = if far { 0x100_0000 | symbols & 0xFF } else { site.beginning };
    // Numbers of the column that begin so.
    let begins_so = triple(salt, beginning, place);
    // The number above in the column, digit by digit while it agrees.
    let [at, next] = site.above.map(u32::from);
    let aligned = triple(salt, u32::from(site.repeats) << 16 | at << 8 | next, last);
    // How many digits there are, and what they begin with; or which digits a double can end with.
    let grid_or_place = site.possible.map_or(pair(salt, place), |digits| 0x1000 + digits);
    // Numbers that begin so after this value, or this step.
    let after_value = triple(salt, beginning, if far { 0 } else { site.hints[0] });
    // Numbers that begin so after the column's last, or its step.
    let after_last = triple(salt, beginning, if far { 1 } else { site.hints[1] });
    // Three symbols in any column.
    let order3 = triple(symbols & 0xFFF, mode, u32::from(far));
    // Digits that depend on the one before at this place.
    let order1 = triple(salt, place, last);
    [begins_so, aligned, grid_or_place, after_value, after_last, order3, order1]
}

/// What the noise of a double is coded under.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoiseSite {
    /// The column.
    pub(super) column: u32,
    /// The column's last noise.
    pub(super) last: i8,
    /// The number without its noise.
    pub(super) number: Decimal,
}

/// Which half of a noise comes; `known` is the first half if this is the second.
#[inline]
pub(super) fn of_noise(site: &NoiseSite, half: u32, known: u32) -> [u32; DIGIT] {
    let whole = site.number.digits.unsigned_abs();
    let fraction = (whole % 10u64.pow(u32::from(site.number.places.min(18)))) as u32;
    let bits = 64 - whole.leading_zeros();
    let salt = triple(site.column, 3 + half, known);
    // The noise of numbers of this size, which have as many bits after the point.
    let by_size = pair(salt, bits);
    // The noise of this fraction, whatever stands before the point.
    let by_fraction = triple(salt, fraction, 1);
    // The noise of the number above in the column, for numbers of this size.
    let last_and_size = triple(salt, bits, u32::from(site.last as u8) | 0x100);
    // The noise of this very number.
    let by_number = triple(salt, whole as u32, 2);
    // Numbers of this size in any column.
    let any_column = triple(half, known, bits | 0x1000);
    // The noise by the last three places.
    let last_places = triple(salt, fraction % 1000, 3);
    // The usual noise of the column.
    let column = pair(salt, 4);
    [by_size, by_fraction, last_and_size, by_number, any_column, last_places, column]
}
