/* workers COUNT BYTES HOW: as a pool of workers does, COUNT processes that hold BYTES each.
   HOW is `together`; `ignored`: with SIGCHLD ignored, so that nobody waits for them; or `in-turns`. */
#include "touch.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

int main(int count, char **arguments) {
    need(count == 4, "usage: workers COUNT BYTES together|ignored|in-turns");
    int workers = atoi(arguments[1]), up[2], down[2];
    size_t bytes = strtoull(arguments[2], NULL, 10);
    int in_turns = strcmp(arguments[3], "in-turns") == 0;
    if (strcmp(arguments[3], "ignored") == 0)
        signal(SIGCHLD, SIG_IGN);
    need(pipe(up) == 0 && pipe(down) == 0, "pipe");
    for (int i = 0; i < workers; i++) {
        pid_t pid = fork();
        need(pid >= 0, "fork");
        if (pid == 0) {
            touch(bytes);
            if (!in_turns) {
                tell(up);
                hear(down);
            }
            return 0;
        }
        if (in_turns)
            need(waitpid(pid, NULL, 0) == pid, "waitpid");
    }
    if (!in_turns) {
        for (int i = 0; i < workers; i++)
            hear(up);
        usleep(100 * 1000); /* the time that they hold it together */
        for (int i = 0; i < workers; i++)
            tell(down);
        while (wait(NULL) > 0) {
        }
    }
    return 0;
}
