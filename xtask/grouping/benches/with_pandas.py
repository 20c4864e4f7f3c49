"""What the same work costs with pandas and statsmodels, to compare with `cargo xtask bench-samples`.

    cargo xtask bench-samples --plain --keep /tmp/samples.csv
    python3 with_pandas.py /tmp/samples.csv     # after `pip install pandas statsmodels`

Reads the samples, describes each metric of each cell, fits a line through log-log points per variant,
profile and fitted metric. Described are fewer figures than the laboratory describes: no intervals and
no outliers.
"""

import resource
import sys
from time import perf_counter

started = perf_counter()

import numpy as np
import pandas as pd
import statsmodels.api as sm

METRICS = ["peak_rss_bytes", "peak_hwm_bytes", "rss_at_exit_bytes", "wall_ns", "cpu", "output_bytes", "ratio", "overhead"]


def read(path):
    return pd.read_csv(path, dtype={"output_sha256": str})


def describe(samples):
    samples["cpu"] = (samples.user_us + samples.system_us) * 1000.0
    samples["ratio"] = samples.output_bytes / samples.input_bytes
    samples["overhead"] = samples.peak_rss_bytes / samples.input_bytes
    ok = samples[samples.outcome == "ok"]
    cells = ok.groupby(["kind", "variant", "profile", "input_bytes"], sort=False)
    cells[METRICS].agg(["count", "mean", "std", "min", "median", "max"])
    cells[METRICS].quantile([0.25, 0.75, 0.95])
    cells["output_sha256"].nunique()
    return cells[["peak_rss_bytes", "wall_ns"]].mean().reset_index()


def fit(means):
    for _, sizes in means.groupby(["variant", "profile"]):
        for metric in ["peak_rss_bytes", "wall_ns"]:
            line = sm.OLS(np.log(sizes[metric]), sm.add_constant(np.log(sizes.input_bytes))).fit()
            line.conf_int()
            line.get_prediction(np.array([[1.0, np.log(1e8)]])).summary_frame()


def main():
    at = [started, perf_counter()]
    samples = read(sys.argv[1])
    at.append(perf_counter())
    means = describe(samples)
    at.append(perf_counter())
    fit(means)
    at.append(perf_counter())
    for name, before, after in zip(["import", "read", "describe", "fit"], at, at[1:]):
        print(f"{name:<14} {after - before:>8.2f} s")
    print(f"without import {at[-1] - at[1]:>8.2f} s  peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss} kB")


if __name__ == "__main__":
    main()
