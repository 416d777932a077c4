#!/usr/bin/env python3
"""Writes MEGABYTES of text as services export it: JSON records that repeat words and shapes, but no
record twice. The same text each time.

  usage: json_text.py MEGABYTES > FILE
"""
import random
import sys

WORDS = """workflow credential trigger webhook schedule request response customer invoice shipment
pallet carrier driver vehicle position battery message session contact status error retry queue
delivered pending active paused failed warehouse route depot arrival departure""".split()


def record(number, source):
    words = source.choices(WORDS, k=12)
    return (
        f'{{"id": {number}, "uuid": "{source.getrandbits(128):032x}", "name": "{words[0]} '
        f'{words[1]}", "createdAt": "2026-{source.randint(1, 12):02}-{source.randint(1, 28):02}T'
        f'{source.randint(0, 23):02}:{source.randint(0, 59):02}:00.000Z", "active": '
        f'{"true" if source.random() < 0.7 else "false"}, "parameters": {{"operation": '
        f'"{words[2]}", "amount": {source.randint(0, 10**6) / 100}, "note": '
        f'"{" ".join(words[3:])}"}}, "position": [{source.randint(0, 2000)}, '
        f'{source.randint(0, 2000)}]}}\n')


def main():
    left = int(sys.argv[1]) * 1000000
    source = random.Random(1)
    number = 0
    while left > 0:
        block = "".join(record(number + i, source) for i in range(2000)).encode()[:left]
        sys.stdout.buffer.write(block)
        number += 2000
        left -= len(block)


main()
