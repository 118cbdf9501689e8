"""What is compared: Warren, the kernel's floor, and the tools that others use. Each as the commands that do the same."""

import os
import shutil
import subprocess
from pathlib import Path

from .sandbox import BENCH, BUILT

ROOT = BENCH.parent


class Peer:
    """A way to make w<i> with host port 6000+i -> 8080, one at a time and, where it can, COUNT from FIRST on in one command."""

    def __init__(self, name, up, down, cold=None, many=None, fewer=None, files=None):
        self.name, self.up, self.down, self.cold = name, up, down, cold or up
        self.many, self.fewer, self.files = many, fewer, files or (lambda box, count: None)


def warren(program):
    def spec(box, count):
        box.write(f"many-{count}.yaml", spec_text(count))

    return Peer(
        "warren",
        up=lambda i: [program, "add", f"w{i}", "-p", f"{6000 + i}:8080"],
        down=lambda i: [program, "rm", f"w{i}"],
        many=lambda count: [program, "up", "-d", "-f", f"/run/bench/many-{count}.yaml"],
        fewer=lambda count: [program, "down", "-f", f"/run/bench/many-{count}.yaml"],
        files=spec)


def spec_text(count, changed=None, run=None):
    """A file of `count` namespaces; that with the number `changed` publishes another port; with `run`, each has a program."""
    lines = ["name: bench", "namespaces:"]
    for i in range(count):
        port = 59000 if i == changed else 6000 + i
        lines.append(f'  w{i}: {{ ports: ["{port}:8080"]' + (f', run: "{run}"' if run else "") + " }")
    return "\n".join(lines) + "\n"


FLOOR = Peer(
    "floor",
    up=lambda i: [BUILT / "floor", "up", i, 1],
    down=lambda i: [BUILT / "floor", "down", i, 1],
    cold=lambda i: [BUILT / "floor", "cold", i, 1],
    many=lambda count: [BUILT / "floor", "cold", 0, count],
    fewer=lambda count: [BUILT / "floor", "down", 0, count])

BATCH = Peer(
    "ip -batch + nft -f",
    up=lambda i: [BENCH / "peers/batch", "add", i, 1],
    down=lambda i: [BENCH / "peers/batch", "rm", i, 1],
    many=lambda count: [BENCH / "peers/batch", "add", 0, count],
    files=lambda box, count: [box.do(BENCH / "peers/batch", "files", i, count) for i in ((0, 1) if count == 1 else (0,))])


def script(file, name):
    return Peer(name, up=lambda i: [BENCH / "peers" / file, "add", i], down=lambda i: [BENCH / "peers" / file, "rm", i])


SCRIPT = script("script", "script of ip and iptables-nft")
CNI = script("cni", "CNI ptp + portmap")
NETAVARK = script("netavark", "netavark")

# what a peer needs: a command or a file, and the Debian package that has it
NEEDS = {
    BATCH.name: [("ip", "iproute2"), ("nft", "nftables")],
    SCRIPT.name: [("ip", "iproute2"), ("iptables-nft", "iptables")],
    CNI.name: [("/usr/lib/cni/ptp", "containernetworking-plugins"), ("iptables-nft", "iptables")],
    NETAVARK.name: [("/usr/lib/podman/netavark", "netavark"), ("iptables-nft", "iptables")],
}


def there(what):
    return Path(what).exists() if what.startswith("/") else shutil.which(what) is not None


def missing(peer):
    """The packages that a peer lacks here."""
    return [package for what, package in NEEDS.get(peer.name, []) if not there(what)]


def install():
    """Installs what is missing, where that is possible: each package for itself, so that one that is not to be had keeps none away."""
    for what, package in sorted({need for needs in NEEDS.values() for need in needs}):
        if not there(what):
            # nothing of the package may start by itself: need_daemons of scripts/common.sh
            subprocess.run(["sh", "-c", f'here="{ROOT}"; . "$here/scripts/common.sh"; need_daemons "$1:$2"', "sh", what, package],
                           check=False, stdout=2)


def build():
    """The C programs of this folder."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for name in ("floor", "timed", "reach", "load"):
        source, built = BENCH / "src" / f"{name}.c", BUILT / name
        newest = max(path.stat().st_mtime for path in (BENCH / "src").iterdir())
        if not built.exists() or built.stat().st_mtime < newest:
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", built, source], check=True)


def hand_over(*paths):
    """Under sudo, files in the clone belong to whom the clone belongs."""
    if os.geteuid() == 0:
        owner = ROOT.stat()
        for path in paths:
            os.chown(path, owner.st_uid, owner.st_gid)
