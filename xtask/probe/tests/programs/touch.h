/* What the programs share: memory that is really there, and waiting for one another. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Ends the program where the system fails it: a test must not pass by accident. */
static inline void need(int holds, const char *what) {
    if (!holds) {
        perror(what);
        exit(99);
    }
}

/* Touches this many bytes of new anonymous memory, page by page, without huge pages. */
static inline char *touch(size_t bytes) {
    char *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(start != MAP_FAILED, "mmap");
    madvise(start, bytes, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < bytes; at += 4096)
        *(volatile char *)(start + at) = 1;
    return start;
}

/* One byte into a pipe, and one byte out of it. */
static inline void tell(int pipe[2]) { need(write(pipe[1], "x", 1) == 1, "write"); }
static inline void hear(int pipe[2]) {
    char byte;
    need(read(pipe[0], &byte, 1) == 1, "read");
}
