#!/usr/bin/env python3
"""Puts the results of the benchmarks together.

  report.py collect FOLDER    makes FOLDER/results.json of its FOLDER/NAME.json, and prints the goals
  report.py FILE              prints a results.json as Markdown
  report.py FILE PAGE         puts it into PAGE (docs/PERFORMANCE.md), in the place of the figures there
"""
import contextlib
import datetime
import io
import json
import os
import platform
import sys

from measure import print_table, shown

NAMES = ["first_backup", "levels", "nights", "restore", "scale", "neighbour", "micro"]
GOAL_COLUMNS = ["goal", "measured", "limit", "verdict"]
BEGIN, END = "<!-- figures: bench/report.py -->\n", "<!-- end of figures -->\n"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file
                     if line.startswith("model name")), "unknown")


def goal_rows(results):
    return [[goal["goal"], shown(goal["measured"]), goal["limit"], goal["verdict"]]
            for one in results["benchmarks"].values() for goal in one["goals"]]


def collect(folder):
    found = {}
    for name in NAMES:
        path = f"{folder}/{name}.json"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                found[name] = json.load(file)
    results = {
        "date": datetime.date.today().isoformat(), "processor": processor(),
        "cores": os.cpu_count(), "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "settings": {name: value for name, value in sorted(os.environ.items())
                     if name.startswith("LIFEBOAT_BENCH_") and name != "LIFEBOAT_BENCH_DIR"},
        "benchmarks": found}
    with open(f"{folder}/results.json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)
    rows = goal_rows(results)
    if rows:
        print_table("goals", GOAL_COLUMNS, rows)
    print(f"\nwritten: {folder}/results.json")


def markdown_table(columns, rows):
    cells = lambda row: "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    rule = "| --- |" + " ---: |" * (len(columns) - 1)
    print("\n".join([cells(columns), rule, *map(cells, rows)]) + "\n")


def markdown(path):
    with open(path, encoding="utf-8") as file:
        results = json.load(file)
    settings = "".join(f", `{name}={value}`" for name, value in results["settings"].items())
    print(f"{results['date']}, {results['cores']} cores ({results['processor']}), "
          f"{results['system']}{settings}.\n")
    print("### Goals\n")
    markdown_table(GOAL_COLUMNS, goal_rows(results))
    for name, one in results["benchmarks"].items():
        print(f"### `{name}`\n")
        for table in one["tables"]:
            print(f"{table['title'][:1].upper()}{table['title'][1:]}.\n")
            markdown_table(table["columns"], table["rows"])


def replace_figures(path, page):
    figures = io.StringIO()
    with contextlib.redirect_stdout(figures):
        markdown(path)
    with open(page, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
        _, mark, after = rest.partition(END)
    if not mark:
        sys.exit(f"{page} has no place for figures: {BEGIN.strip()} ... {END.strip()}")
    with open(page, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{figures.getvalue()}{END}{after}")


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "collect":
        collect(arguments[1])
    elif len(arguments) == 1:
        markdown(arguments[0])
    elif len(arguments) == 2:
        replace_figures(*arguments)
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
