#!/usr/bin/env python3
"""A web site that says yes to everything: usage: web_server.py CERTIFICATE KEY LOG. It answers at
127.0.0.2:443, beside an S3 server; each request is a line METHOD https://HOST/PATH in LOG."""
import http.server
import ssl
import sys

certificate, key, log = sys.argv[1:]


class Site(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(log, "a", encoding="utf-8") as file:
            print(self.command, f"https://{self.headers['Host']}{self.path}", file=file)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.2", 443), Site)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
