"""Measures series.csv again: python3 measure.py PROBE FOLDER > series.csv

PROBE is the laboratory's probe (target/release/probe), FOLDER takes the documents and the compiled law.c. Needs cc,
perl, coreutils, bzip2, lz4, xz, zstd and openssl; what is not there has no rows.
"""

import json
import os
import random
import subprocess
import sys

SIZES = [0] + [m * 10**e for e in (4, 5) for m in (1, 2, 5)]
SIZES += [m * 10**e for e in (6, 7) for m in (1, 2, 3, 5)] + [10**8]
SLOW_NS = 20 * 10**9

FORMULAS = {
    "O(1)": "ring64k ring500k ring1m c5m",
    "O(log n)": "log1m logsmall",
    "O(n^0.3)": "power-0.3",
    "O(n^0.5)": "sqrt5k sqrtc",
    "O(n^0.7)": "power-0.7",
    "O(n)": "vec15 vec2div8 vec4 list list1pct hash lin01c20 lin12 lin001 linsqrt halfblock",
    "O(n log n)": "nlogn01",
    "O(n^1.25)": "power-1.25",
    "O(n^2)": "sq",
}

COUNT = "import sys,collections\nc=collections.Counter()\nfor l in sys.stdin: c[l[:20]]+=1"
LOADS = 'import sys,json\nx=[json.loads(l) for l in sys.stdin if l[0]=="{" and l[-2]=="}"]'
TOOLS = {
    "O(n)": {
        "perl-slurp": ["perl", "-e", "local $/;$x=<STDIN>;"],
        "perl-array": ["perl", "-e", "@a=<STDIN>"],
        "perl-hash": ["perl", "-ne", "$h{$_}=1"],
        "perl-split": ["perl", "-0777", "-ne", "@a=split /,/"],
        "py-counter": [sys.executable, "-c", COUNT],
        "py-read": [sys.executable, "-c", "import sys\nx=sys.stdin.buffer.read()"],
        "py-loads": [sys.executable, "-c", LOADS],
        "py-split": [sys.executable, "-c", "import sys\nx=sys.stdin.read().split()"],
        "shuf": ["shuf"],
        "sort-k": ["sort", "-t,", "-k2"],
    },
    "O(1)": {
        "perl-lines": ["perl", "-ne", "$n++"],
        "py-heapq": [sys.executable, "-c", "import sys,heapq\nprint(len(heapq.nlargest(100,sys.stdin)))"],
        "py-iter": [sys.executable, "-c", "import sys\nn=sum(len(l) for l in sys.stdin)"],
        "sed": ["sed", "s/alpha/ALPHA/"],
        "nl": ["nl"],
        "rev": ["rev"],
        "od": ["od", "-x"],
        "base64": ["base64"],
        "awk-field": ["awk", "{a[$3]=$0}"],
        "awk-sum": ["awk", "{s+=length($0)} END{print s}"],
        "bzip2": ["bzip2", "-1", "-c"],
        "lz4": ["lz4", "-q", "-c"],
        "xz0": ["xz", "-0", "-c"],
        "zstd1": ["zstd", "-1", "-q", "-c"],
        "openssl": ["openssl", "dgst", "-sha256"],
        "uniq": ["uniq", "-c"],
        "tr": ["tr", "a-z", "A-Z"],
        "grep": ["grep", "-c", "alpha"],
        "tail": ["tail", "-n", "5"],
    },
}


def documents(folder):
    """One random NDJSON document, cut at each size."""
    draw, text, number = random.Random(7), bytearray(), 0
    words = "alpha beta gamma delta epsilon zeta eta theta iota kappa".split()
    while len(text) < SIZES[-1]:
        number += 1
        user, word = "u%06d" % draw.randrange(10**6), draw.choice(words)
        record = {"id": number, "user": user, "w": word, "v": round(draw.random() * 1000, 3), "ok": draw.random() < 0.5}
        text += json.dumps(record).encode() + b"\n"
    for size in SIZES:
        with open(f"{folder}/{size}", "wb") as file:
            file.write(text[: size - 1] + b"\n" if size else b"")


def measured(probe, command, document):
    """The probe's record of one run, or None if it did not end as it should."""
    limits = ["--timeout-ms", "40000", "--memory-limit", str(4 * 10**9)]
    environment = ["--env", "PATH=" + os.environ["PATH"], "--env", "LC_ALL=C"]
    call = [probe, "--fixed-addresses", "--cpu", "0", *limits, "--stdin", document, *environment, "--", *command]
    record = json.loads(subprocess.run(call, capture_output=True, check=True).stdout)
    return record if record["exit_code"] in (0, 1) and not record["stopped_for"] else None


def main(probe, folder):
    os.makedirs(folder, exist_ok=True)
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "law.c")
    subprocess.run(["cc", "-O1", "-o", f"{folder}/law", source, "-lm"], check=True)
    documents(folder)
    programs = [(f"other-{law}", kind, [f"{folder}/law", law]) for kind, laws in FORMULAS.items() for law in laws.split()]
    programs += [(name, kind, command) for kind, tools in TOOLS.items() for name, command in tools.items()]
    print("program,profile,class,input_bytes,peak_rss_bytes,peak_hwm_bytes")
    for name, kind, command in programs:
        for size in SIZES:
            record = measured(probe, command, f"{folder}/{size}")
            if record is None:
                break
            profile = "records" if size else "(empty)"
            print(f"{name},{profile},{kind},{size},{record['max_rss_bytes']},{record['vm_hwm_bytes']}", flush=True)
            if record["wall_ns"] > SLOW_NS:
                break


if __name__ == "__main__":
    main(*sys.argv[1:])
