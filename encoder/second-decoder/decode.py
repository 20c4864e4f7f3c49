#!/usr/bin/env python3
"""Decoder of the sigma format, version 1.

Written from FORMAT.md alone by someone who has not read the source.

    python3 decode.py FILE.sg > out
    python3 decode.py --check GOLDEN_FOLDER
    python3 decode.py --trace COMPACT.sg     the decisions, as in section 10 of the text

The model of section 8 starts from a text, the prior. It is read from `prior.txt` beside this file (or from the path
in SIGMA_PRIOR); without it coded items raise PriorMissing. Blocks, and packed
chunks, need `zstandard` from PyPI. See FINDINGS.md.
"""
import os
import sys
import zlib

M32 = 0xFFFFFFFF
M64 = (1 << 64) - 1
K = 0x9E3779B97F4A7C15


class SigmaError(Exception):
    """Any input that does not decode."""


class Truncated(SigmaError):
    """The input ends too early."""


class Damaged(SigmaError):
    """A check, or a rule of the format, does not hold."""


class Newer(SigmaError):
    """Written by a later version of the format."""


class PriorMissing(SigmaError):
    """The prior, which FORMAT.md does not contain, is not at hand."""


# ---------------------------------------------------------------- checks

P1, P2, P3 = 11400714785074694791, 14029467366897019727, 1609587929392839161
P4, P5 = 9650029242287828579, 2870177450012600261


def rotl(x, n):
    return ((x << n) | (x >> (64 - n))) & M64


def xxh_round(acc, word):
    return rotl((acc + word * P2) & M64, 31) * P1 & M64


def xxh64(data, seed=0):
    """XXH64, as its specification says."""
    n, at = len(data), 0
    if n >= 32:
        v = [(seed + P1 + P2) & M64, (seed + P2) & M64, seed, (seed - P1) & M64]
        while at + 32 <= n:
            for j in range(4):
                v[j] = xxh_round(v[j], int.from_bytes(data[at + 8 * j:at + 8 * j + 8], 'little'))
            at += 32
        h = (rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) + rotl(v[3], 18)) & M64
        for x in v:
            h = ((h ^ xxh_round(0, x)) * P1 + P4) & M64
    else:
        h = (seed + P5) & M64
    h = (h + n) & M64
    while at + 8 <= n:
        h ^= xxh_round(0, int.from_bytes(data[at:at + 8], 'little'))
        h = (rotl(h, 27) * P1 + P4) & M64
        at += 8
    if at + 4 <= n:
        h ^= int.from_bytes(data[at:at + 4], 'little') * P1 & M64
        h = (rotl(h, 23) * P2 + P3) & M64
        at += 4
    while at < n:
        h = rotl(h ^ (data[at] * P5 & M64), 11) * P1 & M64
        at += 1
    h = (h ^ (h >> 33)) * P2 & M64
    h = (h ^ (h >> 29)) * P3 & M64
    return h ^ (h >> 32)


def full_check(kind, data):
    """The check of a whole, in all its bytes."""
    if kind == 0:
        return zlib.crc32(data).to_bytes(4, 'little')
    if kind == 1:
        return xxh64(data).to_bytes(8, 'little')
    return b''


def part_check(kind, data):
    """The check of a chunk or a block."""
    return full_check(kind, data)[:4]


# ---------------------------------------------------------------- reading

class Input:
    """Bytes with a place; running out raises Truncated."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if n > self.left():
            raise Truncated('the input ends too early')
        self.at += n
        return self.data[self.at - n:self.at]

    def byte(self):
        return self.take(1)[0]

    def number(self, n):
        return int.from_bytes(self.take(n), 'little')

    def varint(self):
        value = 0
        for k in range(9):
            b = self.byte()
            value |= (b & 127) << (7 * k)
            if b < 128:
                if k and b == 0:
                    raise Damaged('a varint is longer than needed')
                return value
        raise Damaged('a varint is too long')


def expect(stored, computed, what):
    if stored != computed:
        raise Damaged('the check of %s does not match' % what)


def inner(fn):
    """Run fn on data of known length: running out of it is damage."""
    try:
        return fn()
    except Truncated:
        raise Damaged('a part ends before what is in it does')


# ---------------------------------------------------------------- section 1

def decode(data):
    """Decode all encodings in data, one after the other."""
    if not data:
        raise Truncated('no encoding')
    src, out = Input(data), []
    while src.left():
        doc, open_end = decode_one(src)
        out.append(doc)
        if open_end and src.left():
            raise Damaged('bytes after a compact encoding without a check')
    return b''.join(out)


def decode_one(src):
    """One encoding; returns (document, whether nothing may follow)."""
    first = src.data[src.at]
    if 0xA0 <= first <= 0xBF:
        return decode_compact(src)
    if first == 0x98:
        raise later_compact(src)
    if first == 0xCE:
        return decode_long(src), False
    raise Damaged('no encoding begins with the byte %02x' % first)


def later_compact(src):
    """The error for a later version of the compact form."""
    start = src.at
    src.byte()
    n = src.byte()
    if n >> 4 < 2:
        return Damaged('no such version of the compact form')
    src.take(n & 15)
    good = zlib.crc32(src.data[start:src.at]) & 255 == src.byte()
    return Newer('a later compact form') if good else Damaged('damaged header')


def compact_header(src):
    first = src.byte()
    header = bytes([first])
    kind, level, off = first >> 2 & 3, first & 3, 0
    if kind == 2:
        raise Damaged('no such kind of check')
    if first & 16:
        off = src.byte()
        header += bytes([off])
        if not 0 < off < 16 or level == 3:
            raise Damaged('no such techniques')
    if kind == 3 and first != 0xAD:
        expect(src.number(2), zlib.crc32(header) & 0xFFFF, 'the header')
    return header, kind, level, off


def decode_compact(src):
    header, kind, level, off = compact_header(src)
    length = src.varint()
    if length > 65536:
        raise Damaged('too long for a compact document')
    if level == 3:
        doc, coded = src.take(length), b''
    else:
        coder = Reader(src.data, src.at, not off & 8)
        doc = Model(level, off, True).items(coder, length) if length else b''
        n = coder.finish()
        if n > 65536:
            raise Damaged('too many coded bytes')
        coded = src.take(n)
    check = full_check(kind, header + doc + coded)
    expect(src.take(len(check)), check, 'the document')
    return doc, kind == 3


def long_header(src):
    """Check a long header; returns (its bytes but for the check, fields)."""
    start = src.at
    if src.take(2) != b'\xCE\xA3':
        raise Damaged('no encoding begins so')
    version = src.byte()
    fields = src.take(src.byte())
    header = src.data[start:src.at]
    expect(src.number(4), zlib.crc32(header), 'the header')
    if version != 1:
        raise Newer('version %d' % version)
    return header, fields


def optional_fields(src):
    while src.left():
        number = src.byte()
        src.take(src.byte())
        if number >= 128:
            raise Newer('optional field %d' % number)


def decode_long(src):
    header, fields = long_header(src)
    return inner_fields(src, header, Input(fields))


def inner_fields(src, header, fields):
    form = inner(fields.byte)
    if form == 128:
        inner(fields.varint)
        inner(lambda: optional_fields(fields))
        return decode_framed(src, header)
    if form not in (1, 2):
        raise Newer('form %d' % form)
    level, off, kind = inner(fields.byte), inner(fields.byte), inner(fields.byte)
    inner(lambda: optional_fields(fields))
    if level not in ((1, 2) if form == 1 else (0,)) or off > 15 or kind not in (0, 1, 3):
        raise Newer('a code of the header is not known')
    if form == 2:
        return decode_blocks(src, header, off, kind)
    return decode_chunks(src, header, level, off, kind)


def decode_chunks(src, header, level, off, kind):
    model, out = None, []
    while True:
        length = src.varint()
        if length == 0:
            break
        size = src.varint()
        what, size = size & 3, size >> 2
        if size > 1048576 or what == 3:
            raise Damaged('no such chunk')
        coded = src.take(size)
        model = model or LazyModel(level, off)
        doc = decode_chunk(model, what, coded, length, off)
        check = part_check(kind, header + doc + (coded if what != 1 else b''))
        expect(src.take(len(check)), check, 'a chunk')
        out.append(doc)
    doc = b''.join(out)
    check = full_check(kind, header + doc)
    expect(src.take(len(check)), check, 'the document')
    return doc


class LazyModel:
    """A model that is made when the first chunk of items needs it."""

    def __init__(self, level, off):
        self.level, self.off, self.model = level, off, None
        self.waiting = []

    def get(self):
        if self.model is None:
            self.model = Model(self.level, self.off, False)
            for doc in self.waiting:
                self.model.pass_over(doc)
        return self.model

    def pass_over(self, doc):
        if self.model is None:
            self.waiting.append(doc)
        else:
            self.model.pass_over(doc)


def decode_chunk(model, what, coded, length, off):
    if what == 0:
        coder = Reader(coded, 0, not off & 8)
        doc = model.get().items(coder, length)
        if coder.finish() != len(coded):
            raise Damaged('the coded bytes are others in number')
        return doc
    if length > 65536:
        raise Damaged('a stored or packed chunk is too long')
    doc = coded if what == 1 else unpack_frame(coded, length)
    if len(doc) != length:
        raise Damaged('a chunk has another length')
    model.pass_over(doc)
    return doc


def zstd():
    try:
        import zstandard
    except ImportError:
        raise SigmaError('needs `zstandard` from PyPI (pip install zstandard)')
    return zstandard


def unpack_frame(coded, length):
    lib = zstd()
    unpacker = lib.ZstdDecompressor().decompressobj()
    try:
        doc = unpacker.decompress(coded)
    except lib.ZstdError as error:
        raise Damaged('Zstandard: %s' % error)
    if not unpacker.eof or unpacker.unused_data:
        raise Damaged('not one Zstandard frame')
    return doc


def decode_framed(src, header):
    out, entries, place = [], [], 0
    while True:
        frame_start = src.at
        encoding = frame_pieces(src)
        if encoding is None:
            break
        length, lines, check = src.varint(), src.varint(), src.number(8)
        doc = decode_frame(encoding)
        if len(doc) != length or length == 0 or doc.count(b'\n') != lines:
            raise Damaged('a frame is not what it says')
        expect(check, xxh64(doc, place), 'a frame')
        entries.append((length, src.at - frame_start, lines, check))
        out.append(doc)
        place += length
    read_index(src, header, entries)
    return b''.join(out)


def frame_pieces(src):
    """The encoding in a frame, or None after the last frame."""
    size = src.varint()
    if size == 0:
        return None
    parts = []
    while True:
        if size > 65536:
            raise Damaged('a piece is too long')
        parts.append(src.take(size))
        if size < 65536:
            return b''.join(parts)
        size = src.varint()


def decode_frame(encoding):
    def whole():
        src = Input(encoding)
        if encoding[:2] == b'\xCE\xA3' and encoding[4:5] == b'\x80':
            raise Damaged('frames in a frame')
        doc, _ = decode_one(src)
        if src.left():
            raise Damaged('more than one encoding in a frame')
        return doc
    return inner(whole)


def read_index(src, header, entries):
    start = src.at
    for entry in entries:
        if (src.varint(), src.varint(), src.varint(), src.number(8)) != entry:
            raise Damaged('the index contradicts the frames')
    index = src.data[start:src.at]
    if src.number(8) != len(index):
        raise Damaged('the length of the index is wrong')
    expect(src.number(8), xxh64(header + index), 'the index')
    if src.take(4) != b'\xCE\xA3\x01\x81':
        raise Damaged('the trailer ends otherwise')


# ---------------------------------------------------------------- section 4

def pair(a, b):
    x = ((a << 32 | b) ^ K) * K
    return (x >> 64 ^ x) & M32


def triple(a, b, c):
    return pair(pair(a, b), c)


def hash_bytes(s):
    n = len(s)
    x = K ^ n
    at = 0
    while at + 8 <= n:
        x = (x ^ int.from_bytes(s[at:at + 8], 'little')) * K & M64
        x ^= x >> 32
        at += 8
    x = (x ^ int.from_bytes(s[at:], 'little')) * K & M64
    x ^= x >> 29
    return (x * K & M64) >> 32 | 1


# ---------------------------------------------------------------- section 9

class Unpacker:
    """The data of all blocks: one Zstandard frame, or as it is."""

    def __init__(self, packed):
        self.packed = packed
        if packed:
            self.lib = zstd()
            self.obj = self.lib.ZstdDecompressor(max_window_size=1 << 21).decompressobj()

    def read(self, data, length):
        if self.packed:
            try:
                data = self.obj.decompress(data)
            except self.lib.ZstdError as error:
                raise Damaged('Zstandard: %s' % error)
            if self.obj.eof:
                raise Damaged('the Zstandard frame ends')
        if len(data) != length:
            raise Damaged('a block has another length')
        return data


def decode_blocks(src, header, off, kind):
    unpacker, columns = Unpacker(not off & 8), Columns()
    out, checks = [], []
    while True:
        n = src.varint()
        if n == 0:
            break
        size = src.number(3)
        if n > 2097152 or size > 4194304:
            raise Damaged('a block is too long')
        coded = src.take(size)
        doc = inner(lambda: decode_block(Input(coded), n, unpacker, columns))
        check = full_check(kind, header + doc + coded)
        stored = src.take(len(check[:4]))
        expect(stored, check[:4], 'a block')
        checks.append(check)
        out.append(doc)
    check = full_check(kind, header + b''.join(checks))
    expect(src.take(len(check)), check, 'the document')
    return b''.join(out)


def decode_block(src, n, unpacker, columns):
    form = src.byte()
    if form == 0:
        columns.clear()
        return unpacker.read(src.take(src.left()), n)
    if form != 1:
        raise Damaged('no such form of a block')
    length = src.number(3)
    if length > n:
        raise Damaged('the streams are too long')
    doc = columns.block(Input(unpacker.read(src.take(src.left()), length)))
    if len(doc) != n:
        raise Damaged('a block has another length')
    return doc


NONE = 65535


class Columns:
    """The dictionary and the columns of the blocks."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.segments = []      # (text, what follows, key hash or None, column)
        self.followers = []
        self.after_two = [NONE] * 4096
        self.names = {}

    def column(self, a, b):
        """The number of the column that is named (a, b)."""
        number = self.names.get((a, b))
        if number is None:
            if len(self.names) + 1 >= 2048:
                return 0
            number = self.names[(a, b)] = len(self.names) + 1
        return number

    def block(self, src):
        if len(self.segments) > 3072 or len(self.names) + 1 > 1536:
            self.clear()
        lengths = [src.varint() for _ in range(3)]
        steps, fresh, shared = [Input(src.take(n)) for n in lengths]
        tokens = self.tokens(steps, fresh)
        if fresh.left():
            raise Damaged('new segments are left over')
        values = self.values(tokens, shared, src)
        return self.join(tokens, values)

    def tokens(self, steps, fresh):
        """The tokens of a block: (segment, column, or None without a value)."""
        self.last = self.before = NONE
        self.key = 0
        out = []
        while steps.left():
            run = steps.byte()
            for _ in range(run):
                out.append(self.token(self.after_two[pair(self.last, self.before) % 4096]))
            if run != 255 and steps.left():
                out.append(self.token(self.step(steps, fresh)))
            if len(out) > 131072:
                raise Damaged('too many tokens')
        return out

    def step(self, steps, fresh):
        code = steps.byte()
        if code >= 128:
            code = code & 127 | steps.byte() << 7
        if code < 2:
            return self.followers[self.last][code] if self.last != NONE else NONE
        if code < 5:
            return self.enter(fresh.take(fresh.byte()), code - 2)
        return code - 5

    def enter(self, text, follows):
        """A new segment."""
        if len(self.segments) >= 4096:
            raise Damaged('too many segments')
        key = segment_key(text)
        column = None
        if key is not None:
            key = hash_bytes(key)
            column = self.column(key, follows)
        self.segments.append((text, follows, key, column))
        self.followers.append([NONE, NONE])
        return len(self.segments) - 1

    def token(self, number):
        if number >= len(self.segments):
            raise Damaged('no such segment')
        _, follows, key, column = self.segments[number]
        self.after_two[pair(self.last, self.before) % 4096] = number
        if self.last != NONE and self.followers[self.last][0] != number:
            self.followers[self.last] = [number, self.followers[self.last][0]]
        self.last, self.before = number, self.last
        if key is not None:
            self.key = key
        if follows == 2:
            return number, None
        if key is None:
            column = self.column(self.key, number + 3)
        return number, column

    def values(self, tokens, shared, src):
        """The values of each column, as iterators; 0 is the shared one."""
        counts = {}
        for _, column in tokens:
            if column is not None:
                counts[column] = counts.get(column, 0) + 1
        out, total_names = {}, 0
        shared_values = iter(split_lines(shared))
        own = []
        for column, count in counts.items():
            if column == 0 or count < 16:
                out[column] = shared_values
                continue
            values, names = column_values(src, count)
            total_names += names
            own.append(iter(values))
            out[column] = own[-1]
        if src.left() or total_names > 32768:
            raise Damaged('the columns of a block do not fit')
        self.all = own + [shared_values]
        return out

    def join(self, tokens, values):
        out = []
        for number, column in tokens:
            out.append(self.segments[number][0])
            if column is not None:
                value = next(values[column], None)
                if value is None:
                    raise Damaged('a value is missing')
                out.append(value)
        if any(next(rest, None) is not None for rest in self.all):
            raise Damaged('values are left over')
        return b''.join(out)


def segment_key(text):
    """What stands between the last two quotes before the last colon."""
    colon = text.rfind(b':')
    if colon < 0:
        return None
    end = text.rfind(b'"', 0, colon)
    start = text.rfind(b'"', 0, end) if end > 0 else -1
    return text[start + 1:end] if start >= 0 else None


def split_lines(src):
    """All that is left in src as values, each with 0A after it."""
    data = src.take(src.left())
    if data and data[-1] != 10:
        raise Damaged('the last value has no end')
    return data.split(b'\n')[:-1]


def zigzag(x):
    return x >> 1 if not x & 1 else -((x + 1) >> 1)


def signed(x):
    x &= M64
    return x - (1 << 64) if x >> 63 else x


def column_values(src, count):
    """The values of a column and the number of its names."""
    shape = src.byte()
    if shape == 0:
        values = split_lines(Input(src.take(src.varint())))
        return values, 0
    if shape == 1:
        many = src.byte()
        names = split_lines(Input(src.take(src.varint())))
        if len(names) != many or not 1 <= many <= 250:
            raise Damaged('the names of a column are others in number')
        picks = src.take(count) if many > 1 else bytes(count)
        if max(picks) >= many:
            raise Damaged('no such name')
        return [names[k] for k in picks], many
    if shape == 2:
        return column_numbers(src, count), 0
    raise Damaged('no such shape of a column')


def planes(src, count, width):
    codes = [0] * count
    for _ in range(width):
        codes = [c << 8 | b for c, b in zip(codes, src.take(count))]
    return codes


def column_numbers(src, count):
    flags, width, places, least = src.byte(), src.byte(), src.byte(), src.byte()
    if flags > 3 or width > 8 or places > 17 or least > places:
        raise Damaged('no such numbers')
    rounded, extra = (src.byte(), src.byte()) if flags & 2 else (0, 0)
    if rounded > 17 or extra > 8:
        raise Damaged('no such numbers')
    last = base = zigzag(src.varint())
    exceptions = split_lines(Input(src.take(src.varint())))
    shift = 1 if exceptions else 0
    following = iter(exceptions)
    codes, rest = planes(src, count, width), planes(src, count, extra)
    out = []
    for code, more in zip(codes, rest):
        if shift and code == 0:
            value = next(following, None)
            if value is None:
                raise Damaged('an exception is missing')
            out.append(value)
            continue
        code -= shift
        last = number = signed(last + zigzag(code) if flags & 1 else base + code)
        if flags & 2:
            number = signed(10 ** rounded * number + zigzag(more))
        out.append(decimal(number, places, least))
    if next(following, None) is not None:
        raise Damaged('exceptions are left over')
    return out


def decimal(number, places, least):
    """number / 10^places, without zeros at the end beyond `least` places."""
    digits = str(abs(number)).rjust(places + 1, '0')
    while places > least and digits.endswith('0'):
        digits, places = digits[:-1], places - 1
    text = digits[:-places] + '.' + digits[-places:] if places else digits
    return (('-' if number < 0 else '') + text).encode()


# ---------------------------------------------------------------- section 2

class Reader:
    """The arithmetic decoder."""

    def __init__(self, data, at, pack):
        self.data, self.start, self.at, self.pack = data, at, at, pack
        self.low, self.high, self.point = 0, M32, 0
        self.trace = None
        for _ in range(4):
            self.shift()

    def shift(self):
        b = self.data[self.at] if self.at < len(self.data) else 0
        self.at += 1
        if self.at > len(self.data) + 4:
            raise Truncated('the coded items end too early')
        self.point = (self.point << 8 | b) & M32

    def code(self, p, known, name):
        if not self.pack:
            p = 32768
        low, high = self.low, self.high
        middle = low + ((high - low) * p >> 16)
        if self.trace is not None:
            self.trace.append((name, p, 1 if self.point <= middle else 0, low, high))
        if self.point <= middle:
            bit, high = 1, middle
        else:
            bit, low = 0, middle + 1
        while (low ^ high) >> 24 == 0:
            low = low << 8 & M32
            high = (high << 8 | 255) & M32
            self.shift()
        self.low, self.high = low, high
        return bit

    def finish(self):
        """The number of bytes of the coded items."""
        for k in range(5):
            unit = 1 << (32 - 8 * k)
            m = (self.low + unit - 1) // unit * unit
            if m + unit - 1 <= self.high:
                break
        n = self.at - self.start - 4 + k
        if self.start + n > len(self.data):
            raise Truncated('the coded items end too early')
        if k and self.point >> (32 - 8 * k) != m >> (32 - 8 * k):
            raise Damaged('the coded items do not end as they should')
        return n


class Trainer:
    """Takes decisions whose bits are known; keeps p and bit for the check."""

    def __init__(self):
        self.log = bytearray()

    def code(self, p, known, name):
        self.log += p.to_bytes(2, 'little')
        self.log.append(known)
        return known


# ---------------------------------------------------------------- section 3

CURVE = [22, 36, 60, 98, 162, 267, 439, 721, 1179, 1921, 3108, 4971, 7812, 11953, 17625,
         24743, 32768, 40793, 47911, 53583, 57724, 60565, 62428, 63615, 64357, 64815, 65097,
         65269, 65374, 65438, 65476, 65500, 65514]


def squash_slow(x):
    i = max(-2047, min(2047, x)) + 2048
    c, f = i >> 7, i & 127
    return (CURVE[c] * (128 - f) + CURVE[c + 1] * f + 64) >> 7


SQUASH = [squash_slow(i - 2048) for i in range(4096)]


def squash(x):
    return SQUASH[1 if x < -2047 else 4095 if x > 2047 else x + 2048]


def make_stretch():
    out, i = [], 0
    for q in range(4096):
        while i < 4095 and SQUASH[i] < 16 * q + 8:
            i += 1
        out.append(max(i - 2048, -2047))
    return out


STRETCH = make_stretch()
EVEN = 1 << 31              # an adaptive probability at its start
STEP = [16384 // (2 * n + 3) for n in range(1024)]


def started(p, n):
    return p << 16 | n


def learnt(x, bit, limit):
    """An adaptive probability after a bit."""
    n = x & 1023
    d = (bit << 22) - (x >> 10)
    return x + ((((d >> 3) * STEP[n]) & ~1023) + (1 if n < limit else 0))


def st(x):
    """The stretched value of an adaptive probability."""
    return STRETCH[x >> 20]


class Mixer:
    def __init__(self, inputs, start, rate):
        self.inputs, self.start, self.rate = inputs, start, 256 * rate
        self.sets = {}

    def mix(self, inputs, number):
        entry = self.sets.get(number)
        if entry is None:
            entry = self.sets[number] = [[self.start] * self.inputs, 8192]
        self.entry, self.given = entry, inputs
        s = 0
        for x, w in zip(inputs, entry[0]):
            s += x * w
        self.p = squash(s >> 14)
        return self.p

    def learn(self, bit):
        weights, r = self.entry
        e = (((bit << 16) - self.p) * r) >> 14
        for i, x in enumerate(self.given):
            if x:
                w = weights[i] + (((2 * x * e >> 16) + 1) >> 1)
                weights[i] = -32768 if w < -32768 else 32767 if w > 32767 else w
        self.entry[1] = r - ((r - self.rate) >> 5)


DISCOUNTS = (1, 2, 3, 4, 5, 7, 8)
LARGEST = (20, 48, 15, 8, 6, 5)


def is_state(n0, n1):
    a, b = max(n0, n1), min(n0, n1)
    return b < 6 and a <= LARGEST[b]


def make_states():
    """The list of states (n0, n1, last bit) and the two followers of each."""
    states = []
    for total in range(64):
        for n1 in range(total + 1):
            n0 = total - n1
            if is_state(n0, n1):
                two = min(n0, n1) > 0 and total <= 17
                states += [(n0, n1, b) for b in ((0, 1) if two else (0,))]
    number = {}
    for k, (n0, n1, b) in enumerate(states):
        number[n0, n1, b] = k
        number.setdefault((n0, n1, 1), k)
    for k, (n0, n1, b) in enumerate(states):
        number[n0, n1, b] = k
    after = []
    for n0, n1, _ in states:
        pair_ = []
        for bit in (0, 1):
            c = state_after(n0, n1, bit)
            pair_.append(number[c[0], c[1], bit])
        after.append(tuple(pair_))
    return states, after


def state_after(n0, n1, bit):
    c = [n0, n1]
    large = 0 if n0 >= n1 else 1
    c[bit] += 1
    other = c[1 - bit]
    c[1 - bit] = sum(d <= other for d in DISCOUNTS)
    while not is_state(*c):
        small = c[1 - large]
        if small < 2:
            c[large] -= 1
        else:
            c[large] = (c[large] * (small - 1) + small // 2) // small
            c[1 - large] -= 1
    return c


STATES, AFTER = make_states()
HISTORY_START = [65535 * (2 * n1 + 1) // (2 * n0 + 2 * n1 + 2) for n0, n1, _ in STATES]


def history_map():
    return list(HISTORY_START)


def teach_history(table, state, bit):
    p = table[state]
    table[state] = p + (((65535 if bit else 0) - p) >> 6)


class HistoryTable:
    """Buckets of bit histories; buckets not yet used are not there."""

    def __init__(self, bits):
        self.lines = 1 << (bits - 2)
        self.table = {}

    def find(self, h, check):
        line = h * self.lines >> 32
        row = self.table.get(line)
        if row is None:
            row = self.table[line] = [bytearray(16) for _ in range(4)]
        for k in range(4):
            if row[k][0] == check:
                return row, k
        k = min(range(4), key=lambda j: row[j][1])
        row[k] = bytearray(16)
        row[k][0] = check
        return row, k


class CountTable:
    """Buckets of adaptive probabilities: [check, 15 of them]."""

    def __init__(self, bits):
        self.bits, self.table = bits, {}

    def bucket(self, b):
        return self.table.get(b) or [0] + [EVEN] * 15

    def find(self, h):
        b = h >> (32 - self.bits)
        check = (h << 8 | 1) & M32
        one, two = self.bucket(b), self.bucket(b ^ 1)
        if one[0] == check:
            return b, list(one)
        if two[0] == check:
            return b ^ 1, list(two)
        if two[1] & 1023 < one[1] & 1023:
            b ^= 1
        self.table[b] = [check] + [EVEN] * 15
        return b, list(self.table[b])


# ---------------------------------------------------------------- section 5

LIMIT = 32768
STRUCTURE, KEY, TEXT, SCALAR = range(4)
SYNTAX = frozenset(b'{}[],:" \n\r\t')
GO, LAST, ENDS = range(3)               # what a byte does to an item


class Lexer:
    """The states of section 5. `look` says what a byte would do, `feed` does it."""

    def __init__(self):
        self.state, self.stack, self.expects = STRUCTURE, 0, False
        self.escape, self.after_text, self.count = False, False, 0
        self.opened = False

    def copy(self):
        other = Lexer()
        other.__dict__.update(self.__dict__)
        return other

    def look(self, b):
        s = self.state
        if s == STRUCTURE:
            if b == 34:
                skip = self.after_text and self.count == 0
                return GO if skip or self.expects else LAST
            return GO if b in SYNTAX else ENDS
        if s == KEY:
            return GO
        if s == TEXT:
            if self.escape or b not in (34, 10, 13):
                return GO
            return ENDS
        return ENDS if b in SYNTAX else GO

    def feed(self, b):
        s = self.state
        if s == STRUCTURE:
            self.structure(b)
        elif s == KEY or s == TEXT:
            if self.escape:
                self.escape = False
            elif b == 92:
                self.escape = True
            elif s == KEY and b in (34, 10, 13):
                self.state = STRUCTURE
        self.count += 1

    def structure(self, b):
        if b in b'{[':
            self.stack = (self.stack << 1 | (b == 123)) & M64
            self.expects = b == 123
        elif b in b'}]':
            self.stack >>= 1
            self.expects = False
        elif b == 44:
            self.expects = bool(self.stack & 1)
        elif b == 58:
            self.expects = False
        elif b == 34 and not (self.after_text and self.count == 0):
            if self.expects:
                self.state, self.expects = KEY, False
            else:
                self.opened = True

    def end(self):
        """The item has ended: which comes next."""
        cut = self.count == LIMIT
        was = self.state
        self.count = 0
        if self.opened:
            self.opened, self.after_text = False, False
            self.state, self.escape = TEXT, False
        elif cut:
            if was in (STRUCTURE, KEY):
                self.after_text = False
        elif was in (STRUCTURE, KEY):
            self.state, self.escape, self.after_text = SCALAR, False, False
        else:
            self.state, self.escape = STRUCTURE, False
            self.after_text = was == TEXT


# ---------------------------------------------------------------- section 6

class Frame:
    def __init__(self, path=0, local=0, is_object=False):
        self.path, self.local, self.is_object = path, local, is_object
        self.key = self.index = self.first = self.last = self.count = 0
        self.digits = [0, 0, 0, 0]


class Tree:
    def __init__(self):
        self.frames, self.depth, self.key_hash = [Frame()], 0, 0

    def top(self):
        return self.frames[-1]

    def above(self):
        return self.frames[-2] if len(self.frames) > 1 else self.frames[0]

    def open(self, is_object):
        up = self.frames[-1]
        new = Frame(pair(up.path, up.key if up.is_object else 1),
                    pair(2, up.key) if up.is_object else pair(up.local, 3), is_object)
        if len(self.frames) < 128:
            self.frames.append(new)
        else:
            self.frames[-1] = new
        self.depth += 1

    def close(self):
        if self.depth:
            self.depth -= 1
            if self.depth + 1 < len(self.frames):
                self.frames.pop()

    def byte(self, b, in_key, still_in_key):
        """A byte of a segment; the states are those before and after it."""
        if in_key:
            if still_in_key:
                self.key_hash = pair(self.key_hash, b)
            else:
                self.frames[-1].key = self.key_hash
        elif b == 34:
            self.key_hash = 0
        elif b in b'{[':
            self.open(b == 123)
        elif b in b'}]':
            self.close()
        elif b == 44:
            self.frames[-1].index += 1

    def column(self):
        f = self.frames[-1]
        return pair(f.local, f.key if f.is_object else min(f.index, 31))

    def place(self):
        f = self.frames[-1]
        return 0 if f.is_object else min(f.index, 31)

    def object_digits(self):
        n = self.frames[-1].count & 3
        for f in reversed(self.frames[:-1]):
            if f.is_object:
                return f.digits[n]
        return self.frames[0].digits[n]


# ---------------------------------------------------------------- section 7

class Dictionary:
    def __init__(self, bits):
        self.size, self.buckets = 1 << bits, 1 << (bits - 5)
        self.at, self.entries, self.index = 1, {}, {}

    def alive(self, name):
        return name in self.entries and self.at - name <= self.size

    def find(self, data, h):
        for name in self.index.get(h * self.buckets >> 32, ()):
            if name and self.alive(name) and self.entries[name] == (h, data):
                return name
        return 0

    def add(self, data, h):
        """The name of data, which is added if it is not there; 0 if too long."""
        name = self.find(data, h)
        if name or len(data) > min(self.size >> 4, 65535):
            return name
        need = 6 + len(data)
        if self.at % self.size + need > self.size:
            self.at += self.size - self.at % self.size
        name = self.at
        self.entries[name] = (h, data)
        self.at += need
        place = h * self.buckets >> 32
        self.index[place] = (name, self.index.get(place, (0, 0))[0])
        return name


def predictor_start():
    out = [EVEN] * 64
    for c in range(16):
        out[c] = started(65536 - 65536 // (c + 3), 4)
        out[16 + c] = started(65536 // (c + 4), 4)
        out[32 + c] = started(65536 // (2 * c + 6), 4)
    return out


class Predictor:
    def __init__(self, bits, contexts, tries, least):
        self.bits, self.contexts, self.tries, self.least = bits, contexts, tries, least
        self.slots = {}
        self.probs = [predictor_start() for _ in range(contexts)]
        self.columns = {}
        self.mixer = Mixer(contexts + 2, 6553, 10)

    def look(self, contexts, column):
        """Look all slots up and rank the candidates."""
        self.column = self.columns.setdefault(column & 1023, [EVEN, EVEN])
        self.found, self.ranked = [], []
        for i, context in enumerate(contexts[:self.contexts]):
            h = pair(context, i)
            place, check = h >> (32 - self.bits), h & 0xFFFF
            slot = self.slots.get(place)
            if slot is None:
                slot = self.slots[place] = [0, 0, 0, 0]
            if slot[2] != check:
                slot[:] = [0, 0, check, 0]
            self.found.append(slot)
            for name in slot[:2]:
                if name:
                    self.offer(name, self.probs[i][self.state(slot, name)] >> 16)
        return self.best()

    def offer(self, name, value):
        ranked = self.ranked
        for at, entry in enumerate(ranked):
            if entry[0] == name:
                break
        else:
            if len(ranked) >= 8:
                return
            at = len(ranked)
            ranked.append([name, 0])
        if value > ranked[at][1]:
            ranked[at][1] = value
            while at and ranked[at - 1][1] < value:
                ranked[at - 1], ranked[at] = ranked[at], ranked[at - 1]
                at -= 1

    def best(self):
        return self.ranked[0][1] if self.ranked else 0

    @staticmethod
    def state(slot, name):
        if not slot[0]:
            return 48
        return (0 if slot[0] == name else 16 if slot[1] == name else 32) + slot[3]

    def attempt(self, coder, dictionary, wanted, label):
        """Try candidates; the name that hit, or 0. wanted: None, or the item's name."""
        rank = 0
        for name, value in self.ranked[:2 * self.tries]:
            if rank >= self.tries:
                break
            which = min(rank, 1)
            if value < self.least and self.column[which] >> 16 < self.least:
                break
            if not dictionary.alive(name):
                continue
            known = None if wanted is None else int(name == wanted)
            if self.flag(coder, name, rank, which, known, label):
                return name
            rank += 1
        return 0

    def flag(self, coder, name, rank, which, known, label):
        states = [self.state(slot, name) for slot in self.found]
        inputs = [st(p[s]) for p, s in zip(self.probs, states)]
        inputs += [st(self.column[which]), 256]
        bit = coder.code(self.mixer.mix(inputs, min(rank, 3)), known, label)
        self.mixer.learn(bit)
        for p, s in zip(self.probs, states):
            p[s] = learnt(p[s], bit, 255)
        self.column[which] = learnt(self.column[which], bit, 30)
        return bit

    def learn(self, name):
        if not name:
            return
        if self.ranked and self.ranked[0][0] == name and self.ranked[0][1] < self.least:
            self.column[0] = learnt(self.column[0], 1, 30)
        for slot in self.found:
            if slot[0] == name:
                slot[3] = min(slot[3] + 1, 15)
            elif slot[3] >= 2:
                slot[3] >>= 1
                slot[1] = name
            else:
                slot[0], slot[1], slot[3] = name, slot[0], 0


# ---------------------------------------------------------------- notation

def parse_number(text):
    """(digits, places) of a text that can be written back, or None."""
    body = text[1:] if text[:1] == b'-' else text
    whole, point, part = body.partition(b'.')
    both = whole + part
    if not both.isdigit() or not whole or len(both) > 18 or (point and not 1 <= len(part) <= 17):
        return None
    if len(whole) > 1 and whole[:1] == b'0':
        return None
    value = int(both)
    if text[:1] == b'-':
        return None if value == 0 else (-value, len(part))
    return value, len(part)


def exponent(n, d):
    """e of section 'Last digits', or None where it is not known."""
    if n == 0:
        return None
    e = 52 - (n.bit_length() - d.bit_length())
    if e < 1 or (n << e).bit_length() > 127:
        return None
    if (n << e) // d < 1 << 52:
        e += 1
    return e


def nearest(n, d):
    return (2 * n + d) // (2 * d)


class Notation:
    FIXED, SHORT, DOUBLE = range(3)

    def __init__(self):
        self.kind, self.scale, self.least, self.had = 0, 0, 0, False

    def learn(self, digits, places):
        self.learn_kind(abs(digits), places)
        self.had = True

    def learn_kind(self, n, places):
        if n >= 10 ** 15 and places:
            return self.learn_long(n, places)
        if places > 9:
            if self.kind == self.FIXED:
                self.scale = places
            return
        if places > 1 and n % 10 == 0:
            self.kind, self.scale = self.FIXED, places
            return
        if places == 1 and n % 10 == 0:
            self.least = 1
        if places == 0:
            self.least = 0
        if self.kind != self.FIXED:
            self.scale = max(self.scale, places)
        elif self.had and places != self.scale:
            self.kind = self.SHORT
            self.scale = max(places, self.scale if self.scale <= 9 else 0)
        else:
            self.scale = places

    def learn_long(self, n, places):
        for h in range(min(places, 17) - 1, 5, -1):
            rest = n % 10 ** h
            if min(rest, 10 ** h - rest) <= 1000:
                before = self.scale if self.kind == self.DOUBLE else 0
                self.kind, self.scale = self.DOUBLE, max(places - h, before)
                return
        self.kind, self.scale = self.FIXED, places

    def read(self, text):
        """(digits, places, noise) of a text, or None."""
        number = parse_number(text)
        if number is None:
            return None
        digits, places = number
        if self.kind == self.FIXED:
            return digits, places, 0
        noise = 0
        if places <= self.scale:
            got = digits * 10 ** (self.scale - places)
            if not -1 << 63 <= got < 1 << 63:
                return None
        elif self.kind == self.SHORT:
            return None
        else:
            got = nearest(abs(digits), 10 ** (places - self.scale))
            noise = self.noise_of(abs(digits), places, got)
            if noise is None:
                return None
            got = -got if digits < 0 else got
        if self.write(got, self.scale, noise) != text:
            return None
        return got, self.scale, noise

    def noise_of(self, n, places, rounded):
        e = exponent(rounded, 10 ** self.scale)
        if e is None or (n << e).bit_length() > 127:
            return None
        noise = nearest(n << e, 10 ** places) - nearest(rounded << e, 10 ** self.scale)
        return noise if -128 <= noise <= 127 else None

    def write(self, digits, places, noise):
        """The text of a number, or None."""
        least = self.least if places == self.scale else places
        if self.kind == self.FIXED:
            return decimal(digits, places, places)
        if self.kind == self.DOUBLE:
            got = self.printed(abs(digits), places, noise)
            if got is None:
                return None
            n, places = got
            digits = -n if digits < 0 else n
        return decimal(digits, places, min(least, places))

    @staticmethod
    def printed(n, places, noise):
        e = exponent(n, 10 ** places)
        if e is None:
            return None
        m = max(nearest(n << e, 10 ** places) + noise, 0)
        whole = m >> e
        q = max(17 - (len(str(whole)) if whole else 0), 0)
        while True:
            if q > 19:
                return None
            t = m * 10 ** q + (1 << (e - 1))
            if t >> 128:
                return None
            if t >> e >= 10 ** 16:
                break
            q += 1
        d = t >> e
        return (d, q) if d < 10 ** 17 else None


# ---------------------------------------------------------------- numbers

class Numbers:
    """The predictor of numbers."""

    def __init__(self, bits):
        self.bits, self.slots, self.columns = bits, {}, {}
        self.probs = []
        for _ in range(5):
            p = [started(65536 - 65536 // (c + 1) if c else 6000, 4) for c in range(16)]
            self.probs.append(p + [started(65536 // (c + 6), 4) for c in range(16)])
        self.mixer = Mixer(7, 6553, 10)

    def look(self, contexts, column):
        """contexts: pairs of a context and its base (digits, places)."""
        self.which = column & 1023
        self.columns.setdefault(self.which, started(16384, 2))
        self.found, self.bases, self.guesses = [], [base for _, base in contexts], []
        for i, (context, base) in enumerate(contexts):
            h = pair(context, i)
            place, check = h >> (32 - self.bits), h & 0xFFFFFFF
            slot = self.slots.setdefault(place, [0, 0, 0])
            if slot[1] != check:
                slot[:] = [0, check, 0]
            self.found.append(slot)
            # The guess stands as it was made, also if a later context clears the slot.
            self.guesses.append((signed(base[0] + slot[0]), base[1]))

    def value(self, i):
        return self.probs[i][self.found[i][2]] >> 16

    def pick(self, without=None):
        """(value, guess) of the best context."""
        best = None
        for i in range(5):
            if self.guesses[i] != without and (best is None or self.value(i) > best[0]):
                best = self.value(i), self.guesses[i]
        return best

    def best(self, without=None):
        got = self.pick(without)
        if got is None or (self.columns[self.which] >> 16 < 2048 and got[0] < 32768):
            return 0
        return got[0]

    def attempt(self, coder, wanted):
        """Try guesses; the one that hit, or None. wanted: None, or a tuple."""
        tried = None
        for rank in range(2):
            if self.best(tried) == 0:
                return None
            guess = self.pick(tried)[1]
            known = None if wanted is None else int(guess == wanted[0])
            if self.flag(coder, guess, rank, known):
                return guess
            tried = guess
        return None

    def flag(self, coder, guess, rank, known):
        at = [s[2] + (0 if g == guess else 16) for s, g in zip(self.found, self.guesses)]
        inputs = [st(p[k]) for p, k in zip(self.probs, at)]
        inputs += [st(self.columns[self.which]), 256]
        bit = coder.code(self.mixer.mix(inputs, rank), known, 'number flags')
        self.mixer.learn(bit)
        for p, k in zip(self.probs, at):
            p[k] = learnt(p[k], bit, 255)
        return bit

    def learn(self, number):
        right = int(self.pick()[1] == number)
        self.columns[self.which] = learnt(self.columns[self.which], right, 30)
        for slot, base in zip(self.found, self.bases):
            if base[1] != number[1]:
                continue
            difference = signed(number[0] - base[0])
            if slot[0] == difference:
                slot[2] = min(slot[2] + 1, 15)
            elif slot[2] >= 4:
                slot[2] >>= 1
            else:
                slot[0], slot[2] = difference, 0


SYMBOLS = b'0123456789.-eE+'
SYMBOL_OF = {b: k for k, b in enumerate(SYMBOLS)}
END = 15


class Digits:
    def __init__(self, bits, contexts):
        self.table, self.contexts = CountTable(bits), contexts
        self.mixer = Mixer(contexts + 1, 4096, 20)

    def nibble(self, coder, contexts, number, known):
        contexts = contexts[:self.contexts]
        found = [self.table.find(pair(c, k)) for k, c in enumerate(contexts)]
        node = 1
        for shift in (3, 2, 1, 0):
            inputs = [st(bucket[node]) for _, bucket in found] + [64]
            p = self.mixer.mix(inputs, number * 16 + node)
            bit = coder.code(p, None if known is None else known >> shift & 1, 'digits')
            self.mixer.learn(bit)
            for _, bucket in found:
                bucket[node] = learnt(bucket[node], bit, 400)
            node = node * 2 + bit
        for b, bucket in found:
            self.table.table[b] = bucket
        return node - 16

    def text(self, coder, model, column, memory, mode, limit, known):
        """A text of digits; known: None, or the text."""
        salt = pair(column, mode)
        b = o = 0
        same, t = 1, memory.text
        out = bytearray()
        while len(out) < limit:
            i = len(out)
            far = int(i >= 7)
            l = o & 15
            g = 1 << 24 | (o & 255) if far else b
            now = t[i] if i < len(t) else 0
            then = t[i + 1] if i + 1 < len(t) else 0
            last = last_digits(out) if mode == 0 else None
            contexts = [
                triple(salt, g, i),
                triple(salt, same << 16 | now << 8 | then, l),
                pair(salt, i) if last is None else 4096 + last,
                triple(salt, g, 0 if far else model.step if mode else model.v1),
                triple(salt, g, 1 if far else memory.step if mode else memory.last),
                triple(o & 0xFFF, mode, far),
                triple(salt, i, l)]
            number = 8 + (salt >> 8 & 15) * 8 + min(i, 7) if last is None else 1
            want = None
            if known is not None:
                want = SYMBOL_OF[known[i]] if i < len(known) else END
            symbol = self.nibble(coder, contexts, number, want)
            if symbol == END:
                break
            byte = SYMBOLS[symbol]
            if byte != now:
                same = 0
            b = pair(b, symbol + 1)
            o = (o << 4 | symbol) & M64
            out.append(byte)
        return bytes(out)

    def noise(self, coder, column, memory, number, known):
        a = abs(number[0])
        z = a.bit_length()
        u = a % 10 ** min(number[1], 18) & M32
        x = 0
        for half in (0, 1):
            salt = triple(column, 3 + half, x)
            contexts = [
                pair(salt, z), triple(salt, u, 1), triple(salt, z, 256 | memory.noise & 255),
                triple(salt, a & M32, 2), triple(half, x, z | 4096),
                triple(salt, u % 1000, 3), pair(salt, 4)]
            want = None
            if known is not None:
                want = (known + 128) >> 4 if half == 0 else (known + 128) & 15
            got = self.nibble(coder, contexts, 2 + half, want)
            if half == 0:
                x = got
        return x * 16 + got - 128


def last_digits(text):
    """The set of seventeenth digits that a double prints, or None."""
    if len(text) < 17 or 46 not in text:
        return None
    digits = bytes(b for b in text if 48 <= b <= 57).lstrip(b'0')
    if len(digits) != 16:
        return None
    places = sum(48 <= b <= 57 for b in text[text.index(46) + 1:])
    n, d = int(digits) * 10, 10 ** (places + 1)
    if d >> 128:
        return None
    e = exponent(n, d)
    if e is None:
        return None
    first, out = (n << e) // d - 1, 0
    for k in range(first, first + 24):
        t = k * d + (1 << (e - 1))
        if t >> 128:
            return None
        digit = (t >> e) - n
        if digit > 9:
            break
        if digit >= 0:
            out |= 1 << digit
    return out


# ---------------------------------------------------------------- match

class Match:
    def __init__(self, bits):
        self.bits, self.mask = bits, (1 << bits) - 1
        self.ring = bytearray(1 << bits)
        self.at, self.a, self.length, self.place = 0, 0, 0, 0
        self.anchors, self.heads = {}, {}
        self.probs = [started(49152, 2)] * 32
        self.other = [EVEN] * 8
        self.found = False

    def expected(self):
        return self.ring[self.place]

    def entry(self, table, h):
        """(key, check) of a hash and what the table has there."""
        key = h >> (32 - self.bits + 4)
        check = h >> 4 & ((1 << (32 - self.bits)) - 1)
        return key, check, table.get(key, (0, 0))

    def common(self, place):
        n = 0
        ring, mask = self.ring, self.mask
        while n < 32 and ring[(place - 1 - n) & mask] == ring[(self.at - 1 - n) & mask]:
            n += 1
        return n

    def attempt(self, check, entry):
        place, kept = entry
        if kept != check:
            return
        n = self.common(place)
        if n >= 5 and n > self.length:
            self.length, self.place, self.found = n, place, True

    def byte(self, b, look=True):
        """After a byte; look = False for bytes of stored chunks."""
        self.found = False
        if look and self.length and self.ring[self.place] == b:
            self.length += 1
            self.place = (self.place + 1) & self.mask
        else:
            self.length = 0
        self.ring[self.at] = b
        self.at = (self.at + 1) & self.mask
        self.a = (self.a + b + 1) * 0x785A6238 & M32
        if self.a >> 3 & 3 == 0:
            key, check, entry = self.entry(self.anchors, self.a)
            if look and self.length < 32:
                self.attempt(check, entry)
            self.anchors[key] = (self.at, check)
        if look:
            n = 0
            for k in range(5, 0, -1):
                n = n << 8 | self.ring[(self.at - k) & self.mask]
            h = ((n << 24) * K & M64) >> 32
            key, check, entry = self.entry(self.heads, h)
            if self.length == 0:
                self.attempt(check, entry)
            self.heads[key] = (self.at, check)


# ---------------------------------------------------------------- bytes

class Bytes:
    """Spells single bytes (literal.rs in the text)."""

    def __init__(self, histories, columns, contexts):
        self.contexts = contexts
        self.table = HistoryTable(histories)
        self.counts = CountTable(columns)
        self.maps = [history_map() for _ in range(contexts)]
        self.mixer = Mixer(contexts + 3, 3750, 12)
        self.foreseen_bits, self.foreseen = histories + 1, {}
        self.foreseen_maps = [history_map() for _ in range(contexts + 1)]
        self.lengths = [started(65536 - 65536 // (l // 2 + 3), 3) for l in range(32)]
        self.foreseen_mixer = Mixer(contexts + 3, 4500, 10)

    def spell(self, coder, match, w, word, kind, column, known, label):
        contexts = [
            pair(w & 0xFFFF, 1), pair(w & 0xFF, 256 | kind), pair(w & 0xFFFFFF, 2),
            triple(w & M32, w >> 32 & 0xFF, 3), triple(word, kind, 4)][:self.contexts]
        if not match.length:
            return self.nibbles(coder, match, contexts, kind, column, None, False, known, label)
        x = match.expected()
        p = self.foresee(contexts, column, x, kind, min(match.length, 31))
        if p < 45000:
            b = self.nibbles(coder, match, contexts, kind, column, x, False, known, label)
            self.learn_foreseen(int(b == x))
            return b
        bit = coder.code(p, None if known is None else int(known == x), label)
        self.learn_foreseen(bit)
        if bit:
            return x
        return self.nibbles(coder, match, contexts, kind, column, x, True, known, label)

    def foresee(self, contexts, column, x, kind, l):
        shift = 32 - self.foreseen_bits
        self.cells = [pair(k, x) >> shift for k in contexts + [column]]
        self.l = l
        inputs = [STRETCH[m[self.foreseen.get(c, 0)] >> 4]
                  for m, c in zip(self.foreseen_maps, self.cells)]
        inputs += [st(self.lengths[l]), 256]
        return self.foreseen_mixer.mix(inputs, kind * 32 + l)

    def learn_foreseen(self, bit):
        self.foreseen_mixer.learn(bit)
        for m, c in zip(self.foreseen_maps, self.cells):
            state = self.foreseen.get(c, 0)
            teach_history(m, state, bit)
            self.foreseen[c] = AFTER[state][bit]
        self.lengths[self.l] = learnt(self.lengths[self.l], bit, 255)

    def nibbles(self, coder, match, contexts, kind, column, x, other, known, label):
        high = self.nibble(coder, match, contexts, kind, column, x, other, None,
                           None if known is None else known >> 4, label)
        low = self.nibble(coder, match, contexts, kind, column, x, other, high,
                          None if known is None else known & 15, label)
        return high << 4 | low

    def nibble(self, coder, match, contexts, kind, column, x, other, high, known, label):
        before = 1 if high is None else 16 | high
        found, copies = [], []
        for k, context in enumerate(contexts):
            h = pair(context, before)
            place = self.table.find(h if k < 3 else context, h & 0xFF)
            found.append(place)
            copies.append(bytearray(place[0][place[1]]))
        count_at, counts = self.counts.find(pair(column, before))
        agree = x is not None and (high is None or x >> 4 == high)
        a = 0 if not agree else 2 if other else 1
        base = (kind * 3 + a) * 256
        if high is not None:
            base |= high << 4
        want = 0 if x is None else x >> 4 if high is None else x & 15
        node = 1
        for shift in (3, 2, 1, 0):
            states = [c[node] for c in copies]
            inputs = [STRETCH[m[s] >> 4] for m, s in zip(self.maps, states)]
            inputs.append(st(counts[node]))
            inputs.append(self.match_input(match, agree, want >> shift & 1, other, high, shift))
            inputs.append(256)
            p = self.mixer.mix(inputs, base | node)
            bit = coder.code(p, None if known is None else known >> shift & 1, label)
            self.mixer.learn(bit)
            for m, s, c in zip(self.maps, states, copies):
                teach_history(m, s, bit)
                c[node] = AFTER[s][bit]
            counts[node] = learnt(counts[node], bit, 255)
            if agree:
                right = int(bit == want >> shift & 1)
                probs, at = self.match_cell
                probs[at] = learnt(probs[at], right, 255)
                agree = bool(right)
            node = node * 2 + bit
        for (row, k), c in zip(found, copies):
            row[k] = c
        self.counts.table[count_at] = counts
        return node - 16

    def match_input(self, match, agree, bit, other, high, shift):
        if not agree:
            return 0
        if other:
            self.match_cell = match.other, (3 - shift) + (0 if high is None else 4)
        else:
            self.match_cell = match.probs, min(match.length, 31)
        value = st(self.match_cell[0][self.match_cell[1]])
        return value if bit else -value


# ---------------------------------------------------------------- pieces

class Pieces:
    def __init__(self, sizes, codebook, contexts):
        self.codebook = codebook
        self.dictionary = Dictionary(sizes['piece_ring'])
        self.pieces = Predictor(sizes['piece_slots'], 3, 2, 36000)
        self.endings = Predictor(sizes['piece_slots'], 3, 1, 36000)
        self.bytes = Bytes(sizes['histories'], sizes['columns'], contexts)
        self.match = Match(sizes['text'])
        self.runs = [[EVEN] * 32, [EVEN] * 32]
        self.p1 = self.p2 = 0
        self.pause = 0

    def item(self, coder, model, kind, column, limit, known):
        """Spell an item. known: None, or the bytes with the end byte if any."""
        self.coder, self.model, self.kind, self.column = coder, model, kind, column
        self.limit, self.known = limit, known
        self.out, self.f, self.over, self.coded = bytearray(), 0, limit == 0, 0
        self.label = 'glue literals' if kind == 0 else 'word literals'
        while not self.over:
            if self.codebook and self.run():
                continue
            self.piece()
        return bytes(self.out)

    def end_byte(self, b):
        """Whether b, as an item's next byte, is the byte that cannot occur."""
        return b == (48 if self.kind == 0 else 34) and self.model.lexer.look(b) == ENDS

    def take(self, b):
        """A byte of a piece or run: part of the item, or its end."""
        lexer = self.model.lexer
        self.coded += 1
        if self.pause:
            self.pause -= 1
        what = lexer.look(b)
        if what == ENDS:
            self.over = True
        else:
            lexer.feed(b)
            self.out.append(b)
            self.f = pair(self.f, b)
            self.model.w = (self.model.w << 8 | b) & M64
            if what == LAST or len(self.out) >= self.limit:
                self.over = True
        self.match.byte(b)
        if self.match.found:
            self.pause = 0

    def check_byte(self, b, in_run=False):
        """In a run any byte that begins a scalar may end a segment."""
        ends = self.model.lexer.look(b) == ENDS
        if ends and not self.end_byte(b) and not (in_run and self.kind == 0):
            raise Damaged('a byte that cannot be in an item')

    def run(self):
        """A run before a piece, if there can be one and the flag says so."""
        m = self.match
        if m.length < 16 or self.pause or len(self.out) + 32 > LIMIT:
            return False
        run, ends = self.next_run()
        if ends and m.length < 32:
            return False
        known = None
        if self.known is not None:
            following = self.known[self.coded:self.coded + len(run)]
            known = int(run == following)
        probs, at = self.runs[ends], min(m.length // 8, 31)
        p = max(32, min(65504, probs[at] >> 16))
        bit = self.coder.code(p, known, 'run flags')
        probs[at] = learnt(probs[at], bit, 127)
        if not bit:
            self.pause = 32
            return False
        for b in run:
            if self.over:
                raise Damaged('a run goes beyond its chunk')
            self.check_byte(b, ends)
            self.take(b)
        self.p1 = self.p2 = 0
        return True

    def next_run(self):
        """The bytes of the run and 1 if it ends the item."""
        lexer, m = self.model.lexer.copy(), self.match
        out = bytearray()
        for k in range(32):
            at = (m.place + k) & m.mask
            back = (m.at - at) & m.mask
            b = out[k - back] if 0 < back <= k else m.ring[at]
            out.append(b)
            what = lexer.look(b)
            if what == LAST or (what == ENDS and (self.kind == 0 or b == 34)):
                return bytes(out), 1
            lexer.feed(b)
        return bytes(out), 0

    def piece_ends(self, piece):
        b = piece[-1]
        if self.kind == 0:
            return b == 34 or len(piece) >= 64
        letter = 48 <= b <= 57 or 65 <= b <= 90 or 97 <= b <= 122 or b > 127
        return not letter or len(piece) >= 24

    def known_piece(self):
        """The next piece of a known item."""
        if self.known is None:
            return None
        n = self.coded + 1
        while n < len(self.known) and not self.piece_ends(self.known[self.coded:n]):
            n += 1
        return self.known[self.coded:n]

    def wanted(self):
        piece = self.known_piece()
        if piece is None:
            return None
        return self.dictionary.find(piece, hash_bytes(piece)) or -1

    def piece(self):
        d, p1, kind, column = self.dictionary, self.p1, self.kind, self.column
        hit, piece = 0, b''
        if self.codebook:
            self.pieces.look([triple(p1, self.p2, kind), triple(p1, column, kind),
                              triple(self.f, column, kind)], pair(column, kind))
            hit = self.pieces.attempt(self.coder, d, self.wanted(), 'piece flags')
        if hit:
            piece = d.entries[hit][1]
            self.take_all(piece)
        else:
            piece = self.spell(p1)
        h = hash_bytes(piece)
        if self.codebook:
            name = d.add(piece, h)
            self.pieces.learn(name)
            if len(piece) > 3:
                self.look_endings(piece, p1)
                self.endings.learn(name)
        self.p2, self.p1 = p1, h

    def take_all(self, data):
        for b in data:
            if self.over:
                raise Damaged('a piece goes on after its item')
            self.check_byte(b)
            self.take(b)

    def look_endings(self, piece, p1):
        h = hash_bytes(piece[:3])
        self.endings.look([pair(h, self.kind), pair(h, p1), triple(h, self.column, 1)],
                          pair(self.column, self.kind))

    def spell(self, p1):
        """A piece byte by byte, with the endings predictor after three."""
        piece, word = bytearray(), p1
        whole = self.wanted()
        while True:
            known = None if self.known is None else self.known[self.coded]
            b = self.bytes.spell(self.coder, self.match, self.model.w, word, self.kind,
                                 self.column, known, self.label)
            self.check_byte(b)
            word = pair(word, b)
            piece.append(b)
            self.take(b)
            if self.over or self.piece_ends(piece):
                return bytes(piece)
            if len(piece) == 3 and self.codebook:
                self.look_endings(piece, p1)
                hit = self.endings.attempt(self.coder, self.dictionary, whole, 'ending flags')
                if hit:
                    ending = self.dictionary.entries[hit][1]
                    if ending[:3] != piece or len(ending) < 4:
                        raise Damaged('an ending of another piece')
                    self.take_all(ending[3:])
                    return ending


# ---------------------------------------------------------------- the model

class Memory:
    """What is remembered of a column."""

    def __init__(self, column):
        self.column = column
        self.last = self.last2 = self.step = self.noise = 0
        self.number, self.notation, self.text = (0, 0), Notation(), b''
        self.flags = [EVEN, EVEN, EVEN]


def make_sizes(level, compact):
    if level == 2:
        v = dict(segment_ring=18, value_ring=20, piece_ring=19, segment_slots=16, value_slots=17,
                 piece_slots=15, number_slots=15, histories=18, digits=15, columns=12, text=22,
                 memories=12, marks=16)
    else:
        v = dict(segment_ring=17, value_ring=18, piece_ring=17, segment_slots=14, value_slots=15,
                 piece_slots=13, number_slots=13, histories=16, digits=12, columns=10, text=20,
                 memories=11, marks=14)
    if compact:
        v = {name: bits - 2 for name, bits in v.items()}
        v['segment_ring'] = max(12, v['segment_ring'])
        v['columns'] = max(6, v['columns'])
    return v


def read_prior():
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'prior.txt')
    try:
        with open(os.environ.get('SIGMA_PRIOR', here), 'rb') as f:
            return f.read()
    except OSError:
        raise PriorMissing('coded items need the prior (prior.txt), which FORMAT.md does not contain')


class Model:
    def __init__(self, level, off, compact, prior=None):
        s = make_sizes(level, compact)
        self.prune, self.delta = not off & 1, not off & 4
        self.dictionary_s = Dictionary(s['segment_ring'])
        self.dictionary_v = Dictionary(s['value_ring'])
        self.predict_s = Predictor(s['segment_slots'], (3, 5, 6)[level], (3, 3, 4)[level], 16000)
        self.predict_v = Predictor(s['value_slots'], (3, 6, 6)[level], (3, 3, 4)[level], 16000)
        self.numbers = Numbers(s['number_slots'])
        self.digits = Digits(s['digits'], (3, 6, 7)[level])
        self.pieces = Pieces(s, not off & 2, (3, 4, 5)[level])
        self.memories, self.memory_bits = {}, s['memories']
        self.marks, self.mark_bits = {}, s['marks']
        self.forget()
        self.trainer = Trainer()
        self.train(read_prior() if prior is None else prior)

    def forget(self):
        """What is as at the start after the prior."""
        self.lexer, self.tree = Lexer(), Tree()
        self.s = [0] * 5
        self.v1 = self.v2 = self.step = self.w = 0
        self.number = (0, 0)
        self.pieces.p1 = self.pieces.p2 = 0

    def train(self, text):
        at = 0
        while at < len(text):
            known = known_item(self.lexer, text, at)
            at += len(self.item(self.trainer, len(text) - at, known))
        self.forget()

    def pass_over(self, doc):
        """Bytes of a stored or packed chunk."""
        for b in doc:
            self.pieces.match.byte(b, False)
        self.w = int.from_bytes((self.w.to_bytes(8, 'big') + doc)[-8:], 'big')

    def items(self, coder, length):
        out, at = [], 0
        while at < length:
            item = self.item(coder, length - at, None)
            at += len(item)
            out.append(item)
        return b''.join(out)

    def item(self, coder, left, known):
        """Code one item. known: None, or (bytes, spelled bytes with the end byte)."""
        self.coder, self.left = coder, left
        self.limit = min(LIMIT, left)
        state = self.lexer.state
        if state in (STRUCTURE, KEY):
            return self.segment(known)
        return self.value(known, state)

    def accept(self, data):
        """An item that was not spelled by pieces."""
        if len(data) > self.limit:
            raise Damaged('an item goes beyond its chunk')
        for b in data:
            if self.lexer.look(b) == ENDS or self.lexer.opened:
                raise Damaged('an item with a byte that cannot be in it')
            self.lexer.feed(b)
        self.w = int.from_bytes((self.w.to_bytes(8, 'big') + data)[-8:], 'big')

    def wanted(self, known, dictionary):
        if known is None:
            return None
        return dictionary.find(known[0], hash_bytes(known[0])) or -1

    def segment(self, known):
        s1, s2, s3, s4, s5 = self.s
        f = self.tree.top()
        two = pair(s1, s2)
        three = pair(two, s3)
        start, hit = self.lexer.copy(), 0
        if self.prune:
            self.predict_s.look([
                pair(s1, self.v1), two, triple(f.path, self.tree.place(), s1), s1,
                triple(three, s4, s5), triple(three, f.first, self.v1)], s1)
            hit = self.predict_s.attempt(self.coder, self.dictionary_s,
                                         self.wanted(known, self.dictionary_s), 'segment flags')
        if hit:
            data = self.dictionary_s.entries[hit][1]
            self.accept(data)
        else:
            data = self.pieces.item(self.coder, self, 0, s1, self.limit, known and known[1])
        h = hash_bytes(data)
        if self.prune:
            self.predict_s.learn(hit or self.dictionary_s.add(data, h))
        self.s = [h] + self.s[:4]
        self.walk(data, start)
        self.lexer.end()
        return data

    def walk(self, data, lexer):
        """The tree follows the bytes of a segment; lexer is that of its beginning."""
        for b in data:
            in_key = lexer.state == KEY
            lexer.feed(b)
            self.tree.byte(b, in_key, lexer.state == KEY)

    def memory(self, column):
        place = column >> (32 - self.memory_bits)
        got = self.memories.get(place)
        if got is None or got.column != column:
            got = self.memories[place] = Memory(column)
        return got

    def value(self, known, state):
        c = self.tree.column()
        m = self.memory(c)
        self.look_value(c, m)
        wanted = self.wanted(known, self.dictionary_v) if self.prune else None
        if state == TEXT:
            data, hit = self.text(known, c, wanted)
            name = hit or (self.dictionary_v.add(data, hash_bytes(data)) if self.prune else 0)
        else:
            data, name = self.scalar(known, c, m, wanted)
        h = hash_bytes(data)
        if self.prune:
            self.predict_v.learn(name)
        self.after_value(data, h, m, state == SCALAR)
        self.lexer.end()
        return data

    def look_value(self, c, m):
        if not self.prune:
            return
        f = self.tree.top()
        self.predict_v.look([
            pair(c, m.last), pair(c, self.v1), c, triple(c, self.v1, self.v2),
            triple(c, m.last, m.last2),
            triple(f.path, pair(f.key, f.first), self.tree.above().last)], c)

    def try_values(self, wanted):
        hit = self.predict_v.attempt(self.coder, self.dictionary_v, wanted, 'value flags')
        if hit:
            data = self.dictionary_v.entries[hit][1]
            self.accept(data)
            return data, hit
        return None, 0

    def text(self, known, c, wanted):
        if self.prune:
            data, hit = self.try_values(wanted)
            if hit:
                return data, hit
        return self.pieces.item(self.coder, self, 1, c, self.limit, known and known[1]), 0

    def scalar(self, known, c, m, wanted):
        """A scalar: (bytes, name or 0)."""
        numbers_best = self.look_numbers(c, m) if self.delta else 0
        values_best = self.predict_v.best() if self.prune else 0
        first = numbers_best > values_best
        if first:
            data = self.try_numbers(known, c, m)
            if data is not None:
                return data, self.second_time(data)
        if self.prune:
            data, hit = self.try_values(wanted)
            if hit:
                return data, hit
        if not first and numbers_best:
            data = self.try_numbers(known, c, m)
            if data is not None:
                return data, self.second_time(data)
        data = self.new_scalar(known, c, m)
        return data, self.second_time(data)

    def second_time(self, data):
        """The name of a scalar that is added, 0 if this is its first time."""
        if not self.prune:
            return 0
        h = hash_bytes(data)
        place, mark = h >> (32 - self.mark_bits), h & 0xFFFF | 1
        if self.marks.get(place) == mark:
            return self.dictionary_v.add(data, h)
        self.marks[place] = mark
        return 0

    def look_numbers(self, c, m):
        s1, s2 = self.s[:2]
        a = triple(s1, s2, self.v1)
        self.numbers.look([
            (c, m.number), (pair(a, 1), self.number), (pair(a, 2), (self.tree.object_digits(), 0)),
            (pair(c, s1), self.number), (pair(c, self.v1), m.number)], c)
        return self.numbers.best()

    def try_numbers(self, known, c, m):
        wanted = None
        got = None
        if known is not None:
            got = m.notation.read(known[0])
            wanted = (got[:2] if got else None,)
        guess = self.numbers.attempt(self.coder, wanted)
        if guess is None:
            return None
        return self.written(guess, c, m, got)

    def written(self, number, c, m, got):
        """The text of a number that hit or a sum, after its noise."""
        noise = 0
        if m.notation.kind == Notation.DOUBLE:
            noise = self.digits.noise(self.coder, c, m, number, got[2] if got else None)
            m.noise = noise
        data = m.notation.write(number[0], number[1], noise)
        if data is None:
            raise Damaged('a number that cannot be written')
        self.accept(data)
        return data

    def flag(self, m, which, known):
        p = max(32, min(65504, m.flags[which] >> 16))
        bit = self.coder.code(p, known, 'digits')
        m.flags[which] = learnt(m.flags[which], bit, 60)
        return bit

    def new_scalar(self, known, c, m):
        text = known[0] if known else None
        all_digits = None if text is None else int(all(b in SYMBOL_OF for b in text))
        if not self.flag(m, 0, all_digits):
            return self.pieces.item(self.coder, self, 2, c, self.limit, known and known[1])
        if self.delta:
            plan = self.difference_plan(text, m) if text is not None else None
            if self.flag(m, 1, None if text is None else int(plan is not None)):
                return self.difference(c, m, plan)
        data = self.digits.text(self.coder, self, c, m, 0, self.limit, text)
        self.accept(data)
        return data

    def difference_plan(self, text, m):
        """How the prior's scalars are written: (which, difference, what is read) or None."""
        got = m.notation.read(text)
        if got is None:
            return None
        best = None
        for which, base in ((0, m.number), (1, self.number)):
            d = got[0] - base[0]
            if base[1] != got[1] or abs(d) >= 1 << 56 or len(str(d)) + 2 > len(text):
                continue
            if best is None or len(str(d)) < len(best[1]):
                best = which, str(d).encode(), got
        return best

    def difference(self, c, m, plan):
        which = self.flag(m, 2, plan[0] if plan else None)
        text = self.digits.text(self.coder, self, c, m, 1 + which, LIMIT, plan[1] if plan else None)
        number = parse_number(text)
        if number is None or number[1]:
            raise Damaged('a difference that is none')
        base = self.number if which else m.number
        total = signed(base[0] + number[0])
        return self.written((total, base[1]), c, m, plan[2] if plan else None)

    def after_value(self, data, h, m, scalar):
        f = self.tree.top()
        if scalar:
            self.after_number(data, m, f)
        m.last, m.last2, m.text = h, m.last, data[:24]
        if f.first == 0:
            f.first = h
        f.last = h
        self.v1, self.v2 = h, self.v1

    def after_number(self, data, m, f):
        number = parse_number(data)
        if number is None:
            return
        m.notation.learn(*number)
        got = m.notation.read(data)
        if got is None:
            return
        got = got[:2]
        if self.delta:
            self.numbers.learn(got)
        step = 0
        if m.number[1] == got[1]:
            d = got[0] - m.number[0]
            step = 2 * abs(d).bit_length() + (d < 0)
        m.step = self.step = step
        m.number = self.number = got
        f.digits[f.count & 3] = got[0]
        f.count += 1


def known_item(lexer, text, at):
    """The item of text at `at`, and its bytes as pieces spell them."""
    probe = lexer.copy()
    n, end = 0, b''
    while at + n < len(text) and n < LIMIT:
        what = probe.look(text[at + n])
        if what == ENDS:
            end = b'0' if probe.state == STRUCTURE else b'"'
            break
        probe.feed(text[at + n])
        n += 1
        if what == LAST:
            break
    return text[at:at + n], text[at:at + n] + end



# ---------------------------------------------------------------- command

def check_folder(folder):
    """Decode every .sg in folder and compare it with its .txt."""
    import time
    names = [n for n in os.listdir(folder) if n.endswith('.sg')]
    names.sort(key=lambda n: os.path.getsize(os.path.join(folder, n)))
    passed = failed = 0
    for name in names:
        begun = time.time()
        with open(os.path.join(folder, name), 'rb') as f:
            data = f.read()
        with open(os.path.join(folder, name.split('.')[0] + '.txt'), 'rb') as f:
            wanted = f.read()
        try:
            problem = None if decode(data) == wanted else 'another document'
        except SigmaError as error:
            problem = '%s: %s' % (type(error).__name__, error)
        except Exception as error:
            problem = 'bug: %s: %s' % (type(error).__name__, error)
        if problem:
            failed += 1
            print('FAILED %s: %s' % (name, problem), flush=True)
        else:
            passed += 1
            if os.environ.get('VERBOSE'):
                print('ok %s %.1f s' % (name, time.time() - begun), flush=True)
    print('%d passed, %d failed' % (passed, failed))
    return failed


def trace(path):
    """Print the hashes of the prior's decisions and the decisions of a compact document."""
    with open(path, 'rb') as f:
        src = Input(f.read())
    _, _, level, off = compact_header(src)
    length = src.varint()
    model = Model(level, off, True)
    log = bytes(model.trainer.log)
    for n in (10, 100, 1000, 10000, len(log) // 3):
        print('prior %7d  %016x' % (n, xxh64(log[:3 * n])))
    coder = Reader(src.data, src.at, not off & 8)
    coder.trace = []
    try:
        print(model.items(coder, length))
    finally:
        for k, (name, p, bit, low, high) in enumerate(coder.trace, 1):
            print('%4d  %-14s %6d  %d  %08x %08x' % (k, name, p, bit, low, high))


def main(args):
    if len(args) == 2 and args[0] == '--check':
        return 1 if check_folder(args[1]) else 0
    if len(args) == 2 and args[0] == '--trace':
        return trace(args[1])
    if len(args) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with open(args[0], 'rb') as f:
        data = f.read()
    try:
        out = decode(data)
    except SigmaError as error:
        print('%s: %s' % (type(error).__name__, error), file=sys.stderr)
        return 1
    sys.stdout.buffer.write(out)
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
