// A library that is loaded before others (LD_PRELOAD): once the file that ASLEEP names is there, the
// machine has slept for ten seconds, as the kernel would tell it.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time) {
    long got = syscall(SYS_clock_gettime, clock, time);
    const char *mark = getenv("ASLEEP");
    if (got == 0 && clock == CLOCK_BOOTTIME && mark && access(mark, F_OK) == 0) time->tv_sec += 10;
    return (int)got;
}
