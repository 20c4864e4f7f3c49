"""The model (FORMAT.md, section 8): segments, texts, scalars, what is learned after them; the prior."""
import os
import pickle

from .base import M64, Damaged, PriorMissing, hash_bytes, pair, signed, triple, xxh64
from .candidates import Dictionary, Predictor
from .coder import EVEN, Trainer, learnt
from .items import ENDS, KEY, LAST, LIMIT, SCALAR, STRUCTURE, Lexer, Tree
from .numbers import Digits, Notation, NumberPredictor, SYMBOL_OF, parse_number
from .pieces import SCALAR_VALUE, SEGMENT, TEXT_VALUE, Pieces

FAST, DEFAULT, MAX = range(3)
NO_PRUNE, NO_CODEBOOK, NO_DELTA, NO_PACK = 1, 2, 4, 8   # techniques that are off
PRIOR_HASH = 0x92E15D1473C1F00E


def table_sizes(level, compact):
    """Section 8, Sizes: as powers of two."""
    if level == MAX:
        sizes = dict(
            segment_ring=18, value_ring=20, piece_ring=19, segment_slots=16, value_slots=17,
            piece_slots=15, number_slots=15, histories=18, digits=15, columns=12, text=22,
            memories=12, marks=16)
    else:
        sizes = dict(
            segment_ring=17, value_ring=18, piece_ring=17, segment_slots=14, value_slots=15,
            piece_slots=13, number_slots=13, histories=16, digits=12, columns=10, text=20,
            memories=11, marks=14)
    if compact:
        least = dict(segment_ring=12, columns=6)
        sizes = {name: max(bits - 2, least.get(name, 0)) for name, bits in sizes.items()}
    return sizes


class Memory:
    """Section 8: what is remembered of a column."""

    __slots__ = ('column', 'last', 'last2', 'number', 'step', 'notation', 'noise', 'text', 'flags')

    def __init__(self, column):
        self.column, self.last, self.last2, self.step, self.noise = column, 0, 0, 0, 0
        self.number, self.notation, self.text = (0, 0), Notation(), b''
        self.flags = [EVEN, EVEN, EVEN]


class Known:
    """Section 8, The prior: an item whose bytes are known."""

    __slots__ = ('text', 'spelled')

    def __init__(self, lexer, data, at):
        lexer, end, n, what = lexer.copy(), b'', at, None
        while what != LAST and n < len(data) and n - at < LIMIT:
            what = lexer.step(data[n])
            if what == ENDS:
                end = b'0' if lexer.state == STRUCTURE else b'"'
                break
            n += 1
        self.text = data[at:n]
        self.spelled = self.text + end


class Model:
    """Section 8: all that is learned, and the item at hand."""

    def __init__(self, level, off, compact):
        sizes = table_sizes(level, compact)
        self.prune, self.delta = not off & NO_PRUNE, not off & NO_DELTA
        self.segment_texts = Dictionary(sizes['segment_ring'])
        self.value_texts = Dictionary(sizes['value_ring'])
        tries = (3, 3, 4)[level]
        self.segments = Predictor(sizes['segment_slots'], (3, 5, 6)[level], tries, 16000)
        self.values = Predictor(sizes['value_slots'], (3, 6, 6)[level], tries, 16000)
        self.numbers = NumberPredictor(sizes['number_slots'])
        self.digits = Digits(sizes['digits'], (3, 6, 7)[level])
        self.pieces = Pieces(sizes, not off & NO_CODEBOOK, (3, 4, 5)[level])
        self.memories, self.memory_shift = {}, 32 - sizes['memories']
        self.marks, self.mark_shift = {}, 32 - sizes['marks']
        self.coder = self.known = None
        self.limit, self.out = 0, bytearray()
        self.forget()

    def forget(self):
        """Section 8, The prior: what is as at the start after it."""
        self.lexer, self.tree = Lexer(), Tree()
        self.s = (0, 0, 0, 0, 0)
        self.v1 = self.v2 = self.step = self.w = 0
        self.number, self.empty = (0, 0), 0
        self.pieces.p1 = self.pieces.p2 = 0

    def train(self, prior):
        """Section 8, The prior: code it, and return the decisions for section 10."""
        coder, at = Trainer(), 0
        while at < len(prior):
            self.known = Known(self.lexer, prior, at)
            at += len(self.item(coder, len(prior) - at))
        self.coder = self.known = None
        self.forget()
        return coder.log

    def decode(self, coder, length):
        """Section 1, a chunk: items that stand for so many bytes."""
        out = bytearray()
        while len(out) < length:
            out += self.item(coder, length - len(out))
        self.coder = None
        return bytes(out)

    def pass_over(self, data):
        """Section 1: the bytes of a stored or packed chunk."""
        for b in data:
            self.pieces.match.pass_over(b)
        self.w = int.from_bytes((self.w.to_bytes(8, 'big') + data)[-8:], 'big')

    def item(self, coder, left):
        """Section 5: the next item, of at most `left` bytes."""
        self.coder, self.limit, self.out = coder, min(LIMIT, left), bytearray()
        state = self.lexer.state
        if state == STRUCTURE or state == KEY:
            self.segment()
        else:
            self.value(state == SCALAR)
        self.empty = 0 if self.out else self.empty + 1
        if self.empty == 4:
            raise Damaged('four empty items in a row')
        self.lexer.end(len(self.out))
        return self.out

    def feed(self, b):
        """The next byte goes into the states, the tree and the last bytes, unless it ends the item."""
        lexer = self.lexer
        state = lexer.state
        what = lexer.step(b)
        if what != ENDS:
            if state == STRUCTURE or state == KEY:
                self.tree.byte(b, state == KEY, lexer.state == KEY)
            self.w = (self.w << 8 | b) & M64
            self.out.append(b)
        return what

    def accept(self, data):
        """An item that was not spelled by pieces."""
        if len(data) > self.limit:
            raise Damaged('an item goes beyond its chunk')
        last = len(data) - 1
        for k, b in enumerate(data):
            what = self.feed(b)
            if what == ENDS or what == LAST and k < last:
                raise Damaged('an item goes on after its end')

    def spell(self, kind, column):
        """Spell the item by pieces."""
        self.pieces.item(self, kind, column, self.known and self.known.spelled)

    def candidate(self, predictor, texts):
        """Section 7: try the candidates; the name of the one that is the item, or 0."""
        wanted = None
        if self.known:
            wanted = texts.find(self.known.text, hash_bytes(self.known.text))
        name = predictor.attempt(self.coder, texts, wanted)
        if name:
            self.accept(texts.text(name))
        return name

    # Segment

    def segment(self):
        """Section 8, Segment."""
        s1, name = self.s[0], 0
        if self.prune:
            self.segments.look(self.segment_contexts(), s1)
            name = self.candidate(self.segments, self.segment_texts)
        if not name:
            self.spell(SEGMENT, s1)
        data = bytes(self.out)
        h = hash_bytes(data)
        if self.prune:
            self.segments.learn(name or self.segment_texts.add(data, h))
        self.s = (h,) + self.s[:4]

    def segment_contexts(self):
        """Section 8, Segment: the contexts of its predictor."""
        s1, s2, s3, s4, s5 = self.s
        frame, two = self.tree.top(), pair(s1, s2)
        three = pair(two, s3)
        return (pair(s1, self.v1), two, triple(frame.path, self.tree.place(), s1), s1,
                triple(three, s4, s5), triple(three, frame.first, self.v1))

    # Text and Scalar

    def value(self, is_scalar):
        """Section 8, Text, Scalar and After a value."""
        column = self.tree.column()
        memory = self.memory(column)
        if self.prune:
            self.values.look(self.value_contexts(column, memory), column)
        name = self.scalar(column, memory) if is_scalar else self.text(column)
        data = bytes(self.out)
        if self.prune:
            self.values.learn(name)
        self.after_value(data, memory, is_scalar)

    def memory(self, column):
        """Section 8: the memory of a column."""
        place = column >> self.memory_shift
        memory = self.memories.get(place)
        if memory is None or memory.column != column:
            memory = self.memories[place] = Memory(column)
        return memory

    def value_contexts(self, c, memory):
        """Section 8, Text: the contexts of its predictor."""
        v1, last, frame = self.v1, memory.last, self.tree.top()
        return (pair(c, last), pair(c, v1), c, triple(c, v1, self.v2),
                triple(c, last, memory.last2),
                triple(frame.path, pair(frame.key, frame.first), self.tree.above().last))

    def text(self, column):
        """Section 8, Text: the item's name, or 0."""
        name = self.candidate(self.values, self.value_texts) if self.prune else 0
        if not name:
            self.spell(TEXT_VALUE, column)
            if self.prune:
                name = self.value_texts.add(bytes(self.out), hash_bytes(self.out))
        return name

    def scalar(self, column, memory):
        """Section 8, Scalar: the item's name, or 0."""
        numbers = self.look_numbers(column, memory) if self.delta else 0
        first = self.prune and numbers > self.values.best()
        if first and self.foreseen_number(column, memory):
            return self.second_time()
        if self.prune:
            name = self.candidate(self.values, self.value_texts)
            if name:
                return name
        if first or not numbers or not self.foreseen_number(column, memory):
            self.new_scalar(column, memory)
        return self.second_time()

    def second_time(self):
        """Section 8, Scalar: it is added, and has a name, only the second time."""
        if not self.prune:
            return 0
        h = hash_bytes(self.out)
        place, mark = h >> self.mark_shift, h & 0xFFFF | 1
        if self.marks.get(place) == mark:
            return self.value_texts.add(bytes(self.out), h)
        self.marks[place] = mark
        return 0

    def look_numbers(self, c, memory):
        """Section 8, Numbers: look the contexts up; what decides whether numbers are tried."""
        s1, s2 = self.s[:2]
        a, last = triple(s1, s2, self.v1), self.number
        self.numbers.look((
            (c, memory.number), (pair(a, 1), last), (pair(a, 2), (self.tree.object_digits(), 0)),
            (pair(c, s1), last), (pair(c, self.v1), memory.number)), c)
        return self.numbers.best()

    def foreseen_number(self, column, memory):
        """Section 8, Scalar: try numbers; whether one hit."""
        wanted = read = None
        if self.known:
            read = memory.notation.read(self.known.text)
            wanted = (read and read[:2],)
        guess = self.numbers.attempt(self.coder, wanted)
        if guess is None:
            return False
        self.write(guess, column, memory, read)
        return True

    def write(self, number, column, memory, read):
        """Section 8, Scalar: a number that hit, or a sum, in the column's notation."""
        noise = 0
        if memory.notation.kind == Notation.DOUBLE:
            known = read[2] if read else None
            noise = self.digits.noise(self.coder, column, number, memory.noise, known)
            memory.noise = noise
        data = memory.notation.write(number[0], number[1], noise)
        if data is None:
            raise Damaged('a number that cannot be written')
        self.accept(data)

    def flag(self, memory, which, known):
        """Section 8: one of the flags of a column."""
        p = max(32, min(65504, memory.flags[which] >> 16))
        bit = self.coder.code(p, known)
        memory.flags[which] = learnt(memory.flags[which], bit, 60)
        return bit

    def new_scalar(self, column, memory):
        """Section 8, Scalar, 4: a new one."""
        known = self.known and self.known.text
        digits = None if known is None else int(all(b in SYMBOL_OF for b in known))
        if not self.flag(memory, 0, digits):
            self.spell(SCALAR_VALUE, column)
            return
        if self.delta:
            plan = None if known is None else self.known_difference(known, memory)
            if self.flag(memory, 1, None if known is None else int(plan is not None)):
                self.difference(column, memory, plan)
                return
        others = self.v1, memory.last
        self.accept(self.digits.text(self.coder, column, 0, memory, others, self.limit, known))

    def difference(self, column, memory, plan):
        """Section 8, Scalar, 4: a difference. `plan` is None, or what known_difference says."""
        which = self.flag(memory, 2, plan and plan[0])
        base = self.number if which else memory.number
        text = self.digits.text(self.coder, column, 1 + which, memory, (self.step, memory.step),
                                LIMIT, plan and plan[1])
        number = parse_number(text)
        if number is None:
            raise Damaged('a difference that is none')
        self.write((signed(base[0] + number[0]), base[1]), column, memory, plan and plan[2])

    def known_difference(self, text, memory):
        """Section 8, The prior: (flag 2, difference, what is read) of a scalar, or None."""
        read = memory.notation.read(text)
        if read is None:
            return None
        best = None
        for which, base in enumerate((memory.number, self.number)):
            difference = b'%d' % (read[0] - base[0])
            fits = base[1] == read[1] and abs(read[0] - base[0]) < 1 << 56
            if fits and len(difference) + 2 <= len(text):
                if best is None or len(difference) < len(best[1]):
                    best = which, difference, read
        return best

    # After a value

    def after_value(self, data, memory, is_scalar):
        """Section 8, After a value: the column's memory and the frame change."""
        frame, h = self.tree.top(), hash_bytes(data)
        if is_scalar:
            self.after_scalar(data, memory, frame)
        memory.last, memory.last2, memory.text = h, memory.last, data[:24]
        frame.first = frame.first or h
        frame.last = h
        self.v1, self.v2 = h, self.v1

    def after_scalar(self, data, memory, frame):
        """Section 8, After a value: what a scalar's number changes."""
        number = parse_number(data)
        if number is None:
            return
        memory.notation.learn(*number)
        read = memory.notation.read(data)
        if read is None:
            return
        number = read[:2]
        if self.delta:
            self.numbers.learn(number)
        step = 0
        if memory.number[1] == number[1]:
            d = signed(number[0] - memory.number[0])
            step = 2 * abs(d).bit_length() + (d < 0)
        memory.step = self.step = step
        memory.number = self.number = number
        frame.digits[frame.count & 3] = number[0]
        frame.count += 1


def read_prior():
    """Section 8, The prior: that of the encoder in the folder above, or the file that SIGMA_PRIOR names."""
    encoder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.environ.get('SIGMA_PRIOR') or os.path.join(encoder, 'src', 'prior.txt')
    try:
        with open(path, 'rb') as f:
            prior = f.read()
    except OSError as error:
        raise PriorMissing('coded items need the prior: %s' % error) from error
    if xxh64(prior) != PRIOR_HASH:
        raise PriorMissing('`%s` is not the prior of this version' % path)
    return prior


TRAINED = {}                            # models after the prior, pickled


def trained_model(level, off, compact):
    """A model that has learned the prior; each kind learns it once in a run of the program."""
    kind = level, off & ~NO_PACK, compact
    if kind not in TRAINED:
        model = Model(*kind)
        model.train(read_prior())
        TRAINED[kind] = pickle.dumps(model, pickle.HIGHEST_PROTOCOL)
    return pickle.loads(TRAINED[kind])
