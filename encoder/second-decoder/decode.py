#!/usr/bin/env python3
"""A second decoder of the sigma format, version 1, written from FORMAT.md alone. Python 3.9 or later.

    decode.py FILE.sg > OUT        decode a file
    decode.py --check FOLDER       decode all golden files (NAME.v1.KIND.sg) and compare with NAME.txt
    decode.py --quick FOLDER       the same for a few of them that touch every part
    decode.py --damage FILE.sg..   every cut and every flipped bit of files with a check is an error
    decode.py --trace FILE.sg      the decisions of all items, as in section 10 of the text

The prior (section 8) is read from `../src/prior.txt`, or from the file that SIGMA_PRIOR names. Golden files: `../tests/golden`.
"""
import os
import sys
import time

from sigma.base import SigmaError, xxh64
from sigma.coder import Reader
from sigma.forms import decode
from sigma.model import DEFAULT, Model, read_prior

# Section 10: XXH64 of the prior's first decisions.
PRIOR_DECISIONS = {
    10: 0x56d924483c212f14, 100: 0x41eea399da690669, 1000: 0x5704dd6babb54875,
    10000: 0x5a819433a1e55c7e, 58297: 0xafc65b18c7c10309}

# Every level, compact, full and framed, plain and columns, stored, texts, numbers, without techniques.
QUICK = (
    'empty.v1.default.sg', 'empty.v1.framed.sg', 'noise.v1.default.sg', 'noise.v1.xxh64.sg',
    'object.v1.default.sg', 'object.v1.plain.sg', 'numbers.v1.fast.sg', 'numbers.v1.max.sg',
    'text.v1.unchecked.sg', 'text.v1.framed.sg', 'notations.v1.default.sg', 'notations.v1.max.sg',
    'records.v1.fast.sg', 'records.v1.xxh64.sg', 'records.v1.framed.sg',
    'full-records.v1.fast.sg', 'full-shapes.v1.fast.sg', 'full-mixed.v1.fast.sg',
    'full-records.v1.default.sg')


def read_file(path):
    """The bytes of a file."""
    with open(path, 'rb') as f:
        return f.read()


def report(what, problem, begun):
    """Print a line; whether there was a problem."""
    print('%-6s %7.1f s  %s%s' % ('FAILED' if problem else 'ok', time.process_time() - begun, what,
                                  ': ' + problem if problem else ''), flush=True)
    return bool(problem)


def check_prior():
    """Section 10: the prior's decisions at the default level with compact sizes."""
    begun = time.process_time()
    log = bytes(Model(DEFAULT, 0, True).train(read_prior()))
    wrong = [n for n, h in PRIOR_DECISIONS.items() if xxh64(log[:3 * n]) != h]
    if len(log) != 3 * max(PRIOR_DECISIONS):
        wrong.append(len(log) // 3)
    return report('decisions of the prior', wrong and 'wrong at %d' % wrong[0], begun)


def check_file(folder, name):
    """Decode a golden file; whether that failed."""
    begun, problem = time.process_time(), None
    wanted = read_file(os.path.join(folder, name.split('.')[0] + '.txt'))
    try:
        if b''.join(decode(read_file(os.path.join(folder, name)))) != wanted:
            problem = 'another document'
    except SigmaError as error:
        problem = '%s: %s' % (type(error).__name__, error)
    return report(name, problem, begun)


def check(folder, names):
    """`--check` and `--quick`: 1 if a file fails."""
    begun = time.process_time()
    failed = sum([check_prior()] + [check_file(folder, name) for name in names])
    print('%d of %d files decode, %d failures, %.0f CPU seconds'
          % (len(names) - failed, len(names), failed, time.process_time() - begun))
    return int(failed > 0 or not names)


def golden_files(folder):
    """All golden files, the small ones first."""
    names = [name for name in os.listdir(folder) if name.endswith('.sg')]
    return sorted(names, key=lambda name: (os.path.getsize(os.path.join(folder, name)), name))


def damaged(data):
    """(what was done, damaged bytes): every cut, every flipped bit, and bytes after the end."""
    for n in range(len(data)):
        yield 'cut to %d bytes' % n, data[:n]
    for n in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[n >> 3] ^= 1 << (n & 7)
        yield 'bit %d of byte %d flipped' % (n & 7, n >> 3), bytes(flipped)
    for more in (b'\0', b'x', b'\xCE'):
        yield 'with %r after it' % more, data + more


def check_damage(path):
    """`--damage`: nothing but an error may come of a damaged file; whether something did."""
    begun, data, tried = time.process_time(), read_file(path), 0
    for what, bad in damaged(data):
        tried += 1
        try:
            b''.join(decode(bad))
        except SigmaError:
            continue
        return report(path, '%s, and no error' % what, begun)
    return report('%s, %d damaged files' % (path, tried), None, begun)


def trace(path):
    """`--trace`: number, p, bit, low and high of each decision, and how decoding ends."""
    Reader.log = []
    try:
        print('ok, %d bytes' % len(b''.join(decode(read_file(path)))))
        return 0
    except SigmaError as error:
        print('%s: %s' % (type(error).__name__, error))
        return 1
    finally:
        for number, (p, bit, low, high) in enumerate(Reader.log, 1):
            print('%7d  %5d  %d  %08x %08x' % (number, p, bit, low, high))


def write_decoded(path):
    """Decode a file to the standard output, as far as it is sound."""
    try:
        for part in decode(read_file(path)):
            sys.stdout.buffer.write(part)
        return 0
    except SigmaError as error:
        print('%s: %s: %s' % (path, type(error).__name__, error), file=sys.stderr)
        return 1


def main(args):
    """The command."""
    if len(args) == 2 and args[0] in ('--check', '--quick'):
        return check(args[1], QUICK if args[0] == '--quick' else golden_files(args[1]))
    if len(args) > 1 and args[0] == '--damage':
        return int(any([check_damage(path) for path in args[1:]]))
    if len(args) == 2 and args[0] == '--trace':
        return trace(args[1])
    if len(args) != 1 or args[0].startswith('--'):
        print(__doc__, file=sys.stderr)
        return 2
    return write_decoded(args[0])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
