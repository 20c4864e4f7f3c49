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
    "O(log n)": np.log,
    "O(n^0.5)": np.sqrt,
    "O(n)": lambda n: n,
    "O(n log n)": lambda n: n * np.log(n),
    "O(n^2)": lambda n: n**2,
}


def minimum(rss, low, high):
    """The minimum of a function of one variable: the best of a grid, then Brent's method about it."""
    grid = np.linspace(low, high, 400)
    at = [rss(u) for u in grid]
    i = int(np.argmin(at))
    bracket = (grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)])
    return optimize.minimize_scalar(rss, bounds=bracket, method="bounded", options={"xatol": 1e-12})


def with_constant(y, g):
    """The best a (r + g): a is a mean of logs, r is searched for. Returns c = a r, a and the RSS."""

    def residuals(u):
        z = np.log(y) - np.log(np.exp(u) - g.min() + g)
        return z - z.mean()

    u = minimum(lambda u: (residuals(u) ** 2).sum(), np.log(g.min()) - 8, np.log(g.max()) + 8).x
    r = np.exp(u) - g.min()
    a = np.exp((np.log(y) - np.log(r + g)).mean())
    return a * r, a, (residuals(u) ** 2).sum()


def one_fixed(y, f, near):
    """The least RSS of f(v) over v within a factor of twenty of `near`."""
    rss = lambda v: ((np.log(y) - np.log(np.maximum(f(v), 1e-300))) ** 2).sum()
    return minimum(lambda u: rss(np.exp(u)), np.log(near / 20), np.log(near * 20)).fun


def filling(n, y):
    """The best c + d min(n, m) + a n: linear but for m, which is searched for."""

    def given(u):
        columns = np.array([np.ones_like(n), np.minimum(n, np.exp(u)), n]).T
        scale = 1 / np.abs(columns / y[:, None]).max(axis=0)
        relative = columns * scale / y[:, None]
        # Started from the least relative errors, a linear problem near the one of logarithms.
        start = np.linalg.lstsq(relative, np.ones_like(y), rcond=None)[0]
        residuals = lambda v: np.log(np.maximum(relative @ v, 1e-300))
        found = optimize.least_squares(residuals, start, ftol=1e-15, xtol=1e-15, gtol=1e-15)
        return 2 * found.cost, found.x * scale

    u = minimum(lambda u: given(u)[0], np.log(n[1]), np.log(n[-3])).x
    return np.exp(u), *given(u)


def growth(values, only=None):
    """Each model with a constant and without: RSS, AICc, estimates, 95 % profile intervals."""
    n, y = np.array(SIZES), np.array(values)
    k = len(n)
    models = {}

    def aicc(rss, parameters):
        p = parameters + 1
        return k * np.log(rss / k) + 2 * p + 2 * p * (p + 1) / (k - p - 1)

    def profile(rss_at, best, rss, parameters, scale):
        """Where the profile of the RSS reaches RSS + t² s², on both sides."""
        limit = rss * (1 + stats.t.ppf(0.975, k - parameters) ** 2 / (k - parameters))
        ends = []
        for sign in (-1, 1):
            step = scale
            while rss_at(best + sign * step) < limit:
                step *= 1.5
            ends.append(
                optimize.brentq(lambda v: rss_at(v) - limit, best, best + sign * step, xtol=1e-14 * abs(best), rtol=1e-13)
            )
        return interval(ends)

    mean = np.log(y).mean()
    rss = ((np.log(y) - mean) ** 2).sum()
    models["O(1) +c"] = {"rss": rss, "aicc": aicc(rss, 1), "constant": np.exp(mean)}
    for name, shape in SHAPES.items():
        g = shape(n)
        a0 = np.exp((np.log(y) - np.log(g)).mean())
        rss = ((np.log(y) - np.log(a0 * g)) ** 2).sum()
        models[name] = {"rss": rss, "aicc": aicc(rss, 1), "slope": a0}
        c, a, rss = with_constant(y, g)
        models[name + " +c"] = entry = {
            "rss": rss,
            "aicc": aicc(rss, 2),
            "constant": c,
            "slope": a,
        }
        if name == "O(n)":
            rss_c = lambda value: one_fixed(y, lambda a: value + a * g, a)
            rss_a = lambda value: one_fixed(y, lambda c: c + value * g, c)
            entry["constant_ci95"] = profile(rss_c, c, rss, 2, 0.001 * abs(c))
            entry["slope_ci95"] = profile(rss_a, a, rss, 2, 0.001 * abs(a))
            jacobian = np.array([[1, v] for v in g]) / (c + a * g)[:, None]
            covariance = np.linalg.inv(jacobian.T @ jacobian) * rss / (k - 2)
            at = 1e9
            gradient = np.array([1.0, at]) / (c + a * at)
            variance = gradient @ covariance @ gradient
            t = stats.t.ppf(0.975, k - 2)
            centre = np.log(c + a * at)
            half = t * np.sqrt(variance)
            entry["at"], entry["value"] = at, c + a * at
            entry["confidence_band"] = interval(np.exp([centre - half, centre + half]))
            half = t * np.sqrt(variance + rss / (k - 2))
            entry["prediction"] = interval(np.exp([centre - half, centre + half]))

    line = sm.OLS(np.log(y), sm.add_constant(np.log(n))).fit()
    models["O(n^b)"] = {
        "rss": line.ssr,
        "aicc": aicc(line.ssr, 2),
        "slope": np.exp(line.params[0]),
        "exponent": line.params[1],
        "exponent_ci95": interval(line.conf_int()[1]),
    }
    rss_b = lambda b: with_constant(y, n**b)[2]
    b = optimize.minimize_scalar(rss_b, bounds=(0.3, 2.5), method="bounded", options={"xatol": 1e-11}).x
    c, a, rss = with_constant(y, n**b)
    models["O(n^b) +c"] = {
        "rss": rss,
        "aicc": aicc(rss, 3),
        "constant": c,
        "slope": a,
        "exponent": b,
        "exponent_ci95": profile(rss_b, b, rss, 3, 0.005),
    }

    def bent(u):
        return with_constant(y, n + np.exp(u) * np.sqrt(n))

    c, a, rss = bent(minimum(lambda u: bent(u)[2], -5, 25).x)
    models["O(n) +c +root"] = {"rss": rss, "aicc": aicc(rss, 3), "constant": c, "slope": a}

    def levelling(u):
        return with_constant(y, np.minimum(n, np.exp(u)))

    u = minimum(lambda u: levelling(u)[2], np.log(n[1]), np.log(n[-3])).x
    c, a, rss = levelling(u)
    level = c + a * np.exp(u)
    if np.exp(u) < 0.99 * n[-3]:  # else it ends at the bound of the search: the data is not level
        models["O(1) +level"] = {"rss": rss, "aicc": aicc(rss, 3), "constant": level, "levels_from": np.exp(u)}
    if only and "O(n) +filling" in only:
        m, rss, (c, d, a) = filling(n, y)
        at = [[v, c + d * min(v, m) + a * v] for v in (*SIZES, 1e9)]
        models["O(n) +filling"] = {"rss": rss, "aicc": aicc(rss, 4), "constant": c, "slope": a, "levels_from": m, "fitted": at}
    kept = {name: entry for name, entry in models.items() if only is None or name in only}
    return {"points": [[a, b] for a, b in zip(SIZES, values)], "models": kept}


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
        "growth": [
            growth([(2.1e6 + 3 * n) * float(np.exp(e)) for n, e in zip(SIZES, NOISE)]),
            growth([(4e5 + 40 * n**0.8) * float(np.exp(2 * e)) for n, e in zip(SIZES, NOISE)]),
            growth(
                [(2e6 + 2 * min(n, 2e6)) * float(np.exp(e)) for n, e in zip(SIZES, NOISE)],
                # The others end at a bound of the searches here, or want a falling curve.
                only=["O(1) +c", "O(1) +level", "O(n) +c", "O(n^0.5) +c", "O(n)", "O(n^b)"],
            ),
            growth(
                [(2e6 + 2 * min(n, 2e6) + 0.05 * n) * float(np.exp(e)) for n, e in zip(SIZES, NOISE)],
                only=["O(n) +c", "O(n) +filling", "O(n)", "O(n^b)"],
            ),
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
