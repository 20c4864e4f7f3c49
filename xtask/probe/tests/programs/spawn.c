/* spawn BYTES PROGRAM [ARG]..: holds BYTES and starts a program by posix_spawn, which runs in the memory
   of the caller until it executes. Ends as the program does. */
#include "touch.h"
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

int main(int count, char **arguments) {
    need(count >= 3, "usage: spawn BYTES PROGRAM [ARG]..");
    touch(strtoull(arguments[1], NULL, 10));
    pid_t pid;
    int status;
    need(posix_spawnp(&pid, arguments[2], NULL, NULL, arguments + 2, environ) == 0, "posix_spawnp");
    need(waitpid(pid, &status, 0) == pid, "waitpid");
    return WEXITSTATUS(status);
}
