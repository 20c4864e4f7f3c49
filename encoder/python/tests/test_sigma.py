"""Round trips, limits and errors of the Python package."""

import io
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

import sigma_encoder as sigma

LEVELS = ("fast", "default", "max")


def document(count=2000):
    rows = ({"id": n, "name": f"user-{n % 7}", "load": n / 8, "tags": ["ä", None]} for n in range(count))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


class Bytes(unittest.TestCase):
    def test_what_goes_in_comes_back(self):
        for data in (b"", b"x", b"\0\xff\xfe", b'{"a":1.0}', document(), os.urandom(100_000)):
            for level in LEVELS:
                encoded = sigma.compress(data, level)
                self.assertEqual(sigma.decompress(encoded), data)
        self.assertLess(len(sigma.compress(document())), len(document()) // 10)

    def test_pieces_are_encoded_as_the_whole(self):
        data = document()
        compressor = sigma.Compressor("max")
        parts = [compressor.compress(data[at : at + 999]) for at in range(0, len(data), 999)]
        self.assertEqual(b"".join(parts) + compressor.flush(), sigma.compress(data, "max"))
        with self.assertRaises(ValueError):
            compressor.compress(b"more")

    def test_damage_and_limits_are_errors(self):
        encoded = sigma.compress(document())
        with self.assertRaises(EOFError):
            sigma.decompress(encoded[:-1])
        with self.assertRaisesRegex(sigma.SigmaError, "not a sigma file"):
            sigma.decompress(b"plain")
        with self.assertRaisesRegex(sigma.SigmaError, "limit"):
            sigma.decompress(encoded, max_output=1000)
        with self.assertRaisesRegex(sigma.SigmaError, "limit"):
            sigma.decompress(encoded, max_memory=1000)
        with self.assertRaisesRegex(ValueError, "level"):
            sigma.compress(b"", "best")

    def test_other_threads_go_on(self):
        data = document()
        results = [None] * 4

        def work(at):
            results[at] = sigma.decompress(sigma.compress(data)) == data

        threads = [threading.Thread(target=work, args=(at,)) for at in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [True] * 4)


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "log.sg"

    def test_a_file_of_bytes_comes_back(self):
        data = document()
        for level in LEVELS:
            with sigma.open(self.path, "wb", level) as file:
                for at in range(0, len(data), 1000):
                    file.write(data[at : at + 1000])
            with sigma.open(str(self.path)) as file:
                self.assertEqual(file.read(10), data[:10])
                self.assertEqual(file.readline(), data[10:].splitlines(True)[0])
                rest = data[10:].split(b"\n", 1)[1]
                self.assertEqual(file.read(), rest)
                self.assertEqual(file.read(), b"")
            self.assertEqual(sigma.decompress(self.path.read_bytes()), data)

    def test_a_file_of_text_comes_back(self):
        with sigma.open(self.path, "wt") as file:
            print("Σ and ä", file=file)
            print("second", file=file)
        with sigma.open(self.path, "rt") as file:
            self.assertEqual(list(file), ["Σ and ä\n", "second\n"])
        with self.assertRaises(FileExistsError):
            sigma.open(self.path, "xb")

    def test_an_open_file_stays_open(self):
        inner = io.BytesIO()
        with sigma.open(inner, "wb") as file:
            file.write(b"[1,2,3]")
        self.assertFalse(inner.closed)
        inner.seek(0)
        with sigma.open(inner) as file:
            self.assertEqual(file.read(), b"[1,2,3]")
        self.assertFalse(inner.closed)

    def test_what_cannot_be_is_told(self):
        for mode in ("rw", "a", "rbt", "", "rr"):
            with self.assertRaises(ValueError):
                sigma.open(self.path, mode)
        with self.assertRaises(FileNotFoundError):
            sigma.open(self.path)
        self.path.write_bytes(sigma.compress(document())[:-1])
        with sigma.open(self.path) as file, self.assertRaises(EOFError):
            file.read()
        with sigma.open(io.BytesIO(b"plain")) as file, self.assertRaises(sigma.SigmaError):
            file.read()

        class Broken(io.BytesIO):
            def read(self, size=-1):
                raise ConnectionResetError("gone")

        with sigma.open(Broken()) as file, self.assertRaises(ConnectionResetError):
            file.read()

    def test_records_are_those_of_the_file(self):
        data = document(500) + b"\n"
        expected = [json.loads(line) for line in data.splitlines() if line]
        self.path.write_bytes(sigma.compress(data))
        self.assertEqual(list(sigma.records(self.path)), expected)
        self.assertEqual(list(sigma.records(self.path, 100, 110)), expected[100:110])
        self.assertEqual(list(sigma.records(self.path, 490)), expected[490:])
        self.assertEqual(list(sigma.records(io.BytesIO(sigma.compress(data)))), expected)
        with self.assertRaisesRegex(sigma.SigmaError, "lines"):
            list(sigma.records(self.path, 100, 5000))
        with self.assertRaises(sigma.SigmaError):
            list(sigma.records(self.path, max_output=100))

    @unittest.skipUnless(os.environ.get("SIGMA"), "the program is not named by SIGMA")
    def test_the_program_and_the_package_read_each_other(self):
        data = document()
        program = os.environ["SIGMA"]
        encoded = subprocess.run([program, "encode", "--frame", "16KiB"], input=data, capture_output=True, check=True)
        self.path.write_bytes(encoded.stdout)
        with sigma.open(self.path) as file:
            self.assertEqual(file.read(), data)
        expected = [json.loads(line) for line in data.splitlines()]
        self.assertEqual(list(sigma.records(self.path, 1500, 1510)), expected[1500:1510])
        decoded = subprocess.run([program, "decode"], input=sigma.compress(data), capture_output=True, check=True)
        self.assertEqual(decoded.stdout, data)


if __name__ == "__main__":
    unittest.main()
