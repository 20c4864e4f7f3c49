"""A second decoder of the sigma format, version 1, written from FORMAT.md alone.

| file | of the text |
|---|---|
| base.py | the head, checks of section 1, section 4 |
| forms.py | section 1 |
| coder.py | sections 2 and 3 |
| items.py | sections 5 and 6 |
| candidates.py | section 7 |
| model.py | section 8: segments, texts, scalars, what is learned after them, sizes, the prior |
| numbers.py | section 8: notation, numbers, noise, digits, last digits |
| pieces.py | section 8: pieces, bytes, match |
| blocks.py | section 9 |
| zstd.py | Zstandard frames, RFC 8878 |
"""
