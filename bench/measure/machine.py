"""What a result says of the machine and the programs it was measured with."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

from .peers import CNI, ROOT, missing


def said(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=10)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip().partition("\n")[0] if done.returncode == 0 else ""


def busy():
    """The load average: work of others that was there before."""
    return os.getloadavg()[0]


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory():
    total = int(Path("/proc/meminfo").read_text().split("MemTotal:")[1].split()[0])
    return f"{total / 2**20:.0f} GiB"


def commit():
    name = said("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    changed = said("git", "-C", str(ROOT), "status", "--porcelain", "--untracked-files=no")
    return name + (" with changes" if changed else "") if name else "unknown"


def versions():
    tools = [said("ip", "-V"), said("nft", "--version").partition(" (")[0], said("iptables-nft", "--version").partition(" (")[0],
             said("/usr/lib/podman/netavark", "--version")]
    plugins = said("dpkg-query", "-W", "-f", "containernetworking-plugins ${Version}", "containernetworking-plugins") if not missing(CNI) else ""
    return ", ".join(tool for tool in [*tools, plugins] if tool)


def when_and_where(program):
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return (f"{date}, commit {commit()}, warren {said(str(program), '--version')}. Linux {platform.release()}, {os.cpu_count()} processors "
            f"({processor()}), {memory()}.")


def about(bench, before):
    own = "" if os.geteuid() == 0 else "; without root: no real-time priority, more of others in the times"
    load = f" **The machine was busy: load average {before:.1f} at the start.**" if before > (os.cpu_count() or 1) / 2 else ""
    return (f"# Results\n\nWritten by `bench/run`; [README.md](README.md) says what is measured and how.\n\n"
            f"{when_and_where(bench.warren)} {versions()}.\n"
            f"Medians of {bench.runs} runs, or {bench.few} of what takes seconds{own}.{load}\n")


def remarks(bench):
    lines = [f"- Left out: {name}: {why}." for name, why in bench.absent.items()]
    lines += [f"- {trouble}" for trouble in dict.fromkeys(bench.troubles)]
    return "\n" + "\n".join(lines) + "\n" if lines else ""
