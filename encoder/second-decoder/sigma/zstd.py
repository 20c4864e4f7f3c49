"""Zstandard frames (RFC 8878) without dictionary, for packed chunks and blocks of the sigma format.

Sections named here are those of the RFC.
"""
from .base import Damaged, Input, inner, xxh64

MAGIC = b'\x28\xB5\x2F\xFD'
BLOCK_LIMIT = 1 << 17

# Section 3.1.1.3.2.1.1: what is added to a code, and how many bits more follow it.
LENGTH_BASE = list(range(16)) + [16, 18, 20, 22, 24, 28, 32, 40, 48] + [1 << k for k in range(6, 17)]
LENGTH_BITS = [0] * 16 + [1, 1, 1, 1, 2, 2, 3, 3, 4] + list(range(6, 17))
MATCH_BASE = (list(range(3, 35)) + [35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99]
              + [(1 << k) + 3 for k in range(7, 17)])
MATCH_BITS = [0] * 32 + [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5] + list(range(7, 17))

# Section 3.1.1.3.2.2: the distributions where none is given.
DEFAULT_LENGTHS = [4, 3] + [2] * 11 + [1] * 3 + [2] * 9 + [3, 2] + [1] * 5 + [-1] * 4
DEFAULT_MATCHES = [1, 4, 3] + [2] * 6 + [1] * 37 + [-1] * 7
DEFAULT_OFFSETS = [1] * 6 + [2] * 3 + [1] * 15 + [-1] * 5


class BackBits:
    """Bits that are read from the end of a stream; before its beginning there are zeros."""

    __slots__ = ('data', 'at')
    PAD = 16                            # zero bytes kept before the beginning

    def __init__(self, data):
        if not data or not data[-1]:
            raise Damaged('Zstandard: a stream without its last bit')
        self.data = bytes(self.PAD) + data
        self.at = 8 * (self.PAD + len(data) - 1) + data[-1].bit_length() - 1

    def read(self, n):
        """The next n bits, the highest first."""
        self.at = at = self.at - n
        if at < 0:
            raise Damaged('Zstandard: a stream is too short')
        byte = at >> 3
        return int.from_bytes(self.data[byte:byte + 8], 'little') >> (at & 7) & ((1 << n) - 1)

    def left(self):
        """How many bits are left; negative if more were read than there are."""
        return self.at - 8 * self.PAD


def read_distribution(src, limit, symbols):
    """Section 4.1.1: (accuracy, counts of the symbols)."""
    start, data = src.at, src.data
    bits = int.from_bytes(data[start:start + 512], 'little')
    accuracy, at = (bits & 15) + 5, 4
    if accuracy > limit:
        raise Damaged('Zstandard: a table is too large')
    left, counts = 1 << accuracy, []
    while left > 0 and len(counts) < symbols:
        width = (left + 1).bit_length()
        value = bits >> at & ((1 << width) - 1)
        low = (1 << (width - 1)) - 1
        spare = (1 << width) - 1 - (left + 1)
        if value & low < spare:
            value, at = value & low, at + width - 1
        else:
            value, at = value - (spare if value > low else 0), at + width
        counts.append(value - 1)
        left -= abs(value - 1)
        while value == 1:               # a count of 0 is followed by how many more there are
            more = bits >> at & 3
            at += 2
            counts += [0] * more
            if more < 3:
                break
    if left or len(counts) > symbols:
        raise Damaged('Zstandard: a distribution does not fit')
    src.take((at + 7) >> 3)
    return accuracy, counts


def make_table(accuracy, counts):
    """Section 4.1.1: for each state (symbol, bits, base of the next state)."""
    size = 1 << accuracy
    symbols, high = [0] * size, size
    for symbol, count in enumerate(counts):
        if count < 0:
            high -= 1
            symbols[high] = symbol
    step, at = (size >> 1) + (size >> 3) + 3, 0
    for symbol, count in enumerate(counts):
        for _ in range(count):
            symbols[at] = symbol
            at = (at + step) & (size - 1)
            while at >= high:
                at = (at + step) & (size - 1)
    following, table = [abs(count) for count in counts], []
    for symbol in symbols:
        n = following[symbol]
        following[symbol] += 1
        bits = accuracy - n.bit_length() + 1
        table.append((symbol, bits, (n << bits) - size))
    return accuracy, table


def huffman_weights(src):
    """Section 4.2.1: the weights of all symbols but the last."""
    n = src.byte()
    if n >= 128:
        packed = src.take((n - 126) // 2)
        return [w for b in packed for w in (b >> 4, b & 15)][:n - 127]
    part = Input(src.take(n))
    accuracy, table = make_table(*read_distribution(part, 6, 256))
    bits = BackBits(part.rest())
    states = [bits.read(accuracy), bits.read(accuracy)]
    weights, turn = [], 0
    while True:                         # the two states take turns until the bits run out
        symbol, width, base = table[states[turn]]
        weights.append(symbol)
        states[turn] = base + bits.read(width)
        turn ^= 1
        if bits.left() < 0:
            weights.append(table[states[turn]][0])
            return weights
        if len(weights) > 255:
            raise Damaged('Zstandard: too many weights')


def huffman_table(src):
    """Section 4.2.1: (bits, for each number of so many bits (symbol, its bits))."""
    weights = huffman_weights(src)
    total = sum(1 << (w - 1) for w in weights if w)
    bits = total.bit_length()
    last = (1 << bits) - total
    if not total or bits > 11 or last & (last - 1) or len(weights) > 255:
        raise Damaged('Zstandard: no such Huffman code')
    weights.append(last.bit_length())
    table = []
    for weight in range(1, bits + 1):
        for symbol, w in enumerate(weights):
            if w == weight:
                table += [(symbol, bits + 1 - weight)] * (1 << (weight - 1))
    if len(table) != 1 << bits:
        raise Damaged('Zstandard: no such Huffman code')
    return bits, table


def huffman_stream(data, count, code):
    """Section 4.2.2: `count` symbols of a stream."""
    bits, table = code
    stream = BackBits(data)
    data, at, out = stream.data, stream.at, bytearray()
    mask, start, word = (1 << bits) - 1, 8 * stream.PAD, int.from_bytes
    for _ in range(count):
        low = at - bits
        if low < 0:
            break
        symbol, width = table[word(data[low >> 3:(low >> 3) + 4], 'little') >> (low & 7) & mask]
        out.append(symbol)
        at -= width
    if at != start or len(out) != count:
        raise Damaged('Zstandard: a Huffman stream has another length')
    return out


class Frame:
    """One frame, block by block."""

    def __init__(self, window_limit):
        self.window_limit = window_limit
        self.out, self.given, self.code, self.tables = bytearray(), 0, None, [None] * 3
        self.offsets, self.total, self.begun, self.ended = [1, 4, 8], 0, False, False

    def header(self, src):
        """Section 3.1.1.1: the frame's header."""
        if src.take(4) != MAGIC:
            raise Damaged('Zstandard: no frame begins so')
        flags = src.byte()
        single = flags >> 5 & 1
        if flags & 8:
            raise Damaged('Zstandard: a reserved bit is set')
        self.checked = flags >> 2 & 1
        window = 0
        if not single:
            b = src.byte()
            window = (8 + (b & 7)) << ((b >> 3) + 7)
        if src.number((0, 1, 2, 4)[flags & 3]):
            raise Damaged('Zstandard: a dictionary is asked for')
        width = (single, 2, 4, 8)[flags >> 6]
        self.size = src.number(width) + (256 if width == 2 else 0) if width else None
        self.window = self.size if single else window
        if self.window > self.window_limit:
            raise Damaged('Zstandard: the window is too large')
        self.begun = True

    def blocks(self, data, limit):
        """What the blocks in `data` stand for, at most `limit` bytes; and what is left of data."""
        src = Input(data)
        if not self.begun:
            self.header(src)
        while src.left() and not self.ended:
            self.block(src)
            if len(self.out) - self.given > limit:
                raise Damaged('Zstandard: more than was said')
        fresh = bytes(self.out[self.given:])
        self.total += len(fresh)
        del self.out[:max(0, len(self.out) - self.window)]
        self.given = len(self.out)
        return fresh, src

    def block(self, src):
        """Section 3.1.1.2: a block."""
        head = src.number(3)
        kind, size = head >> 1 & 3, head >> 3
        if kind == 3 or size > min(BLOCK_LIMIT, max(self.window, 1)) and kind != 1:
            raise Damaged('Zstandard: no such block')
        before = len(self.out)
        if kind == 0:
            self.out += src.take(size)
        elif kind == 1:
            if size > BLOCK_LIMIT:
                raise Damaged('Zstandard: a block is too long')
            self.out += src.take(1) * size
        else:
            self.compressed(Input(src.take(size)))
        if len(self.out) - before > BLOCK_LIMIT:
            raise Damaged('Zstandard: a block is too long')
        self.ended = bool(head & 1)

    def compressed(self, src):
        """Section 3.1.1.3: a compressed block."""
        literals = self.literals(src)
        count = src.byte()
        if count >= 128:
            count = src.number(2) + 0x7F00 if count == 255 else (count - 128 << 8) + src.byte()
        if count == 0:
            if src.left():
                raise Damaged('Zstandard: bytes are left in a block')
            self.out += literals
            return
        self.read_tables(src)
        self.sequences(src, count, literals)

    def literals(self, src):
        """Section 3.1.1.3.1: the literals."""
        b = src.byte()
        kind, form = b & 3, b >> 2 & 3
        if kind < 2:
            n = (b >> 3, (b | src.byte() << 8) >> 4 if form == 1 else 0, b >> 3,
                 (b | src.number(2) << 8) >> 4 if form == 3 else 0)[form]
            if n > BLOCK_LIMIT:
                raise Damaged('Zstandard: too many literals')
            return src.take(n) if kind == 0 else src.take(1) * n
        more, bits = ((2, 10), (2, 10), (3, 14), (4, 18))[form]
        head = (b | src.number(more) << 8) >> 4
        n, size = head & ((1 << bits) - 1), head >> bits
        if n > BLOCK_LIMIT:
            raise Damaged('Zstandard: too many literals')
        part = Input(src.take(size))
        if kind == 2:
            self.code = huffman_table(part)
        elif self.code is None:
            raise Damaged('Zstandard: no Huffman code to go on with')
        return self.streams(part, n, 1 if form == 0 else 4)

    def streams(self, src, n, count):
        """Section 3.1.1.3.1.6: one Huffman stream or four."""
        if count == 1:
            return huffman_stream(src.rest(), n, self.code)
        sizes = [src.number(2) for _ in range(3)]
        each, out = (n + 3) // 4, bytearray()
        if n < 3 * each:
            raise Damaged('Zstandard: too few literals for four streams')
        for size in sizes:
            out += huffman_stream(src.take(size), each, self.code)
        return out + huffman_stream(src.rest(), n - 3 * each, self.code)

    def read_tables(self, src):
        """Section 3.1.1.3.2.1: the tables of literal lengths, offsets and match lengths."""
        modes = src.byte()
        if modes & 3:
            raise Damaged('Zstandard: reserved bits are set')
        for k, (accuracy, counts, limit, symbols) in enumerate((
                (6, DEFAULT_LENGTHS, 9, 36), (5, DEFAULT_OFFSETS, 8, 32), (6, DEFAULT_MATCHES, 9, 53))):
            mode = modes >> (6 - 2 * k) & 3
            if mode == 0:
                self.tables[k] = make_table(accuracy, counts)
            elif mode == 1:
                symbol = src.byte()
                if symbol >= symbols:
                    raise Damaged('Zstandard: no such code')
                self.tables[k] = 0, [(symbol, 0, 0)]
            elif mode == 2:
                self.tables[k] = make_table(*read_distribution(src, limit, symbols))
            elif self.tables[k] is None:
                raise Damaged('Zstandard: no table to go on with')

    def sequences(self, src, count, literals):
        """Section 3.1.1.3.2 and 3.1.1.4: sequences are read and carried out."""
        (bits1, lengths), (bits2, offsets), (bits3, matches) = self.tables
        bits = BackBits(src.rest())
        read, at = bits.read, 0
        s1, s2, s3 = read(bits1), read(bits2), read(bits3)
        for left in range(count - 1, -1, -1):
            code1, width1, next1 = lengths[s1]
            code2, width2, next2 = offsets[s2]
            code3, width3, next3 = matches[s3]
            value = (1 << code2) + read(code2)
            match = MATCH_BASE[code3] + read(MATCH_BITS[code3])
            length = LENGTH_BASE[code1] + read(LENGTH_BITS[code1])
            if left:
                s1, s3, s2 = next1 + read(width1), next3 + read(width3), next2 + read(width2)
            if bits.left() < 0 or at + length > len(literals):
                raise Damaged('Zstandard: the sequences do not fit')
            self.out += literals[at:at + length]
            at += length
            self.copy(self.offset(value, length), match)
        if bits.left():
            raise Damaged('Zstandard: bits are left after the sequences')
        self.out += literals[at:]

    def offset(self, value, length):
        """Section 3.1.1.5: the offset, which may be one of the last three."""
        last = self.offsets
        if value > 3:
            offset = value - 3
            self.offsets = [offset, last[0], last[1]]
            return offset
        which = value - 1 + (length == 0)
        offset = last[0] - 1 if which == 3 else last[which]
        if which:
            self.offsets = [offset, last[0], last[2] if which == 1 else last[1]]
        return offset

    def copy(self, offset, length):
        """A match: bytes from before, which may overlap what they make."""
        out = self.out
        if not 0 < offset <= min(len(out), max(self.window, self.size or 0)):
            raise Damaged('Zstandard: a match begins before the window')
        start = len(out) - offset
        if offset >= length:
            out += out[start:start + length]
        else:
            out += (bytes(out[start:]) * (length // offset + 1))[:length]


class Stream:
    """The data of all blocks of a document: a frame that never ends (FORMAT.md, section 9)."""

    def __init__(self):
        self.frame = Frame(1 << 21)

    def read(self, data, length):
        """The next `length` bytes, all that is packed in `data`."""
        out, _ = inner(self.frame.blocks, data, length)
        if self.frame.ended or len(out) != length:
            raise Damaged('a block has another length')
        return out


def unpack(data, length):
    """One whole frame that stands for `length` bytes (FORMAT.md, section 1, packed chunks)."""
    frame = Frame(1 << 31)
    out, src = inner(frame.blocks, data, length)
    if not frame.ended or len(out) != length or frame.size not in (None, length):
        raise Damaged('a packed chunk has another length')
    if frame.checked and inner(src.number, 4) != xxh64(out) & 0xFFFFFFFF:
        raise Damaged('Zstandard: the check does not match')
    if src.left():
        raise Damaged('bytes after a Zstandard frame')
    return out
