/* Every change a process makes to files below $DISK_ROOT, in order; and death at the n-th of them.
 *
 * Preloaded (LD_PRELOAD).  A record on $DISK_LOG: kind, then name, offset and data, each with
 * its length.  disk_die_at(n) lets the process die just before its n-th change, or in the middle
 * of it (half of a write); disk_slow(us) lets each sync take that long.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long changes, die_at = -1;
static int half, log_fd = -1;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))real(#name))

void disk_die_at(long number, int in_the_middle) {
    changes = 0;
    die_at = number;
    half = in_the_middle;
}

long disk_changes(void) { return changes; }

void disk_log(int fd) { log_fd = fd; }

/* True, with errno set, where the disk refuses; waits where it is slow to sync. */
static int trouble(int syncing) {
    const char *path = getenv("DISK_TROUBLE");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return 0;
    int number = 0, slow_ms = 0;
    if (fscanf(file, "%d %d", &number, &slow_ms) < 1) number = 0;
    fclose(file);
    if (syncing) usleep(1000L * slow_ms);
    errno = number;
    return number != 0;
}

static const char *below(const char *path) {
    const char *root = getenv("DISK_ROOT");
    size_t length = root ? strlen(root) : 0;
    if (!length || strncmp(path, root, length) != 0) return NULL;
    return path[length] == '/' ? path + length + 1 : path[length] == 0 ? "." : NULL;
}

/* The name below the root of an open file, NULL for others; -shm is memory, not disk. */
static const char *name_of(int fd, char *buffer, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, buffer, size - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    const char *name = below(buffer);
    size_t n = name ? strlen(name) : 0;
    return name && !(n > 4 && strcmp(name + n - 4, "-shm") == 0) ? name : NULL;
}

static void put(const void *data, size_t size) {
    ssize_t (*out)(int, const void *, size_t) = real("write");
    if (log_fd >= 0 && out(log_fd, data, size) != (ssize_t)size) abort();
}

static void record(char kind, const char *name, int64_t at, const void *data, uint32_t size) {
    uint32_t length = strlen(name);
    char head[1 + 4 + 8 + 4];
    head[0] = kind;
    memcpy(head + 1, &length, 4);
    memcpy(head + 5, &at, 8);
    memcpy(head + 13, &size, 4);
    put(head, sizeof head);
    put(name, length);
    if (size) put(data, size);
}

/* True when the process shall die in the middle of this change. */
static int count(void) {
    long number = changes++;
    if (number != die_at) return 0;
    if (!half) kill(getpid(), SIGKILL);
    return 1;
}

static ssize_t change_at(int fd, const void *data, size_t size, off_t at, int here) {
    ssize_t (*out)(int, const void *, size_t) = real("write");
    ssize_t (*out_at)(int, const void *, size_t, off_t) = real("pwrite64");
    char buffer[4096];
    const char *name = name_of(fd, buffer, sizeof buffer);
    if (!name) {
        if (log_fd >= 0 && fd == 1) record('!', "said", 0, data, size);
        return here ? out(fd, data, size) : out_at(fd, data, size, at);
    }
    if (trouble(0)) return -1;
    pthread_mutex_lock(&lock);
    if (here) at = lseek(fd, 0, fcntl(fd, F_GETFL) & O_APPEND ? SEEK_END : SEEK_CUR);
    int die = count();
    if (die) size /= 2;
    ssize_t done = here ? out(fd, data, size) : out_at(fd, data, size, at);
    if (done > 0) record('w', name, at, data, done);
    if (die) kill(getpid(), SIGKILL);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t size) { return change_at(fd, data, size, 0, 1); }

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return change_at(fd, data, size, at, 0);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return change_at(fd, data, size, at, 0);
}

static int sync_of(const char *call, int fd) {
    char buffer[4096];
    const char *name = name_of(fd, buffer, sizeof buffer);
    int (*out)(int) = real(call);
    if (!name) return out(fd);
    pthread_mutex_lock(&lock);
    if (count()) kill(getpid(), SIGKILL);
    pthread_mutex_unlock(&lock);
    if (trouble(1)) return -1;
    int done = out(fd);
    pthread_mutex_lock(&lock);
    if (!done) record('s', name, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int fd) { return sync_of("fsync", fd); }

int fdatasync(int fd) { return sync_of("fdatasync", fd); }

static int cut(const char *call, int fd, off64_t size) {
    char buffer[4096];
    const char *name = name_of(fd, buffer, sizeof buffer);
    int (*out)(int, off64_t) = real(call);
    if (!name) return out(fd, size);
    if (trouble(0)) return -1;
    pthread_mutex_lock(&lock);
    if (count()) kill(getpid(), SIGKILL);
    int done = out(fd, size);
    if (!done) record('t', name, size, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size) { return cut("ftruncate", fd, size); }

int ftruncate64(int fd, off64_t size) { return cut("ftruncate64", fd, size); }

int rename(const char *from, const char *to) {
    int (*out)(const char *, const char *) = real("rename");
    const char *name = below(from), *target = below(to);
    if (!name || !target) return out(from, to);
    if (trouble(0)) return -1;
    pthread_mutex_lock(&lock);
    if (count()) kill(getpid(), SIGKILL);
    int done = out(from, to);
    if (!done) record('r', name, 0, target, strlen(target));
    pthread_mutex_unlock(&lock);
    return done;
}

int unlink(const char *path) {
    int (*out)(const char *) = real("unlink");
    const char *name = below(path);
    if (!name) return out(path);
    if (trouble(0)) return -1;
    pthread_mutex_lock(&lock);
    if (count()) kill(getpid(), SIGKILL);
    int done = out(path);
    if (!done) record('u', name, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return done;
}

static int opened(const char *call, const char *path, int flags, mode_t mode) {
    int (*out)(const char *, int, ...) = real(call);
    const char *name = flags & O_CREAT ? below(path) : NULL;
    if (!name || access(path, F_OK) == 0) return out(path, flags, mode);
    if (trouble(0)) return -1;
    pthread_mutex_lock(&lock);
    if (count()) kill(getpid(), SIGKILL);
    int fd = out(path, flags, mode);
    if (fd >= 0) record('c', name, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return opened("open64", path, flags, mode);
}
