"""Many `up`s at the same time. Each has a project of its own; every fourth wishes for the host port 5000, which one can have, and every
fourth for the namespace `shared`, which one project can have."""

import json
import re

from .sandbox import Failed

CLEAN = (0, 3)  # done; something is in the way, and nothing was changed


def run(warren, box, rounds, many, say):
    """The table, and whether something was wrong."""
    folder = box.outer("/run/bench/crowd")
    folder.mkdir()
    box.do(warren, "add", "first")  # so that the table stands before and after
    before = residue(box)
    wrong, won, refused = [], 0, 0
    for i in range(many):
        (folder / f"{i}.yaml").write_text(wish(i))
    for number in range(1, rounds + 1):
        codes, texts = at_once(box, folder, f"{warren} up -d -f $i.yaml", many)
        try:
            check(box, warren, codes, texts, many)
        except Failed as failure:
            wrong.append(f"round {number}: {failure}")
        won += sum(code == 0 for code in codes)
        refused += sum(code == 3 for code in codes)
        downs, texts = at_once(box, folder, f"{warren} down -f $i.yaml", many)
        # nothing to take down is no failure
        if set(downs) - {0}:
            wrong.append(f"round {number}: down: " + next(text for code, text in zip(downs, texts) if code))
        left = residue(box)
        if left != before:
            wrong.append(f"round {number}: left behind: {sorted(set(left) ^ set(before))}")
            break
        say(f"{number} of {rounds} rounds: {sum(code == 0 for code in codes)} of {many} succeeded, {len(wrong)} wrong")
    text = ("| `up`s | succeeded | refused cleanly | wrong |\n| --- | --- | --- | --- |\n"
            f"| {rounds * many:,} | {won:,} | {refused:,} | {len(wrong)} |\n")
    return text + "".join(f"\n- {line}" for line in wrong[:20]) + ("\n" if wrong else ""), bool(wrong)


def wish(i):
    port = "5000:8080" if i % 4 == 1 else "8080"
    lines = [f"name: crowd{i}", "namespaces:", f'  c{i}: {{ ports: ["{port}"] }}']
    if i % 4 == 2:
        lines.append('  shared: { ports: ["8081"] }')
    return "\n".join(lines) + "\n"


def at_once(box, folder, command, many):
    """Starts all, and lets them go when all wait; exit codes and what they said."""
    # whoever waits for the lock goes when it is given up
    script = (f"cd /run/bench/crowd; exec 9>gate; flock 9; for i in $(seq 0 {many - 1}); do "
              f"(exec 9>&-; flock -s gate true; {command} >out$i 2>&1; echo $? >code$i) & done; flock -u 9; wait")
    box.do("sh", "-c", script)
    return [int((folder / f"code{i}").read_text()) for i in range(many)], [(folder / f"out{i}").read_text() for i in range(many)]


def check(box, warren, codes, texts, many):
    for code, text in zip(codes, texts):
        if code not in CLEAN or (code and not re.search(r"^  type: ", text, re.M)):
            raise Failed(f"exit code {code}: {text.strip()}")
    standing = [one for one in json.loads(box.do(warren, "ls", "--json")) if one["name"] != "first"]
    expected = {f"c{i}" for i in range(many) if codes[i] == 0}
    if any(codes[i] == 0 for i in range(2, many, 4)):
        expected.add("shared")
    names = [one["name"] for one in standing]
    if sorted(names) != sorted(expected):
        raise Failed(f"{sorted(set(names) ^ expected)} stand or are missing")
    for what, found in (("subnets", [one["address"] for one in standing]),
                        ("ports", [f'{port["hostPort"]}/{port["protocol"]}' for one in standing for port in one["ports"]])):
        if len(set(found)) != len(found):
            raise Failed(f"{what} given twice: {sorted(each for each in set(found) if found.count(each) > 1)}")
    for contested, among in (("5000", range(1, many, 4)), ("shared", range(2, many, 4))):
        winners = sum(codes[i] == 0 for i in among)
        if winners != (1 if len(among) else 0):
            raise Failed(f"{winners} got {contested}, which one can have")


def residue(box):
    """What stands, by name: links, rules and elements, names, mounts."""
    rules = [re.sub(r"packets \d+ bytes \d+", "", line) for line in box.do("nft", "list", "ruleset").splitlines()]
    links = [line.split(":")[1] for line in box.do("ip", "-o", "link").splitlines()]
    mounts = [line.split()[1] for line in box.do("cat", "/proc/self/mounts").splitlines()]
    return [*links, *rules, *box.do("find", "/run/netns", "/run/warren").split(), *mounts]
