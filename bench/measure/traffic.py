"""The rows that are about many published ports: publishing them, and what they cost who connects."""

from .bench import Bench
from .peers import FLOOR
from .rows import row
from .sandbox import BUILT, HOST, Failed, Sandbox

FIRST = 10000


def published(count):
    """The words for `count` ports from 10000 on, the last of which leads to 8080."""
    last = FIRST + count - 1
    words = [f"{last}:8080"]
    return words if count == 1 else [f"{FIRST}-{last - 1}:{FIRST}-{last - 1}", *words]


@row("forwards", "many forwards in one transaction; one more beside many and beside one")
def forwards(bench: Bench):
    def measure(box, peer):
        if peer is FLOOR:
            box.do(*FLOOR.cold(0))
            bench.samples.add("forwards", "floor", "all", box.time(BUILT / "floor", "forwards", FIRST, bench.ports).wall)
            return
        box.do(bench.warren, "add", "w0")
        box.do(bench.warren, "publish", "w0", *published(1))
        one_more(box, "beside 1")
        box.do(bench.warren, "unpublish", "w0", *published(1))
        taken = box.time(bench.warren, "publish", "w0", *published(bench.ports))
        bench.samples.add("forwards", "warren", "all", taken.wall)
        bench.samples.add("forwards", "warren", "peak", taken.peak)
        one_more(box, "beside all")

    def one_more(box, what):
        for _ in range(5):
            bench.samples.add("forwards", "warren", what, box.time(bench.warren, "publish", "w0", "40000:9000").wall)
            bench.samples.add("forwards", "warren", f"{what}, back", box.time(bench.warren, "unpublish", "w0", "40000:9000").wall)

    bench.interleaved(bench.few, bench.present(FLOOR), measure)
    ours, limit = bench.median("forwards", "warren", "all"), bench.when(bench.all_ports, 80000)
    bench.table.within(f"`publish` of {bench.ports:,} ports, one transaction", ours, limit)
    bench.table.slower(f"`publish` of {bench.ports:,} ports, one transaction", ours, "floor", bench.median("forwards", "floor", "all"))
    bench.table.slower(f"`publish` of one more at {bench.ports:,}", bench.median("forwards", "warren", "beside all"), "at 1",
                       bench.median("forwards", "warren", "beside 1"), bench.when(bench.all_ports, 1.3))
    bench.table.slower(f"`unpublish` of one at {bench.ports:,}", bench.median("forwards", "warren", "beside all, back"), "at 1",
                       bench.median("forwards", "warren", "beside 1, back"))


@row("traffic", "connections, waiting and bulk through the last of many forwards, beside one forward")
def traffic(bench: Bench):
    slices = 3 if bench.short else 8
    for _ in range(1 if bench.short else 3):
        try:
            # two hosts at the same time, and slice by slice in turn: what the machine does meanwhile meets both
            with Sandbox() as many, Sandbox() as one:
                with Loaded(bench, many, bench.ports) as last, Loaded(bench, one, 1) as only:
                    for i in range(slices):
                        pair(bench, last, only, i % 2 == 1)
        except Failed as failure:
            bench.trouble(f"traffic: {failure}")
    text = f"through the last of {bench.ports:,} forwards"
    report(bench, f"connections/s {text}, 16 clients", "rate", ">= 0.95", lambda ratio: ratio >= 0.95, lambda value: f"{value:,.0f}")
    report(bench, f"p50 {text}", "p50", None, None, lambda value: f"{value:.0f} µs")
    report(bench, f"p99 {text}", "p99", "<= 1.15", lambda ratio: ratio <= 1.15, lambda value: f"{value:.0f} µs")
    report(bench, f"bulk {text}", "bulk", ">= 0.9", lambda ratio: ratio >= 0.9, lambda value: f"{value / 125:.1f} Gbit/s")


@row("listening", "a port on which the program was handed the listening socket, beside one that is translated")
def listening(bench: Bench):
    slices = 3 if bench.short else 12
    try:
        with Sandbox() as box, Serving(bench, box, "translated", "6000:8080"), Serving(bench, box, "handed", "6001:fd"):
            for i in range(slices):
                for where, space, address in (("from the host", None, "127.0.0.1"), ("from outside", "/run/bench/outside", HOST)):
                    rates = {}
                    for port in (6000, 6001) if i % 2 else (6001, 6000):
                        words = ["chrt", "-f", "10", BUILT / "load", "connect", address, port, bench.seconds, 16]
                        rate, p50, _, errors = (float(word) for word in box.do(*words, namespace=space).split())
                        if errors:
                            bench.trouble(f"listening: {errors:.0f} connections failed")
                        rates[port] = rate
                        bench.samples.add("listening", where, f"{port} rate", rate)
                        bench.samples.add("listening", where, f"{port} p50", p50)
                    bench.samples.add("listening", where, "ratio", rates[6001] / rates[6000])
    except Failed as failure:
        bench.trouble(f"listening: {failure}")
    for where in ("from the host", "from outside"):
        bench.table.paired(f"connections/s to a socket that was handed over (`-p 6001:fd`), {where}", bench.median("listening", where, "6001 rate"),
                           "translated (`-p 6000:8080`)", bench.median("listening", where, "6000 rate"), bench.median("listening", where, "ratio"),
                           None, None, lambda value: f"{value:,.0f}")


class Serving:
    """`warren run` of a server, with a port of it."""

    def __init__(self, bench, box, name, port):
        self._words, self._box = (bench.warren, "run", name, "-p", port, "--", BUILT / "load", "serve", 8080), box

    def __enter__(self):
        self._run = self._box.start("chrt", "-f", "10", *self._words, stdout=-1)
        if self._run.stdout.readline() != "listening\n":
            raise Failed("the server does not listen")

    def __exit__(self, *_):
        self._run.terminate()
        self._run.wait(timeout=60)


class Loaded:
    """A host with COUNT forwards, the last to a server in w0."""

    def __init__(self, bench, box, count):
        self._bench, self._box, self._count = bench, box, count

    def __enter__(self):
        self._box.do(self._bench.warren, "add", "w0")
        self._box.do(self._bench.warren, "publish", "w0", *published(self._count))
        self._server = self._box.start("chrt", "-f", "10", BUILT / "load", "serve", 8080, namespace="/run/netns/w0", stdout=-1)
        if self._server.stdout.readline() != "listening\n":
            raise Failed("the server does not listen")
        return self

    def __exit__(self, *_):
        self._server.kill()
        self._server.wait()

    def load(self, what, *how):
        words = ["chrt", "-f", "10", BUILT / "load", what, HOST, FIRST + self._count - 1, self._bench.seconds, *how]
        return [float(word) for word in self._box.do(*words, namespace="/run/bench/outside").split()]


def pair(bench, last, only, swapped):
    taken = {}
    for which in ((only, last) if swapped else (last, only)):
        rate, p50, p99, errors = which.load("connect", 16)
        if errors:
            bench.trouble(f"{errors:.0f} connections failed")
        taken[which] = {"rate": rate, "p50": p50, "p99": p99}
    for which in ((only, last) if swapped else (last, only)):
        taken[which]["bulk"] = which.load("bulk")[0]
    for what in taken[last]:
        bench.samples.add("traffic", "last", what, taken[last][what])
        bench.samples.add("traffic", "only", what, taken[only][what])
        bench.samples.add("traffic", "ratio", what, taken[last][what] / taken[only][what])


def report(bench, text, what, target, met, show):
    ratio = bench.median("traffic", "ratio", what)
    bench.table.paired(text, bench.median("traffic", "last", what), "of one", bench.median("traffic", "only", what), ratio, bench.when(bench.all_ports, target),
                       None if met is None or ratio is None else met(ratio), show)


