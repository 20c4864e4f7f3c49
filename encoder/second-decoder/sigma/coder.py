"""Decisions and their probabilities (FORMAT.md, sections 2 and 3)."""
from operator import mul

from .base import M32, Damaged, Truncated

# Section 2


def shortest_end(low, high):
    """Section 2: the fewest bytes that end the coded items, k, and their value m in 32 bits."""
    for k in range(5):
        unit = 1 << (32 - 8 * k)
        m = (low + unit - 1) // unit * unit
        if m + unit - 1 <= high:
            return k, m


class Reader:
    """Section 2: the arithmetic decoder."""

    log = None                          # a list here is given every decision (`--trace`)

    def __init__(self, data, at, pack):
        self.data, self.start, self.at, self.pack = data, at, at, pack
        self.low, self.high, self.point = 0, M32, 0
        for _ in range(4):
            self.shift()

    def shift(self):
        """Take a byte into the point; at most four past the end."""
        at = self.at
        b = self.data[at] if at < len(self.data) else 0
        self.at = at + 1
        if at >= len(self.data) + 4:
            raise Truncated('the coded items end too early')
        self.point = (self.point << 8 | b) & M32

    def code(self, p, _known=None):
        """The next decision; `_known` is what a Trainer would be told."""
        low, high = self.low, self.high
        if not self.pack:
            p = 32768
        middle = low + ((high - low) * p >> 16)
        bit = 1 if self.point <= middle else 0
        if self.log is not None:
            self.log.append((p, bit, low, high))
        if bit:
            high = middle
        else:
            low = middle + 1
        while not (low ^ high) >> 24:
            low = low << 8 & M32
            high = (high << 8 | 255) & M32
            self.shift()
        self.low, self.high = low, high
        return bit

    def finish(self):
        """How many bytes the coded items have; their last ones must be those of m."""
        k, m = shortest_end(self.low, self.high)
        n = self.at - self.start - 4 + k
        if self.start + n > len(self.data):
            raise Truncated('the coded items end too early')
        if k and self.point >> (32 - 8 * k) != m >> (32 - 8 * k):
            raise Damaged('the coded items do not end as they should')
        return n


class Trainer:
    """Section 8, the prior: takes decisions whose bits are known, and keeps them for section 10."""

    def __init__(self):
        self.log = bytearray()

    def code(self, p, known):
        """A decision of the prior."""
        self.log += p.to_bytes(2, 'little')
        self.log.append(known)
        return known


# Section 3, logistic scale

CURVE = [22, 36, 60, 98, 162, 267, 439, 721, 1179, 1921, 3108, 4971, 7812, 11953, 17625,
         24743, 32768, 40793, 47911, 53583, 57724, 60565, 62428, 63615, 64357, 64815, 65097,
         65269, 65374, 65438, 65476, 65500, 65514]


def make_squash():
    """Section 3: squash of i - 2048, for i from 0 to 4095."""
    out = []
    for i in range(4096):
        c, f = i >> 7, i & 127
        out.append((CURVE[c] * (128 - f) + CURVE[c + 1] * f + 64) >> 7)
    out[0] = out[1]                     # x is limited to -2047
    return out


def make_stretch():
    """Section 3: stretch of a probability whose highest 12 bits are q."""
    out, i = [], 0
    for q in range(4096):
        while i < 4095 and SQUASH[i] < 16 * q + 8:
            i += 1
        out.append(max(i - 2048, -2047))
    return out


SQUASH = make_squash()
STRETCH = make_stretch()

# Section 3, adaptive probability: a number of 32 bits, 22 of probability and 10 of count

EVEN = 1 << 31
STEP = [16384 // (2 * n + 3) for n in range(1024)]


def started(p, n):
    """Section 3: an adaptive probability "started at (p, n)"."""
    return p << 16 | n


def learnt(x, bit, limit):
    """Section 3: an adaptive probability after a bit."""
    n = x & 1023
    return x + (((((bit << 22) - (x >> 10)) >> 3) * STEP[n] & ~1023) + (n < limit))


def stretched(x):
    """Section 3: the stretched value of an adaptive probability."""
    return STRETCH[x >> 20]


class Mixer:
    """Section 3: weight sets, made when they are first used."""

    __slots__ = ('fresh', 'rate', 'sets', 'set', 'inputs', 'p')

    def __init__(self, inputs, start, rate):
        self.fresh, self.rate, self.sets = [start] * inputs, 256 * rate, {}
        self.set, self.inputs, self.p = None, None, 0

    def mix(self, inputs, number):
        """The probability that the set of this number gives."""
        chosen = self.sets.get(number)
        if chosen is None:
            chosen = self.sets[number] = [self.fresh, 8192]
        self.set, self.inputs = chosen, inputs
        x = (sum(map(mul, inputs, chosen[0])) >> 14) + 2048
        self.p = p = SQUASH[0 if x < 0 else 4095 if x > 4095 else x]
        return p

    def learn(self, bit):
        """Teach the set that mixed last."""
        chosen = self.set
        weights, r = chosen
        e = ((((bit << 16) - self.p) * r) >> 14) << 1
        weights = [w + (((x * e >> 16) + 1) >> 1) for x, w in zip(self.inputs, weights)]
        if max(weights) > 32767 or min(weights) < -32768:
            weights = [max(-32768, min(32767, w)) for w in weights]
        chosen[0] = weights
        chosen[1] = r - ((r - self.rate) >> 5)


# Section 3, bit history

DISCOUNTS = (1, 2, 3, 4, 5, 7, 8)
LARGEST = (20, 48, 15, 8, 6, 5)


def is_state(n0, n1):
    """Section 3: whether a pair of counts is a state."""
    a, b = max(n0, n1), min(n0, n1)
    return b < 6 and a <= LARGEST[b]


def counts_after(n0, n1, bit):
    """Section 3: the counts of a bit history after a bit."""
    c = [n0, n1]
    large = 0 if n0 >= n1 else 1
    small = 1 - large
    c[bit] += 1
    c[1 - bit] = sum(d <= c[1 - bit] for d in DISCOUNTS)
    while not is_state(*c):
        if c[small] < 2:
            c[large] -= 1
        else:
            c[large] = (c[large] * (c[small] - 1) + c[small] // 2) // c[small]
            c[small] -= 1
    return c


def make_states():
    """Section 3: the counts of all states, and their followers after a 0 and after a 1."""
    states, number = [], {}
    for total in range(max(LARGEST) + 2):
        for n1 in range(total + 1):
            n0 = total - n1
            if not is_state(n0, n1):
                continue
            number[n0, n1, 0] = number[n0, n1, 1] = len(states)
            states.append((n0, n1))
            if min(n0, n1) > 0 and total <= 17:
                number[n0, n1, 1] = len(states)
                states.append((n0, n1))
    after = [bytes(number[(*counts_after(n0, n1, bit), bit)] for n0, n1 in states)
             for bit in (0, 1)]
    return states, after


STATES, AFTER = make_states()
HISTORY_START = [65535 * (2 * n1 + 1) // (2 * n0 + 2 * n1 + 2) for n0, n1 in STATES]


def history_map():
    """Section 3: a history map at its start."""
    return list(HISTORY_START)


def teach_history(table, state, bit):
    """Section 3: a history map learns."""
    p = table[state]
    table[state] = p + ((65535 * bit - p) >> 6)


# Section 3, nibbles

class HistoryTable:
    """Section 3: buckets of bit histories, in lines of four that are made when first used."""

    __slots__ = ('lines', 'table')

    def __init__(self, bits):
        self.lines, self.table = 1 << (bits - 2), {}

    def find(self, h, check):
        """The line of a bucket and its place there."""
        at = h * self.lines >> 32
        line = self.table.get(at)
        if line is None:
            line = self.table[at] = [bytes(16)] * 4
        for k in (0, 1, 2, 3):
            if line[k][0] == check:
                return line, k
        cells = [bucket[1] for bucket in line]
        k = cells.index(min(cells))
        line[k] = bytes((check,)) + bytes(15)
        return line, k


class CountTable:
    """Section 3: buckets [check, 15 adaptive probabilities], made when first used."""

    __slots__ = ('shift', 'table')
    FRESH = [0] + [EVEN] * 15

    def __init__(self, bits):
        self.shift, self.table = 32 - bits, {}

    def find(self, h):
        """The place of a bucket and a copy of it."""
        b = h >> self.shift
        check = (h << 8 | 1) & M32
        one = self.table.get(b, self.FRESH)
        if one[0] == check:
            return b, list(one)
        two = self.table.get(b ^ 1, self.FRESH)
        if two[0] == check:
            return b ^ 1, list(two)
        if two[1] & 1023 < one[1] & 1023:
            b ^= 1
        fresh = self.table[b] = [check] + [EVEN] * 15
        return b, list(fresh)
