"""How numbers are foreseen and spelled (FORMAT.md, section 8: notation, numbers, noise, digits)."""
from .base import M32, M64, pair, signed, triple
from .coder import CountTable, Mixer, learnt, started, stretched


def parse_number(text):
    """Section 8, After a value: (digits, places) of a text that can be written back, or None."""
    body = text[1:] if text[:1] == b'-' else text
    whole, point, part = body.partition(b'.')
    digits = whole + part
    if not digits.isdigit() or not whole or len(digits) > 18 or (whole[0] == 48 and len(whole) > 1):
        return None
    if point and not 1 <= len(part) <= 17:
        return None
    value = int(digits)
    if body is text:
        return value, len(part)
    return (-value, len(part)) if value else None


def decimal(number, places, least):
    """number / 10^places in decimal, without zeros at the end beyond `least` places."""
    digits = str(abs(number)).rjust(places + 1, '0')
    while places > least and digits[-1] == '0':
        digits, places = digits[:-1], places - 1
    text = digits[:-places] + '.' + digits[-places:] if places else digits
    return (('-' if number < 0 else '') + text).encode()


def exponent(n, d):
    """Section 8, Last digits: e for n / d, or None where it is not known."""
    if n == 0:
        return None
    e = 52 - (n.bit_length() - d.bit_length())
    if e < 1 or (n << e).bit_length() > 127:
        return None
    return e + 1 if (n << e) // d < 1 << 52 else e


def nearest(n, d):
    """n / d to the nearest, halves up."""
    return (2 * n + d) // (2 * d)


class Notation:
    """Section 8, Notation: how a column writes its numbers."""

    __slots__ = ('kind', 'scale', 'least', 'had')
    FIXED, SHORT, DOUBLE = range(3)

    def __init__(self):
        self.kind, self.scale, self.least, self.had = self.FIXED, 0, 0, False

    def write(self, digits, places, noise):
        """The text of a number, or None if it cannot be written."""
        if self.kind == self.FIXED:
            return decimal(digits, places, places)
        least = self.least if places == self.scale else places
        if self.kind == self.DOUBLE:
            printed = self.printed(abs(digits), places, noise)
            if printed is None:
                return None
            places = printed[1]
            digits = -printed[0] if digits < 0 else printed[0]
        return decimal(digits, places, least)

    @staticmethod
    def printed(n, places, noise):
        """The double for a number and its noise, as printed: (digits, places) or None."""
        e = exponent(n, 10 ** places)
        if e is None:
            return None
        m = max(nearest(n << e, 10 ** places) + noise, 0)
        whole = m >> e
        q = max(17 - len(str(whole)), 0) if whole else 17
        while q <= 19:
            d = m * 10 ** q + (1 << (e - 1)) >> e
            if d >= 10 ** 16:
                return (d, q) if d < 10 ** 17 else None
            q += 1
        return None

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
            if got != signed(got):
                return None
        elif self.kind == self.SHORT:
            return None
        else:
            got = nearest(abs(digits), 10 ** (places - self.scale))
            noise = self.noise(abs(digits), places, got)
            if noise is None:
                return None
            got = -got if digits < 0 else got
        return (got, self.scale, noise) if self.write(got, self.scale, noise) == text else None

    def noise(self, n, places, rounded):
        """By how much the double of a text is more than that of the rounded number, or None."""
        unit = 10 ** self.scale
        e = exponent(rounded, unit)
        if e is None or (n << e).bit_length() > 127:
            return None
        noise = nearest(n << e, 10 ** places) - nearest(rounded << e, unit)
        return noise if -128 <= noise <= 127 else None

    def learn(self, digits, places):
        """Learn from a text that is a number."""
        n = abs(digits)
        if n >= 10 ** 15 and places:
            self.learn_long(n, places)
        elif places > 9:
            if self.kind == self.FIXED:
                self.scale = places
        elif places > 1 and n % 10 == 0:
            self.kind, self.scale = self.FIXED, places
        else:
            if places == 0 or places == 1 and n % 10 == 0:
                self.least = places
            self.learn_short(places)
        self.had = True

    def learn_long(self, n, places):
        """Learn from a number of 16 or more digits."""
        for h in range(min(places, 17) - 1, 5, -1):
            rest = n % 10 ** h
            if min(rest, 10 ** h - rest) <= 1000:
                before = self.scale if self.kind == self.DOUBLE else 0
                self.kind, self.scale = self.DOUBLE, max(places - h, before)
                return
        self.kind, self.scale = self.FIXED, places

    def learn_short(self, places):
        """Learn from a number of at most 9 places, without a needless zero."""
        if self.kind != self.FIXED:
            self.scale = max(places, self.scale)
        elif self.had and places != self.scale:
            self.kind = self.SHORT
            self.scale = max(places, self.scale if self.scale <= 9 else 0)
        else:
            self.scale = places


class Difference:
    """Section 8, Numbers: a slot."""

    __slots__ = ('check', 'difference', 'confidence')

    def __init__(self):
        self.clear(0)

    def clear(self, check):
        """Empty it for another context."""
        self.check, self.difference, self.confidence = check, 0, 0

    def learn(self, difference):
        """Learn a difference, whatever check stands here."""
        if self.difference == difference:
            self.confidence = min(self.confidence + 1, 15)
        elif self.confidence >= 4:
            self.confidence >>= 1
        else:
            self.difference, self.confidence = difference, 0


class NumberPredictor:
    """Section 8, Numbers."""

    __slots__ = ('shift', 'slots', 'columns', 'states', 'mixer', 'column', 'asked')

    def __init__(self, bits):
        self.shift, self.slots = 32 - bits, {}
        self.columns = [started(16384, 2)] * 1024
        right = [started(65536 - 65536 // (c + 1) if c else 6000, 4) for c in range(16)]
        other = [started(65536 // (c + 6), 4) for c in range(16)]
        self.states = [right + other for _ in range(5)]
        self.mixer = Mixer(7, 6553, 10)
        self.column, self.asked = 0, []

    def look(self, contexts, column):
        """Look all slots up. `contexts`: pairs of a context and its base (digits, places)."""
        self.column, self.asked = column & 1023, []
        for i, (context, base) in enumerate(contexts):
            h = pair(context, i)
            slot = self.slots.setdefault(h >> self.shift, Difference())
            if slot.check != h & 0xFFFFFFF:
                slot.clear(h & 0xFFFFFFF)
            guess = signed(base[0] + slot.difference), base[1]
            # Guess and confidence stand as they are now, also if a later context clears the slot.
            self.asked.append((slot, base, guess, slot.confidence))

    def guess(self, without=None):
        """(value, guess) of the best guess that differs from `without`, or None."""
        best = None
        for states, (_, _, guess, confidence) in zip(self.states, self.asked):
            value = states[confidence] >> 16
            if guess != without and (best is None or value > best[0]):
                best = value, guess
        return best

    def best(self):
        """What decides whether numbers are tried."""
        value = self.guess()[0]
        return 0 if self.columns[self.column] >> 16 < 2048 and value < 32768 else value

    def attempt(self, coder, wanted):
        """The guess that hits, or None. `wanted` is None, or in the prior (the number or None,)."""
        tried = None
        for rank in (0, 1):
            got = self.guess(tried)
            if got is None:
                return None
            tried = got[1]
            if self.flag(coder, tried, rank, None if wanted is None else int(tried == wanted[0])):
                return tried
        return None

    def flag(self, coder, guess, rank, known):
        """The flag of a guess, from which the mixer and the contexts learn."""
        cells = [confidence + (0 if other == guess else 16)
                 for _, _, other, confidence in self.asked]
        inputs = [stretched(p[c]) for p, c in zip(self.states, cells)]
        inputs += [stretched(self.columns[self.column]), 256]
        bit = coder.code(self.mixer.mix(inputs, rank), known)
        self.mixer.learn(bit)
        for p, c in zip(self.states, cells):
            p[c] = learnt(p[c], bit, 255)
        return bit

    def learn(self, number):
        """Section 8, Numbers, *Learning*: (digits, places) that the notation reads."""
        right = int(self.guess()[1] == number)
        self.columns[self.column] = learnt(self.columns[self.column], right, 30)
        for slot, base, _, _ in self.asked:
            if base[1] == number[1]:
                slot.learn(signed(number[0] - base[0]))


SYMBOLS = b'0123456789.-eE+'
SYMBOL_OF = {b: k for k, b in enumerate(SYMBOLS)}
SYMBOL_POINT, END = 10, 15


class LastDigit:
    """Section 8, Last digits: which seventeenth digits a double prints."""

    __slots__ = ('digits', 'count', 'places', 'point')

    def __init__(self):
        self.digits = self.count = self.places = 0
        self.point = False

    def add(self, symbol):
        """The next symbol of the item."""
        if symbol == SYMBOL_POINT:
            self.point = True
        elif symbol < 10:
            self.places += self.point
            if (self.count or symbol) and self.count <= 16:
                self.digits, self.count = self.digits * 10 + symbol, self.count + 1

    def possible(self):
        """The set of possible digits, a bit each, or None where it is not known."""
        # 10^39 and more have more than 128 bits.
        if self.count != 16 or not self.point or self.places > 37:
            return None
        n, d = self.digits * 10, 10 ** (self.places + 1)
        e = exponent(n, d)
        if e is None:
            return None
        out, first = 0, max((n << e) // d - 1, 0)
        for k in range(first, first + 24):
            if k * d >> 128:
                return None
            digit = (k * d + (1 << (e - 1)) >> e) - n
            if digit > 9:
                break
            if digit >= 0:
                out |= 1 << digit
        return out


class Digits:
    """Section 8, Digits and Noise."""

    __slots__ = ('table', 'count', 'mixer')

    def __init__(self, bits, count):
        self.table, self.count = CountTable(bits), count
        self.mixer = Mixer(count + 1, 4096, 20)

    def nibble(self, coder, contexts, number, known):
        """A symbol, by the weight sets from number * 16 on."""
        found = [self.table.find(pair(c, k)) for k, c in enumerate(contexts[:self.count])]
        buckets = [bucket for _, bucket in found]
        mixer, node = self.mixer, 1
        for shift in (3, 2, 1, 0):
            inputs = [stretched(bucket[node]) for bucket in buckets]
            inputs.append(64)
            p = mixer.mix(inputs, number * 16 + node)
            bit = coder.code(p, None if known is None else known >> shift & 1)
            mixer.learn(bit)
            for bucket in buckets:
                bucket[node] = learnt(bucket[node], bit, 400)
            node = node * 2 + bit
        for place, bucket in found:
            self.table.table[place] = bucket
        return node - 16

    def text(self, coder, column, mode, memory, others, limit, known):
        """A text of digits.

        `mode` is 0 for an item, else 1 + flag 2. `memory` is the column's, `others` the fourth
        and the fifth context's last number. `known` is None, or in the prior the text.
        """
        salt, b, o, same, out = pair(column, mode), 0, 0, 1, bytearray()
        last, was = LastDigit(), memory.text + bytes(26)
        while len(out) < limit:
            i = len(out)
            t = was[min(i, 24)]
            possible = None if mode else last.possible()
            symbols = same << 16 | t << 8 | was[min(i + 1, 24)]
            if i < 7:
                far, g, fourth, fifth = 0, b, others[0], others[1]
            else:
                far, g, fourth, fifth = 1, 1 << 24 | o & 255, 0, 1
            contexts = (
                triple(salt, g, i), triple(salt, symbols, o & 15),
                pair(salt, i) if possible is None else 4096 + possible,
                triple(salt, g, fourth), triple(salt, g, fifth), triple(o & 0xFFF, mode, far),
                triple(salt, i, o & 15))
            number = 1 if possible is not None else 8 + (salt >> 8 & 15) * 8 + min(i, 7)
            want = None
            if known is not None:
                want = SYMBOL_OF[known[i]] if i < len(known) else END
            symbol = self.nibble(coder, contexts, number, want)
            if symbol == END:
                break
            out.append(SYMBOLS[symbol])
            last.add(symbol)
            same &= SYMBOLS[symbol] == t
            b = pair(b, symbol + 1)
            o = (o << 4 | symbol) & M64
        return bytes(out)

    def noise(self, coder, column, number, before, known):
        """Section 8, Noise of a number; `before` is the column's last noise."""
        a = abs(number[0])
        z, u = a.bit_length(), a % 10 ** min(number[1], 18) & M32
        x = 0
        for half in (0, 1):
            salt = triple(column, 3 + half, x)
            contexts = (
                pair(salt, z), triple(salt, u, 1), triple(salt, z, 256 | before & 255),
                triple(salt, a & M32, 2), triple(half, x, z | 4096), triple(salt, u % 1000, 3),
                pair(salt, 4))
            want = None if known is None else known + 128 >> (4 - 4 * half) & 15
            symbol = self.nibble(coder, contexts, 2 + half, want)
            if half == 0:
                x = symbol
        return x * 16 + symbol - 128
