#!/usr/bin/env python3
"""Documents that no golden file holds, encoded with this decoder's model and read by another reader.

    cross.py READER [FIRST LAST]

READER is a program that reads the encoding it is given and ends with 0 if it is sound, as the reference's
`trace` does. It is asked about the documents at the limits of the text, and about random ones, which the
seeds FIRST to LAST (0 to 20) name. Both readers must take each encoding, and this one must decode it.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
import zlib

from sigma.base import Input, M32
from sigma.blocks import Dictionary, decode_columns
from sigma.coder import shortest_end
from sigma.forms import decode
from sigma.items import LIMIT
from sigma.model import DEFAULT, FAST, MAX, NO_PACK, Known, trained_model

ITEMS, STORED, PACKED = range(3)
TECHNIQUES_OFF = (0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8)


class Writer:
    """Section 2: the arithmetic encoder."""

    def __init__(self, pack):
        self.low, self.high, self.out, self.pack = 0, M32, bytearray(), pack

    def code(self, p, known):
        """A decision."""
        middle = self.low + ((self.high - self.low) * (p if self.pack else 32768) >> 16)
        if known:
            self.high = middle
        else:
            self.low = middle + 1
        while not (self.low ^ self.high) >> 24:
            self.out.append(self.low >> 24)
            self.low, self.high = self.low << 8 & M32, (self.high << 8 | 255) & M32
        return known

    def finish(self):
        """All coded bytes; the last ones are as few as can be."""
        k, m = shortest_end(self.low, self.high)
        return bytes(self.out) + (m >> (32 - 8 * k)).to_bytes(k, 'big')


def varint(n):
    """A varint."""
    out = bytearray()
    while n >= 128:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out) + bytes((n,))


def crc(*parts):
    """A check of the kind 0."""
    return zlib.crc32(b''.join(parts)).to_bytes(4, 'little')


def encode_items(model, pack, document, start, end):
    """The coded items of a part of a document."""
    writer, at = Writer(pack), start
    while at < end:
        model.known = Known(model.lexer, document[:end], at)
        at += len(model.item(writer, end - at))
    return writer.finish()


def encode_compact(document, level, off):
    """Section 1, Compact form."""
    header = bytes((0xA0 | (16 if off else 0) | level,)) + (bytes((off,)) if off else b'')
    model = trained_model(level, off, True)
    coded = encode_items(model, not off & NO_PACK, document, 0, len(document))
    return header + varint(len(document)) + coded + crc(header, document, coded)


def raw_frame(data):
    """A Zstandard frame of one block that is not compressed."""
    size = len(data).to_bytes(4, 'little')
    return b'\x28\xB5\x2F\xFD\xA0' + size + (len(data) << 3 | 1).to_bytes(3, 'little') + data


def encode_full(chunks, level, off):
    """Section 1, Full form. `chunks`: pairs of a kind and the bytes."""
    header = b'\xCE\xA3\x01\x04\x01' + bytes((level, off, 0))
    document, at, out = b''.join(data for _, data in chunks), 0, header + crc(header)
    model = trained_model(level, off, False)
    for kind, data in chunks:
        if kind == ITEMS:
            coded = encode_items(model, not off & NO_PACK, document, at, at + len(data))
        else:
            model.pass_over(data)
            coded = data if kind == STORED else raw_frame(data)
        at += len(data)
        out += varint(len(data)) + varint(4 * len(coded) + kind) + coded
        out += crc(header, data, b'' if kind == STORED else coded)
    return out + b'\0' + crc(header, document)


# Documents at the limits of the text, as chunks of items

def limit_documents():
    """(name, chunks): cut items, chunks that end anywhere, depths, empty items, odd numbers."""
    chance = random.Random(1)
    words = bytes(chance.choice(b'abcdef  ghij,.') for _ in range(300)) * 220
    big = [str(chance.choice((1, -1)) * (9 * 10**17 + chance.randrange(10**16))) for _ in range(12)]
    points = ['%d.%d.%016d' % (k % 9 + 1, k, chance.randrange(10**15, 10**16)) for k in range(12)]
    yield 'a text of the limit', [b'{"a":"' + words[:LIMIT] + b'","b":1}']
    yield 'a text beyond the limit', [b'{"a":"' + words[:LIMIT + 1] + b'","b":1}']
    yield 'texts of twice the limit', [b'["' + words[:2 * LIMIT] + b'",1,"' + words[:2 * LIMIT] + b'"]']
    yield 'a text cut in an escape', [b'{"a":"' + words[:LIMIT - 1] + b'\\"x","b":1}']
    yield 'segments of the limit', [b'[1' + b' ' * LIMIT + b'2' + b' ' * (LIMIT + 3) + b'3]']
    yield 'a quote ends a cut segment', [b'[1,' + b' ' * (LIMIT - 2) + b'"abc", "d"]']
    yield 'a key cut in an escape', [b'{"' + words[:LIMIT - 3] + b'\\"yyy":2,"z":"w"}']
    yield 'a scalar beyond the limit', [b'[' + b'x1y2' * 8200 + b'"]']
    yield 'digits beyond the limit', [b'[' + b'1234567890' * 3300 + b',0.' + b'0' * LIMIT + b'5,7]']
    yield 'deep frames', [b'[' * 150 + b'{"a":' * 100 + b'1' + b'}' * 100 + b',2,"b"' + b']' * 150
                          + b'{"q":[1,2]}']
    yield 'the root is closed', [b']]}}{"a":1}]]{"b":"x"},"c",{"d":"e"}']
    yield 'empty items', [b'"" "" ""a"b"1""2', b'"', b'x', b'"y"', b'z']
    yield 'chunks end in keys', [b'{"a\\', b'"bc":1,"de', b'f":"x', b'y","z":12', b'34}']
    yield 'an empty text begins a chunk', [b'{"a":"', b'","b":""}']
    yield 'steps beyond 63 bits', ['\n'.join(['{"a":1.5}'] + [
        '{"a":%d}' % (int(n) + k) for n in big for k in (0, 456, 78901)]).encode()]
    yield 'two points in 16 digits', ['[{}]'.format(','.join(points)).encode()]


# Random documents

def random_number(chance):
    """A scalar of digits, not always of JSON."""
    return chance.choice((
        lambda: repr(chance.uniform(-100, 100)),
        lambda: '%.17g' % (chance.randrange(10000) / 1000),
        lambda: str(chance.randrange(-10**18, 10**18)),
        lambda: '%de%d' % (chance.randrange(100), chance.randrange(-5, 30)),
        lambda: '%.*f' % (chance.choice((1, 3, 17)), chance.uniform(0, 10)),
        lambda: '%.16e' % chance.uniform(-1e3, 1e3),
        lambda: repr(chance.random() * 10 ** chance.randrange(-12, 12)),
        lambda: chance.choice(('-0', '-0.0', '007', '1.', '.5', '--', '+1')),
        lambda: str(chance.randrange(1000))))()


def random_string(chance):
    """A string, not always of JSON."""
    return chance.choice((
        lambda: '""',
        lambda: json.dumps(''.join(chance.choice('abc"\\\n\t\xe9\u20acxyz 01') for _ in range(30))),
        lambda: '"the quick brown fox %d jumps over the lazy dog"' % chance.randrange(3),
        lambda: '"a line\n that ends %d"' % chance.randrange(5),
        lambda: '"%s"' % chance.choice(('red', 'green', 'a-b-c', 'x' * 40))))()


def random_value(chance, depth):
    """Any value."""
    kind = chance.randrange(8)
    if kind == 0 and depth:
        return '[%s]' % ','.join(random_value(chance, depth - 1) for _ in range(chance.randrange(6)))
    if kind == 1 and depth:
        return '{%s}' % ','.join('"%s":%s' % (chance.choice(('id', 'x', 'y\\"z')),
                                              random_value(chance, depth - 1)) for _ in range(4))
    if kind == 2:
        return chance.choice(('true', 'false', 'null', 'nope'))
    return random_number(chance) if kind < 6 else random_string(chance)


def random_records(chance, count):
    """Objects that are alike."""
    x, time, places = chance.uniform(0, 90), 1700000000000, chance.choice((2, 6, 9))
    for k in range(count):
        x, time = x + chance.gauss(0, .01), time + chance.choice((1000, 1000, 1001, -5))
        yield '{"id":%d,"t":%d,"lat":%r,"d":%r,"s":"%s","e":[%d,%s]}\n' % (
            k, time, round(x, places), round(x, 3) * 0.1, chance.choice(('alpha', 'beta gamma delta')),
            k % 7, random_number(chance) if k % 5 == 0 else 1)


def random_document(chance):
    """Records, junk and values."""
    parts = ['{"n":1}\n']
    if chance.random() < .6:
        parts += random_records(chance, 20)
    if chance.random() < .5:
        parts += (chance.choice('{}[],:" \n\r\t"\\a1-."{}[]') for _ in range(400))
    if chance.random() < .6:
        parts += (random_value(chance, 4) + '\n' for _ in range(20))
    return ''.join(parts).encode()


def random_encoding(chance):
    """(document, encoding, what it is)."""
    document, off = random_document(chance), chance.choice(TECHNIQUES_OFF)
    if chance.random() < .4:
        level = chance.choice((FAST, DEFAULT, MAX))
        return document, encode_compact(document, level, off), 'compact, level %d, off %d' % (level, off)
    level = chance.choice((DEFAULT, MAX))
    cuts = sorted({0, len(document)} | {chance.randrange(len(document)) for _ in range(chance.randrange(6))})
    chunks = [(chance.choice((ITEMS, ITEMS, STORED, PACKED)), document[a:b]) for a, b in zip(cuts, cuts[1:])]
    return document, encode_full(chunks, level, off), 'full, level %d, off %d' % (level, off)


# Blocks of the level fast

def random_steps(chance, dictionary, count):
    """Section 9, *Steps* and *New segments*: (steps, new segments, columns of the values)."""
    steps, fresh, columns, run = bytearray(), bytearray(), [], 0
    texts = [b'', b'"k%d":', b'{"a%d":"', b'"},%d ', b':x"%d', b'":"y%d":']
    while len(columns) < count:
        if run < 255 and dictionary.expected() != 65535 and chance.random() < .8:
            run += 1
            columns.append(dictionary.token(dictionary.expected())[1])
            continue
        steps.append(run)
        if run < 255:
            ahead = [code for code in (0, 1) if dictionary.follower(code) != 65535]
            known = len(dictionary.segments)
            if known < 4096 and (not known or chance.random() < .4):
                code, text = chance.randrange(2, 5), chance.choice(texts)
                # Streams may not be longer than their document, so segments are that come again.
                text = (text % known if b'%' in text else text) + b' ' * 40
                fresh += bytes((len(text),)) + text
                number = dictionary.enter(text, code - 2)
            elif ahead and chance.random() < .6:
                code = chance.choice(ahead)
                number = dictionary.follower(code)
            else:
                number = chance.randrange(known)
                code = number + 5
            steps += bytes((code,)) if code < 128 else bytes((code & 127 | 128, code >> 7))
            columns.append(dictionary.token(number)[1])
        run = 0
    if run:
        steps.append(run)
    return bytes(steps), bytes(fresh), [column for column in columns if column is not None]


def lines(values):
    """Values with 0A after each."""
    return b''.join(value + b'\n' for value in values)


def random_column(chance, count):
    """Section 9: the stream of a column of any shape."""
    words = [b'w%d' % chance.randrange(99) for _ in range(count)]
    shape = chance.randrange(4)
    if shape == 0:
        return b'\0' + varint(len(lines(words))) + lines(words)
    if shape == 1:
        many = chance.choice((1, 2, 250))
        names = lines(b'n%d' % k for k in range(many))
        picks = bytes(chance.randrange(many) for _ in range(count)) if many > 1 else b''
        return bytes((1, many)) + varint(len(names)) + names + picks
    flags, width, places = chance.randrange(4), chance.randrange(9), chance.randrange(18)
    out = bytes((2, flags, width, places, chance.randrange(places + 1)))
    more = 0
    if flags & 2:
        more = chance.randrange(9)
        out += bytes((chance.randrange(18), more))
    out += varint(chance.getrandbits(chance.choice((6, 30, 63))))
    planes = bytearray(chance.getrandbits(8) for _ in range(count * (width + more)))
    zeros = 0
    if chance.random() < .5 and width:
        for k in chance.sample(range(count), 3):
            planes[k:width * count:count] = bytes(width)
        codes = [any(planes[k:width * count:count]) for k in range(count)]
        zeros = codes.count(False)
    odd = lines(b'odd %d' % k for k in range(zeros))
    return out + varint(len(odd)) + odd + planes


def random_block(chance, dictionary, count):
    """Section 9: the streams of a block."""
    dictionary.begin()
    steps, fresh, columns = random_steps(chance, dictionary, count)
    counts = {column: columns.count(column) for column in dict.fromkeys(columns)}
    own = [column for column, many in counts.items() if column and many >= 16]
    shared = lines(b'v%d' % k for k in range(len(columns) - sum(counts[column] for column in own)))
    head = b''.join(varint(len(part)) for part in (steps, fresh, shared))
    return head + steps + fresh + shared + b''.join(random_column(chance, counts[c]) for c in own)


def random_blocks(chance, sizes):
    """(document, encoding) of blocks that have so many tokens (0: plain), without *pack*."""
    header = b'\xCE\xA3\x01\x04\x02' + bytes((FAST, NO_PACK, 0))
    out, checks, documents = header + crc(header), [], []
    writes, reads = Dictionary(), Dictionary()
    for count in sizes:
        if count:
            streams = random_block(chance, writes, count)
            document = decode_columns(Input(streams), reads)
            coded = b'\1' + len(streams).to_bytes(3, 'little') + streams
        else:
            document = b'plain'
            coded = b'\0' + document
            writes.clear()
            reads.clear()
        checks.append(crc(header, document, coded))
        out += varint(len(document)) + len(coded).to_bytes(3, 'little') + coded + checks[-1]
        documents.append(document)
    return b''.join(documents), out + b'\0' + crc(header, *checks)


def ask(reader, name, document, encoding):
    """Have both read an encoding; whether one does not."""
    with tempfile.NamedTemporaryFile(suffix='.sg', delete=False) as f:
        f.write(encoding)
    answer = subprocess.run([reader, f.name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    mine = b''.join(decode(encoding)) == document
    wrong = '' if mine else 'this decoder says another document'
    if answer.returncode:
        wrong = answer.stderr.decode(errors='replace').strip() or 'status %d' % answer.returncode
    print('%-6s %s, %d bytes in %d%s' % ('FAILED' if wrong else 'ok', name, len(document), len(encoding),
                                         ': %s (`%s`)' % (wrong, f.name) if wrong else ''), flush=True)
    if not wrong:
        os.unlink(f.name)
    return bool(wrong)


def main(args):
    """The command."""
    if len(args) not in (1, 3):
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    for name, chunks in limit_documents():
        encoding = encode_full([(ITEMS, chunk) for chunk in chunks], DEFAULT, 0)
        failed += ask(args[0], name, b''.join(chunks), encoding)
    for seed in range(*map(int, args[1:] or (0, 20))):
        chance = random.Random(seed)
        sizes = [chance.choice((0, 100, 300, 3000, 12000)) for _ in range(4)]
        failed += ask(args[0], 'seed %d, blocks of %s tokens' % (seed, sizes), *random_blocks(chance, sizes))
        document, encoding, kind = random_encoding(random.Random(seed))
        failed += ask(args[0], 'seed %d, %s' % (seed, kind), document, encoding)
    print('%d failures' % failed)
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
