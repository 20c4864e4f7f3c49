/* stderr BYTES: complains that much: `first`, then noise, then `last`. */
#include "touch.h"
#include <string.h>

int main(int count, char **arguments) {
    need(count == 2, "usage: stderr BYTES");
    static char noise[1 << 16];
    memset(noise, '.', sizeof noise);
    need(write(2, "first\n", 6) == 6, "write");
    for (long long left = atoll(arguments[1]) - 12; left > 0;) {
        ssize_t part = write(2, noise, left < (long long)sizeof noise ? left : sizeof noise);
        need(part > 0, "write");
        left -= part;
    }
    need(write(2, "\nlast\n", 6) == 6, "write");
    return 1;
}
