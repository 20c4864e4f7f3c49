/* endless [PATH]: writes for ever, to standard output or to a file. */
#include "touch.h"
#include <fcntl.h>

int main(int count, char **arguments) {
    static char block[1 << 16];
    int fd = count > 1 ? open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC, 0600) : 1;
    need(fd >= 0, "open");
    while (write(fd, block, sizeof block) > 0) {
    }
    perror("write");
    return 1;
}
