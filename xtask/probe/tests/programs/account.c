/* account PAGES BYTES SWITCHES WAIT: what a child process does, in known amounts: touches PAGES new
   pages, writes BYTES to /dev/null and reads as many from /dev/zero, and gives up the processor SWITCHES
   times. WAIT is `waited`, `ignored` or `orphan`. */
#include "touch.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <fcntl.h>

static void act(char **arguments) {
    static char block[1000];
    int null = open("/dev/null", O_WRONLY), zero = open("/dev/zero", O_RDONLY);
    touch(strtoull(arguments[1], NULL, 10) * 4096);
    for (long left = atol(arguments[2]); left > 0; left -= 1000) {
        need(read(zero, block, 1000) == 1000, "read");
        need(write(null, block, 1000) == 1000, "write");
    }
    for (int i = 0; i < atoi(arguments[3]); i++)
        usleep(1);
}

int main(int count, char **arguments) {
    need(count == 5, "usage: account PAGES BYTES SWITCHES waited|ignored|orphan");
    int done[2];
    need(pipe(done) == 0, "pipe");
    if (strcmp(arguments[4], "ignored") == 0)
        signal(SIGCHLD, SIG_IGN);
    pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0) {
        if (strcmp(arguments[4], "orphan") == 0 && fork() != 0)
            _exit(0);
        act(arguments);
        _exit(0);
    }
    while (wait(NULL) > 0) {
    }
    /* The end of whoever holds the other end: the orphan's as well. */
    close(done[1]);
    char byte;
    return read(done[0], &byte, 1) == 0 ? 0 : 1;
}
