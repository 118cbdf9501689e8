"""up, change, down, again and again; and what is counted on the way: nothing of it may grow."""

import os
import statistics
from pathlib import Path

from .peers import spec_text
from .sandbox import Failed, settle
from .footprint import is_warren, kib_of

LASTING = """\
name: lasting
namespaces:
  stays1: { ports: ["5001:8080"], run: sleep infinity }
  stays2: { ports: ["5002:8080"], run: sleep infinity }
"""

# what is counted, and by how much the last may differ from the first; None: told only
BOUNDS = {
    "mounts": 0, "/run entries": 0, "links": 0, "nft objects": 0, "namespaces": 0, "processes": 0,
    "supervisor's descriptors": 0, "supervisor's RSS, KiB": 2048, "flows": None, "SUnreclaim, KiB": "slab", "Slab, KiB": None,
}


class Cycles:
    """A host on which one project stays, with a supervisor, while another comes, changes and goes."""

    def __init__(self, warren, box, namespaces, slab):
        self._warren, self._box, self._namespaces = warren, box, namespaces
        self._bounds = {name: slab * 1024 if bound == "slab" else bound for name, bound in BOUNDS.items()}
        box.do(warren, "up", "-d", "-f", box.write("lasting.yaml", LASTING))

    def run(self, cycles, say):
        """The table of what was counted, and whether something grew."""
        warm = max(5, cycles // 20)
        for _ in range(warm):
            self._cycle()
        samples, step = [self._count()], max(1, cycles // 20)
        for i in range(1, cycles + 1):
            self._cycle()
            if i % step == 0 or i == cycles:
                samples.append(self._count())
                rss, slab = (samples[-1][name] for name in ("supervisor's RSS, KiB", "SUnreclaim, KiB"))
                say(f"{i:,} of {cycles:,} cycles: the supervisor {rss} KiB, the kernel {slab} KiB")
        return self._table(samples)

    def _cycle(self):
        box, file = self._box, "/run/bench/coming.yaml"
        text = spec_text(self._namespaces).replace("name: bench", "name: coming")
        box.write("coming.yaml", text)
        box.do(self._warren, "up", "-d", "-f", file)
        # another port, one less, one more, and one with a program
        lines = spec_text(self._namespaces, changed=1).replace("name: bench", "name: coming").splitlines()
        lines[2] = '  late: { ports: ["5900:8080"], run: sleep infinity }'
        box.write("coming.yaml", "\n".join(lines) + "\n")
        box.do(self._warren, "up", "-d", "-f", file)
        box.do(self._warren, "restart", "stays1")
        box.do(self._warren, "down", "-f", file)

    def _count(self):
        box = self._box
        settle()
        processes = box.processes()
        own = [pid for pid in processes if is_warren(self._warren, pid)]
        if len(own) != 1:
            raise Failed(f"{len(own)} supervisors where there should be one")
        memory = {line.split(":")[0]: int(line.split()[1]) for line in Path("/proc/meminfo").read_text().splitlines()}
        rules = box.do("nft", "list", "ruleset").splitlines()
        return {
            "mounts": len(Path(f"/proc/{box.pid}/mountinfo").read_text().splitlines()),
            "/run entries": sum(len(folders) + len(files) for _, folders, files in os.walk(box.outer("/run/warren"))) +
            len(os.listdir(box.outer("/run"))),
            "links": len(box.do("ip", "-o", "link").splitlines()),
            "nft objects": sum(1 for line in rules if line.strip(" \t}")) + sum(line.count(",") for line in rules),
            "namespaces": len(os.listdir(box.outer("/run/netns"))),
            "processes": len(processes),
            "supervisor's descriptors": len(os.listdir(f"/proc/{own[0]}/fd")),
            "supervisor's RSS, KiB": kib_of(own[0], "VmRSS"),
            "flows": int(box.do("cat", "/proc/sys/net/netfilter/nf_conntrack_count")),
            "SUnreclaim, KiB": memory["SUnreclaim"],
            "Slab, KiB": memory["Slab"],
        }

    def _table(self, samples):
        quarter = max(1, len(samples) // 4)
        lines, grew = ["| what | first | middle | last | most | may grow by | |", "| --- | --- | --- | --- | --- | --- | --- |"], False
        for name, bound in self._bounds.items():
            values = [sample[name] for sample in samples]
            if bound == 0:
                growth = max(values) - values[0]
            else:
                # of what is never quite still, a quarter of the samples at each end
                growth = statistics.median(values[-quarter:]) - statistics.median(values[:quarter])
            bad = bound is not None and growth > bound
            grew = grew or bad
            verdict = "" if bound is None else "**grows**" if bad else "flat"
            limit = "" if bound is None else f"{bound:.0f}"
            lines.append(f"| {name} | {values[0]} | {values[len(values) // 2]} | {values[-1]} | {max(values)} | {limit} | {verdict} |")
        return "\n".join(lines) + "\n", grew
