"""JSON, NDJSON and any other bytes in few bytes, and back: a lossless streaming encoder."""

import builtins
import io
import json
import os

from ._native import Compressor, SigmaError, __version__, compress, decompress, read_lines
from ._native import Reader as _Native

__all__ = [
    "Compressor",
    "SigmaError",
    "__version__",
    "compress",
    "decompress",
    "open",
    "read_lines",
    "records",
]


class _Reader(io.RawIOBase):
    """The document of an encoding, as a file."""

    def __init__(self, file, closes, limits):
        self._file, self._closes = file, closes
        self._native = _Native(file, **limits)

    def readable(self):
        return True

    def readinto(self, buffer):
        part = self._native.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def close(self):
        if not self.closed:
            super().close()
            if self._closes:
                self._file.close()


class _Writer(io.RawIOBase):
    """What is written is encoded; closing ends the document."""

    def __init__(self, file, closes, level):
        self._file, self._closes = file, closes
        self._compressor = Compressor(level)

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self._file.write(self._compressor.compress(data))
        return len(data)

    def close(self):
        if self.closed:
            return
        try:
            self._file.write(self._compressor.flush())
            self._file.flush()
        finally:
            super().close()
            if self._closes:
                self._file.close()


def open(
    file,
    mode="rb",
    level="default",
    *,
    max_output=None,
    max_memory=None,
    encoding=None,
    errors=None,
    newline=None,
):
    """Opens an encoding as a file of its document.

    `file` is a path, or a file that is open in binary mode and stays open. `mode` is "r" or "rb", "w" or "wb", "x" or
    "xb" for bytes, and "rt", "wt" or "xt" for text. `max_output` and `max_memory` are limits in bytes for reading.
    """
    kind, is_text = mode.replace("b", "").replace("t", ""), "t" in mode
    if kind not in ("r", "w", "x") or ("b" in mode and is_text) or len(set(mode)) != len(mode):
        raise ValueError(f"mode is {mode!r}; choose r, w or x, with b or t")
    if not is_text and (encoding, errors, newline) != (None, None, None):
        raise ValueError("encoding, errors and newline are for text")
    is_path = isinstance(file, (str, bytes, os.PathLike))
    inner = builtins.open(file, kind + "b") if is_path else file
    try:
        if kind == "r":
            limits = {"max_output": max_output, "max_memory": max_memory}
            outer = io.BufferedReader(_Reader(inner, is_path, limits), 1 << 16)
        else:
            outer = io.BufferedWriter(_Writer(inner, is_path, level), 1 << 16)
    except BaseException:
        if is_path:
            inner.close()
        raise
    return io.TextIOWrapper(outer, encoding or "utf-8", errors, newline) if is_text else outer


def records(file, start=None, stop=None, **options):
    """The values of NDJSON, one after the other; lines that are blank are none.

    With `start` or `stop` only the lines from the one to before the other, counted from 0: `file` is a path then, and if
    what it names has frames, only those that are needed are read. `options` are those of `open`.
    """
    if start is not None or stop is not None:
        lines = iter(read_lines(os.fspath(file), start or 0, stop).splitlines())
        yield from (json.loads(line) for line in lines if line.strip())
        return
    with open(file, "rb", **options) as lines:
        yield from (json.loads(line) for line in lines if line.strip())
