#!/usr/bin/env python3
"""Measures commands from outside, and makes tables and goals of what it measured.

  measure.py run FILE ROUND WAY -- COMMAND...
      runs the command and appends a JSON line: wall seconds, CPU seconds of it and of all it waited
      for, and peak memory: the largest sum, over the processes that lived at once, of their peaks
  measure.py note FILE ROUND WAY FIGURE=NUMBER...
      appends what was counted otherwise
  measure.py figure FILE ROUND WAY FIGURE
      prints what was measured
  measure.py table FILE OUT.json TITLE FIGURE...
      medians over the rounds (round 0 is for warming up) and ratios to the first way
  measure.py goal FILE OUT.json NAME WAY:FIGURE WAY:FIGURE|NUMBER <=|>= LIMIT
      whether the ratio of the two keeps the limit. Ratios are taken in each round, of ways that ran
      one after the other, and their median counts: what the machine does besides strikes both.

OUT.json collects {"tables": [...], "goals": [...]}; ./dev bench makes one file of them all. A wrapper
of our own, since /usr/bin/time is not everywhere and gives no sum over a pipeline. It is not on the
path of the data.
"""
import json
import os
import statistics
import sys
import time

LABELS = {"wall_seconds": "wall s", "cpu_seconds": "CPU s", "peak_mib": "peak MiB"}


def read_text(path):
    """Empty if the process is gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def peak_kib(pid):
    """VmHWM of the process and of all below it: what wait4 tells is at least that of this wrapper."""
    total = 0
    for line in read_text(f"/proc/{pid}/status").splitlines():
        if line.startswith("VmHWM"):
            total = int(line.split()[1])
    for child in read_text(f"/proc/{pid}/task/{pid}/children").split():
        total += peak_kib(child)
    return total


def run(path, bench_round, way, command):
    started = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    ended, peak, naps = 0, 0, 0
    while ended == 0:
        peak = max(peak, peak_kib(pid))
        naps += 1
        time.sleep(0.01 if naps < 50 else 0.05)
        ended, status, used = os.wait4(pid, os.WNOHANG)
    append(path, bench_round, way, {
        "wall_seconds": time.monotonic() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": peak / 1024,
    })
    return os.waitstatus_to_exitcode(status)


def append(path, bench_round, way, figures):
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps({"round": int(bench_round), "way": way, **figures}) + "\n")


def read_ways(path):
    """{way: {round: figures}} in the order of the first appearance."""
    ways = {}
    with open(path, encoding="utf-8") as file:
        for line in map(json.loads, file):
            bench_round, way = line.pop("round"), line.pop("way")
            if bench_round > 0:
                ways.setdefault(way, {}).setdefault(bench_round, {}).update(line)
    return ways


def values(rounds, figure):
    return {number: one[figure] for number, one in rounds.items() if figure in one}


def ratio(upper, lower):
    """Median of the ratios of the rounds that both have; null if there is none."""
    both = [upper[number] / lower[number] for number in upper if lower.get(number)]
    return statistics.median(both) if both else None


def read_result(out):
    text = read_text(out)
    return json.loads(text) if text else {"tables": [], "goals": []}


def write_result(out, result):
    with open(out, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2)


def shown(number):
    if number is None:
        return "-"
    return f"{number:.0f}" if abs(number) >= 1000 else f"{number:.{1 if abs(number) >= 10 else 2}f}"


def table(path, out, title, *figures):
    ways = read_ways(path)
    base = next(iter(ways))
    columns, rows = ["way"], []
    for figure in figures:
        columns += [LABELS.get(figure, figure.replace("_", " ")), "ratio"]
    for way, rounds in ways.items():
        row = [way]
        for figure in figures:
            mine = values(rounds, figure)
            median = statistics.median(mine.values()) if mine else None
            row += [shown(median), shown(ratio(mine, values(ways[base], figure)))]
        rows.append(row)
    title = f"{title} (medians of {len(ways[base])} rounds, ratios to {base})"
    result = read_result(out)
    result["tables"].append({"title": title, "columns": columns, "rows": rows, "measured": ways})
    write_result(out, result)
    print_table(title, columns, rows)


def print_table(title, columns, rows):
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    print(f"\n{title}")
    for row in [columns, *rows]:
        cells = [cell.ljust(width) if i == 0 else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells))


def goal(path, out, name, upper, lower, sign, limit):
    ways = read_ways(path)

    def named(text):
        way, _, figure = text.rpartition(":")
        return values(ways.get(way, {}), figure)

    try:
        divisor = float(lower)
        measured = ratio(named(upper), dict.fromkeys(named(upper), divisor))
    except ValueError:
        measured = ratio(named(upper), named(lower))
    met = measured is not None and (
        measured <= float(limit) if sign == "<=" else measured >= float(limit))
    result = read_result(out)
    result["goals"].append({
        "goal": name, "measured": measured, "limit": f"{sign} {limit}",
        "verdict": "not measured" if measured is None else "met" if met else "not met"})
    write_result(out, result)


def main(arguments):
    what, rest = arguments[:1], arguments[1:]
    if what == ["run"] and rest[3:4] == ["--"] and len(rest) > 4:
        return run(*rest[:3], rest[4:])
    if what == ["note"] and len(rest) > 3:
        pairs = (pair.split("=", 1) for pair in rest[3:])
        append(*rest[:3], {name: float(number) for name, number in pairs})
    elif what == ["figure"] and len(rest) == 4:
        print(read_ways(rest[0])[rest[2]][int(rest[1])][rest[3]])
    elif what == ["table"] and len(rest) > 3:
        table(*rest)
    elif what == ["goal"] and len(rest) == 7:
        goal(*rest)
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
