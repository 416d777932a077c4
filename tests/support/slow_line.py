#!/usr/bin/env python3
"""A slow line to a server, which writes down what is asked of it.

Bytes are forwarded as they are, so that the Host header that was signed arrives unchanged. All
connections share the line: each way takes BYTES a second, and now and then nothing at all.

  usage: slow_line.py UPSTREAM_PORT FOLDER [BYTES_PER_SECOND [STALL_EVERY_SECONDS STALL_SECONDS]]

FOLDER/port gets the port it listens on, FOLDER/requests a line for each request ("GET /bucket/key").
Without a rate it only writes down. It ends when it is killed.
"""
import os
import re
import socket
import sys
import threading
import time

REQUEST = re.compile(rb"((?:GET|HEAD|PUT|POST|DELETE) \S+) HTTP/1\.1\r\n")
CHUNK = 16384


class Line:
    """One way of the line: whose turn it is, and when the next bytes may pass."""

    def __init__(self, rate, every, stall):
        self.rate, self.every, self.stall = rate, every, stall
        self.lock = threading.Lock()
        self.begin = self.free = time.monotonic()

    def carry(self, count):
        if not self.rate:
            return
        with self.lock:
            now = time.monotonic()
            self.free = max(self.free, now) + count / self.rate
            if self.every:
                since = (self.free - self.begin) % self.every
                if since < self.stall and self.free - self.begin >= self.every:
                    self.free += self.stall - since
            time.sleep(self.free - now)


def forward(source, target, line, note):
    try:
        while data := source.recv(CHUNK):
            note(data)
            line.carry(len(data))
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


def main():
    upstream, folder = int(sys.argv[1]), sys.argv[2]
    rate, every, stall = (list(map(float, sys.argv[3:])) + [0, 0, 0])[:3]
    there, back = Line(rate, every, stall), Line(rate, every, stall)
    requests = open(f"{folder}/requests", "ab", buffering=0)

    def note(data):
        for request in REQUEST.findall(data):
            requests.write(request + b"\n")

    listener = socket.socket()
    if rate:  # little is on its way, or a stall would not be seen
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, CHUNK)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHUNK)
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    with open(f"{folder}/port.tmp", "w", encoding="ascii") as file:
        print(listener.getsockname()[1], file=file)
    os.rename(f"{folder}/port.tmp", f"{folder}/port")
    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", upstream))
        for ends in ((client, server, there, note), (server, client, back, lambda data: None)):
            threading.Thread(target=forward, args=ends, daemon=True).start()


main()
