// Reads its standard input and takes memory by the law that its argument names. Stores are volatile, or a
// compiler leaves out memory that nobody reads.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char block[32768];

// A buffer that is grown by `times` whenever it is full, for `share` of the input.
static void buffer(double times, size_t capacity, size_t share) {
    char *bytes = malloc(capacity);
    size_t length = 0;
    ssize_t got;
    while ((got = read(0, block, sizeof block)) > 0) {
        size_t take = (size_t)got / share;
        while (length + take > capacity) {
            capacity = (size_t)((double)capacity * times);
            bytes = realloc(bytes, capacity);
        }
        memcpy(bytes + length, block, take);
        length += take;
    }
}

// A linked list with a node for every `step` bytes.
static void list(size_t step) {
    struct node { struct node *next; char text[24]; } *head = NULL;
    size_t seen = 0;
    ssize_t got;
    while ((got = read(0, block, sizeof block)) > 0)
        for (ssize_t i = 0; i < got; i++)
            if (++seen % step == 0) {
                struct node *one = malloc(sizeof *one);
                memset(one->text, (int)i, sizeof one->text);
                one->next = head;
                head = one;
            }
}

static void ring(size_t size) {
    char *bytes = malloc(size);
    size_t at = 0;
    ssize_t got;
    while ((got = read(0, block, sizeof block)) > 0)
        for (ssize_t i = 0; i < got; i++) {
            ((volatile char *)bytes)[at] = block[i];
            at = (at + 1) % size;
        }
}

// Open addressing, a key of 16 bytes for every 40 of the input, at most half full.
static void hash(void) {
    size_t slots = 64, count = 0;
    uint64_t *table = calloc(slots, 16), key = 88172645463325252ull;
    ssize_t got;
    while ((got = read(0, block, sizeof block)) > 0)
        for (ssize_t i = 0; i < got; i += 40) {
            key ^= key << 13, key ^= key >> 7, key ^= key << 17;
            if (count++ * 2 >= slots) {
                uint64_t *old = table;
                size_t old_slots = slots;
                table = calloc(slots *= 2, 16);
                for (size_t k = 0; k < old_slots; k++)
                    if (old[2 * k]) {
                        size_t h = old[2 * k] % slots;
                        while (table[2 * h]) h = (h + 1) % slots;
                        table[2 * h] = old[2 * k];
                    }
                free(old);
            }
            size_t h = key % slots;
            while (table[2 * h]) h = (h + 1) % slots;
            table[2 * h] = key;
        }
}

int main(int count, char **words) {
    if (count != 2) return 2;
    const char *law = words[1];
#define IS(name) (!strcmp(law, name))
    if (IS("vec15")) return buffer(1.5, 1000, 1), 0;
    if (IS("vec2div8")) return buffer(2, 4096, 8), 0;
    if (IS("vec4")) return buffer(4, 4096, 1), 0;
    if (IS("list")) return list(20), 0;
    if (IS("list1pct")) return list(1000), 0;
    if (IS("ring64k")) return ring(65536), 0;
    if (IS("ring500k")) return ring(500000), 0;
    if (IS("ring1m")) return ring(1 << 20), 0;
    if (IS("hash")) return hash(), 0;
    double n = 0, size;
    ssize_t got;
    while ((got = read(0, block, sizeof block)) > 0) n += (double)got;
    if (IS("power-1.25")) size = 0.02 * pow(n, 1.25);
    else if (IS("power-0.7")) size = 100 * pow(n, 0.7);
    else if (IS("power-0.3")) size = 20000 * pow(n, 0.3);
    else if (IS("sqrt5k")) size = 5000 * sqrt(n);
    else if (IS("sqrtc")) size = 20e6 + 800 * sqrt(n);
    else if (IS("log1m")) size = n > 0 ? 300000 * log(n) : 0;
    else if (IS("logsmall")) size = n > 0 ? 60000 * log2(n) : 0;
    else if (IS("nlogn01")) size = n > 0 ? 0.1 * n * log2(n) : 0;
    else if (IS("lin01c20")) size = 20e6 + 0.1 * n;
    else if (IS("lin12")) size = 12 * n;
    else if (IS("lin001")) size = 0.01 * n;
    else if (IS("sq")) size = n * n / 4e7;
    else if (IS("linsqrt")) size = 1000 * sqrt(n) + 2 * n;
    else if (IS("c5m")) size = 5000000;
    else if (IS("halfblock")) size = ceil(n / 100000) * 50000;
    else return 2;
    volatile char *bytes = malloc((size_t)size + 1);
    for (size_t i = 0; i < (size_t)size; i += 4096) bytes[i] = 1;
    return 0;
}
