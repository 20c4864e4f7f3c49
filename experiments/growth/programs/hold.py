"""Memory by what a Python program keeps while it reads the document.

    python3 hold.py NAME < document

Each function is one program; what it keeps is its law.
"""

import array
import collections
import functools
import heapq
import io
import json
import sys
import types
import zlib

LINES = sys.stdin.buffer


def list_of_lines():
    return list(LINES)


def dict_of_lines():
    return {number: line for number, line in enumerate(LINES)}


def dict_of_lengths():
    return {number: len(line) for number, line in enumerate(LINES)}


def set_of_lines():
    return set(LINES)


def set_of_numbers():
    return {number for number, _ in enumerate(LINES)}


def whole():
    return LINES.read()


def text():
    return LINES.read().decode()


def joined():
    return b"".join([line for line in LINES])


def extended():
    held = bytearray()
    for line in LINES:
        held += line
    return held


def stringio():
    held = io.BytesIO()
    for line in LINES:
        held.write(line)
    return held


def numbers():
    return array.array("Q", (len(line) for line in LINES))


def generator():
    return sum(len(line) for line in LINES if b"ERROR" in line)


def last_lines():
    return collections.deque(LINES, maxlen=3000)


def largest():
    return heapq.nlargest(500, LINES, key=len)


def words():
    return collections.Counter(word for line in LINES for word in line.split(b'"'))


def letters():
    return collections.Counter(byte for line in LINES for byte in line)


@functools.lru_cache(maxsize=4000)
def remembered(line):
    return line.upper()


def cached():
    return sum(len(remembered(line)) for line in LINES)


def parsed():
    return [json.loads(line) for line in LINES]


def parsed_one_by_one():
    return sum(len(json.loads(line)) for line in LINES)


def deflated():
    coder = zlib.compressobj(6)
    return sum(len(coder.compress(line)) for line in LINES) + len(coder.flush())


def deflated_kept():
    coder = zlib.compressobj(1)
    return [coder.compress(line) for line in LINES] + [coder.flush()]


def sorted_lines():
    return sorted(LINES, key=lambda line: line[::-1])


def grouped():
    held = collections.defaultdict(list)
    for number, line in enumerate(LINES):
        held[len(line)].append(number)
    return held


def split_text():
    return LINES.read().split(b",")


def pairs():
    """One entry for each pair of lines that are 40 apart at most: a band, so a line."""
    window = collections.deque(maxlen=40)
    held = array.array("i")
    for line in LINES:
        held.extend(len(line) - other for other in window)
        window.append(len(line))
    return held


def matrix():
    """A byte for each pair of lines."""
    count = sum(1 for _ in LINES)
    return [bytearray(count) for _ in range(count)]


def tree():
    """Levels of a sorted index, each a tenth of the one below, built of every line's length."""
    levels = [[len(line) for line in LINES]]
    while len(levels[-1]) > 10:
        levels.append(levels[-1][::10])
    return levels


PROGRAMS = {
    name.replace("_", "-"): program
    for name, program in list(globals().items())
    if isinstance(program, types.FunctionType)
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in PROGRAMS:
        sys.exit(f"usage: hold.py NAME < document; one of {' '.join(PROGRAMS)}")
    kept = PROGRAMS[sys.argv[1]]()
