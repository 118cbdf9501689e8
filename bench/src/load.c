// load serve PORT                          answers: one byte for one byte; to 'B' and then a stream, the number of bytes received;
//                                          on the socket that it was handed, if it was handed one (LISTEN_FDS)
// load connect ADDRESS PORT SECONDS N      N clients at once, each again and again: connect, send a byte, get one, close
//                                          prints: connections a second, p50 µs, p99 µs, errors
// load bulk ADDRESS PORT SECONDS           one stream, as fast as it goes; prints: megabytes a second that arrived
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 4000000 // connections that are remembered
#define FILES 4096

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void watch(int queue, int how, int file, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = file};
    epoll_ctl(queue, how, file, &event);
}

// ---- the server ----
static void stream(int file, int queue)
{
    static char sink[1 << 17];
    static uint64_t received[FILES];
    static char streams[FILES];
    ssize_t size = read(file, sink, sizeof sink);
    if (size < 0 && errno == EAGAIN)
        return;
    if (size > 0 && (streams[file] || sink[0] == 'B')) {
        if (!streams[file])
            received[file] = 0;
        streams[file] = 1;
        received[file] += size;
        return;
    }
    if (size > 0 && write(file, sink, 1) == 1)
        return;
    if (size == 0 && streams[file] && write(file, &received[file], sizeof received[file]) < 0)
        perror("load: report");
    streams[file] = 0;
    epoll_ctl(queue, EPOLL_CTL_DEL, file, NULL);
    close(file);
}

static int serve(int port)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event events[256];
    int one = 1, queue = epoll_create1(EPOLL_CLOEXEC), handed = getenv("LISTEN_FDS") != NULL;
    int server = handed ? 3 : socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    fcntl(server, F_SETFL, fcntl(server, F_GETFL) | O_NONBLOCK);
    if ((!handed && bind(server, (void *)&any, sizeof any)) || listen(server, 4096))
        return perror("load: listen"), 1;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    watch(queue, EPOLL_CTL_ADD, server, EPOLLIN);
    puts("listening");
    fflush(stdout);
    for (;;) {
        int count = epoll_wait(queue, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int client;
            if (events[i].data.fd != server) {
                stream(events[i].data.fd, queue);
                continue;
            }
            while ((client = accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                if (client < FILES)
                    watch(queue, EPOLL_CTL_ADD, client, EPOLLIN);
                else
                    close(client);
            }
        }
    }
}

// ---- the clients ----
static struct sockaddr_in target;
static double begun[FILES];
static long errors;

static void again(int queue)
{
    int one = 1, file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct linger reset = {.l_onoff = 1}; // closes at once: no port stays behind in TIME_WAIT
    if (file < 0 || file >= FILES) {
        perror("load: socket");
        exit(1);
    }
    setsockopt(file, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    begun[file] = now();
    if (connect(file, (void *)&target, sizeof target) && errno != EINPROGRESS)
        errors++;
    watch(queue, EPOLL_CTL_ADD, file, EPOLLOUT);
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int clients(double seconds, int at_once)
{
    struct epoll_event events[256];
    float *took = malloc(MOST * sizeof *took);
    long count = 0;
    int queue = epoll_create1(EPOLL_CLOEXEC);
    double from = now(), last = from;
    for (int i = 0; i < at_once; i++)
        again(queue);
    while ((last = now()) < from + seconds * 1e6 && count < MOST) {
        int ready = epoll_wait(queue, events, 256, 100);
        for (int i = 0; i < ready; i++) {
            int file = events[i].data.fd;
            char byte = 'x';
            if (!(events[i].events & (EPOLLERR | EPOLLIN)) && write(file, &byte, 1) == 1) {
                watch(queue, EPOLL_CTL_MOD, file, EPOLLIN);
                continue;
            }
            if (events[i].events & EPOLLIN && !(events[i].events & EPOLLERR) && read(file, &byte, 1) == 1)
                took[count++] = now() - begun[file];
            else
                errors++;
            close(file);
            again(queue);
        }
    }
    qsort(took, count, sizeof *took, ascending);
    printf("%.1f %.1f %.1f %ld\n", count / (last - from) * 1e6, count ? took[count / 2] : 0, count ? took[count * 99 / 100] : 0, errors);
    return count ? 0 : 1;
}

static int bulk(double seconds)
{
    static char block[1 << 17] = "B";
    uint64_t arrived = 0;
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(file, (void *)&target, sizeof target))
        return perror("load: connect"), 1;
    double from = now();
    while (now() < from + seconds * 1e6) {
        if (write(file, block, sizeof block) < 0)
            return perror("load: write"), 1;
    }
    shutdown(file, SHUT_WR);
    if (read(file, &arrived, sizeof arrived) != sizeof arrived)
        return fprintf(stderr, "load: no report\n"), 1;
    printf("%.1f\n", arrived / (now() - from));
    return 0;
}

int main(int count, char **words)
{
    if (count == 3 && !strcmp(words[1], "serve"))
        return serve(atoi(words[2]));
    if (count < 5)
        return 2;
    target.sin_family = AF_INET;
    target.sin_port = htons(atoi(words[3]));
    inet_pton(AF_INET, words[2], &target.sin_addr);
    if (!strcmp(words[1], "connect") && count == 6)
        return clients(atof(words[4]), atoi(words[5]));
    return !strcmp(words[1], "bulk") ? bulk(atof(words[4])) : 2;
}
