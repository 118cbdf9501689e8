// reach NAMESPACE OUTSIDE HOST HOSTPORT: is 8080 in the namespace answered for at HOST:HOSTPORT from outside, and does the namespace
// get out? Both are paths of namespaces; OUTSIDE has 10.0.0.2. Exit code 0 if both, else 1, with a word on each.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void enter(const char *path)
{
    int name = open(path, O_RDONLY | O_CLOEXEC);
    if (name < 0 || setns(name, CLONE_NEWNET)) {
        perror(path);
        exit(2);
    }
    close(name);
}

// sockets stay in the namespace in which they were made
static int connects(const char *from, const char *to, const char *address, int port, int listened)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(listened)};
    int one = 1, reached = 0;
    enter(to);
    int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(server, (void *)&at, sizeof at) || listen(server, 8)) {
        perror("listen");
        exit(2);
    }
    enter(from);
    at.sin_port = htons(port);
    inet_pton(AF_INET, address, &at.sin_addr);
    for (int tries = 0; tries < 20 && !reached; tries++) { // two seconds
        int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct pollfd arrival = {.fd = server, .events = POLLIN};
        connect(client, (void *)&at, sizeof at);
        reached = poll(&arrival, 1, 100) == 1;
        close(client);
    }
    close(server);
    return reached;
}

int main(int count, char **words)
{
    if (count != 5)
        return 2;
    int in = connects(words[2], words[1], words[3], atoi(words[4]), 8080);
    int out = connects(words[1], words[2], "10.0.0.2", 7777, 7777);
    if (!in)
        printf("the published port %s does not answer from outside\n", words[4]);
    if (!out)
        printf("the namespace does not get out\n");
    return in && out ? 0 : 1;
}
