"""What every row needs: how much to measure, with whom, and the interleaving."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from . import peers
from .sandbox import Failed, Sandbox
from .table import Samples, Table


@dataclass
class Bench:
    warren: Path
    runs: int = 15         # of what takes milliseconds
    few: int = 5           # of what takes seconds
    many: int = 1000       # namespaces
    ports: int = 10000
    seconds: float = 0.4   # of load, each slice
    short: bool = False
    samples: Samples = field(default_factory=Samples)
    table: Table = field(default_factory=Table)
    troubles: list = field(default_factory=list)
    absent: dict = field(default_factory=dict)

    def __post_init__(self):
        self.subject = peers.warren(self.warren)
        # targets are set for these numbers, and tell nothing of others
        self.all_namespaces = self.many == 1000
        self.all_ports = self.ports == 10000

    def present(self, *those):
        """Warren, and those of the peers that are here."""
        here = [self.subject]
        for peer in those:
            packages = peers.missing(peer)
            if packages:
                self.absent[peer.name] = f"needs the packages {' '.join(packages)}"
            else:
                here.append(peer)
        return here

    def interleaved(self, runs, who, measure):
        """`measure(box, peer)` for each in turn, run by run, each time on a host of its own. One that fails twice is left out."""
        failures = {}
        for _ in range(runs):
            for peer in who:
                if failures.get(peer.name, 0) < 2 and not self._tried(peer, measure):
                    failures[peer.name] = failures.get(peer.name, 0) + 1

    def _tried(self, peer, measure):
        try:
            with Sandbox() as box:
                measure(box, peer)
            return True
        except Failed as failure:
            self.trouble(f"{peer.name}: {failure}")
            return False

    def on_a_host(self, runs, measure):
        """`measure(box)` with Warren alone."""
        self.interleaved(runs, [self.subject], lambda box, _: measure(box))

    def when(self, full, target):
        """A target that holds for the full number of namespaces or ports alone; none with fewer."""
        return target if full else None

    def trouble(self, text):
        print(f"bench: {text}", file=sys.stderr)
        self.troubles.append(text)

    def median(self, row, who, what):
        return self.samples.median(row, who if isinstance(who, str) else who.name, what)
