/* escape BYTES: a process that asks the kernel not to be traced along; in a session of its own, for
   ever. The program ends with 5. */
#define _GNU_SOURCE
#include "touch.h"
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

int main(int count, char **arguments) {
    need(count == 2, "usage: escape BYTES");
    int up[2];
    need(pipe(up) == 0, "pipe");
    long pid = syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0);
    need(pid >= 0, "clone");
    if (pid == 0) {
        setsid();
        touch(strtoull(arguments[1], NULL, 10));
        tell(up);
        for (;;)
            pause();
    }
    hear(up);
    return 5;
}
