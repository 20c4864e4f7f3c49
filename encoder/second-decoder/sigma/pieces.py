"""What spells an item (FORMAT.md, section 8: pieces, bytes, match)."""
from .base import K, M32, M64, Damaged, hash_bytes, pair, triple
from .candidates import Dictionary, Predictor
from .coder import (AFTER, CountTable, EVEN, HistoryTable, Mixer, STRETCH, history_map, learnt,
                    started, stretched, teach_history)
from .items import ENDS, LAST, LIMIT, QUOTE

SEGMENT, TEXT_VALUE, SCALAR_VALUE = range(3)    # kinds
SEGMENT_END = 48                                # the byte `0`
RUN = 32


class Match:
    """Section 8, Match."""

    __slots__ = ('shift', 'mask', 'ring', 'at', 'a', 'length', 'place', 'anchors', 'heads',
                 'lengths', 'positions', 'pause')

    def __init__(self, bits):
        self.mask, self.ring = (1 << bits) - 1, bytearray(1 << bits)
        self.shift = 32 - (bits - 4)
        self.at, self.a, self.length, self.place = 0, 0, 0, 0
        # An entry: a place in the ring and what is kept of the hash. Those not here are 0.
        self.anchors, self.heads = {}, {}
        self.lengths, self.positions = [started(49152, 2)] * 32, [EVEN] * 8
        self.pause = 0                  # bytes for which there is no run

    def expected(self):
        """The byte that the match expects, or None without one."""
        return self.ring[self.place] if self.length else None

    def byte(self, b):
        """After a byte of an item that pieces code."""
        if self.length and self.ring[self.place] == b:
            self.length = min(self.length + 1, 65535)
            self.place = (self.place + 1) & self.mask
            self.pause = max(self.pause - 1, 0)
        else:
            self.length = self.pause = 0
        self.store(b)
        if self.a >> 3 & 3 == 0:
            if self.length < 32:
                self.attempt(self.anchors, self.a)
            self.keep(self.anchors, self.a)
        h = self.last_five()
        if not self.length:
            self.attempt(self.heads, h)
        self.keep(self.heads, h)

    def pass_over(self, b):
        """A byte of a chunk that is stored or packed."""
        self.length = self.pause = 0
        self.store(b)
        if self.a >> 3 & 3 == 0:
            self.keep(self.anchors, self.a)

    def store(self, b):
        """A byte goes into the ring and the anchors' hash."""
        self.ring[self.at] = b
        self.at = (self.at + 1) & self.mask
        self.a = (self.a + b + 1) * 0x785A6238 & M32

    def last_five(self):
        """The heads' hash: of the last five bytes of the ring."""
        at = self.at
        if at >= 5:
            n = int.from_bytes(self.ring[at - 5:at], 'big')
        else:
            n = int.from_bytes(self.ring[at - 5:] + self.ring[:at], 'big')
        return ((n << 24) * K & M64) >> 32

    def keep(self, table, h):
        """An entry gets the place after this byte."""
        table[h >> self.shift] = self.at, h >> 4 & ((1 << self.shift - 4) - 1)

    def attempt(self, table, h):
        """Try an entry."""
        place, kept = table.get(h >> self.shift, (0, 0))
        if kept == h >> 4 & ((1 << self.shift - 4) - 1):
            n = self.common(place)
            if n >= 5 and n > self.length:
                self.length, self.place, self.pause = n, place, 0

    def common(self, place):
        """How many bytes before a place agree with the last bytes, at most 32."""
        ring, mask, n = self.ring, self.mask, 0
        while n < 32 and ring[(place - 1 - n) & mask] == ring[(self.at - 1 - n) & mask]:
            n += 1
        return n

    def following(self):
        """The next bytes of a run; they may overlap those they follow."""
        gap = (self.at - self.place) & self.mask
        out = bytearray()
        for k in range(RUN):
            out.append(out[k - gap] if 0 < gap <= k else self.ring[(self.place + k) & self.mask])
        return out


class Foreseer:
    """Section 8, Bytes: whether the byte comes that the match expects."""

    __slots__ = ('shift', 'cells', 'maps', 'lengths', 'mixer', 'asked', 'length')

    def __init__(self, bits, count):
        self.shift, self.cells = 31 - bits, bytearray(1 << (bits + 1))
        self.maps = [history_map() for _ in range(count + 1)]
        self.lengths = [started(65536 - 65536 // (l // 2 + 3), 3) for l in range(32)]
        self.mixer = Mixer(count + 3, 4500, 10)
        self.asked, self.length = [], 0

    def foresee(self, contexts, column, x, kind, length):
        """The probability that x comes."""
        shift, cells = self.shift, self.cells
        self.asked = [pair(context, x) >> shift for context in contexts]
        self.asked.append(pair(column, x) >> shift)
        self.length = length
        inputs = [STRETCH[m[cells[c]] >> 4] for m, c in zip(self.maps, self.asked)]
        inputs += [stretched(self.lengths[length]), 256]
        return self.mixer.mix(inputs, kind * 32 + length)

    def learn(self, came):
        """Learn whether it came."""
        self.mixer.learn(came)
        for m, c in zip(self.maps, self.asked):
            state = self.cells[c]       # two that share a cell learn one after the other
            teach_history(m, state, came)
            self.cells[c] = AFTER[came][state]
        self.lengths[self.length] = learnt(self.lengths[self.length], came, 255)


class Bytes:
    """Section 8, Bytes."""

    __slots__ = ('count', 'table', 'counts', 'maps', 'mixer', 'foreseer', 'match',
                 'contexts', 'column', 'kind', 'expected', 'refused')
    SURE = 45000                        # from here on a flag says whether the expected byte comes

    def __init__(self, histories, columns, count, match):
        self.count, self.match = count, match
        self.table, self.counts = HistoryTable(histories), CountTable(columns)
        self.maps = [history_map() for _ in range(count)]
        self.mixer = Mixer(count + 3, 3750, 12)
        self.foreseer = Foreseer(histories, count)
        self.contexts, self.column, self.kind = (), 0, 0
        self.expected, self.refused = None, False

    def spell(self, coder, w, word, kind, column, known):
        """The next byte. `known` is None, or in the prior the byte."""
        self.kind, self.column = kind, column
        self.contexts = contexts = (
            pair(w & 0xFFFF, 1), pair(w & 0xFF, 256 | kind), pair(w & 0xFFFFFF, 2),
            triple(w & M32, w >> 32 & 0xFF, 3), triple(word, kind, 4))[:self.count]
        x, self.refused = self.match.expected(), False
        self.expected = x
        if x is None:
            return self.nibbles(coder, known)
        p = self.foreseer.foresee(contexts, column, x, kind, min(self.match.length, 31))
        if p < self.SURE:
            b = self.nibbles(coder, known)
            self.foreseer.learn(int(b == x))
            return b
        came = coder.code(p, None if known is None else int(known == x))
        self.foreseer.learn(came)
        if came:
            return x
        self.refused = True
        return self.nibbles(coder, known)

    def nibbles(self, coder, known):
        """Section 8, Bytes, *Nibbles*: a byte."""
        x = self.expected
        high = self.nibble(coder, 1, 0, x is not None, 0 if x is None else x >> 4,
                           None if known is None else known >> 4)
        low = self.nibble(coder, 16 | high, high << 4, x is not None and x >> 4 == high,
                          0 if x is None else x & 15, None if known is None else known & 15)
        return high << 4 | low

    def nibble(self, coder, before, above, agrees, hint, known):
        """A nibble.

        `before` names it in hashes and `above` in the weight set; `hint` is the nibble of the
        match, which counts while `agrees`.
        """
        lines, cells = [], []
        for k, context in enumerate(self.contexts):
            h = pair(context, before)
            line = self.table.find(h if k < 3 else context, h & 0xFF)
            lines.append(line)
            cells.append(bytearray(line[0][line[1]]))
        place, counts = self.counts.find(pair(self.column, before))
        maps, mixer, code = self.maps, self.mixer, coder.code
        group = (self.kind * 3 + (0 if not agrees else 2 if self.refused else 1)) * 256 | above
        node = 1
        for shift in (3, 2, 1, 0):
            states = [c[node] for c in cells]
            inputs = [STRETCH[m[s] >> 4] for m, s in zip(maps, states)]
            foreseen, probabilities, cell = 0, None, 0
            if agrees:
                expects = hint >> shift & 1
                probabilities, cell = self.match_cell(3 - shift, before > 1)
                foreseen = stretched(probabilities[cell])
                foreseen = foreseen if expects else -foreseen
            inputs += (STRETCH[counts[node] >> 20], foreseen, 256)
            bit = code(mixer.mix(inputs, group | node), None if known is None else known >> shift & 1)
            mixer.learn(bit)
            after, goal = AFTER[bit], 65535 * bit
            for m, s, c in zip(maps, states, cells):
                m[s] += (goal - m[s]) >> 6
                c[node] = after[s]
            counts[node] = learnt(counts[node], bit, 255)
            if agrees:
                agrees = bit == expects
                probabilities[cell] = learnt(probabilities[cell], int(agrees), 255)
            node = node * 2 + bit
        for (line, k), c in zip(lines, cells):
            line[k] = c
        self.counts.table[place] = counts
        return node - 16

    def match_cell(self, position, is_low):
        """Section 8, Match, *Input*: where the match's probability stands."""
        if self.refused:
            return self.match.positions, position + (4 if is_low else 0)
        return self.match.lengths, min(self.match.length, 31)


class Pieces:
    """Section 8, Pieces."""

    __slots__ = ('codebook', 'dictionary', 'predictor', 'endings', 'match', 'bytes', 'runs',
                 'p1', 'p2', 'model', 'kind', 'column', 'known', 'coded', 'f', 'over')

    def __init__(self, sizes, codebook, count):
        self.codebook = codebook
        self.dictionary = Dictionary(sizes['piece_ring'])
        self.predictor = Predictor(sizes['piece_slots'], 3, 2, 36000)
        self.endings = Predictor(sizes['piece_slots'], 3, 1, 36000)
        self.match = Match(sizes['text'])
        self.bytes = Bytes(sizes['histories'], sizes['columns'], count, self.match)
        self.runs = [[EVEN] * 32, [EVEN] * 32]
        self.p1 = self.p2 = 0
        self.model = self.known = None
        self.kind = self.column = self.coded = self.f = 0
        self.over = False

    def item(self, model, kind, column, known):
        """Spell an item. `known` is None, or in the prior its bytes with the end byte, if any."""
        self.model, self.kind, self.column, self.known = model, kind, column, known
        self.coded, self.f, self.over = 0, 0, False
        while not self.over and len(model.out) < model.limit:
            if not self.run():
                self.piece()
        self.model = None

    def take(self, b):
        """A byte that comes next: of the item, or (True) one that ends it."""
        model = self.model
        what = model.feed(b)
        self.match.byte(b)
        self.coded += 1
        if what == ENDS:
            self.over = True
            return True
        self.f = pair(self.f, b)
        self.over = what == LAST
        return False

    # 1. A run

    def run(self):
        """A run, if there can be one and its flag says so."""
        match, model = self.match, self.model
        if not self.codebook or match.length < 16 or match.pause or len(model.out) + RUN > LIMIT:
            return False
        run, ends = self.next_run()
        if ends and match.length < 32:
            return False
        known = None
        if self.known is not None:
            known = int(run == self.known[self.coded:self.coded + len(run)])
        probabilities, at = self.runs[ends], min(match.length // 8, 31)
        p = max(32, min(65504, probabilities[at] >> 16))
        bit = model.coder.code(p, known)
        probabilities[at] = learnt(probabilities[at], bit, 127)
        if not bit:
            match.pause = RUN
            return False
        self.take_run(run, ends)
        self.p1 = self.p2 = 0
        return True

    def next_run(self):
        """The bytes of the run, and 1 if it ends the item."""
        run, lexer = self.match.following(), self.model.lexer.copy()
        for k, b in enumerate(run):
            what = lexer.step(b)
            if what == LAST or what == ENDS and (self.kind == SEGMENT or b == QUOTE):
                return run[:k + 1], 1
        return run, 0

    def take_run(self, run, ends):
        """All bytes of a run. Only an end byte may come at the item's limit."""
        model = self.model
        for k, b in enumerate(run, 1):
            full = len(model.out) >= model.limit
            if self.take(b):
                if not ends or k < len(run):
                    raise Damaged('a byte that cannot be in an item')
            elif full:
                raise Damaged('a run goes beyond its item')

    # 2. A piece

    def piece(self):
        """A piece, and 3. what is learned from it."""
        p1, kind, column, hit = self.p1, self.kind, self.column, 0
        if self.codebook:
            self.predictor.look((triple(p1, self.p2, kind), triple(p1, column, kind),
                                 triple(self.f, column, kind)), pair(column, kind))
            hit = self.predictor.attempt(self.model.coder, self.dictionary, self.wanted())
        if hit:
            piece = self.dictionary.text(hit)
            self.take_hit(piece, 0)
        else:
            piece = self.spell(p1)
        h = hash_bytes(piece)
        if self.codebook:
            name = self.dictionary.add(piece, h)
            self.predictor.learn(name)
            if len(piece) > 3:
                self.look_endings(piece, p1)
                self.endings.learn(name)
        self.p2, self.p1 = p1, h

    def piece_ends(self, piece):
        """Whether a piece ends with its last byte."""
        b = piece[-1]
        if self.kind == SEGMENT:
            return b == QUOTE or len(piece) >= 64
        inside = 97 <= b <= 122 or 65 <= b <= 90 or 48 <= b <= 57 or b > 127
        return not inside or len(piece) >= 24

    def wanted(self):
        """In the prior: the name of the piece that comes, or 0; else None."""
        if self.known is None:
            return None
        rest, n = self.known[self.coded:], 1
        while n < len(rest) and not self.piece_ends(rest[:n]):
            n += 1
        return self.dictionary.find(rest[:n], hash_bytes(rest[:n]))

    def end_byte(self):
        """The byte that ends an item of this kind."""
        return SEGMENT_END if self.kind == SEGMENT else QUOTE

    def take_byte(self, b):
        """A byte of a piece."""
        if self.take(b) and b != self.end_byte():
            raise Damaged('a byte that cannot be in an item')

    def take_hit(self, piece, begun):
        """A piece that hit, of which so many bytes were spelled."""
        model = self.model
        for k in range(begun, len(piece)):
            if self.over or len(model.out) >= model.limit or k and self.piece_ends(piece[:k]):
                raise Damaged('a piece goes on after its end')
            self.take_byte(piece[k])
        if not (self.over or self.piece_ends(piece) or len(model.out) >= model.limit):
            raise Damaged('a piece without its end')

    def look_endings(self, piece, p1):
        """The endings predictor after three bytes."""
        h, column, kind = hash_bytes(piece[:3]), self.column, self.kind
        self.endings.look((pair(h, kind), pair(h, p1), triple(h, column, 1)), pair(column, kind))

    def spell(self, p1):
        """A piece byte by byte, or from its fourth byte on an ending that hits."""
        model, piece, word, whole = self.model, b'', p1, self.wanted()
        while True:
            known = None if self.known is None else self.known[self.coded]
            b = self.bytes.spell(model.coder, model.w, word, self.kind, self.column, known)
            self.take_byte(b)
            word = pair(word, b)
            piece += bytes((b,))
            if self.over or len(model.out) >= model.limit or self.piece_ends(piece):
                return piece
            if len(piece) == 3 and self.codebook:
                self.look_endings(piece, p1)
                hit = self.endings.attempt(model.coder, self.dictionary, whole)
                if hit:
                    ending = self.dictionary.text(hit)
                    if ending[:3] != piece:
                        raise Damaged('an ending of another piece')
                    self.take_hit(ending, 3)
                    return ending
