"""A host of its own for each measurement: `unshare`, and commands in it with `nsenter`."""

import os
import subprocess
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
BUILT = BENCH.parent / "artifacts" / "bench"
HOST = "10.0.0.173"


class Failed(Exception):
    """A command did not do what it is measured doing."""


class Taken:
    """What a command took: wall and processor time in microseconds, its peak memory in KiB."""

    def __init__(self, line):
        wall, cpu, peak, code = line.split()
        self.wall, self.cpu, self.peak, self.code = float(wall), float(cpu), int(peak), int(code)


def told(words):
    """A command as a message says it: its program by name, wherever that was built."""
    program, *rest = map(str, words)
    return " ".join([os.path.basename(program), *rest])


def timed(words, prefix=(), fifo=True, output=None, lines=False):
    """Times a command, or with `lines` each line of the file that `words` names."""
    flags = (["-f"] if fifo else []) + (["-l"] if lines else [])
    environment = dict(os.environ, TIMED_OUT=output or "/dev/null")
    done = subprocess.run([*prefix, str(BUILT / "timed"), *flags, *map(str, words)], env=environment, capture_output=True,
                          text=True, timeout=1200)
    taken = [Taken(line) for line in done.stdout.splitlines()]
    bad = [one.code for one in taken if one.code]
    if done.returncode or bad or not taken:
        raise Failed(f"{told(words)}: exit code {bad[0] if bad else done.returncode}: {done.stderr.strip()}")
    return taken if lines else taken[0]


class Sandbox:
    """Network, mounts, /run, /etc and processes of its own; all of it gone at the end of `with`."""

    def __enter__(self):
        root = os.geteuid() == 0
        self._holder = subprocess.Popen(
            ["unshare", *([] if root else ["-Ur"]), "-nmpf", "--mount-proc", "--kill-child", "--propagation", "private",
             str(BENCH / "sandbox")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            raise Failed("the sandbox did not come up")
        holder = self._holder.pid
        self.pid = int(Path(f"/proc/{holder}/task/{holder}/children").read_text().split()[0])
        self._prefix = ["nsenter", "-t", str(self.pid), *([] if root else ["-U", "--preserve-credentials"]), "-n", "-m", "-p", "--"]
        return self

    def __exit__(self, *_):
        self._holder.stdin.close()
        self._holder.wait(timeout=60)
        settle()

    def start(self, *words, namespace=None, **more):
        """Starts a command in it, or in a namespace of it: a path."""
        inside = ["nsenter", f"--net={namespace}", "--"] if namespace else []
        return subprocess.Popen([*self._prefix, *inside, *map(str, words)], text=True, **more)

    def do(self, *words, namespace=None, **more):
        """Runs a command to its end and gives what it printed; what fails is told."""
        inside = ["nsenter", f"--net={namespace}", "--"] if namespace else []
        done = subprocess.run([*self._prefix, *inside, *map(str, words)], capture_output=True, text=True, timeout=1200, **more)
        if done.returncode:
            raise Failed(f"{told(words)}: exit code {done.returncode}: {(done.stderr or done.stdout).strip()}")
        return done.stdout

    def time(self, *words, fifo=True, output=None):
        return timed(words, self._prefix, fifo, output)

    def time_each(self, commands):
        """Times commands, a process each, one after the other."""
        return timed([self.write("commands", "".join(" ".join(map(str, words)) + "\n" for words in commands))], self._prefix, lines=True)

    def write(self, name, text):
        """Writes a file; its path in the sandbox."""
        path = f"/run/bench/{name}"
        self.outer(path).write_text(text)
        return path

    def outer(self, path):
        """A path of the sandbox, as seen from here."""
        return Path(f"/proc/{self.pid}/root{path}")

    def processes(self):
        """The processes in it that still run, but for the one that holds it: process ids as seen from here."""
        space = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == self.pid:
                continue
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") == space and "\nState:\tZ" not in Path(f"/proc/{entry}/status").read_text():
                    found.append(int(entry))
            except OSError:
                pass
        return found

    def check(self, i):
        """The port published for w<i> answers from outside, and w<i> gets out; else what its links and neighbours are."""
        try:
            self.do(BUILT / "reach", f"/run/netns/w{i}", "/run/bench/outside", HOST, 6000 + i)
        except Failed as failure:
            seen = [self.do("sh", "-c", f"ip {inside} -br link; ip {inside} -s neigh; ip {inside} route | head -9")
                    for inside in (f"-n w{i}", "")]
            links = [line for line in seen[1].splitlines() if " UP " not in line][:20]
            raise Failed(f"{failure}\n{seen[0]}host:\n" + "\n".join(links)) from None


def settle(bound=30):
    """Waits until the kernel takes down no namespace any more: its workers say in their names what they do."""
    until, calm = time.monotonic() + bound, 0
    while calm < 3:
        calm = 0 if _taking_down() else calm + 1
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _taking_down():
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                name = Path(f"/proc/{entry}/comm").read_text()
            except OSError:
                continue
            if name.startswith("kworker") and "+netns" in name:
                return True
    return False
