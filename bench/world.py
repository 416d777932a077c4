#!/usr/bin/env python3
"""Makes the data of the benchmarks: what a small server has. The same bytes each time.

  world.py FOLDER MEGABYTES
      FOLDER/n8n/database.sqlite  MEGABYTES of executions in n8n's tables and indexes, in WAL mode
      FOLDER/waha/                small session files, a few MB, much of it keys
      FOLDER/dump/traccar.sql     a fifth of MEGABYTES, as mysqldump writes it
  world.py prune FOLDER PERCENT   the oldest executions are removed and as many are added, as n8n does
  world.py touch FOLDER PERCENT   that many executions, here and there, get other data

Real servers' data cannot be shown to others. This has its shapes: a workflow's definition is stored
with each of its executions, items of one run look alike, ids and times are new in each. zstd -3 makes
about a sixth of it, as of a real n8n.
"""
import base64
import json
import os
import random
import sqlite3
import sys

WORDS = """workflow credential trigger webhook schedule request response customer invoice shipment
pallet carrier driver vehicle position battery message session contact status error retry queue
delivered pending active paused failed warehouse route depot arrival departure""".split()
NODES = ["Webhook", "HTTP Request", "Code", "Set", "IF", "Merge", "Postgres", "Split In Batches"]
STREETS = ["Hauptstrasse", "Marktplatz", "ulica Długa", "Bahnhofstrasse", "rue de la Gare", "Lipowa"]

# https://github.com/n8n-io/n8n: packages/@n8n/db, entities of executions
SCHEMA = """
CREATE TABLE workflow_entity (id varchar(36) PRIMARY KEY, name varchar(128) NOT NULL,
  active boolean NOT NULL, nodes text NOT NULL, connections text NOT NULL);
CREATE TABLE execution_entity (id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  workflowId varchar(36) NOT NULL, finished boolean NOT NULL, mode varchar NOT NULL,
  retryOf varchar, startedAt datetime, stoppedAt datetime, waitTill datetime,
  status varchar NOT NULL, deletedAt datetime(3), createdAt datetime(3) NOT NULL);
CREATE INDEX IDX_execution_entity_workflow ON execution_entity (workflowId, id);
CREATE INDEX IDX_execution_entity_stopped ON execution_entity (stoppedAt, status, deletedAt);
CREATE INDEX IDX_execution_entity_deleted ON execution_entity (deletedAt);
CREATE TABLE execution_data (executionId int PRIMARY KEY NOT NULL, workflowData text NOT NULL,
  data text NOT NULL);
"""


def time_text(second):
    day, second = divmod(second, 86400)
    return (f"2026-{1 + day // 28 % 12:02}-{1 + day % 28:02} {second // 3600:02}:"
            f"{second // 60 % 60:02}:{second % 60:02}.{second * 7919 % 1000:03}")


def workflow(source, number):
    """A workflow's definition, as it is stored with each execution."""
    nodes = []
    for i in range(source.randint(4, 16)):
        nodes.append({
            "parameters": {"operation": source.choice(WORDS), "url": f"https://api.example.org/v1/"
                           f"{source.choice(WORDS)}/{source.getrandbits(32):08x}",
                           "jsCode": " ".join(source.choices(WORDS, k=source.randint(10, 60)))},
            "id": f"{source.getrandbits(128):032x}", "name": f"{source.choice(NODES)} {i}",
            "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.1,
            "position": [source.randint(0, 3000), source.randint(0, 1000)]})
    return {"id": f"{source.getrandbits(96):024x}", "name": f"{source.choice(WORDS)} {number}",
            "active": True, "nodes": nodes, "connections": {}, "settings": {}}


def item(source, second):
    """One record that passed through a workflow; about 400 bytes."""
    pick = source.random
    word = WORDS[int(pick() * len(WORDS))]
    other = WORDS[int(pick() * len(WORDS))]
    return (
        f'{{"json":{{"id":{int(pick() * 10**7)},"uuid":"{source.getrandbits(128):032x}",'
        f'"createdAt":"{time_text(second)}","customer":{{"name":"{word.title()} {other.title()}",'
        f'"street":"{STREETS[int(pick() * 6)]} {int(pick() * 200)}","zip":"{int(pick() * 90000)}",'
        f'"country":"DE"}},"status":"{other}","amount":{int(pick() * 10**6) / 100},"currency":"EUR",'
        f'"position":{{"lat":{48 + int(pick() * 10**5) / 10**5},"lon":{11 + int(pick() * 10**5) / 10**5}}},'
        f'"note":"{word} {other} {WORDS[int(pick() * len(WORDS))]}","tracking":null,'
        f'"delivered":{"true" if pick() < 0.7 else "false"}}},"pairedItem":{{"item":0}}}}')


class Executions:
    """Rows of both tables, one execution at a time."""

    def __init__(self, seed):
        self.source = random.Random(seed)
        workflows = random.Random(1)   # the same ones whatever the seed
        self.workflows = [workflow(workflows, i) for i in range(40)]
        self.texts = [json.dumps(one, separators=(",", ":")) for one in self.workflows]

    def row(self, number):
        source = self.source
        which = int(source.random() ** 2 * len(self.workflows))   # some run far more than others
        second = number * 37
        runs = []
        for node in self.workflows[which]["nodes"][:source.randint(2, 8)]:
            items = ",".join(item(source, second + i) for i in range(source.randint(1, 12)))
            runs.append(f'"{node["name"]}":[{{"startTime":{1767225600000 + second * 1000},'
                        f'"executionTime":{source.randint(1, 900)},"executionStatus":"success",'
                        f'"data":{{"main":[[{items}]]}}}}]')
        data = ('[{"startData":"1","resultData":"2","executionData":"3"},{},{"runData":{' +
                ",".join(runs) + '}},{"contextData":{},"nodeExecutionStack":[]}]')
        status = "success" if source.random() < 0.97 else "error"
        entity = (number, self.workflows[which]["id"], status == "success", "trigger",
                  time_text(second), time_text(second + 2), status, time_text(second))
        return entity, (number, self.texts[which], data)


def add(database, executions, first, enough):
    """Adds executions from number `first` on until enough(count, bytes)."""
    count, size = 0, 0
    entities, data = [], []
    while not enough(count, size):
        entity, row = executions.row(first + count)
        entities.append(entity)
        data.append(row)
        count += 1
        size += len(row[1]) + len(row[2]) + 250
        if len(data) == 500:
            insert(database, entities, data)
    insert(database, entities, data)


def insert(database, entities, data):
    with database:
        database.executemany(
            "INSERT INTO execution_entity (id, workflowId, finished, mode, startedAt, stoppedAt, "
            "status, createdAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entities)
        database.executemany("INSERT INTO execution_data VALUES (?, ?, ?)", data)
    entities.clear()
    data.clear()


def connect(folder):
    database = sqlite3.connect(f"{folder}/n8n/database.sqlite")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = OFF")   # of this maker alone
    return database


def make_database(folder, size_max):
    os.makedirs(f"{folder}/n8n")
    database = connect(folder)
    database.executescript(SCHEMA)
    executions = Executions(2)
    with database:
        database.executemany("INSERT INTO workflow_entity VALUES (?, ?, 1, ?, '{}')", [
            (one["id"], one["name"], json.dumps(one["nodes"])) for one in executions.workflows])
    add(database, executions, 1, lambda _, size: size >= size_max)
    database.close()


def make_sessions(folder, size_max):
    source = random.Random(3)
    for number in range(size_max // 4000):
        session = f"{folder}/waha/session-{number % 7}"
        os.makedirs(session, exist_ok=True)
        key = base64.b64encode(source.randbytes(source.randint(200, 2500))).decode()
        with open(f"{session}/pre-key-{number}.json", "w", encoding="utf-8") as file:
            json.dump({"keyId": number, "keyPair": {"private": {"type": "Buffer", "data": key}},
                       "contacts": [{"id": f"{source.randint(10**10, 10**11)}@s.whatsapp.net",
                                     "name": source.choice(WORDS)} for _ in range(25)]}, file)


def position(source, number):
    second = number * 3
    return (f"({number},'osmand',{source.randint(1, 90)},'{time_text(second)[:19]}','"
            f"{time_text(second + 1)[:19]}',1,{48 + source.randint(0, 10**7) / 10**7},"
            f"{11 + source.randint(0, 10**7) / 10**7},{source.randint(200, 900)},"
            f"{source.randint(0, 60)}.{source.randint(0, 999)},{source.randint(0, 359)},NULL,"
            f"'{{\\\"batteryLevel\\\":{source.randint(5, 100)},\\\"distance\\\":"
            f"{source.randint(0, 99999) / 100},\\\"motion\\\":true,\\\"ignition\\\":true}}',0,'null')")


def make_dump(folder, size_max):
    os.makedirs(f"{folder}/dump")
    source = random.Random(4)
    with open(f"{folder}/dump/traccar.sql", "w", encoding="utf-8") as file:
        file.write("-- MariaDB dump 10.19\nDROP TABLE IF EXISTS `tc_positions`;\n")
        number, size = 1, 0
        while size < size_max:
            rows = ",".join(position(source, number + i) for i in range(2000))
            size += file.write(f"INSERT INTO `tc_positions` VALUES {rows};\n")
            number += 2000
        file.write("-- Dump completed on 2026-11-28  2:00:00\n")


def make(folder, megabytes):
    os.makedirs(folder)
    make_database(folder, megabytes * 1000000)
    make_sessions(folder, min(4000000, megabytes * 20000))
    make_dump(folder, megabytes * 200000)


def bounds(database):
    return database.execute("SELECT min(id), max(id), count(*) FROM execution_entity").fetchone()


def prune(folder, percent):
    database = connect(folder)
    first, last, count = bounds(database)
    gone = max(1, int(count * percent / 100))
    with database:
        database.execute("DELETE FROM execution_data WHERE executionId < ?", (first + gone,))
        database.execute("DELETE FROM execution_entity WHERE id < ?", (first + gone,))
    add(database, Executions(last), last + 1, lambda added, _: added >= gone)
    database.close()


def touch(folder, percent):
    database = connect(folder)
    first, last, count = bounds(database)
    source, executions = random.Random(5), Executions(last + 1)
    with database:
        for number in source.sample(range(first, last + 1), max(1, int(count * percent / 100))):
            data = executions.row(number)[1]
            database.execute("UPDATE execution_data SET data = ? WHERE executionId = ?",
                             (data[2], number))
    database.close()


def main(arguments):
    if len(arguments) == 2:
        return make(arguments[0], int(arguments[1]))
    if len(arguments) == 3 and arguments[0] in ("prune", "touch"):
        return {"prune": prune, "touch": touch}[arguments[0]](arguments[1], float(arguments[2]))
    sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
