"""The series of the bench judged by Extra-P (its basic and its refining modeler) and by atime's rule, beside
what `cargo xtask calibrate --real` says of them; the table stands in METHODOLOGY.md.

    python3 -m venv venv && venv/bin/pip install extrap==4.2.5
    venv/bin/python experiments/growth/side_by_side.py [FILE.csv ..]    # without a file: all that is committed, and
                                                                        # the table in METHODOLOGY.md

All see the same points: the sizes up to a tenth of the largest, the empty document left out, the finest
true view of the peak. Right is the true class; for a power that has no name of its own, any such power.

atime (https://github.com/tdhock/atime) draws a reference through the largest measurement for each class and
takes the one that is closest at the second largest size. It is an R package; its rule is written anew here.
"""

import collections
import csv
import math
import pathlib
import re
import statistics
import subprocess
import sys
import warnings

from extrap.entities.callpath import Callpath
from extrap.entities.coordinate import Coordinate
from extrap.entities.measurement import Measurement
from extrap.entities.metric import Metric
from extrap.modelers.single_parameter.basic import SingleParameterModeler
from extrap.modelers.single_parameter.refining import RefiningModeler

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 131072  # the step of ru_maxrss
NAMED = {(0, 0): "O(1)", (0, 1): "O(log n)", (0.5, 0): "O(n^0.5)", (1, 0): "O(n)", (1, 1): "O(n log n)", (2, 0): "O(n^2)"}


def series_of(path):
    """Each series' class and its points: size and mean peak, ascending."""
    rows = collections.defaultdict(list)
    for row in csv.DictReader(open(path, newline="")):
        if int(row["input_bytes"]) > 0:
            rows[row["program"], row["profile"]].append(row)
    for (program, profile), found in sorted(rows.items()):
        exact = all(
            row["peak_hwm_bytes"] and int(row["peak_hwm_bytes"]) >= int(row["peak_rss_bytes"]) - BATCH
            for row in found
        )
        values = collections.defaultdict(list)
        for row in found:
            views = [int(row["peak_rss_bytes"])] + ([int(row["peak_hwm_bytes"])] if exact else [])
            values[int(row["input_bytes"])].append(max(views))
        points = sorted((size, statistics.fmean(peaks)) for size, peaks in values.items())
        yield f"{program} {profile}", found[0]["class"], points


def extra_p(modeler):
    """A method: points to a class and a function that predicts."""

    def judge(points):
        place, metric = Callpath("main"), Metric("peak")
        measured = [Measurement(Coordinate(float(n)), place, metric, [peak]) for n, peak in points]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function = modeler().create_model(measured).hypothesis.function
        terms = [
            {term.term_type: float(term.exponent) for term in compound.simple_terms}
            for compound in function.compound_terms
        ]
        # The fastest growing term is the class.
        power, log = max(((term.get("polynomial", 0), term.get("logarithm", 0)) for term in terms), default=(0, 0))
        found = NAMED.get((power, log)) or (f"O(n^{power:g})" if log == 0 else f"O(n^{power:g} log^{log:g} n)")
        return found, lambda n: float(function.evaluate(float(n)))

    return judge


REFERENCES = {
    "O(1)": lambda n: 0.0,
    "O(log n)": lambda n: math.log10(math.log(n)),
    "O(n)": math.log10,
    "O(n log n)": lambda n: math.log10(n) + math.log10(math.log(n)),
    "O(n^2)": lambda n: 2 * math.log10(n),
    "O(n^3)": lambda n: 3 * math.log10(n),
    "O(2^n)": lambda n: n * math.log10(2),
}


def atime(points):
    """References through the last point; the closest one at the second largest size that they reach, above a
    tenth of the way (in logs) from the smallest to the largest value. Undecided where none reaches two."""
    peaks = [peak for _, peak in points]
    floor = min(peaks) * (max(peaks) / min(peaks)) ** 0.1
    (before, _), (last, top) = points[-2], points[-1]
    best = None
    for name, curve in REFERENCES.items():
        level = {n: math.log10(top) + curve(n) - curve(last) for n, _ in points}
        above = [(n, peak) for n, peak in points if level[n] > math.log10(floor)]
        if len(above) > 1:
            n, peak = above[-2]
            distance = abs(math.log10(peak) - level[n])
        elif name == "O(1)":
            continue
        else:
            # Where the reference meets the floor, both curves taken as straight since the size before.
            low, high = 10 ** max(level[before], -300), top
            part = min((floor - low) / (high - low), 1.0) if high > low else 1.0
            distance = abs(math.log10(points[-2][1] + part * (top - points[-2][1])) - math.log10(floor))
        if best is None or distance < best[0]:
            best = (distance, name)
    if best is None or floor >= max(peaks):
        return None, lambda n: top
    curve = REFERENCES[best[1]]
    return best[1], lambda n: 10 ** min(math.log10(top) + curve(n) - curve(last), 300)


def same(found, truth):
    if found == truth:
        return True
    power = re.compile(r"O\(n\^[0-9.]+\)")
    free = lambda name: power.fullmatch(name) and name not in NAMED.values()
    return bool(free(found) and free(truth))


def judged(method, all_series):
    """Right, wrong, undecided, and the errors at ten times the largest fitted size."""
    counts, errors = collections.Counter(), []
    for name, truth, points in all_series:
        small = [point for point in points if point[0] <= 0.1 * points[-1][0]]
        found, predict = method(small)
        verdict = "undecided" if found is None else "right" if same(found, truth) else "wrong"
        counts[verdict] += 1
        ten_times = 10 * small[-1][0]
        size, peak = min(points, key=lambda point: abs(math.log(point[0] / ten_times)))
        if found and abs(math.log(size / ten_times)) <= math.log(1.25):
            ratio = max(predict(size), 1) / peak
            errors.append(max(ratio, 1 / ratio) - 1)
    return counts, errors


def ours(path):
    """The totals that the laboratory prints for a file, by design."""
    command = ["cargo", "xtask", "calibrate", "--real", str(path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode not in (0, 1):
        sys.exit(said.stderr)
    number = r"(\d+) right, (\d+) undecided, (\d+) wrong; (\d+) of (\d+) covered at 10x \(error ([\d.]+) %\)"
    # Of each design first what is published, then what was said before three times the largest was looked up.
    designs = ["all sizes, looked up", "all sizes alone", "chosen sizes, looked up", "chosen sizes alone"]
    found = re.findall(number, said.stdout)
    if len(found) != len(designs):
        sys.exit(f"{path}: `cargo xtask calibrate --real` says {len(found)} totals and not {len(designs)}:\n{said.stdout[-2000:]}")
    return list(zip(designs, found))


def table(paths):
    """The lines of the table."""
    methods = {
        "Extra-P 4.2.5, basic": extra_p(SingleParameterModeler),
        "Extra-P 4.2.5, refining": extra_p(RefiningModeler),
        "atime's rule": atime,
    }
    yield "| series | method | right | undecided | wrong | median error at 10x | 95 % interval covers at 10x |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    for path in paths:
        all_series = list(series_of(path))
        name = path.parent.name if path.stem == "series" else path.stem
        where = f"{name}, {len(all_series)}"
        for design, (right, undecided, wrong, inside, looked_up, error) in ours(path.resolve()):
            counts = f"{right} | {undecided} | {wrong} | {error} %"
            yield f"| {where} | this laboratory, {design} | {counts} | {inside} of {looked_up} |"
        for name, method in methods.items():
            counts, errors = judged(method, all_series)
            decisions = " | ".join(str(counts[verdict]) for verdict in ("right", "undecided", "wrong"))
            yield f"| {where} | {name} | {decisions} | {100 * statistics.median(errors):.1f} % | no intervals |"


def main():
    given = [pathlib.Path(argument) for argument in sys.argv[1:]]
    committed = ["development.csv", "holdout.csv", "another-hand/series.csv", "foreign/series.csv"]
    lines = "\n".join(table(given or [ROOT / "experiments/growth" / path for path in committed]))
    print(lines)
    if given:
        return
    page = ROOT / "METHODOLOGY.md"
    before, rest = page.read_text().split("<!-- side by side -->")
    _, after = rest.split("<!-- end of side by side -->")
    page.write_text(f"{before}<!-- side by side -->\n{lines}\n<!-- end of side by side -->{after}")


if __name__ == "__main__":
    main()
