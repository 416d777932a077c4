#!/usr/bin/env python3
"""Forwards connections until it is killed: usage: forward.py FROM TO, each a port of loopback or the
path of a unix socket. A machine's network has loopback and nothing else; through a socket in the file
system it reaches one server outside."""
import asyncio
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


def connect(place):
    if place.isdigit():
        return asyncio.open_connection("127.0.0.1", int(place))
    return asyncio.open_unix_connection(place)


async def serve(place, target):
    async def forward(reader, writer):
        try:
            far_reader, far_writer = await connect(target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    if place.isdigit():
        server = await asyncio.start_server(forward, "127.0.0.1", int(place))
    else:
        server = await asyncio.start_unix_server(forward, place)
    await server.serve_forever()


asyncio.run(serve(sys.argv[1], sys.argv[2]))
