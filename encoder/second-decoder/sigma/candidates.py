"""Dictionaries and their predictors (FORMAT.md, section 7)."""
from collections import deque

from .base import pair
from .coder import EVEN, Mixer, learnt, started, stretched


class Dictionary:
    """Section 7: a ring of entries. Only the entries that are alive are held."""

    __slots__ = ('size', 'buckets', 'at', 'entries', 'order', 'index')

    def __init__(self, bits):
        self.size, self.buckets = 1 << bits, 1 << (bits - 5)
        # Names count from 1. That they wrap at 32 bits is not done: it takes 4 GiB of new entries.
        self.at, self.entries, self.order, self.index = 1, {}, deque(), {}

    def text(self, name):
        """The bytes of an entry, or None if it is not alive."""
        entry = self.entries.get(name)
        return entry[1] if entry else None

    def find(self, data, h):
        """The name that the index gives for an item now, or 0."""
        for name in self.index.get(h * self.buckets >> 32, ()):
            if self.entries.get(name) == (h, data):
                return name
        return 0

    def add(self, data, h):
        """The name of an item, which is added if it is not there; 0 if it is too long."""
        name = self.find(data, h)
        if name or len(data) > min(self.size >> 4, 65535):
            return name
        need = 6 + len(data)
        place = self.at % self.size
        if place + need > self.size:
            self.at += self.size - place
        name = self.at
        self.at += need
        self.entries[name] = (h, data)
        self.order.append(name)
        while self.at - self.order[0] > self.size:
            del self.entries[self.order.popleft()]
        bucket = h * self.buckets >> 32
        self.index[bucket] = (name, self.index.get(bucket, (0, 0))[0])
        return name


def fresh_states():
    """Section 7: a context's probabilities by state."""
    out = [EVEN] * 64
    for c in range(16):
        out[c] = started(65536 - 65536 // (c + 3), 4)
        out[16 + c] = started(65536 // (c + 4), 4)
        out[32 + c] = started(65536 // (2 * c + 6), 4)
    return out


class Slot:
    """Section 7: two names, a check and a confidence."""

    __slots__ = ('first', 'second', 'check', 'confidence')

    def __init__(self):
        self.clear(0)

    def clear(self, check):
        """Empty it for another context."""
        self.first, self.second, self.check, self.confidence = 0, 0, check, 0

    def state(self, name):
        """16 * how it stands to a name, and the confidence."""
        if not self.first:
            return 48
        stand = 0 if self.first == name else 16 if self.second == name else 32
        return stand + self.confidence

    def learn(self, name):
        """Learn a name, whatever check stands here."""
        if self.first == name:
            self.confidence = min(self.confidence + 1, 15)
        elif self.confidence >= 2:
            self.confidence >>= 1
            self.second = name
        else:
            self.first, self.second, self.confidence = name, self.first, 0


class Predictor:
    """Section 7: slots that offer candidates."""

    __slots__ = ('shift', 'count', 'tries', 'least', 'slots', 'states', 'columns', 'mixer',
                 'column', 'found', 'ranked')

    def __init__(self, bits, count, tries, least):
        self.shift, self.count, self.tries, self.least = 32 - bits, count, tries, least
        self.slots, self.columns = {}, {}
        self.states = [fresh_states() for _ in range(count)]
        self.mixer = Mixer(count + 2, 6553, 10)
        self.column, self.found, self.ranked = None, [], []

    def look(self, contexts, column):
        """Look all slots up and rank what they offer."""
        self.column = self.columns.setdefault(column & 1023, [EVEN, EVEN])
        self.found, self.ranked = [], []
        for i in range(self.count):
            h = pair(contexts[i], i)
            slot = self.slots.get(h >> self.shift)
            if slot is None:
                slot = self.slots[h >> self.shift] = Slot()
            if slot.check != h & 0xFFFF:
                slot.clear(h & 0xFFFF)
            self.found.append(slot)
            for name in (slot.first, slot.second):
                if name:
                    self.offer(name, self.states[i][slot.state(name)] >> 16)

    def offer(self, name, value):
        """A name takes its place among the candidates."""
        ranked = self.ranked
        for at, entry in enumerate(ranked):
            if entry[0] == name:
                break
        else:
            if len(ranked) == 8:
                return
            at = len(ranked)
            ranked.append([name, 0])
        if value > ranked[at][1]:
            ranked[at][1] = value
            while at and ranked[at - 1][1] < value:
                ranked[at - 1], ranked[at] = ranked[at], ranked[at - 1]
                at -= 1

    def best(self):
        """The value of the first candidate as offered, 0 without one."""
        return self.ranked[0][1] if self.ranked else 0

    def attempt(self, coder, dictionary, wanted):
        """The name that hits, or 0. `wanted` is None, or in the prior the item's name (0: none)."""
        rank = 0
        for name, value in self.ranked[:2 * self.tries]:
            which = min(rank, 1)
            if value < self.least and self.column[which] >> 16 < self.least:
                break
            if dictionary.text(name) is None:
                continue
            if self.flag(coder, name, rank, None if wanted is None else int(name == wanted)):
                return name
            rank += 1
            if rank == self.tries:
                break
        return 0

    def flag(self, coder, name, rank, known):
        """The flag of a candidate, from which all learn that were asked."""
        column, which = self.column, min(rank, 1)
        states = [slot.state(name) for slot in self.found]
        inputs = [stretched(p[s]) for p, s in zip(self.states, states)]
        inputs += [stretched(column[which]), 256]
        bit = coder.code(self.mixer.mix(inputs, min(rank, 3)), known)
        self.mixer.learn(bit)
        for p, s in zip(self.states, states):
            p[s] = learnt(p[s], bit, 255)
        column[which] = learnt(column[which], bit, 30)
        return bit

    def learn(self, name):
        """What the slots learn afterwards from the item's name, if it has one."""
        if not name:
            return
        if self.ranked and self.ranked[0][0] == name and self.ranked[0][1] < self.least:
            self.column[0] = learnt(self.column[0], 1, 30)
        for slot in self.found:
            slot.learn(name)
