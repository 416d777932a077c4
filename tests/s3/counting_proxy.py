#!/usr/bin/env python3
"""Stands between a client and the S3 server and counts what passes, for tests that bound traffic.

Bytes are forwarded as they are, so that the Host header that was signed arrives unchanged.

  usage: counting_proxy.py UPSTREAM_PORT FILE

FILE gets one line: the port it listens on. At SIGTERM a second: requests, bytes sent by the client,
bytes sent by the server, and how many of the requests list a bucket. Python, because Ceph's own tools need it anyway.
"""
import re
import signal
import socket
import sys
import threading

REQUEST_LINE = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE) (\S+) HTTP/1\.1\r\n")


class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.requests = 0
        self.listings = 0
        self.sent = 0
        self.received = 0


def forward(source, target, count):
    try:
        while data := source.recv(65536):
            count(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


def serve(listener, upstream_port, counts):
    def count_sent(data):
        # A request without a body is small and arrives whole.
        with counts.lock:
            targets = REQUEST_LINE.findall(data)
            counts.requests += len(targets)
            counts.listings += sum(b"list-type=2" in target for target in targets)
            counts.sent += len(data)

    def count_received(data):
        with counts.lock:
            counts.received += len(data)

    while True:
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", upstream_port))
        for ends in ((client, server, count_sent), (server, client, count_received)):
            threading.Thread(target=forward, args=ends, daemon=True).start()


def main():
    upstream_port, path = int(sys.argv[1]), sys.argv[2]
    counts = Counts()
    listener = socket.create_server(("127.0.0.1", 0))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=serve, args=(listener, upstream_port, counts), daemon=True).start()
    with open(path, "w", encoding="ascii") as file:
        print(listener.getsockname()[1], file=file, flush=True)
        signal.sigwait({signal.SIGTERM})
        with counts.lock:
            print(counts.requests, counts.sent, counts.received, counts.listings, file=file)


main()
