"""The forms of an encoding (FORMAT.md, section 1)."""
import zlib

from .base import (Damaged, Input, Newer, Trailing, Truncated, expect, full_check, inner, xxh64)
from .blocks import decode_blocks
from .coder import Reader
from .model import DEFAULT, FAST, MAX, NO_PACK, trained_model
from .zstd import unpack

MAGIC = b'\xCE\xA3'
CRC32, XXH64, NO_CHECK = 0, 1, 3        # kinds of a check
STORED_LEVEL = 3                        # of the compact form
CHUNKS, BLOCKS, FRAMES = 1, 2, 128      # forms
ITEMS, STORED, PACKED = range(3)        # kinds of a chunk
TRAILER = b'\xCE\xA3\x01\x81'
MIB = 1 << 20


def decode(data):
    """Section 1: the documents of all encodings in `data`, in parts that were checked."""
    if not data:
        raise Truncated('no encoding')
    src, alone = Input(data), False
    while src.left():
        if src.at and (alone or not begins_encoding(data, src.at)):
            raise Trailing('%d bytes after the last encoding' % src.left())
        alone = yield from decode_one(src)


def begins_encoding(data, at):
    """Section 1: whether an encoding, of a later version too, begins here."""
    first = data[at]
    return 0xA0 <= first <= 0xBF or first == 0x98 or data[at:at + 2] in (MAGIC, MAGIC[:1])


def decode_one(src, in_frame=False):
    """Section 1: one encoding. Returns whether nothing may follow it."""
    first = src.data[src.at]
    if 0xA0 <= first <= 0xBF:
        return (yield from decode_compact(src))
    if first == 0x98:
        raise later_compact(src)
    yield from decode_long(src, in_frame)
    return False


def later_compact(src):
    """Section 1, What may be extended: the error for a later version of the compact form."""
    start = src.at
    src.byte()
    n = src.byte()
    src.take(n & 15)
    sound = zlib.crc32(src.data[start:src.at]) & 255 == src.byte()
    if n >> 4 < 2 or not sound:
        return Damaged('the header is damaged')
    return Newer('version %d of the compact form' % (n >> 4))


# Compact form

def compact_header(src):
    """Section 1, Compact form: (bytes that checks begin with, kind of the check, level, off)."""
    first, off = src.byte(), 0
    header = bytes([first])
    kind, level = first >> 2 & 3, first & 3
    if kind == 2:
        raise Damaged('no such kind of check')
    if first & 16:
        off = src.byte()
        header += bytes([off])
        if not 0 < off < 16 or level == STORED_LEVEL:
            raise Damaged('no such techniques')
    if kind == NO_CHECK and first != 0xAD:
        expect(src.number(2), zlib.crc32(header) & 0xFFFF, 'the header')
    return header, kind, level, off


def decode_compact(src):
    """Section 1, Compact form. Returns whether nothing may follow."""
    header, kind, level, off = compact_header(src)
    length = src.varint()
    if length > 65536:
        raise Damaged('too long for a compact document')
    if level == STORED_LEVEL:
        document, coded = src.take(length), b''
    else:
        document, coded = compact_items(src, level, off, length)
    check = full_check(kind, header + document + coded)
    expect(src.take(len(check)), check, 'the document')
    yield document
    return kind == NO_CHECK


def compact_items(src, level, off, length):
    """Section 1, Compact form: the document and its coded items."""
    coder, document = Reader(src.data, src.at, not off & NO_PACK), b''
    if length:
        document = trained_model(level, off, True).decode(coder, length)
    n = coder.finish()
    if n > 65536:
        raise Damaged('too many coded bytes')
    return document, src.take(n)


# Long header

def long_header(src):
    """Section 1, Long header: (bytes that checks begin with, fields)."""
    start = src.at
    if src.take(2) != MAGIC:
        raise Damaged('no encoding begins so')
    version = src.byte()
    fields = src.take(src.byte())
    header = src.data[start:src.at]
    expect(src.number(4), zlib.crc32(header), 'the header')
    if version != 1:
        raise Newer('version %d' % version)
    return header, Input(fields)


def optional_fields(fields):
    """Section 1, Long header: pass over fields that may be passed over."""
    while fields.left():
        number = fields.byte()
        fields.take(fields.byte())
        if number >= 128:
            raise Newer('field %d' % number)


def decode_long(src, in_frame):
    """Section 1: the full and the framed form."""
    header, fields = long_header(src)
    form = inner(fields.byte)
    if form == FRAMES and not in_frame:
        if not 1 << 10 <= inner(fields.varint) <= 1 << 40:
            raise Damaged('no such frame size')
        inner(optional_fields, fields)
        yield from decode_frames(src, header)
    elif form in (CHUNKS, BLOCKS):
        level, off, kind = inner(fields.take, 3)
        inner(optional_fields, fields)
        if (level not in ((DEFAULT, MAX) if form == CHUNKS else (FAST,)) or off > 15
                or kind not in (CRC32, XXH64, NO_CHECK)):
            raise Newer('a code of the header')
        if form == CHUNKS:
            yield from decode_chunks(src, header, level, off, kind)
        else:
            yield from decode_blocks(src, header, off, kind)
    elif form == FRAMES:
        raise Damaged('frames in a frame')
    else:
        raise Newer('form %d' % form)


# Full form

class Chunks:
    """Section 1, Full form: what goes on from chunk to chunk."""

    def __init__(self, level, off):
        self.level, self.off, self.model, self.passed = level, off, None, []

    def decode(self, what, coded, length):
        """The bytes of a chunk."""
        if what == ITEMS:
            return inner(self.items, coded, length)
        if length > 65536 or what == STORED and length != len(coded):
            raise Damaged('a chunk has another length')
        document = coded if what == STORED else unpack(coded, length)
        if self.model:
            self.model.pass_over(document)
        else:
            self.passed.append(document)
        return document

    def items(self, coded, length):
        """A chunk of items. The first one makes the model, which takes a while."""
        if not self.model:
            self.model = trained_model(self.level, self.off, False)
            for document in self.passed:
                self.model.pass_over(document)
        coder = Reader(coded, 0, not self.off & NO_PACK)
        document = self.model.decode(coder, length)
        if coder.finish() != len(coded):
            raise Damaged('the coded bytes of a chunk are others in number')
        return document


def decode_chunks(src, header, level, off, kind):
    """Section 1, Full form: each chunk in turn."""
    start, chunks, parts, total = src.at - len(header), Chunks(level, off), [header], 0
    while True:
        length = src.varint()
        if length == 0:
            break
        size = src.varint()
        what, size = size & 3, size >> 2
        if size > MIB or what > PACKED:
            raise Damaged('no such chunk')
        coded, total = src.take(size), total + length
        if total > MIB + 131072 * (src.at - start):
            raise Damaged('a document that long is refused')
        document = chunks.decode(what, coded, length)
        check = full_check(kind, header + document + (b'' if what == STORED else coded))[:4]
        expect(src.take(len(check)), check, 'a chunk')
        parts.append(document)
        yield document
    check = full_check(kind, b''.join(parts))
    expect(src.take(len(check)), check, 'the document')


# Framed form

def decode_frames(src, header):
    """Section 1, Framed form: front to back; the index is compared in the end."""
    entries, place = [], 0
    while True:
        start = src.at
        encoding = frame_pieces(src)
        if not encoding:
            break
        document = decode_frame(encoding)
        length, lines, check = src.varint(), src.varint(), src.number(8)
        if length == 0 or len(document) != length or document.count(b'\n') != lines:
            raise Damaged('a frame is not what it says')
        expect(check, xxh64(document, place), 'a frame')
        entries.append((length, src.at - start, lines, check))
        place += length
        yield document
    read_index(src, header, entries)


def frame_pieces(src):
    """Section 1, a frame: the pieces of its encoding, empty after the last frame."""
    pieces, size = [], 65536
    while size == 65536:
        size = src.varint()
        if size > 65536:
            raise Damaged('a piece is too long')
        pieces.append(src.take(size))
    return b''.join(pieces)


def decode_frame(encoding):
    """Section 1, a frame: the one encoding in it."""
    src = Input(encoding)
    parts = inner(list, decode_one(src, in_frame=True))
    if src.left():
        raise Damaged('more than one encoding in a frame')
    return b''.join(parts)


def read_index(src, header, entries):
    """Section 1: the index and the trailer must say what the frames were."""
    start = src.at
    for entry in entries:
        if (src.varint(), src.varint(), src.varint(), src.number(8)) != entry:
            raise Damaged('the index contradicts the frames')
    index = src.data[start:src.at]
    expect(src.number(8), len(index), 'the length of the index')
    expect(src.number(8), xxh64(header + index), 'the index')
    if src.take(4) != TRAILER:
        raise Damaged('the trailer ends otherwise')
