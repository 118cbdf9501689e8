// Netlink messages: written one after the other into one buffer, sent at once, answered by the kernel in order.
#pragma once
#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

struct messages {
    char *bytes;
    size_t length, room;
    unsigned count;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

// zeroed, aligned space at the end; its offset, for the buffer may move
static size_t reserve(struct messages *all, size_t size)
{
    size_t at = all->length, aligned = NLMSG_ALIGN(size);
    if (at + aligned > all->room) {
        all->room = (at + aligned) * 2 + 4096;
        all->bytes = realloc(all->bytes, all->room);
        if (!all->bytes)
            fail("memory");
    }
    memset(all->bytes + at, 0, aligned);
    all->length += aligned;
    return at;
}

static size_t begin(struct messages *all, int type, int flags, const void *head, size_t size)
{
    size_t at = reserve(all, NLMSG_HDRLEN);
    struct nlmsghdr *message = (struct nlmsghdr *)(all->bytes + at);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nlmsg_seq = ++all->count;
    size_t body = reserve(all, size);
    memcpy(all->bytes + body, head, size);
    return at;
}

static void finish(struct messages *all, size_t at)
{
    ((struct nlmsghdr *)(all->bytes + at))->nlmsg_len = all->length - at;
}

static size_t put(struct messages *all, int type, const void *value, size_t size)
{
    size_t at = reserve(all, NLA_HDRLEN + size);
    struct nlattr *attribute = (struct nlattr *)(all->bytes + at);
    attribute->nla_type = type;
    attribute->nla_len = NLA_HDRLEN + size;
    if (size)
        memcpy((char *)attribute + NLA_HDRLEN, value, size);
    return at;
}

static void put32(struct messages *all, int type, uint32_t value) { put(all, type, &value, sizeof value); }

static void put_text(struct messages *all, int type, const char *text) { put(all, type, text, strlen(text) + 1); }

static size_t nest(struct messages *all, int type) { return put(all, type | NLA_F_NESTED, NULL, 0); }

static void leave(struct messages *all, size_t at)
{
    ((struct nlattr *)(all->bytes + at))->nla_len = all->length - at;
}

static int open_netlink(int protocol)
{
    int one = 1, large = 4 << 20, handle = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    struct timeval bound = {.tv_sec = 60};
    if (handle < 0)
        fail("netlink socket");
    setsockopt(handle, SOL_SOCKET, SO_SNDBUFFORCE, &large, sizeof large);
    setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
    setsockopt(handle, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
    return handle;
}

// Sends all, waits until the kernel has answered `answers` of them; messages without NLM_F_ACK answer only when refused.
static void deliver(int handle, struct messages *all, int answers)
{
    static char reply[1 << 16];
    if (send(handle, all->bytes, all->length, 0) < 0)
        fail("send");
    while (answers > 0) {
        int size = recv(handle, reply, sizeof reply, 0);
        if (size < 0)
            fail("no answer");
        for (struct nlmsghdr *each = (void *)reply; NLMSG_OK(each, size); each = NLMSG_NEXT(each, size)) {
            struct nlmsgerr *answer = NLMSG_DATA(each);
            if (each->nlmsg_type != NLMSG_ERROR)
                continue;
            if (answer->error) {
                errno = -answer->error;
                fprintf(stderr, "floor: message %u: ", answer->msg.nlmsg_seq);
                fail("refused");
            }
            answers--;
        }
    }
    all->length = 0;
    all->count = 0;
}
