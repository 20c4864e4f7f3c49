/* daemon BYTES [stay]: forks twice with a session of its own, as daemons do; the daemon holds BYTES for
   ever and ignores what asks it to end. The program ends once it is up, with 3, or stays as well. */
#include "touch.h"
#include <signal.h>

int main(int count, char **arguments) {
    need(count >= 2, "usage: daemon BYTES [stay]");
    int up[2];
    need(pipe(up) == 0, "pipe");
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            for (int signal_number = 1; signal_number < 32; signal_number++)
                signal(signal_number, SIG_IGN);
            need(chdir("/") == 0, "chdir");
            touch(strtoull(arguments[1], NULL, 10));
            tell(up);
            for (;;)
                pause();
        }
        _exit(0);
    }
    hear(up);
    while (count == 3)
        pause();
    return 3;
}
