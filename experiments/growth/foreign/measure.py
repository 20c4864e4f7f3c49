#!/usr/bin/env python3
"""Measures the peak memory of tools that nobody of this project wrote, over documents of 10 kB to 100 MB, through the probe.

usage: measure.py PROBE DOCUMENTS SERIES.csv   (a stopped one continues)

The class of each program is what its manual or the textbook says, written down before anything was measured; but for `tac`,
which was thought to hold its input and reads a file from its end instead.
`{f}` in a command is the document's path; without it the document is read from stdin.
"""
import csv, json, os, random, subprocess, sys

PROBE, FOLDER, SERIES = sys.argv[1:4]
SIZES = [0, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000,
         10_000_000, 20_000_000, 30_000_000, 50_000_000, 100_000_000]
CONSTANT, LINEAR = "O(1)", "O(n)"

def records(size, seed=11):
    draw, out = random.Random(seed), bytearray()
    names = "lima quito oslo paris rome sofia tunis ulm vaduz wien".split()
    number = 0
    while len(out) < size:
        number += 1
        out += json.dumps({"n": number, "who": f"u{draw.randrange(10**7):07d}", "city": draw.choice(names),
                           "x": round(draw.random() * 100, 4), "tags": draw.sample(names, 2)}).encode() + b"\n"
    return bytes(out[:size])

def c_source(size):
    out, number = bytearray(), 0
    while len(out) < size:
        out += f"int f{number}(int a, int b) {{ int c = a * {number % 97} + b; if (c > {number}) c -= b; return c ^ a; }}\n".encode()
        number += 1
    return bytes(out)

def xml(size):
    draw, out, number = random.Random(3), bytearray(b"<r>"), 0
    while len(out) < size - 4:
        number += 1
        out += f'<i n="{number}"><a>{draw.randrange(10**6)}</a><b>text {number % 13}</b></i>\n'.encode()
    return bytes(out + b"</r>")

def documents():
    os.makedirs(FOLDER, exist_ok=True)
    whole = {"json": records(SIZES[-1])}
    for size in SIZES:
        for kind, make in {"json": None, "c": c_source, "xml": xml}.items():
            path = f"{FOLDER}/{size}.{kind}"
            if os.path.exists(path) or (kind == "c" and size > 3_000_000):
                continue
            text = make(size) if make and size else whole["json"][:size] if kind == "json" else b""
            if kind == "json" and text:
                text = text[:text.rfind(b"\n") + 1]
            open(path, "wb").write(text)

PY = os.environ.get("BENCH_PYTHON", "python3")
def py(text): return [PY, "-c", text]
def node(text): return ["node", "-e", text]
def rb(text): return ["ruby", "-e", text]

C, L = CONSTANT, LINEAR
PROGRAMS = {  # name: (command, class[, kind])
    # programs that pass over their input
    "cmp": (["cmp", "{f}", "{f}"], C), "md5sum": (["md5sum"], C), "cksum": (["cksum"], C), "sha512sum": (["sha512sum"], C),
    "b2sum": (["b2sum"], C), "fold": (["fold", "-w", "40"], C), "expand": (["expand"], C), "fmt": (["fmt"], C), "pr": (["pr"], C),
    "paste": (["paste", "-", "-"], C), "cut": (["cut", "-d,", "-f2"], C), "comm": (["comm", "{f}", "{f}"], C),
    "head": (["head", "-n", "1000000000"], C), "tee": (["tee", "/dev/null"], C), "dd": (["dd", "bs=1M", "status=none"], C),
    "strings": (["strings"], C), "tac": (["tac"], C), "tar": (["tar", "-cf", "-", "{f}"], C), "shuf-n": (["shuf", "-n", "100"], C),
    "sort-merge": (["sort", "-m", "{f}", "{f}"], C), "openssl-enc": (["openssl", "enc", "-aes-128-ctr", "-K", "00", "-iv", "00"], C),
    "openssl-b64": (["openssl", "base64"], C), "gawk-count": (["gawk", "END{print NR}"], C), "mawk-count": (["mawk", "END{print NR}"], C),
    "perl-subst": (["perl", "-pe", "s/u(\\d)/$1/g"], C), "ruby-each": (rb("n=0; STDIN.each_line{|l| n+=l.size}"), C),
    "php-lines": (["php", "-r", "while(($l=fgets(STDIN))!==false)$n=strlen($l);"], C),
    "lua-lines": (["lua5.4", "-e", "local n=0 for l in io.lines() do n=n+#l end"], C),
    "tcl-gets": (["tclsh", "{here}/gets.tcl"], C), "jq-inputs": (["jq", "-n", "reduce inputs as $r (0; .+1)"], C),
    "jq-field": (["jq", ".city"], C), "xmllint-stream": (["xmllint", "--stream", "--noout", "{f}"], C, "xml"),
    "py-iterparse": (py("import sys,xml.etree.ElementTree as E\nfor _,e in E.iterparse(sys.stdin.buffer):e.clear()"), L, "xml"),
    "py-expat": (py("import sys,xml.parsers.expat as x\nx.ParserCreate().ParseFile(sys.stdin.buffer)"), C, "xml"),
    "py-csv": (py("import csv,sys\nfor r in csv.reader(sys.stdin):pass"), C),
    "py-hashlib": (py("import hashlib,sys\nh=hashlib.sha256()\nfor b in iter(lambda:sys.stdin.buffer.read(65536),b''):h.update(b)"), C),
    "sqlite-file": (["sqlite3", "{tmp}", "create table t(a);", ".mode tabs", ".import /dev/stdin t"], C),
    # compressors: the window fills and stays
    "lz4-9": (["lz4", "-9", "-q", "-c"], C), "brotli-1": (["brotli", "-q", "1", "-c"], C), "brotli-5": (["brotli", "-q", "5", "-c"], C),
    "bzip2-9": (["bzip2", "-9", "-c"], C), "bzip3": (["bzip3", "-b", "2", "-e", "-c"], C), "zstd-9": (["zstd", "-9", "-q", "-c", "--single-thread"], C),
    "xz-1": (["xz", "-1", "-T1", "-c"], C), "gzip-1": (["gzip", "-1", "-c"], C), "py-zlib": (py("import zlib,sys\nc=zlib.compressobj()\nfor b in iter(lambda:sys.stdin.buffer.read(65536),b''):c.compress(b)"), C),
    "7z-ppmd": (["7z", "a", "-si", "-so", "-txz", "-mx=3", "-mmt=1", "x"], C),
    # programs that hold it
    "perl-sort": (["perl", "-e", "@a=sort <STDIN>"], L), "perl-fields": (["perl", "-ne", "push @a,[split /,/]"], L),
    "perl-json": (["perl", "-MJSON::PP", "-ne", "push @a,decode_json($_)"], L),
    "ruby-lines": (rb("a=STDIN.readlines"), L), "ruby-hash": (rb("h={}; STDIN.each_line{|l| h[l]=1}"), L),
    "php-file": (["php", "-d", "memory_limit=-1", "-r", "$a=file('php://stdin');"], L),
    "php-json": (["php", "-d", "memory_limit=-1", "-r", "while(($l=fgets(STDIN))!==false)$a[]=json_decode($l,true);"], L),
    "lua-table": (["lua5.4", "-e", "local t={} for l in io.lines() do t[#t+1]=l end"], L),
    "lua-read": (["lua5.4", "-e", "local s=io.read('a')"], L), "tcl-list": (["tclsh", "{here}/list.tcl"], L), "tcl-read": (["tclsh", "{here}/read.tcl"], L),
    "node-read": (node("const s=require('fs').readFileSync(0)"), L), "node-lines": (node("const a=require('fs').readFileSync(0,'latin1').split('\\n')"), L),
    "node-parse": (node("const a=require('fs').readFileSync(0,'latin1').split('\\n').filter(l=>l).map(l=>JSON.parse(l))"), L),
    "gawk-array": (["gawk", "{a[NR]=$0}"], L), "mawk-array": (["mawk", "{a[NR]=$0}"], L), "mawk-keys": (["mawk", "{a[$4]++}"], L),
    "gawk-seen": (["gawk", "!s[$0]++"], L), "jq-slurp": (["jq", "-s", "length"], L), "jq-raw": (["jq", "-Rs", "length"], L),
    "diff": (["diff", "{f}", "{empty}"], L), "git-diff": (["git", "diff", "--no-index", "--", "{empty}", "{f}"], L),
    "git-hash": (["git", "hash-object", "--stdin"], L), "sqlite-memory": (["sqlite3", ":memory:", "create table t(a);", ".mode tabs", ".import /dev/stdin t"], L),
    "column": (["column"], L), "ptx": (["ptx"], L), "split-shuffle": (["shuf"], L), "sort-u": (["sort", "-u"], L), "sort-r": (["sort", "-R"], L),
    "datamash-unique": (["datamash", "-t,", "countunique", "2"], L), "iconv": (["iconv", "-f", "utf-8", "-t", "utf-16"], L),
    "xmllint": (["xmllint", "--noout", "{f}"], L, "xml"), "xmllint-c14n": (["xmllint", "--c14n", "{f}"], L, "xml"),
    "py-etree": (py("import sys,xml.etree.ElementTree as E\nE.parse(sys.stdin.buffer)"), L, "xml"), "py-minidom": (py("import sys,xml.dom.minidom as m\nm.parse(sys.stdin.buffer)"), L, "xml"),
    "lxml": (py("import sys,lxml.etree as E\nE.parse(sys.stdin.buffer)"), L, "xml"),
    "py-array": (py("import sys,array\na=array.array('d')\nfor l in sys.stdin:a.append(len(l))"), L),
    "py-numpy": (py("import sys,numpy\na=numpy.frombuffer(sys.stdin.buffer.read(),'u1')\nb=a.astype('f8')"), L),
    "py-pandas": (py("import sys,pandas\nd=pandas.read_json(sys.stdin,lines=True)"), L),
    "py-orjson": (py("import sys,orjson\na=[orjson.loads(l) for l in sys.stdin.buffer]"), L),
    "py-sqlite": (py("import sys,sqlite3\nd=sqlite3.connect(':memory:')\nd.execute('create table t(a)')\nd.executemany('insert into t values(?)',((l,) for l in sys.stdin))"), L),
    "py-sorted": (py("import sys\na=sorted(sys.stdin)"), L), "py-strjoin": (py("import sys\na=''.join(reversed(sys.stdin.read()))"), L),
    "py-groups": (py("import sys,collections\ng=collections.defaultdict(list)\nfor i,l in enumerate(sys.stdin):g[i%100].append(l)"), L),
    "java-list": (["java", "-XX:+UseSerialGC", "{here}/Hold.java"], L),
    "gcc-c": (["gcc", "-c", "-O1", "-o", "/dev/null", "{f}"], L, "c"), "gcc-e": (["gcc", "-E", "-o", "/dev/null", "{f}"], L, "c"),
    "gcc-s": (["gcc", "-fsyntax-only", "{f}"], L, "c"),
}

# What ends with 1 where its inputs differ.
DIFFERS = ("diff", "git-diff")

def main():
    documents()
    here = os.path.dirname(os.path.abspath(__file__))
    empty = f"{FOLDER}/empty"
    open(empty, "w").close()
    open(f"{here}/gets.tcl", "w").write("while {[gets stdin l] >= 0} {}\n")
    open(f"{here}/list.tcl", "w").write("while {[gets stdin l] >= 0} {lappend a $l}\n")
    open(f"{here}/read.tcl", "w").write("set a [read stdin]\n")
    open(f"{here}/Hold.java", "w").write("import java.io.*;import java.util.*;public class Hold{public static void main(String[] a)throws Exception{var r=new BufferedReader(new InputStreamReader(System.in));var l=new ArrayList<String>();String s;while((s=r.readLine())!=null)l.add(s);System.out.println(l.size());}}\n")
    done = set()
    if os.path.exists(SERIES):
        done = {(row[0], int(row[3])) for row in csv.reader(open(SERIES)) if row[0] != "program"}
    else:
        open(SERIES, "w").write("program,profile,class,input_bytes,peak_rss_bytes,peak_hwm_bytes\n")
    for name, (command, law, *kind) in PROGRAMS.items():
        for size in SIZES:
            path = f"{FOLDER}/{size}.{kind[0] if kind else 'json'}"
            if (name, size) in done: continue
            if not os.path.exists(path): break
            temporary = f"{FOLDER}/scratch.db"
            if os.path.exists(temporary): os.remove(temporary)
            words = [w.replace("{f}", path).replace("{here}", here).replace("{tmp}", temporary).replace("{empty}", empty) for w in command]
            call = [PROBE, "--fixed-addresses", "--cpu", "0", "--timeout-ms", "60000", "--memory-limit", "8000000000", "--stdin", path,
                    "--env", "PATH=" + os.environ["PATH"], "--env", "LC_ALL=C.UTF-8", "--env", "HOME=/tmp", "--"] + words
            if name == "java-list": call.remove("--fixed-addresses")
            run = subprocess.run(call, capture_output=True, text=True)
            try: record = json.loads(run.stdout)
            except ValueError: print(name, size, run.stderr); break
            if record["stopped_for"] or record["outcome"] != "exited" or record["exit_code"] > (name in DIFFERS):
                print(name, size, record["stopped_for"], record["outcome"], record.get("exit_code"), record.get("stderr_tail", ""))
                if size: break
                continue
            with open(SERIES, "a") as out:
                out.write(f"{name},{'(empty)' if size == 0 else kind[0] if kind else 'records'},{law},{size},{record['max_rss_bytes']},{record['vm_hwm_bytes']}\n")
            if record["wall_ns"] > 15e9: break
main()
