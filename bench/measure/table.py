"""The table: a line for each thing measured, with its ratio, its target, and whether that is met."""

import statistics


def micros(value):
    """A time in microseconds, in the unit that people read."""
    return f"{value:.0f} µs" if value < 1000 else f"{value / 1000:.2f} ms" if value < 10000 else \
        f"{value / 1000:.1f} ms" if value < 1e6 else f"{value / 1e6:.2f} s"


class Samples:
    """Everything measured, by row, who and what. Medians are told; all of it is kept in a file beside the table."""

    def __init__(self):
        self._all = {}

    def add(self, row, who, what, value):
        self._all.setdefault((row, who, what), []).append(value)

    def median(self, row, who, what):
        values = self._all.get((row, who, what))
        return statistics.median(values) if values else None

    def text(self):
        return "".join(f"{row}\t{who}\t{what}\t" + "\t".join(f"{value:.10g}" for value in values) + "\n"
                       for (row, who, what), values in self._all.items())


class Table:
    def __init__(self):
        self._lines = []

    def slower(self, what, ours, name, theirs, most=None, show=micros):
        """Ours, and how many times theirs it is; `most` is the target."""
        ratio = _ratio(ours, theirs)
        self._line(what, ours, name, theirs, ratio and f"{ratio:.2f}x", most and f"<= {most}x", most and ratio and ratio <= most, show)

    def faster(self, what, ours, name, theirs, least=None, show=micros):
        """Ours, and how many times faster than theirs it is."""
        ratio = _ratio(theirs, ours)
        self._line(what, ours, name, theirs, ratio and f"{ratio:.1f}x faster", least and f">= {least}x", least and ratio and ratio >= least, show)

    def paired(self, what, ours, name, theirs, ratio, target, met, show=micros):
        """As the others, where the ratio is the median of ratios taken in pairs."""
        self._line(what, ours, name, theirs, ratio and f"{ratio:.3f}", target, met, show)

    def within(self, what, ours, most=None, show=micros, beside=""):
        """Ours against a number."""
        target = None if most is None else f"<= {show(most)}"
        self._line(what, ours, beside, None, None, target, None if most is None or ours is None else ours <= most, show)

    def _line(self, what, ours, name, theirs, ratio, target, met, show):
        if ours is None:
            verdict = "not measured"
        elif name and theirs is None and target and ratio is None and met is None:
            verdict = "nothing to compare with"
        else:
            verdict = "" if met is None or not target else "met" if met else "**missed**"
        beside = " ".join(part for part in (name, "" if theirs is None else show(theirs)) if part)
        self._lines.append([what, "-" if ours is None else show(ours), beside, ratio or "", target or "", verdict])

    def missed(self):
        return sum(line[5] == "**missed**" for line in self._lines)

    def markdown(self):
        head = ["what", "warren", "beside", "ratio", "target", ""]
        return "".join("| " + " | ".join(line) + " |\n" for line in [head, ["---"] * 6, *self._lines])


def _ratio(a, b):
    return None if a is None or not b else a / b
