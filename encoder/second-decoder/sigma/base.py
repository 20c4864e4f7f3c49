"""Errors, input, checks and hashes of the sigma format (FORMAT.md, the head, sections 1 and 4)."""
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


class Trailing(SigmaError):
    """Bytes after an encoding that begin no other."""


class PriorMissing(SigmaError):
    """`prior.txt` is not at hand, or is another."""


class Input:
    """Bytes with a place; running out raises Truncated."""

    __slots__ = ('data', 'at')

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def left(self):
        """How many bytes are left."""
        return len(self.data) - self.at

    def take(self, n):
        """The next n bytes."""
        if n > self.left():
            raise Truncated('the input ends too early')
        self.at += n
        return self.data[self.at - n:self.at]

    def rest(self):
        """All bytes that are left."""
        return self.take(self.left())

    def byte(self):
        """The next byte."""
        return self.take(1)[0]

    def number(self, n):
        """A number of n bytes, the lowest first."""
        return int.from_bytes(self.take(n), 'little')

    def varint(self):
        """A varint (the head of the text): at most 9 bytes, never longer than needed."""
        value = 0
        for k in range(9):
            b = self.byte()
            value |= (b & 127) << (7 * k)
            if b < 128:
                if k and b == 0:
                    raise Damaged('a varint is longer than needed')
                return value
        raise Damaged('a varint is too long')


def inner(read, *args):
    """Call `read` on a part whose length is known: running out of it is damage."""
    try:
        return read(*args)
    except Truncated as error:
        raise Damaged('a part ends before what is in it does') from error


def signed(x):
    """The lowest 64 bits of x as a signed number."""
    x &= M64
    return x - (1 << 64) if x >> 63 else x


# Section 1, "Checks"

P1, P2, P3 = 11400714785074694791, 14029467366897019727, 1609587929392839161
P4, P5 = 9650029242287828579, 2870177450012600261


def rotl(x, n):
    """The 64 bits of x, rotated left."""
    return ((x << n) | (x >> (64 - n))) & M64


def xxh_round(acc, word):
    """A round of XXH64."""
    return rotl((acc + word * P2) & M64, 31) * P1 & M64


def xxh_stripes(data, seed):
    """The part of XXH64 that reads whole 32 bytes: (hash, place after them)."""
    v1, v2, v3, v4 = (seed + P1 + P2) & M64, (seed + P2) & M64, seed, (seed - P1) & M64
    word, whole = int.from_bytes, len(data) // 32 * 32
    for at in range(0, whole, 32):
        v1 = xxh_round(v1, word(data[at:at + 8], 'little'))
        v2 = xxh_round(v2, word(data[at + 8:at + 16], 'little'))
        v3 = xxh_round(v3, word(data[at + 16:at + 24], 'little'))
        v4 = xxh_round(v4, word(data[at + 24:at + 32], 'little'))
    h = (rotl(v1, 1) + rotl(v2, 7) + rotl(v3, 12) + rotl(v4, 18)) & M64
    for v in (v1, v2, v3, v4):
        h = ((h ^ xxh_round(0, v)) * P1 + P4) & M64
    return h, whole


def xxh64(data, seed=0):
    """XXH64, as its specification says."""
    n, at, h = len(data), 0, (seed + P5) & M64
    if n >= 32:
        h, at = xxh_stripes(data, seed)
    h = (h + n) & M64
    while at + 8 <= n:
        h ^= xxh_round(0, int.from_bytes(data[at:at + 8], 'little'))
        h = (rotl(h, 27) * P1 + P4) & M64
        at += 8
    if at + 4 <= n:
        h ^= int.from_bytes(data[at:at + 4], 'little') * P1 & M64
        h = (rotl(h, 23) * P2 + P3) & M64
        at += 4
    for b in data[at:]:
        h = rotl(h ^ (b * P5 & M64), 11) * P1 & M64
    h = (h ^ (h >> 33)) * P2 & M64
    h = (h ^ (h >> 29)) * P3 & M64
    return h ^ (h >> 32)


def full_check(kind, data):
    """Section 1, "Checks": that of a compact document or of the whole."""
    if kind == 0:
        return zlib.crc32(data).to_bytes(4, 'little')
    if kind == 1:
        return xxh64(data).to_bytes(8, 'little')
    return b''


def expect(stored, computed, what):
    """Two checks must be the same."""
    if stored != computed:
        raise Damaged('the check of %s does not match' % what)


# Section 4

def pair(a, b):
    """Section 4: the hash of two numbers."""
    x = ((a << 32 | b) ^ K) * K
    return (x >> 64 ^ x) & M32


def triple(a, b, c):
    """Section 4: the hash of three numbers."""
    return pair(pair(a, b), c)


def hash_bytes(s):
    """Section 4, `bytes(s)`: the hash of a text."""
    n = len(s)
    x = K ^ n
    whole = n & ~7
    for at in range(0, whole, 8):
        x = (x ^ int.from_bytes(s[at:at + 8], 'little')) * K & M64
        x ^= x >> 32
    x = (x ^ int.from_bytes(s[whole:], 'little')) * K & M64
    x ^= x >> 29
    return (x * K & M64) >> 32 | 1
