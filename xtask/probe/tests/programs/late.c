// Loads a library on the way, of which its headers say nothing: `late LIBRARY`.
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char **words) {
    if (count < 2 || !dlopen(words[1], RTLD_NOW)) {
        fprintf(stderr, "%s\n", count < 2 ? "no library named" : dlerror());
        return 1;
    }
    for (int c; (c = getchar()) != EOF;) putchar(c);
    return 0;
}
