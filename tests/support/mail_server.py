"""A mail server for tests, by aiosmtpd: each mail it takes becomes a line of JSON in --log.

    mail_server.py --port-file FILE --log FILE [--user NAME --password WORD]
                   [--certificate FILE --key FILE [--smtps]] [--refuse ADDRESS]... [--hang]

With a certificate it demands STARTTLS, or speaks TLS from the first byte. It ends with its parent.
"""

import argparse
import asyncio
import ctypes
import json
import os
import signal
import ssl

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, options):
        self.options = options

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if self.options.hang:
            await asyncio.sleep(3600)
        if address in self.options.refuse:
            return "550 5.1.1 no such mailbox"
        if address.startswith("later"):
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        with open(self.options.log, "a", encoding="utf-8") as log:
            log.write(json.dumps({
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "tls": session.ssl is not None or self.options.smtps,
                "login": bool(session.authenticated),
                "text": envelope.content.decode("utf-8"),
            }) + "\n")
        return "250 taken"


def read_options():
    parser = argparse.ArgumentParser()
    for name in ("--port-file", "--log", "--user", "--password", "--certificate", "--key"):
        parser.add_argument(name)
    parser.add_argument("--smtps", action="store_true")
    parser.add_argument("--hang", action="store_true")
    parser.add_argument("--refuse", action="append", default=[])
    return parser.parse_args()


async def serve(options):
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)

    def check(server, session, envelope, mechanism, login):
        right = (login.login.decode(), login.password.decode()) == (options.user, options.password)
        return AuthResult(success=right, handled=False)

    def make():
        starttls = context if context and not options.smtps else None
        return SMTP(Handler(options), hostname="test", tls_context=starttls,
                    require_starttls=starttls is not None,
                    authenticator=check if options.user else None,
                    auth_required=bool(options.user), auth_require_tls=starttls is not None)

    server = await asyncio.get_running_loop().create_server(
        make, "127.0.0.1", 0, ssl=context if options.smtps else None)
    made = options.port_file + ".tmp"
    with open(made, "w", encoding="ascii") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(made, options.port_file)
    await server.serve_forever()


if __name__ == "__main__":
    parent_ends = 1  # PR_SET_PDEATHSIG
    ctypes.CDLL(None).prctl(parent_ends, signal.SIGKILL)
    asyncio.run(serve(read_options()))
