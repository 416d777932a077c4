#!/usr/bin/env python3
"""Measures commands from outside, and makes a table of what it measured.

  measure.py run FILE ROUND WAY STAGE -- COMMAND...
      runs the command and appends a JSON line: wall and CPU seconds, peak memory of the process.
  measure.py table FILE OUT.json
      medians over the rounds (round 0 is for warming up) and ratios to the first way. A way of
      several stages, a pipeline, took as long as its longest, and the CPU and memory of all.

A wrapper of each stage, since /usr/bin/time is not everywhere and gives no sum over a pipeline. It
is not on the path of the data.
"""
import json
import os
import statistics
import sys
import time

FIGURES = {"wall_seconds": "wall s", "cpu_seconds": "CPU s", "peak_mib": "peak MiB"}


def peak_kib(pid):
    """VmHWM, since the peak that wait4 tells is at least that of this wrapper; 0 at the end."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0)


def run(path, bench_round, way, stage, command):
    started = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    ended, peak = 0, 0
    while ended == 0:
        peak = max(peak, peak_kib(pid))
        time.sleep(0.01)
        ended, status, used = os.wait4(pid, os.WNOHANG)
    line = {
        "round": int(bench_round),
        "way": way,
        "stage": stage,
        "wall_seconds": time.monotonic() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": peak / 1024,
    }
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return os.waitstatus_to_exitcode(status)


def rounds_of(lines):
    """{way: {round: figures}} in the order of the first appearance."""
    ways = {}
    for line in lines:
        if line["round"] == 0:
            continue
        total = ways.setdefault(line["way"], {}).setdefault(
            line["round"], dict.fromkeys(FIGURES, 0.0))
        total["wall_seconds"] = max(total["wall_seconds"], line["wall_seconds"])
        total["cpu_seconds"] += line["cpu_seconds"]
        total["peak_mib"] += line["peak_mib"]
    return ways


def table(path, out):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    ways = rounds_of(lines)
    medians = {
        way: {name: statistics.median(one[name] for one in rounds.values()) for name in FIGURES}
        for way, rounds in ways.items()
    }
    first = next(iter(medians.values()))
    width = max(map(len, medians)) + 2
    print(" " * width + "".join(f"{label:>10}{'ratio':>7}" for label in FIGURES.values()))
    for way, figures in medians.items():
        cells = (f"{figures[name]:10.1f}{figures[name] / first[name]:7.2f}" for name in FIGURES)
        print(f"{way:<{width}}" + "".join(cells))
    count = len(next(iter(ways.values())))
    print(f"medians of {count} rounds in turn; ratios to {next(iter(ways))}")
    with open(out, "w", encoding="utf-8") as file:
        json.dump({"medians": medians, "measured": lines}, file, indent=2)
    return 0


def main(arguments):
    if arguments[:1] == ["run"] and arguments[5:6] == ["--"]:
        return run(*arguments[1:5], arguments[6:])
    if arguments[:1] == ["table"]:
        return table(*arguments[1:])
    print(__doc__, file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
