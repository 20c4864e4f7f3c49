/* storm HOW: sixteen processes that fork for ever, each child as well; `session`: each in a session of
   its own. Limited by the number of processes that a user may have, or by whoever kills them. */
#include "touch.h"
#include <string.h>

int main(int count, char **arguments) {
    need(count == 2, "usage: storm plain|session");
    for (int i = 0; i < 16; i++) {
        if (fork() == 0) {
            for (;;) {
                if (strcmp(arguments[1], "session") == 0)
                    setsid();
                if (fork() < 0)
                    usleep(1000);
            }
        }
    }
    for (;;)
        pause();
}
