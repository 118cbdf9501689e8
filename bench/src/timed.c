// timed [-f] COMMAND WORD…     runs a command and prints a line: wall µs, processor µs, peak KiB, exit code
// timed [-f] -l FILE           the same for every line of a file: words split at spaces
//
// -f: the command runs at real-time priority, so that other work on the machine stays out of the wall time. What the command prints is
// dropped, or goes where TIMED_OUT says. It is a small program so that the peak, which a child has from its parent, is its own.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int output;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static double micros(struct timeval time) { return time.tv_sec * 1e6 + time.tv_usec; }

static void run(char **words)
{
    int status;
    struct rusage used;
    double begun = now();
    pid_t child = vfork();
    if (child == 0) {
        dup2(output, 1);
        execvp(words[0], words);
        _exit(127);
    }
    wait4(child, &status, 0, &used);
    printf("%.1f %.0f %ld %d\n", now() - begun, micros(used.ru_utime) + micros(used.ru_stime), used.ru_maxrss,
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int count, char **words)
{
    struct sched_param priority = {.sched_priority = 10};
    const char *where = getenv("TIMED_OUT");
    int at = 1;
    if (at < count && !strcmp(words[at], "-f")) {
        at++;
        if (sched_setscheduler(0, SCHED_FIFO, &priority))
            perror("timed: real-time priority");
    }
    if (at >= count)
        return 2;
    output = open(where ? where : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
    if (strcmp(words[at], "-l")) {
        run(words + at);
        return 0;
    }
    FILE *lines = at + 1 < count ? fopen(words[at + 1], "re") : NULL;
    if (!lines)
        return perror("timed"), 2;
    for (char line[4096]; fgets(line, sizeof line, lines);) {
        char *split[64], *rest = line;
        int n = 0;
        while (n < 63 && (split[n] = strtok_r(NULL, " \n", &rest)))
            n++;
        split[n] = NULL;
        if (n)
            run(split);
    }
    return 0;
}
