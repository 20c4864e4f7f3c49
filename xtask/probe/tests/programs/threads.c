/* threads COUNT BYTES: COUNT threads beside the first that hold BYTES each, all at once. */
#include "touch.h"
#include <pthread.h>

static pthread_barrier_t all;
static size_t bytes;

static void *work(void *nothing) {
    touch(bytes);
    pthread_barrier_wait(&all);
    return nothing;
}

int main(int count, char **arguments) {
    need(count == 3, "usage: threads COUNT BYTES");
    int threads = atoi(arguments[1]);
    bytes = strtoull(arguments[2], NULL, 10);
    pthread_t thread[threads];
    pthread_barrier_init(&all, NULL, threads + 1);
    for (int i = 0; i < threads; i++)
        need(pthread_create(&thread[i], NULL, work, NULL) == 0, "pthread_create");
    pthread_barrier_wait(&all);
    for (int i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);
    return 0;
}
