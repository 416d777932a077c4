#!/usr/bin/env python3
"""Forwards connections until it is killed: usage: forward.py FROM TO [CERTIFICATE KEY], FROM and TO each
a port of loopback (or ADDRESS:PORT) or the path of a unix socket; with a certificate FROM speaks TLS. A
machine's network has loopback and nothing else; through a socket in the file system it reaches one
server outside."""
import asyncio
import ssl
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def address(place):
    host, _, port = place.rpartition(":")
    return host or "127.0.0.1", int(port)


def connect(place):
    if place.startswith("/"):
        return asyncio.open_unix_connection(place)
    return asyncio.open_connection(*address(place))


async def serve(place, target, certificate=None, key=None):
    async def forward(reader, writer):
        try:
            far_reader, far_writer = await connect(target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    if place.startswith("/"):
        server = await asyncio.start_unix_server(forward, place, ssl=context)
    else:
        server = await asyncio.start_server(forward, *address(place), ssl=context)
    await server.serve_forever()


asyncio.run(serve(*sys.argv[1:]))
