"""Items and the tree (FORMAT.md, sections 5 and 6)."""
from .base import M64, pair

LIMIT = 32768                           # bytes of an item
STRUCTURE, KEY, TEXT, SCALAR = range(4)
SYNTAX = frozenset(b'{}[],:" \n\r\t')
QUOTE, BACKSLASH = 34, 92
LINE_ENDS = b'\n\r'
GO, LAST, ENDS = range(3)               # a byte goes on in the item, is its last, is after it


class Lexer:
    """Section 5: the states."""

    __slots__ = ('state', 'stack', 'expects', 'escape', 'mark', 'opened')

    def __init__(self):
        self.state, self.stack, self.expects = STRUCTURE, 0, False
        self.escape, self.mark, self.opened = False, False, False

    def copy(self):
        """Another one in the same state, to look ahead with."""
        other = Lexer.__new__(Lexer)
        other.state, other.stack, other.expects = self.state, self.stack, self.expects
        other.escape, other.mark, other.opened = self.escape, self.mark, self.opened
        return other

    def step(self, b):
        """Section 5: what the next byte does to the item; one that is after it changes nothing."""
        state = self.state
        if state == STRUCTURE:
            return self.structure(b) if b in SYNTAX else ENDS
        if state == SCALAR:
            return ENDS if b in SYNTAX else GO
        if self.escape:
            self.escape = False
        elif b == BACKSLASH:
            self.escape = True
        elif b == QUOTE or b in LINE_ENDS:
            if state == TEXT:
                return ENDS
            self.state = STRUCTURE
        return GO

    def structure(self, b):
        """Section 5: a byte of a segment in Structure."""
        mark, self.mark = self.mark, False
        if b == 123 or b == 91:         # { [
            self.stack = (self.stack << 1 | (b == 123)) & M64
            self.expects = b == 123
        elif b == 125 or b == 93:       # } ]
            self.stack >>= 1
            self.expects = False
        elif b == 44:                   # ,
            self.expects = bool(self.stack & 1)
        elif b == 58:                   # :
            self.expects = False
        elif b == QUOTE and not mark:
            if not self.expects:
                self.opened = True
                return LAST
            self.state, self.expects = KEY, False
        return GO

    def end(self, length):
        """Section 5: an item of this length has ended, cut at its limit or by its chunk too."""
        if self.opened:
            self.opened, self.state = False, TEXT
        elif length == LIMIT or self.state == KEY:
            return                      # the next item goes on where this one stands
        elif self.state == STRUCTURE:
            self.state = SCALAR
        else:
            self.mark = self.mark or self.state == TEXT
            self.state, self.escape = STRUCTURE, False


class Frame:
    """Section 6: a frame of the tree."""

    __slots__ = ('path', 'local', 'is_object', 'key', 'index', 'first', 'last', 'count', 'digits')

    def __init__(self, path=0, local=0, is_object=False):
        self.path, self.local, self.is_object = path, local, is_object
        self.key = self.index = self.first = self.last = self.count = 0
        self.digits = [0, 0, 0, 0]


class Tree:
    """Section 6: the stack of frames."""

    __slots__ = ('frames', 'shared', 'key_hash')
    FRAMES = 128

    def __init__(self):
        self.frames, self.shared, self.key_hash = [Frame()], 0, 0

    def top(self):
        """The innermost frame."""
        return self.frames[-1]

    def above(self):
        """The frame above the innermost; above the root is the root."""
        return self.frames[-2:][0]

    def open(self, is_object):
        """Section 6, opening."""
        up = self.frames[-1]
        frame = Frame(pair(up.path, up.key if up.is_object else 1),
                      pair(2, up.key) if up.is_object else pair(up.local, 3), is_object)
        if len(self.frames) < self.FRAMES:
            self.frames.append(frame)
        else:
            self.frames[-1] = frame
            self.shared += 1

    def close(self):
        """Section 6, closing; openings that share the last frame are left first."""
        if self.shared:
            self.shared -= 1
        elif len(self.frames) > 1:
            self.frames.pop()

    def byte(self, b, in_key, still_in_key):
        """Section 6: a byte of a segment, with whether a key is open before and after it."""
        if in_key:
            if still_in_key:
                self.key_hash = pair(self.key_hash, b)
            else:
                self.frames[-1].key = self.key_hash
        elif b == QUOTE:
            self.key_hash = 0
        elif b == 123 or b == 91:
            self.open(b == 123)
        elif b == 125 or b == 93:
            self.close()
        elif b == 44:
            self.frames[-1].index += 1

    def column(self):
        """Section 6, *column*."""
        f = self.frames[-1]
        return pair(f.local, f.key if f.is_object else min(f.index, 31))

    def place(self):
        """Section 6, *place*."""
        f = self.frames[-1]
        return 0 if f.is_object else min(f.index, 31)

    def object_digits(self):
        """Section 8, Numbers: what the object above keeps for the number that comes."""
        n = self.frames[-1].count & 3
        for f in reversed(self.frames[:-1]):
            if f.is_object:
                return f.digits[n]
        return self.frames[0].digits[n]
