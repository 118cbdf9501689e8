"""The rows of the table that are about making, changing and listing namespaces."""

import statistics

from .bench import Bench
from .peers import BATCH, CNI, FLOOR, NETAVARK, SCRIPT, spec_text
from .sandbox import BUILT

ROWS = {}


def row(name, about):
    """Names a function, so that `bench/run NAME` finds it."""
    def keep(function):
        ROWS[name] = (about, function)
        return function
    return keep


@row("add", "one namespace with a published port: add and rm, a process each")
def add(bench: Bench):
    who = bench.present(FLOOR, SCRIPT, NETAVARK, CNI, BATCH)

    def measure(box, peer):
        if peer.files:
            peer.files(box, 1)
        cold = box.time(*peer.cold(0))
        box.check(0)
        warm = box.time(*peer.up(1))
        box.check(1)
        gone = box.time(*peer.down(1))
        for what, taken in (("cold", cold), ("warm", warm), ("rm", gone)):
            bench.samples.add("add", peer.name, what, taken.wall)
            bench.samples.add("add", peer.name, f"{what} cpu", taken.cpu)

    bench.interleaved(bench.runs, who, measure)
    for what, text in (("warm", "`add`, another one"), ("cold", "`add`, nothing there yet")):
        ours = bench.median("add", "warren", what)
        bench.table.slower(text, ours, "floor", bench.median("add", FLOOR, what), 1.8)
        for peer, least in ((SCRIPT, 13), (NETAVARK, 12), (CNI, None), (BATCH, None)):
            bench.table.faster(text, ours, peer.name, bench.median("add", peer, what), least)
    ours = bench.median("add", "warren", "rm")
    bench.table.slower("`rm` of one", ours, "floor", bench.median("add", FLOOR, "rm"), 1.15)
    bench.table.slower("`rm` of one, processor time", bench.median("add", "warren", "rm cpu"), "floor", bench.median("add", FLOOR, "rm cpu"))
    for peer in (SCRIPT, NETAVARK, CNI, BATCH):
        bench.table.faster("`rm` of one", ours, peer.name, bench.median("add", peer, "rm"))


@row("growth", "the last of many single adds beside the first")
def growth(bench: Bench):
    count = bench.many
    part = max(2, min(20, count // 10))

    def measure(box, peer):
        if peer is FLOOR:
            box.do(*FLOOR.cold(count))
        walls = [taken.wall for taken in box.time_each([peer.up(i) for i in range(count)])]
        box.check(count - 1)
        # the very first makes the table too
        first, last = statistics.median(walls[1:part + 1]), statistics.median(walls[-part:])
        bench.samples.add("growth", peer.name, "first", first)
        bench.samples.add("growth", peer.name, "last", last)
        bench.samples.add("growth", peer.name, "ratio", last / first)

    bench.interleaved(max(1, bench.few - 2), bench.present(FLOOR), measure)
    for who, limit in (("warren", bench.when(bench.all_namespaces, 1.25)), ("floor", None)):
        ratio = bench.median("growth", who, "ratio")
        bench.table.paired(f"the {count:,}th single `add`" + ("" if who == "warren" else ": floor's own"), bench.median("growth", who, "last"),
                           "the first", bench.median("growth", who, "first"), ratio, limit and f"<= {limit}",
                           limit and ratio and ratio <= limit)


@row("up", "many namespaces from a file in one command: up and down")
def up(bench: Bench):
    few = max(2, bench.many // 10)

    def measure_of(count):
        def measure(box, peer):
            if peer.files:
                peer.files(box, count)
            made = box.time(*peer.many(count))
            box.check(0)
            box.check(count - 1)
            bench.samples.add(f"up-{count}", peer.name, "up", made.wall)
            bench.samples.add(f"up-{count}", peer.name, "up cpu", made.cpu)
            bench.samples.add(f"up-{count}", peer.name, "peak", made.peak)
            if peer.fewer:
                gone = box.time(*peer.fewer(count))
                bench.samples.add(f"up-{count}", peer.name, "down", gone.wall)
                bench.samples.add(f"up-{count}", peer.name, "down cpu", gone.cpu)
        return measure

    for count in (few, bench.many):
        bench.interleaved(bench.few, bench.present(FLOOR, BATCH), measure_of(count))
    targets = (1.25, 1.5, 6) if bench.all_namespaces else (None, None, None)
    for count, (most_up, most_down, least) in ((bench.many, targets), (few, (None, None, None))):
        name = f"up-{count}"
        text = f"`up -d` of {count:,}"
        ours = bench.median(name, "warren", "up")
        bench.table.slower(text, ours, "floor", bench.median(name, FLOOR, "up"), most_up)
        bench.table.slower(f"{text}, processor time", bench.median(name, "warren", "up cpu"), "floor", bench.median(name, FLOOR, "up cpu"))
        bench.table.faster(text, ours, BATCH.name, bench.median(name, BATCH, "up"), least)
        bench.table.slower(f"`down` of {count:,}", bench.median(name, "warren", "down"), "floor", bench.median(name, FLOOR, "down"), most_down)
    for who, most in (("warren", bench.when(bench.all_namespaces, 1.15)), ("floor", None)):
        each = [(bench.median(f"up-{count}", who, "up") or 0) / count or None for count in (bench.many, few)]
        bench.table.slower("`up -d`, for each namespace" + ("" if who == "warren" else ": floor's own"), each[0],
                           f"of {few:,}", each[1], most)


@row("idle", "up and plan when there is nothing to do, or one of many has changed")
def idle(bench: Bench):
    count = bench.many

    def measure(box):
        file = box.write("many.yaml", spec_text(count))
        verbs = {"up": [bench.warren, "up", "-d", "-f", file], "plan": [bench.warren, "plan", "-f", file]}
        box.do(*verbs["up"])
        for again in range(5):
            for verb, words in verbs.items():
                bench.samples.add("idle", "warren", verb, box.time(*words).wall)
            # there, and back at the next
            box.write("many.yaml", spec_text(count, None if again % 2 else count // 2))
            bench.samples.add("idle", "warren", "changed", box.time(*verbs["up"]).wall)

    bench.on_a_host(bench.few, measure)
    nothing, plan, changed = (bench.median("idle", "warren", what) for what in ("up", "plan", "changed"))
    limit = bench.when(bench.all_namespaces, 60000)
    bench.table.within(f"`up -d`, nothing to do, {count:,}", nothing, limit)
    bench.table.within(f"`plan`, nothing to do, {count:,}", plan, limit)
    bench.table.within(f"`up -d`, one of {count:,} changed: what it adds", None if nothing is None else changed - nothing,
                       bench.when(bench.all_namespaces, 10000), beside="" if nothing is None else "with nothing to do")


@row("ls", "many namespaces with their addresses, listed")
def listing(bench: Bench):
    count = bench.many
    tools = {"warren": [bench.warren, "ls", "--json"], "floor": [BUILT / "floor", "list"],
             "ip": ["ip", "-all", "netns", "exec", "ip", "-j", "a"]}

    def measure(box):
        box.do(bench.warren, "up", "-d", "-f", box.write("many.yaml", spec_text(count)))
        for again in range(5):
            for who, words in tools.items():
                if who != "ip" or again == 0:
                    taken = box.time(*words, output="/run/bench/listed")
                    bench.samples.add("ls", who, "list", taken.wall)
                    if box.outer("/run/bench/listed").read_text().count("10.213.") < count:
                        bench.trouble(f"{who} listed fewer than {count} addresses")

    bench.on_a_host(max(1, bench.few - 2), measure)
    ours = bench.median("ls", "warren", "list")
    bench.table.slower(f"`ls --json` of {count:,}", ours, "floor's list", bench.median("ls", "floor", "list"),
                       bench.when(bench.all_namespaces, 1.8))
    bench.table.faster(f"`ls --json` of {count:,}", ours, "`ip -all netns exec ip -j a`", bench.median("ls", "ip", "list"),
                       bench.when(bench.all_namespaces, 120))
