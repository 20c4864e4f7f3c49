// There are no threads: what Rust's library asks a C library for that is older than these names. As newer ones say it.
typedef struct { int unused; } attributes;
enum { AGAIN = 6, INVALID = 28 };

int pthread_attr_init(attributes *a) { (void)a; return 0; }
int pthread_attr_destroy(attributes *a) { (void)a; return 0; }
int pthread_attr_setstacksize(attributes *a, unsigned long size) { (void)a; (void)size; return 0; }
int pthread_create(void *thread, const attributes *a, void *(*start)(void *), void *argument) {
    (void)thread; (void)a; (void)start; (void)argument;
    return AGAIN;
}
int pthread_join(void *thread, void **result) { (void)thread; (void)result; return INVALID; }
int pthread_detach(void *thread) { (void)thread; return INVALID; }
