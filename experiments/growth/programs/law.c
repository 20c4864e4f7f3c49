/* Memory by a formula: reads standard input to its end, then allocates what a law says for that many
 * bytes, touches every page of it and ends.
 *
 *   law NAME < document
 *
 * Each law is one line of `laws`: what it is called and how many bytes it gives for n bytes of input.
 * An empty document allocates nothing but the constant part. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096

static double logarithm(double n) { return n > 0 ? log(n) : 0; }

/* Levels of a tree with this many children a node, over leaves of 4 KB. */
static double levels(double n, double children) {
    double count = 0;
    for (double nodes = n / 4096; nodes > 1; nodes /= children) count++;
    return count;
}

static double const_300k(double n) { (void)n; return 300e3; }
static double const_20m(double n) { (void)n; return 20e6; }
static double log_400k(double n) { return 400e3 * logarithm(n); }
static double log_3m(double n) { return 8e6 + 3e6 * logarithm(n); }
static double root(double n) { return 2e6 + 1500 * sqrt(n); }
static double root_pure(double n) { return 12e3 * sqrt(n); }
static double line(double n) { return 1e6 + 1.7 * n; }
static double line_small(double n) { return 0.15 * n; }
static double line_steep(double n) { return 6.3 * n; }
static double line_under_50m(double n) { return 50e6 + n; }
static double line_flat_under_50m(double n) { return 50e6 + 0.4 * n; }
static double nlogn(double n) { return 0.11 * n * logarithm(n); }
static double nlogn_under_6m(double n) { return 6e6 + 0.4 * n * logarithm(n); }
static double square(double n) { return 5e-6 * n * n; }
static double square_under_10m(double n) { return 10e6 + 1e-4 * n * n; }
static double power_03(double n) { return 60e3 * pow(n, 0.3); }
static double power_07(double n) { return 1e6 + 150 * pow(n, 0.7); }
static double power_08(double n) { return 40 * pow(n, 0.8); }
static double power_13(double n) { return 0.01 * pow(n, 1.3); }
static double power_15(double n) { return 3e6 + 6e-4 * pow(n, 1.5); }
static double line_and_root(double n) { return 2.2 * n + 2000 * sqrt(n); }
static double line_and_log(double n) { return 0.6 * n + 500e3 * logarithm(n); }
static double two_regimes(double n) { return 3.0 * fmin(n, 600e3) + 0.5 * n; }
static double bend_then_steep(double n) { return 0.5 * n + 2.0 * fmax(0, n - 300e3); }
static double levels_binary(double n) { return 256e3 * levels(n, 2); }
static double levels_16(double n) { return 1e6 + 2e6 * levels(n, 16); }
static double steps_1m(double n) { return ceil(n / 1e6) * 1e6; }
static double steps_64k(double n) { return ceil(n / 65536) * 65536 * 1.3; }
static double doubled(double n) { return n > 0 ? exp2(ceil(log2(n))) : 0; }
static double doubled_phase(double n) { return n > 0 ? 5e6 + 3 * 1300 * exp2(ceil(log2(n / 1300))) : 5e6; }
static double half_again(double n) { return n > 0 ? 4096 * pow(1.5, ceil(log(n / 4096 + 1) / log(1.5))) : 0; }

static const struct law {
    const char *name;
    double (*bytes)(double);
} laws[] = {
    {"const-300k", const_300k},
    {"const-20m", const_20m},
    {"log-400k", log_400k},
    {"log-3m", log_3m},
    {"root", root},
    {"root-pure", root_pure},
    {"line", line},
    {"line-small", line_small},
    {"line-steep", line_steep},
    {"line-under-50m", line_under_50m},
    {"line-flat-under-50m", line_flat_under_50m},
    {"nlogn", nlogn},
    {"nlogn-under-6m", nlogn_under_6m},
    {"square", square},
    {"square-under-10m", square_under_10m},
    {"power-0.3", power_03},
    {"power-0.7", power_07},
    {"power-0.8", power_08},
    {"power-1.3", power_13},
    {"power-1.5", power_15},
    {"line-and-root", line_and_root},
    {"line-and-log", line_and_log},
    {"two-regimes", two_regimes},
    {"bend-then-steep", bend_then_steep},
    {"levels-binary", levels_binary},
    {"levels-16", levels_16},
    {"steps-1m", steps_1m},
    {"steps-64k", steps_64k},
    {"doubled", doubled},
    {"doubled-phase", doubled_phase},
    {"half-again", half_again},
};

static double input_bytes(void) {
    static char buffer[65536];
    double n = 0;
    ssize_t got;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) n += (double)got;
    return got < 0 ? -1 : n;
}

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && i < sizeof laws / sizeof *laws; i++) {
        if (strcmp(argv[1], laws[i].name) != 0) continue;
        double n = input_bytes();
        if (n < 0) return perror("law: standard input"), 1;
        size_t bytes = (size_t)laws[i].bytes(n);
        /* Volatile, or a compiler sees that nobody reads it and touches nothing. */
        volatile char *memory = malloc(bytes + 1);
        if (memory == NULL) return perror("law"), 1;
        for (size_t at = 0; at < bytes; at += PAGE) memory[at] = 1;
        return 0;
    }
    fprintf(stderr, "usage: law NAME < document; a name of `laws` in law.c\n");
    return 2;
}
