"""Reference values of the statistics, by SciPy and statsmodels.

Run `python3 make.py > values.json` after `pip install scipy statsmodels`; the tests read only the file.
The data is fixed here; nothing is drawn at random.
"""

import json
import warnings

import numpy as np
import scipy
import statsmodels
import statsmodels.api as sm
from scipy import integrate, optimize, stats
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import ttost_paired

CELL = [51.2, 49.8, 50.4, 50.1, 52.9, 49.5, 50.0, 50.7, 51.9, 49.9, 50.3, 58.4]
SKEWED = [1.31, 0.62, 2.95, 1.08, 0.91, 1.77, 4.40, 0.55, 1.20, 0.83]
TIED = [4.0, 5.0, 5.0, 6.0, 6.0, 6.0, 7.0, 5.0, 8.0, 9.0, 7.0, 8.0, 10.0, 9.0]
OTHER = [53.0, 51.5, 55.2, 49.1, 57.7, 52.4, 60.3, 50.9]
SIZES = [65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0, 33554432.0, 67108864.0, 134217728.0]
NOISE = [0.004, -0.007, 0.009, 0.001, -0.006, 0.005, -0.008, 0.003]


def interval(pair):
    return {"low": float(pair[0]), "high": float(pair[1])}


def describe(values):
    x = np.array(values)
    n = len(x)
    t = stats.t.interval(0.95, n - 1, loc=x.mean(), scale=stats.sem(x))
    out = {
        "values": values,
        "mean": x.mean(),
        "sd": x.std(ddof=1),
        "cv": stats.variation(x, ddof=1),
        "q1": np.percentile(x, 25),
        "median": np.median(x),
        "q3": np.percentile(x, 75),
        "p95": np.percentile(x, 95),
        "mean_t95": interval(t),
        "two_sd": [i for i, v in enumerate(x) if abs(v - x.mean()) > 2 * x.std(ddof=1)],
        "modified_z": [
            i
            for i, v in enumerate(x)
            if 0.6745 * abs(v - np.median(x)) / stats.median_abs_deviation(x) > 3.5
        ],
    }
    k = x.std(ddof=1) / x.mean()
    vangel = lambda u: k / np.sqrt(((u + 2) / n - 1) * k * k + u / (n - 1))
    low, high = (vangel(stats.chi2.ppf(p, n - 1)) for p in (0.975, 0.025))
    out["cv_ci95"] = {"low": low, "high": None if np.isnan(high) else high}
    if n >= 6:
        out["median_ci95"] = interval(
            stats.quantile_test(x, q=np.median(x), p=0.5).confidence_interval(0.95)
        )
    return out


def log_normal_mean(values):
    """Krishnamoorthy and Mathew's generalised interval, its pivot integrated by quad."""
    logs = np.log(values)
    n, m, s = len(logs), logs.mean(), logs.std(ddof=1)

    def cdf(t):
        def given(w):
            u2 = np.exp(w)
            z = (t - m - 0.5 * s * s / u2) * np.sqrt(n * u2) / s
            return stats.norm.cdf(z) * stats.chi2.pdf((n - 1) * u2, n - 1) * (n - 1) * u2

        return integrate.quad(given, -12, 4, epsabs=1e-13, epsrel=1e-12, limit=500)[0]

    ends = [optimize.brentq(lambda t: cdf(t) - p, m - 5, m + 60, xtol=1e-13) for p in (0.025, 0.975)]
    return {"values": values, "mean_ci95": interval(np.exp(ends))}


def power_law(sizes, values, at):
    fit = sm.OLS(np.log(values), sm.add_constant(np.log(sizes))).fit()
    ahead = fit.get_prediction(np.array([[1.0, np.log(at)]])).summary_frame(alpha=0.05).iloc[0]
    return {
        "points": [[a, b] for a, b in zip(sizes, values)],
        "coefficient": np.exp(fit.params[0]),
        "exponent": fit.params[1],
        "exponent_ci95": interval(fit.conf_int()[1]),
        "r2": fit.rsquared,
        "p": fit.pvalues[1],
        "residual_sd": np.sqrt(fit.scale),
        "at": at,
        "value": np.exp(ahead["mean"]),
        "confidence_band": interval(np.exp([ahead["mean_ci_lower"], ahead["mean_ci_upper"]])),
        "prediction": interval(np.exp([ahead["obs_ci_lower"], ahead["obs_ci_upper"]])),
    }


def lack_of_fit():
    groups = [
        [n, [float((2.1e6 + 3 * n) ** 0.9 * np.exp(e)) for e in NOISE[i : i + 2 + i % 2]]]
        for i, n in enumerate(SIZES[:6])
    ]
    x = np.log([n for n, runs in groups for _ in runs])
    y = np.log([v for _, runs in groups for v in runs])
    line = sm.OLS(y, sm.add_constant(x)).fit()
    free = sm.OLS(y, np.array([[float(a == b) for b in np.unique(x)] for a in x])).fit()
    row = anova_lm(line, free).iloc[1]
    return {"groups": groups, "f": row["F"], "p": row["Pr(>F)"]}


def mann_kendall(values):
    n = len(values)
    s = sum(np.sign(b - a) for i, a in enumerate(values) for b in values[i + 1 :])
    ties = np.unique(values, return_counts=True)[1]
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    z = (s - np.sign(s)) / np.sqrt(variance)
    tau = stats.kendalltau(range(n), values).statistic
    return {"values": values, "s": int(s), "z": z, "p": 2 * stats.norm.sf(abs(z)), "tau": tau}


def paired():
    reference = [100.0, 103.0, 98.5, 101.2, 99.4, 102.3]
    variant = [96.1, 99.9, 94.0, 97.7, 96.4, 97.9]
    d = np.log(variant) - np.log(reference)
    test = stats.ttest_rel(np.log(variant), np.log(reference))
    margin = 0.06
    tost = ttost_paired(np.log(variant), np.log(reference), -np.log1p(margin), np.log1p(margin))[0]
    return {
        "pairs": [[a, b] for a, b in zip(variant, reference)],
        "margin": margin,
        "ratio": np.exp(d.mean()),
        "ratio_ci95": interval(np.exp(test.confidence_interval(0.95))),
        "p": test.pvalue,
        "equivalent": bool(tost < 0.025),
    }


SHAPES = {
    "flat": lambda n, u: [],
    "log": lambda n, u: [np.log(n)],
    "line": lambda n, u: [n],
    "n log n": lambda n, u: [n * np.log(n)],
    "power": lambda n, u: [n**u],
    "rooted": lambda n, u: [n, np.sqrt(n)],
    "filling": lambda n, u: [n, np.minimum(n, np.exp(u))],
    "levelling": lambda n, u: [np.minimum(n, np.exp(u))],
    "rising": lambda n, u: [np.maximum(n - np.exp(u), 0)],
    "doubling": lambda n, u: [2 ** np.ceil(np.log2(n) - u)],
    "line and doubling": lambda n, u: [n, 2 ** np.ceil(np.log2(n) - u)],
    "root": lambda n, u: [np.sqrt(n)],
    "square": lambda n, u: [n**2],
    "with log": lambda n, u: [n, np.log(n)],
    # The shape holds which factor (times four) and the phase.
    "growing": lambda n, u: [stepped(n, [1.125, 1.25, 1.5, 1.618033988749895], u)[0]],
    "levels": lambda n, u: [stepped(n, [4, 8, 10, 16, 32, 64, 128], u)[1]],
}


def stepped(n, factors, u):
    factor, phase = factors[int(u // 4)], u % 4
    steps = np.ceil(np.log(n) / np.log(factor) - phase)
    return factor**steps, steps


# No powers of two apart: a buffer that doubles is no line there.
UNEVEN = [size * factor for size, factor in zip(SIZES, [1, 1.3, 0.8, 1.7, 1.1, 1.45, 0.9, 1.2])]


def evidence(law, u, relative, correlated, s, at, sizes=SIZES):
    """One law with its shape and noise: the density of the data with flat coefficients, and what it expects.

    The marginal density over coefficients without a prior is that of the data at the best ones, times the
    square root of the determinant of 2 pi times their covariance.
    """
    n = np.array(sizes)
    y = (2.1e6 + 3 * n) * np.exp(NOISE)
    quantum = np.where(n < 1e6, 4096.0, 131072.0)
    scale = y.max()
    values, known = y / scale, (quantum / scale) ** 2 / 12 + (1e-9 * y / scale) ** 2
    least, span = values.min(), 1 - values.min()
    unit = {"value": values, "growth": values - least + 0.03 * span, "chunks": np.full_like(values, 0.3 * span)}[relative]
    apart = np.abs(np.subtract.outer(np.log(n), np.log(n)))
    shared = np.exp(-apart / 1.1) if correlated else np.eye(len(n))
    covariance = np.diag(known) + s**2 * np.outer(unit, unit) * shared
    columns = lambda sizes: np.array(
        [np.ones_like(sizes)]
        + [(g - lo) / (hi - lo) for g, lo, hi in zip(SHAPES[law](sizes, u), SHAPES[law](n[:1], u), SHAPES[law](n[-1:], u))]
    ).T
    fit = sm.GLS(values, columns(n), sigma=covariance).fit()
    spread = fit.normalized_cov_params
    best = stats.multivariate_normal(columns(n) @ fit.params, covariance).logpdf(values)
    x = columns(np.array([at]))[0]
    return {
        "law": law,
        "shape": u,
        "relative": relative,
        "correlated": correlated,
        "misfit": s,
        "points": [[a, b, q] for a, b, q in zip(sizes, y, quantum)],
        "ln_evidence": best + 0.5 * np.linalg.slogdet(2 * np.pi * spread)[1],
        "at": at,
        "mean": x @ fit.params * scale,
        "sd": np.sqrt(x @ spread @ x) * scale,
    }


def factorial():
    cells = []
    for bits in range(16):
        if bin(bits & 7).count("1") % 2 == 0 and bits & 8:
            continue  # an unbalanced part of the grid: effects are not orthogonal
        on = [bool(bits >> i & 1) for i in range(4)]
        y = 5 - 0.4 * on[0] + 0.2 * (on[1] and on[2]) + 0.02 * ((bits * 37 % 11) - 5)
        cells.append({"on": on, "values": [float(np.exp(y)), float(np.exp(y + 0.01))]})
    y = np.array([np.log(cell["values"]).mean() for cell in cells])
    signs = np.array([[1.0 if on else -1.0 for on in cell["on"]] for cell in cells])
    terms = [[i] for i in range(4)] + [[0, 1], [0, 2], [0, 3]]
    rows, kept = [np.ones(len(y))], []
    for term in [[i] for i in range(4)] + [[i, j] for i in range(4) for j in range(i + 1, 4)]:
        column = signs[:, term].prod(axis=1)
        if np.linalg.matrix_rank(np.array(rows + [column])) > len(rows):
            rows.append(column)
            kept.append(term)
    fit = sm.OLS(y, np.array(rows).T).fit()
    power = [2 if len(term) == 1 else 4 for term in kept]
    ci = fit.conf_int()
    return {
        "cells": cells,
        "terms": kept,
        "ratios": [np.exp(k * b) for k, b in zip(power, fit.params[1:])],
        "ci95": [interval(np.exp(k * np.array(pair))) for k, pair in zip(power, ci[1:])],
        "p": list(fit.pvalues[1:]),
        "p_holm": list(multipletests(fit.pvalues[1:], method="holm")[1]),
        "residual_sd": np.sqrt(fit.scale),
        "df": int(fit.df_resid),
    }


def factorial_of_three():
    """Half of 2^6, noisy, in which three techniques act together: the pairs leave a pattern."""
    cells = []
    for bits in range(64):
        on = [bool(bits >> i & 1) for i in range(6)]
        if on[5] != (sum(on[:5]) % 2 == 1):
            continue
        y = 16 - 0.5 * on[0] * (not on[1]) * (1 - 0.6 * on[2]) - 0.7 * on[1] + 0.003 * (bits * 37 % 11 - 5)
        cells.append({"on": on, "values": [float(np.exp(y))]})
    y = np.array([np.log(cell["values"]).mean() for cell in cells])
    signs = np.array([[1.0 if on else -1.0 for on in cell["on"]] for cell in cells])
    terms = [[i] for i in range(6)] + [[i, j] for i in range(6) for j in range(i + 1, 6)]
    pairs = sm.OLS(y, sm.add_constant(np.array([signs[:, t].prod(axis=1) for t in terms]).T)).fit()
    terms.append([0, 1, 2])
    fit = sm.OLS(y, sm.add_constant(np.array([signs[:, t].prod(axis=1) for t in terms]).T)).fit()
    power = [2 ** len(term) for term in terms]
    ci = fit.conf_int()
    return {
        "cells": cells,
        "terms": terms,
        "ratios": [np.exp(k * b) for k, b in zip(power, fit.params[1:])],
        "ci95": [interval(np.exp(k * np.array(pair))) for k, pair in zip(power, ci[1:])],
        "p": list(fit.pvalues[1:]),
        "p_holm": list(multipletests(fit.pvalues[1:], method="holm")[1]),
        "residual_sd": np.sqrt(fit.scale),
        "rss_of_pairs": pairs.ssr,
        "rss": fit.ssr,
        "df": int(fit.df_resid),
    }


def test(result, **data):
    return {**data, "statistic": result.statistic, "p": result.pvalue}


P_VALUES = [0.04, 0.001, 0.03, 0.2, 0.0125, 0.9, 0.001]


def values():
    return {
        "made_with": {"numpy": np.__version__, "scipy": scipy.__version__, "statsmodels": statsmodels.__version__},
        "describe": [describe(CELL), describe(SKEWED), describe(OTHER[:5]), describe(TIED)],
        "log_normal_mean": [log_normal_mean(SKEWED), log_normal_mean(SKEWED[:5])],
        "power_law": [
            power_law(SIZES, [(2.1e6 + 3 * n) * float(np.exp(e)) for n, e in zip(SIZES, NOISE)], 1e9),
            power_law([0.1, 1.0, 5.0, 10.0], [43.07, 48.81, 54.18, 54.80], 100.0),
            power_law(
                [10.0, 1e2, 1e3, 1e4, 1e5, 1e6, 5e6, 1e7],
                [41.92, 43.07, 48.81, 44.25, 52.10, 48.81, 54.18, 54.80],
                1e8,
            ),
        ],
        "lack_of_fit": lack_of_fit(),
        "shapiro_wilk": [test(stats.shapiro(v), values=v) for v in (CELL, SKEWED, OTHER, TIED, CELL[:3], OTHER[:5], CELL + OTHER + SKEWED)],
        "levene": test(stats.levene(CELL, OTHER, TIED), groups=[CELL, OTHER, TIED]),
        "mann_kendall": [mann_kendall(CELL), mann_kendall(TIED)],
        "holm": {"p": P_VALUES, "adjusted": list(multipletests(P_VALUES, method="holm")[1])},
        "paired": paired(),
        "evidence": [
            evidence("flat", 0, "value", False, 0.3, 1e9),
            evidence("line", 0, "value", False, 0.01, 1e9),
            evidence("line", 0, "growth", True, 0.02, 1e9),
            evidence("line", 0, "chunks", False, 0.003, 1e9),
            evidence("log", 0, "value", True, 0.2, 1e9),
            evidence("n log n", 0, "growth", False, 0.05, 1e9),
            evidence("power", 0.93, "value", False, 0.01, 1e9),
            evidence("rooted", 0, "value", True, 0.02, 1e9),
            evidence("filling", 13.0, "growth", False, 0.02, 1e9),
            evidence("levelling", 15.2, "value", False, 0.1, 1e9),
            evidence("rising", 12.0, "growth", True, 0.03, 1e9),
            evidence("doubling", 0.37, "value", False, 0.2, 1e9),
            evidence("line and doubling", 0.2, "value", False, 0.2, 1e9, UNEVEN),
            evidence("root", 0, "growth", False, 0.2, 1e9),
            evidence("square", 0, "value", True, 0.3, 1e9),
            evidence("with log", 0, "value", False, 0.05, 1e9),
            evidence("growing", 8.3, "growth", False, 0.1, 1e9),
            evidence("levels", 4.45, "chunks", False, 0.3, 1e9),
        ],
        "factorial": factorial(),
        "factorial_of_three": factorial_of_three(),
    }


def plain(value):
    """NumPy scalars to Python's, so that JSON keeps 17 digits."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(plain(values()), indent=1))
