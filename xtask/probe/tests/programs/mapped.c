/* mapped PATH BYTES: reads all of a file through a mapping, gives that back, then touches BYTES of its
   own: pages of files are resident, but not anonymous. */
#include "touch.h"
#include <fcntl.h>
#include <sys/stat.h>

int main(int count, char **arguments) {
    need(count == 3, "usage: mapped PATH BYTES");
    int fd = open(arguments[1], O_RDONLY);
    struct stat file;
    need(fd >= 0 && fstat(fd, &file) == 0, arguments[1]);
    char *start = mmap(NULL, file.st_size, PROT_READ, MAP_SHARED, fd, 0);
    need(start != MAP_FAILED, "mmap");
    long sum = 0;
    for (off_t at = 0; at < file.st_size; at += 4096)
        sum += start[at];
    usleep(50 * 1000); /* long enough to be seen */
    munmap(start, file.st_size);
    touch(strtoull(arguments[2], NULL, 10));
    return sum == 1;
}
