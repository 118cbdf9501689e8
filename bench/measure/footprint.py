"""The rows that are about memory, start-up and the program itself."""

import os
import time
from pathlib import Path

from .bench import Bench
from .peers import spec_text
from .rows import row
from .sandbox import Failed, timed


def mib(kib):
    return f"{kib / 1024:.1f} MiB"


@row("memory", "peak of up, what stays resident without services, and the supervisor of many that idle")
def memory(bench: Bench):
    count = bench.many

    def without_services(box):
        words = [bench.warren, "up", "-d", "-f", box.write("many.yaml", spec_text(count))]
        bench.samples.add("memory", "warren", "peak", box.time(*words).peak)
        bench.samples.add("memory", "warren", "processes", len(box.processes()))
        bench.samples.add("memory", "warren", "nothing to do", box.time(*words).peak)
        bench.samples.add("memory", "warren", "version", box.time(bench.warren, "--version").peak)

    def supervised(box):
        file = box.write("served.yaml", spec_text(count, run="sleep infinity"))
        bench.samples.add("memory", "warren", "start", box.time(bench.warren, "up", "-d", "-f", file, fifo=False).wall)
        ours = [pid for pid in box.processes() if is_warren(bench.warren, pid)]
        if len(ours) != 1:
            raise Failed(f"{len(ours)} processes of Warren stay, not one supervisor")
        for what, field in (("supervisor", "VmRSS"), ("supervisor's peak", "VmHWM")):
            bench.samples.add("memory", "warren", what, kib_of(ours[0], field))
        before = cpu_of(ours[0])
        time.sleep(2)
        bench.samples.add("memory", "warren", "supervisor's ticks", cpu_of(ours[0]) - before)
        box.do(bench.warren, "down", "-f", file)

    bench.on_a_host(max(1, bench.few - 2), without_services)
    bench.on_a_host(1 if bench.short else 2, supervised)
    kib = 1024
    bench.table.within(f"peak RSS of `up -d` of {count:,}", bench.median("memory", "warren", "peak"), bench.when(bench.all_namespaces, 20 * kib), mib)
    bench.table.within(f"peak RSS of `up -d` with nothing to do, {count:,}", bench.median("memory", "warren", "nothing to do"), None, mib)
    bench.table.within("of that the runtime: peak RSS of `--version`", bench.median("memory", "warren", "version"), None, mib)
    bench.table.within("resident processes, no services", bench.median("memory", "warren", "processes"), 0, lambda value: f"{value:.0f}")
    bench.table.within(f"RSS of the supervisor of {count:,} idle namespaces", bench.median("memory", "warren", "supervisor"),
                       bench.when(bench.all_namespaces, 40 * kib), mib)
    bench.table.within("its processor time in two idle seconds", bench.median("memory", "warren", "supervisor's ticks"), None,
                       lambda value: f"{value * 10:.0f} ms")
    bench.table.within(f"`up -d` of {count:,} with a program each", bench.median("memory", "warren", "start"))


def is_warren(program, pid):
    try:
        # " (deleted)" follows when it was built anew meanwhile
        return os.readlink(f"/proc/{pid}/exe").split("/")[-1].removesuffix(" (deleted)") == program.name
    except OSError:
        return False


def kib_of(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise Failed(f"no {field} of process {pid}")


def cpu_of(pid):
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])


@row("start", "start-up and size of the program")
def start(bench: Bench):
    try:
        for _ in range(bench.runs * 3):
            bench.samples.add("start", "warren", "wall", timed([bench.warren, "--version"]).wall)
            bench.samples.add("start", "true", "wall", timed(["/bin/true"]).wall)
    except Failed as failure:
        bench.trouble(str(failure))
    bench.table.slower("`warren --version`", bench.median("start", "warren", "wall"), "/bin/true", bench.median("start", "true", "wall"), 2.6)
    bench.table.within("the program", bench.warren.stat().st_size / 1024, 8 * 1024, mib)
