#!/usr/bin/env python3
"""Writes executions as n8n does, as fast as it can, until it is told to end; for bench/neighbour.sh.

  usage: writer.py DATABASE LOG

Each execution is two commits: begun, then finished with its data. LOG gets the monotonic time of each
commit, a line each. WAL mode and synchronous FULL, as n8n has it.
"""
import signal
import sqlite3
import sys
import time

from world import Executions


def main():
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    database = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    number = database.execute("SELECT max(id) FROM execution_entity").fetchone()[0]
    executions = Executions(number)
    with open(sys.argv[2], "w", encoding="ascii") as log:
        while not ended:
            number += 1
            entity, data = executions.row(number)
            database.execute(
                "INSERT INTO execution_entity (id, workflowId, finished, mode, startedAt, stoppedAt, "
                "status, createdAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entity)
            print(time.monotonic(), file=log)
            database.execute("BEGIN")
            database.execute("INSERT INTO execution_data VALUES (?, ?, ?)", data)
            database.execute("UPDATE execution_entity SET stoppedAt = startedAt WHERE id = ?",
                             (number,))
            database.execute("COMMIT")
            print(time.monotonic(), file=log)


main()
