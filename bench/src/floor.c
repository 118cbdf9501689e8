// The kernel's own cost of what Warren does: the fewest system calls that give namespaces a link, addresses, a default route and a
// published port each. Nothing is parsed, looked up, checked or locked.
//
//   floor up FIRST COUNT        namespaces w<i>: host end fl<i>, 10.200.0.0/16 in /30s, host port 6000+i -> 8080
//   floor cold FIRST COUNT      the same, with the table and the switch for forwarding before it
//   floor down FIRST COUNT      takes them away
//   floor forwards FIRST COUNT  publishes COUNT ports from FIRST on: the last leads to 8080 in w0, the others to themselves
//   floor list                  the IPv4 addresses of every namespace under /run/netns
//
// FLOOR_SPLIT=1 prints what each kind of step took.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "message.h"
#include "table.h"

#define NAMESPACES "/run/netns"
#define GROUP 4711
#define INSIDE 2          // the index of the first link in a new namespace, after lo
#define OUTSIDE 100000    // host ends get indexes from here on, so that nobody has to ask for them

static int first;

static uint32_t address_of(int i, int last) { return htonl(0x0ac80000u + 4u * i + last); } // 10.200.0.0
static uint16_t host_port(int i) { return 6000 + first + i; }
static uint32_t guest_address(int i) { return address_of(first + i, 2); }
static uint16_t guest_port(int i) { return (void)i, 8080; }

// ---- where the time goes ----
static struct { const char *what; double spent; long times; } steps[16];
static struct timespec since;

static void start(void) { clock_gettime(CLOCK_MONOTONIC, &since); }

static void spent_on(const char *what)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (int i = 0; i < 16; i++) {
        if (!steps[i].what || steps[i].what == what) {
            steps[i].what = what;
            steps[i].spent += (now.tv_sec - since.tv_sec) * 1e6 + (now.tv_nsec - since.tv_nsec) / 1e3;
            steps[i].times++;
            break;
        }
    }
    since = now;
}

// ---- links, addresses, routes ----

// Asked for inside the namespace: eth0 is made there, up, and its peer in the namespace of `host`.
static void add_link(struct messages *all, int i, int host)
{
    struct ifinfomsg inside = {.ifi_index = INSIDE, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct ifinfomsg outside = {.ifi_index = OUTSIDE + i};
    char name[IFNAMSIZ];
    snprintf(name, sizeof name, LINK "%d", i);
    size_t at = begin(all, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &inside, sizeof inside);
    put_text(all, IFLA_IFNAME, "eth0");
    put32(all, IFLA_NUM_TX_QUEUES, 1);
    put32(all, IFLA_NUM_RX_QUEUES, 1);
    size_t about = nest(all, IFLA_LINKINFO);
    put_text(all, IFLA_INFO_KIND, "veth");
    size_t data = nest(all, IFLA_INFO_DATA), peer = nest(all, VETH_INFO_PEER);
    size_t head = reserve(all, sizeof outside);
    memcpy(all->bytes + head, &outside, sizeof outside);
    put_text(all, IFLA_IFNAME, name);
    put32(all, IFLA_NET_NS_FD, host);
    put32(all, IFLA_GROUP, GROUP);
    put32(all, IFLA_NUM_TX_QUEUES, 1);
    put32(all, IFLA_NUM_RX_QUEUES, 1);
    leave(all, peer);
    leave(all, data);
    leave(all, about);
    finish(all, at);
}

static void set_up(struct messages *all, int link, int flags)
{
    struct ifinfomsg head = {.ifi_index = link, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    finish(all, begin(all, RTM_NEWLINK, flags, &head, sizeof head));
}

static void add_address(struct messages *all, int link, uint32_t address)
{
    struct ifaddrmsg head = {.ifa_family = AF_INET, .ifa_prefixlen = 30, .ifa_index = link};
    size_t at = begin(all, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
    put32(all, IFA_LOCAL, address);
    put32(all, IFA_ADDRESS, address);
    finish(all, at);
}

static void add_default_route(struct messages *all, uint32_t gateway, int flags)
{
    struct rtmsg head = {
        .rtm_family = AF_INET,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_BOOT,
        .rtm_scope = RT_SCOPE_UNIVERSE,
        .rtm_type = RTN_UNICAST,
    };
    size_t at = begin(all, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | flags, &head, sizeof head);
    put32(all, RTA_GATEWAY, gateway);
    put32(all, RTA_OIF, INSIDE);
    finish(all, at);
}

// ---- verbs ----
static void switch_on(void)
{
    struct messages all = {0};
    int handle = open_netlink(NETLINK_NETFILTER);
    transaction(&all, NFNL_MSG_BATCH_BEGIN);
    add_table(&all);
    transaction(&all, NFNL_MSG_BATCH_END);
    deliver(handle, &all, 1);
    close(handle);
    int file = open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC);
    if (file < 0 || write(file, "1", 1) != 1)
        fail("ip_forward");
    close(file);
    spent_on("table, forwarding (once)");
}

static void new_namespace(int i)
{
    char path[64];
    if (unshare(CLONE_NEWNET))
        fail("unshare");
    spent_on("unshare");
    snprintf(path, sizeof path, NAMESPACES "/w%d", i);
    int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
    if (file < 0)
        fail(path);
    close(file);
    if (mount("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL))
        fail("mount");
    spent_on("file, mount");
}

static void up(int count)
{
    struct messages inside = {0}, outside = {0};
    int host = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    int links = open_netlink(NETLINK_ROUTE), rules = open_netlink(NETLINK_NETFILTER);
    mkdir(NAMESPACES, 0755);
    spent_on("sockets (once)");
    for (int i = first; i < first + count; i++) {
        new_namespace(i);
        int handle = open_netlink(NETLINK_ROUTE);
        add_link(&inside, i, host);
        set_up(&inside, 1, 0);
        add_address(&inside, INSIDE, address_of(i, 2));
        add_default_route(&inside, address_of(i, 1), NLM_F_ACK);
        deliver(handle, &inside, 1);
        close(handle);
        spent_on("inside: link, address, route");
        add_address(&outside, OUTSIDE + i, address_of(i, 1));
        set_up(&outside, OUTSIDE + i, NLM_F_ACK);
        deliver(links, &outside, 1);
        spent_on("host end: address, up");
    }
    transaction(&outside, NFNL_MSG_BATCH_BEGIN);
    change_ports(&outside, NFT_MSG_NEWSETELEM, count, host_port, guest_address, guest_port);
    transaction(&outside, NFNL_MSG_BATCH_END);
    deliver(rules, &outside, 1);
    spent_on("ports");
}

static void down(int count)
{
    struct messages all = {0};
    struct ifinfomsg none = {0}, one = {.ifi_index = OUTSIDE + first};
    int links = open_netlink(NETLINK_ROUTE), rules = open_netlink(NETLINK_NETFILTER);
    transaction(&all, NFNL_MSG_BATCH_BEGIN);
    change_ports(&all, NFT_MSG_DELSETELEM, count, host_port, guest_address, guest_port);
    transaction(&all, NFNL_MSG_BATCH_END);
    deliver(rules, &all, 1);
    spent_on("ports");
    // many are deleted as a group: the kernel then waits once, not once each
    size_t at = begin(&all, RTM_DELLINK, NLM_F_ACK, count == 1 ? &one : &none, sizeof one);
    if (count > 1)
        put32(&all, IFLA_GROUP, GROUP);
    finish(&all, at);
    deliver(links, &all, 1);
    spent_on("links");
    for (int i = first; i < first + count; i++) {
        char path[64];
        snprintf(path, sizeof path, NAMESPACES "/w%d", i);
        if (umount2(path, MNT_DETACH) || unlink(path))
            fail(path);
    }
    spent_on("names");
}

static int last_forward;
static uint16_t forward_port(int i) { return first + i; }
static uint32_t forward_address(int i) { return (void)i, address_of(0, 2); }
static uint16_t forward_target(int i) { return i == last_forward ? 8080 : first + i; }

static void forwards(int count)
{
    struct messages all = {0};
    int rules = open_netlink(NETLINK_NETFILTER);
    last_forward = count - 1;
    transaction(&all, NFNL_MSG_BATCH_BEGIN);
    change_ports(&all, NFT_MSG_NEWSETELEM, count, forward_port, forward_address, forward_target);
    transaction(&all, NFNL_MSG_BATCH_END);
    deliver(rules, &all, 1);
    spent_on("ports");
}

static void print_addresses(int handle)
{
    static char reply[1 << 15];
    struct { struct nlmsghdr head; struct ifaddrmsg body; } request = {
        {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETADDR, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        {.ifa_family = AF_INET},
    };
    if (send(handle, &request, sizeof request, 0) < 0)
        fail("send");
    for (;;) {
        int size = recv(handle, reply, sizeof reply, 0);
        if (size < 0)
            fail("no answer");
        for (struct nlmsghdr *each = (void *)reply; NLMSG_OK(each, size); each = NLMSG_NEXT(each, size)) {
            if (each->nlmsg_type == NLMSG_DONE)
                return;
            struct ifaddrmsg *head = NLMSG_DATA(each);
            int left = IFA_PAYLOAD(each);
            char text[INET_ADDRSTRLEN] = "";
            for (struct rtattr *a = IFA_RTA(head); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
                if (a->rta_type == IFA_LOCAL)
                    inet_ntop(AF_INET, RTA_DATA(a), text, sizeof text);
            }
            printf(" %s/%d", text, head->ifa_prefixlen);
        }
    }
}

static void list(void)
{
    DIR *folder = opendir(NAMESPACES);
    if (!folder)
        fail(NAMESPACES);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        int name = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
        if (name < 0 || setns(name, CLONE_NEWNET))
            fail(entry->d_name);
        close(name);
        int handle = open_netlink(NETLINK_ROUTE);
        printf("%s", entry->d_name);
        print_addresses(handle);
        printf("\n");
        close(handle);
    }
}

int main(int count, char **words)
{
    const char *verb = count > 1 ? words[1] : "";
    first = count > 2 ? atoi(words[2]) : 0;
    int many = count > 3 ? atoi(words[3]) : 1;
    start();
    if (!strcmp(verb, "cold"))
        switch_on();
    if (!strcmp(verb, "up") || !strcmp(verb, "cold"))
        up(many);
    else if (!strcmp(verb, "down"))
        down(many);
    else if (!strcmp(verb, "forwards"))
        forwards(many);
    else if (!strcmp(verb, "list"))
        list();
    else
        return fprintf(stderr, "floor up|cold|down|forwards FIRST COUNT, floor list\n"), 2;
    if (getenv("FLOOR_SPLIT")) {
        for (int i = 0; i < 16 && steps[i].what; i++)
            fprintf(stderr, "%-32s %8.1f us each, %ld times\n", steps[i].what, steps[i].spent / steps[i].times, steps[i].times);
    }
    return 0;
}
