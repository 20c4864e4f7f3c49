/* churn COUNT: starts and joins COUNT threads one after the other. */
#include "touch.h"
#include <pthread.h>

static void *nothing(void *argument) { return argument; }

int main(int count, char **arguments) {
    need(count == 2, "usage: churn COUNT");
    for (int i = 0; i < atoi(arguments[1]); i++) {
        pthread_t thread;
        need(pthread_create(&thread, NULL, nothing, NULL) == 0, "pthread_create");
        pthread_join(thread, NULL);
    }
    return 0;
}
