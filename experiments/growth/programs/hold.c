/* Memory by a data structure that grows while the document is read: what textbooks say of each is what
 * its series is held to.
 *
 *   hold NAME < document
 *
 * Buffers are touched when they are allocated, as by a runtime that clears memory. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char piece[16384];

static void *cleared(size_t bytes) {
    char *memory = malloc(bytes ? bytes : 1);
    if (memory == NULL) perror("hold"), exit(1);
    memset(memory, 1, bytes);
    return memory;
}

static size_t next(void) {
    ssize_t got = read(STDIN_FILENO, piece, sizeof piece);
    if (got < 0) perror("hold: standard input"), exit(1);
    return (size_t)got;
}

static uint64_t mixed(uint64_t x) {
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* One buffer of the whole document, grown by num/den when it is full; old and new live side by side
 * while it is copied. */
static void buffer(size_t capacity, size_t num, size_t den) {
    char *held = cleared(capacity);
    for (size_t used = 0, got; (got = next()) > 0; used += got) {
        while (used + got > capacity) {
            size_t larger = capacity * num / den;
            char *copy = cleared(larger);
            memcpy(copy, held, used);
            free(held);
            held = copy, capacity = larger;
        }
        memcpy(held + used, piece, got);
    }
}

/* The same, but grown in place (mremap), and only what is used is touched. */
static void remapped(void) {
    size_t capacity = 65536;
    char *held = malloc(capacity);
    for (size_t used = 0, got; (got = next()) > 0; used += got) {
        while (used + got > capacity) held = realloc(held, capacity *= 2);
        memcpy(held + used, piece, got);
    }
}

/* A list of chunks: all bytes kept, nothing moved. */
static void chunks(size_t size) {
    char *chunk = NULL;
    size_t left = 0;
    for (size_t got; (got = next()) > 0;)
        for (size_t at = 0; at < got;) {
            if (left == 0) chunk = cleared(size), left = size;
            size_t part = got - at < left ? got - at : left;
            memcpy(chunk + size - left, piece + at, part);
            left -= part, at += part;
        }
}

/* The last bytes of the document, in a ring that is touched as it fills. */
static void ring(size_t size) {
    volatile char *held = malloc(size);
    size_t end = 0;
    for (size_t got; (got = next()) > 0;)
        for (size_t at = 0; at < got; at++) held[end] = piece[at], end = (end + 1) % size;
}

/* An open-addressed set of one key in `every` bytes, rehashed into twice the room when 7 in 10 slots are
 * taken; with `keys`, at most so many distinct ones come. */
static void table(size_t every, uint64_t keys) {
    size_t room = 1024, taken = 0;
    uint64_t *slots = calloc(room, sizeof *slots), at = 0;
    for (size_t got; (got = next()) > 0;)
        for (size_t i = 0; i < got; i++, at++) {
            if (at % every) continue;
            uint64_t draw = mixed(at / every + 1), key = keys ? mixed(draw % keys + 1) : draw;
            size_t slot = key % room;
            while (slots[slot] && slots[slot] != key) slot = (slot + 1) % room;
            if (slots[slot]) continue;
            slots[slot] = key;
            if (++taken * 10 < room * 7) continue;
            uint64_t *larger = calloc(room * 2, sizeof *larger);
            for (size_t old = 0; old < room; old++) {
                if (!slots[old]) continue;
                size_t place = slots[old] % (room * 2);
                while (larger[place]) place = (place + 1) % (room * 2);
                larger[place] = slots[old];
            }
            free(slots);
            slots = larger, room *= 2;
        }
}

/* Chained buckets, a fixed number of them: a node of 32 bytes for each key. */
static void buckets(size_t every) {
    struct node { struct node *next; uint64_t key; } **heads = calloc(4096, sizeof *heads);
    uint64_t at = 0;
    for (size_t got; (got = next()) > 0;)
        for (size_t i = 0; i < got; i++, at++) {
            if (at % every) continue;
            struct node *node = malloc(sizeof *node);
            node->key = mixed(at), node->next = heads[node->key % 4096];
            heads[node->key % 4096] = node;
        }
}

/* Counters of a fixed table, each page touched when a hash first falls on it: it fills as coupons are
 * collected. */
static void counters(size_t bytes, size_t every) {
    char *counts = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t at = 0;
    for (size_t got; (got = next()) > 0;)
        for (size_t i = 0; i < got; i++, at++)
            if (at % every == 0) counts[mixed(at + 1) % bytes]++;
}

/* Each line as a string of its own in a linked list. */
static void lines(void) {
    struct line { struct line *before; } *last = NULL;
    char *text = NULL;
    size_t room = 0;
    for (ssize_t length; (length = getline(&text, &room, stdin)) > 0;) {
        struct line *line = malloc(sizeof *line + (size_t)length + 1);
        line->before = last, last = line;
        memcpy(line + 1, text, (size_t)length + 1);
    }
}

/* Where each line begins: an index in a doubling array. */
static void offsets(void) {
    size_t count = 0, room = 256;
    uint64_t at = 0, *starts = malloc(room * sizeof *starts);
    for (size_t got; (got = next()) > 0;)
        for (size_t i = 0; i < got; i++, at++) {
            if (piece[i] != '\n') continue;
            if (count == room) starts = realloc(starts, (room *= 2) * sizeof *starts);
            starts[count++] = at;
        }
}

static uint64_t count_lines(void) {
    uint64_t count = 0;
    for (size_t got; (got = next()) > 0;)
        for (size_t i = 0; i < got; i++) count += piece[i] == '\n';
    return count;
}

/* A bit for each pair of lines: a relation as a matrix. */
static void matrix(void) {
    uint64_t count = count_lines();
    cleared(count * count / 8);
}

/* A merge sort tree: every level of the recursion kept, a word for each line on each. */
static void sort_tree(void) {
    uint64_t count = count_lines() * 8;
    for (uint64_t width = 1; width < count; width *= 2) cleared(count * 4);
}

/* Runs of a log-structured merge tree: level k holds 4^k buffers of 64 KB; a full level is merged into
 * the next, both living meanwhile. */
static void merged(void) {
    struct { size_t parts, bytes; char *run[4]; } level[16] = {0};
    size_t filled = 0;
    for (size_t got; (got = next()) > 0;) {
        for (filled += got; filled >= 65536; filled -= 65536) {
            char *run = cleared(65536);
            size_t bytes = 65536;
            for (int at = 0; at < 16; at++) {
                level[at].run[level[at].parts++] = run, level[at].bytes = bytes;
                if (level[at].parts < 4) break;
                run = cleared(4 * bytes);
                for (int part = 0; part < 4; part++) free(level[at].run[part]);
                level[at].parts = 0, bytes *= 4;
            }
        }
    }
}

/* The file itself, mapped and read: pages of a file, none of its own. */
static void mapped(void) {
    struct stat about;
    if (fstat(STDIN_FILENO, &about) != 0) perror("hold: standard input"), exit(1);
    if (about.st_size == 0) return;
    size_t bytes = (size_t)about.st_size;
    volatile char *text = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0), sum = 0;
    if (text == MAP_FAILED) perror("hold: standard input"), exit(1);
    for (size_t at = 0; at < bytes; at += 4096) sum += text[at];
}

/* A sample of 2,000 lines, each line equally likely (reservoir). */
static void reservoir(void) {
    char *kept[2000] = {0}, *text = NULL;
    size_t room = 0;
    uint64_t seen = 0;
    while (getline(&text, &room, stdin) > 0) {
        uint64_t place = seen < 2000 ? seen : mixed(seen) % (seen + 1);
        seen++;
        if (place >= 2000) continue;
        free(kept[place]);
        kept[place] = strdup(text);
    }
}

int main(int argc, char **argv) {
    const char *name = argc == 2 ? argv[1] : "";
#define IS(what) (strcmp(name, what) == 0)
    if (IS("buffer")) buffer(4096, 2, 1);
    else if (IS("buffer-3k")) buffer(3000, 2, 1);
    else if (IS("buffer-half-again")) buffer(10000, 3, 2);
    else if (IS("remapped")) remapped();
    else if (IS("chunks-64k")) chunks(65536);
    else if (IS("chunks-3m")) chunks(3000000);
    else if (IS("ring-200k")) ring(200000);
    else if (IS("ring-3m")) ring(3000000);
    else if (IS("window-8m")) ring(8 << 20);
    else if (IS("window-500k")) ring(500000);
    else if (IS("set")) table(40, 0);
    else if (IS("set-sparse")) table(700, 0);
    else if (IS("set-of-20000")) table(16, 20000);
    else if (IS("buckets")) buckets(100);
    else if (IS("counters-1m")) counters(1 << 20, 256);
    else if (IS("counters-6m")) counters(6 << 20, 64);
    else if (IS("lines")) lines();
    else if (IS("offsets")) offsets();
    else if (IS("matrix")) matrix();
    else if (IS("sort-tree")) sort_tree();
    else if (IS("merged")) merged();
    else if (IS("mapped")) mapped();
    else if (IS("reservoir")) reservoir();
    else return fprintf(stderr, "usage: hold NAME < document; a name of `main` in hold.c\n"), 2;
    return 0;
}
