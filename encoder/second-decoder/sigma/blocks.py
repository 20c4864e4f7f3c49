"""Blocks of the level fast (FORMAT.md, section 9)."""
from .base import Damaged, Input, expect, full_check, hash_bytes, inner, pair, signed
from .numbers import decimal
from .zstd import Stream

NO_PACK = 8
NONE = 65535
NOTHING = 2                             # the code of a segment that no value follows
TEXTS, NAMES, NUMBERS = range(3)        # shapes
DIFFERENCES, ROUNDED = 1, 2


def decode_blocks(src, header, off, kind):
    """Section 9: each block of a document in turn."""
    unpack = plain if off & NO_PACK else Stream().read
    dictionary, checks = Dictionary(), []
    while True:
        n = src.varint()
        if n == 0:
            break
        size = src.number(3)
        if n > 2097152 or size > 4194304:
            raise Damaged('a block is too long')
        coded = src.take(size)
        document = inner(decode_block, Input(coded), n, unpack, dictionary)
        check = full_check(kind, header + document + coded)
        expect(src.take(len(check[:4])), check[:4], 'a block')
        checks.append(check)
        yield document
    check = full_check(kind, header + b''.join(checks))
    expect(src.take(len(check)), check, 'the document')


def plain(data, length):
    """Section 9, Packed: data that is there as it is."""
    if len(data) != length:
        raise Damaged('a block has another length')
    return data


def decode_block(src, n, unpack, dictionary):
    """Section 9: what is coded of a block."""
    form = src.byte()
    if form == 0:
        dictionary.clear()
        return unpack(src.rest(), n)
    if form != 1:
        raise Damaged('no such form of a block')
    length = src.number(3)
    if length > n:
        raise Damaged('the streams are too long')
    document = decode_columns(Input(unpack(src.rest(), length)), dictionary)
    if len(document) != n:
        raise Damaged('a block has another length')
    return document


def decode_columns(src, dictionary):
    """Section 9, Streams: a block in columns."""
    dictionary.begin()
    lengths = [src.varint() for _ in range(3)]
    steps, fresh, shared = [Input(src.take(n)) for n in lengths]
    tokens = read_steps(steps, fresh, dictionary)
    if fresh.left():
        raise Damaged('new segments are left over')
    values = read_values(tokens, shared, src)
    return join(tokens, values, dictionary)


class Segment:
    """Section 9: a segment of the dictionary."""

    __slots__ = ('text', 'follows', 'key', 'column', 'followers')

    def __init__(self, text, follows):
        self.text, self.follows, self.column = text, follows, None
        key = segment_key(text)
        self.key = None if key is None else hash_bytes(key)
        self.followers = (NONE, NONE)


def segment_key(text):
    """Section 9, Columns: what is between the last two quotes before the last colon, or None."""
    head, colon, _ = text.rpartition(b':')
    parts = head.rsplit(b'"', 2)
    return parts[1] if colon and len(parts) == 3 else None


class Dictionary:
    """Section 9: the dictionary, what followed, and the names of the columns."""

    def __init__(self):
        self.clear()
        self.begin()

    def clear(self):
        """Empty it, with all that goes with it."""
        self.segments, self.after_two, self.columns = [], [NONE] * 4096, {}

    def begin(self):
        """The start of a block in columns."""
        if len(self.segments) > 3072 or len(self.columns) + 1 > 1536:
            self.clear()
        self.last = self.before = NONE
        self.key = 0

    def column(self, name):
        """Section 9, Columns: the number of a named column."""
        number = self.columns.get(name)
        if number is None:
            if len(self.columns) + 1 >= 2048:
                return 0
            number = self.columns[name] = len(self.columns) + 1
        return number

    def enter(self, text, follows):
        """A new segment; its number."""
        if len(self.segments) == 4096:
            raise Damaged('too many segments')
        segment = Segment(text, follows)
        if segment.key is not None:
            segment.column = self.column((segment.key, follows))
        self.segments.append(segment)
        return len(self.segments) - 1

    def expected(self):
        """The segment that followed the last two before."""
        return self.after_two[pair(self.last, self.before) % 4096]

    def follower(self, which):
        """The first or second follower of the last segment."""
        return NONE if self.last == NONE else self.segments[self.last].followers[which]

    def token(self, number):
        """A token of this segment: (text, column, or None if no value follows)."""
        if number >= len(self.segments):
            raise Damaged('no such segment')
        segment = self.segments[number]
        self.after_two[pair(self.last, self.before) % 4096] = number
        if self.last != NONE:
            last = self.segments[self.last]
            if last.followers[0] != number:
                last.followers = number, last.followers[0]
        self.last, self.before = number, self.last
        column = segment.column
        if segment.key is not None:
            self.key = segment.key
        elif segment.follows != NOTHING:
            column = self.column((self.key, number + 3))
        return segment.text, None if segment.follows == NOTHING else column


def read_steps(steps, fresh, dictionary):
    """Section 9, *Steps*: the tokens of a block."""
    tokens = []
    while steps.left():
        r = steps.byte()
        for _ in range(r):
            tokens.append(dictionary.token(dictionary.expected()))
        if r == 0 or r < 255 and steps.left():
            tokens.append(dictionary.token(read_step(steps, fresh, dictionary)))
        if len(tokens) > 131072:
            raise Damaged('too many tokens')
    return tokens


def read_step(steps, fresh, dictionary):
    """Section 9, *Steps*: the code of a segment that was not expected; its number."""
    code = steps.byte()
    if code >= 128:
        code = code & 127 | steps.byte() << 7
    if code < 2:
        return dictionary.follower(code)
    if code < 5:
        return dictionary.enter(fresh.take(fresh.byte()), code - 2)
    return code - 5


def read_values(tokens, shared, src):
    """Section 9, *Shared values* and the columns: for each column its values."""
    counts = {}
    for _, column in tokens:
        if column is not None:
            counts[column] = counts.get(column, 0) + 1
    common = iter(split_values(shared))
    values, names = {0: common}, 0
    for column, count in counts.items():
        if column == 0 or count < 16:
            values[column] = common
        else:
            own, named = read_column(src, count)
            values[column], names = iter(own), names + named
    if src.left() or names > 32768:
        raise Damaged('the columns of a block do not fit')
    return values


def join(tokens, values, dictionary):
    """Section 9, Tokens: the document of a block."""
    out = []
    for text, column in tokens:
        out.append(text)
        if column is not None:
            value = next(values[column], None)
            if value is None:
                raise Damaged('a value is missing')
            out.append(value)
    if any(next(rest, None) is not None for rest in values.values()):
        raise Damaged('values are left over')
    return b''.join(out)


def split_values(src):
    """All that is left as values, each with 0A after it."""
    *values, rest = src.rest().split(b'\n')
    if rest:
        raise Damaged('the last value has no end')
    return values


def read_column(src, count):
    """Section 9: the stream of a column; its values and how many names it has."""
    shape = src.byte()
    if shape == TEXTS:
        return split_values(Input(src.take(src.varint()))), 0
    if shape == NAMES:
        return read_names(src, count)
    if shape == NUMBERS:
        return read_numbers(src, count), 0
    raise Damaged('no such shape of a column')


def read_names(src, count):
    """Section 9, *names*."""
    many = src.byte()
    names = split_values(Input(src.take(src.varint())))
    if len(names) != many or not 1 <= many <= 250:
        raise Damaged('the names of a column are others in number')
    picks = src.take(count) if many > 1 else bytes(count)
    if max(picks) >= many:
        raise Damaged('no such name')
    return [names[k] for k in picks], many


def zigzag(x):
    """Section 9, *numbers*: the number that a zigzag code stands for."""
    return -(x + 1 >> 1) if x & 1 else x >> 1


def read_planes(src, count, width):
    """Section 9, *numbers*: the codes of so many planes."""
    codes = [0] * count
    for _ in range(width):
        codes = [code << 8 | b for code, b in zip(codes, src.take(count))]
    return codes


def read_numbers(src, count):
    """Section 9, *numbers*."""
    flags, width, places, least = src.take(4)
    rounded, more = src.take(2) if flags & ROUNDED else (0, 0)
    if flags > 3 or max(width, more) > 8 or max(places, rounded) > 17 or least > places:
        raise Damaged('no such numbers')
    last = base = zigzag(src.varint())
    exceptions = split_values(Input(src.take(src.varint())))
    following, shift, out = iter(exceptions), 1 if exceptions else 0, []
    for code, rest in zip(read_planes(src, count, width), read_planes(src, count, more)):
        if shift and code == 0:
            out.append(next(following, None))
            continue
        code -= shift
        last = number = signed(last + zigzag(code) if flags & DIFFERENCES else base + code)
        if flags & ROUNDED:
            number = signed(10 ** rounded * number + zigzag(rest))
        out.append(decimal(number, places, least))
    if None in out or next(following, None) is not None:
        raise Damaged('the exceptions are others in number')
    return out
