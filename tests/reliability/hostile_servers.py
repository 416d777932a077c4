#!/usr/bin/env python3
"""An evil server in the place of each server that the program talks to: S3, Grafana, WAHA, Discord,
GitHub, a webhook, a heartbeat, a Pushgateway, mail and Docker. Whatever it says is bounded in time
and memory, the other services are safe all the same, and no error holds a secret. Then servers whose
certificates are wrong: none of the clients sends them a request.

Plain sockets and not a library's server, which refuses to say most of this.

  hostile_servers.py LIFEBOAT
"""
import concurrent.futures
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import warnings

from hostile_lib import LONG, Place, counted

AT_ONCE = 6
SECRETS = ["S3cretS3cret", "S3cretToken1", "S3cretHook22", "S3cretPing33", "S3cretMail44"]
OK = b"HTTP/1.1 200 OK\r\n"
ESC = "\x1b]0;owned\x07\u202e"


class Evil:
    """Answers each connection by what `say(send, head)` sends until it ends or nobody listens."""

    def __init__(self, say, path=None, context=None):
        self.say, self.context, self.seen, self.refused = say, context, [], 0
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.socket.bind(path or ("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = None if path else self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        client.settimeout(60)
        try:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                data = client.recv(65536)
                if not data:
                    return
                head += data
            self.seen.append(head.split(b"\r\n")[0].decode("latin1"))
            self.say(client.sendall, head)
        except ssl.SSLError:
            self.refused += 1
        except OSError:
            pass
        finally:
            client.close()

    def close(self):
        self.socket.close()


def body(text, head=OK):
    return lambda send, _: send(head + b"Content-Length: %d\r\n\r\n" % len(text) + text)


def for_ever(head, piece):
    def say(send, _):
        send(head)
        while True:
            send(piece)
    return say


def pages(send, head):
    """New things on every page, and always another one."""
    pages.at += 1
    n = pages.at
    told = [{"uid": f"../../{n}{ESC}", "id": n, "title": ESC, "type": "dash-db", "name": ESC}]
    send(OK + b"Content-Length: %d\r\n\r\n" % len(json.dumps(told)) + json.dumps(told).encode())


pages.at = 0
MIB = b"x" * 1048576
BEHAVIOURS = {
    "an endless body": for_ever(OK + b"\r\n", MIB),
    "endless chunks": for_ever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + MIB
                               + b"\r\n"),
    "endless headers": for_ever(OK, b"X-More: " + b"y" * 8000 + b"\r\n"),
    "a header without end": for_ever(OK + b"X-One: ", MIB),
    "100 Continue for ever": for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "a length of -1": body(b"{}", OK + b"Content-Length: -1\r\n"),
    "a length of 2^63": body(b"{}", OK + b"Content-Length: 9223372036854775807\r\n"),
    "a length that is a lie": lambda send, _: send(OK + b"Content-Length: 10\r\n\r\n[]"),
    "chunks that lie": lambda send, _: send(OK + b"Transfer-Encoding: chunked\r\n\r\n"
                                            b"FFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n"),
    "a body that says it is gzip": body(b"\x1f\x8b\x08\0" + b"\0" * 1000,
                                        OK + b"Content-Encoding: gzip\r\n"),
    "JSON nested 1,000,000 deep": body(b"[" * 1_000_000),
    "JSON of 1e999": body(b'{"id":1e999,"version":1e999,"data":[1e999]}'),
    "a string of 30 MB" if not LONG else "a string of 1 GB": body(
        b'{"version":"' + b"a" * (1_000_000_000 if LONG else 30_000_000) + b'"}'),
    "an error full of escapes": body(json.dumps({"message": ESC, "error": ESC}).encode() + b"\x1b[2J",
                                     b"HTTP/1.1 400 " + ESC.encode() + b"\r\n"),
    "a redirect to a file": body(b"", b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n"),
    "no HTTP": lambda send, _: send(b"\0\xff\x1b[2J" * 1000),
    "nothing": lambda send, _: None,
    "list pages without end": pages,
}


def config(place, port, scheme="http"):
    url = f"{scheme}://localhost:{port}"
    # A server that says nothing to a handshake takes mail its whole patience.
    mail = (f'  smtp: {{url: "smtps://localhost:{port}", from: a@example.org, to: [b@example.org], '
            "username: u, password: S3cretMail44}\n" if scheme == "https" else "")
    text = f"""host: h1
store: {{dir: {place.store}/{port}}}
encryption: {{recipients: [{place.recipient}]}}
state_dir: {place.root}/state-{port}
spool_dir: {place.root}/spool
services:
  files: {{recipe: volume, path: {place.canary}}}
  grafana: {{recipe: grafana, url: "{url}", token: S3cretToken1}}
  waha: {{recipe: waha, path: {place.root}/waha, url: "{url}", api_key: S3cretToken1}}
jobs: {{nightly: {{schedule: manual, services: [files, grafana, waha]}}}}
metrics: {{pushgateway: "{url}"}}
notify:
  discord: {{webhook: "{url}/api/webhooks/1/S3cretHook22"}}
  github: {{repo: me/infra, token: S3cretToken1, api_url: "{url}"}}
  webhook: {{url: "{url}/S3cretHook22"}}
  heartbeat: {{url: "{url}/S3cretPing33"}}
{mail}"""
    path = f"{place.root}/lifeboat-{port}.yaml"
    os.makedirs(f"{place.store}/{port}", exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o600)
    return path


CLIENTS = (("Grafana", r" /api/(search|org|health|frontend|dash)"), ("WAHA", r" /(api/)?sessions|server"),
           ("Discord", r"/api/webhooks/"), ("GitHub", r"/repos/"), ("Pushgateway", r"/metrics/"),
           ("heartbeat", r"S3cretPing33"), ("webhook", r"POST /S3cretHook22"))


def check_words(place, case, made):
    words = made.out + made.err
    for secret in SECRETS:
        if secret.encode() in words:
            place.fault(case, f"tells the secret {secret}: {made}")
    if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]", words):
        place.fault(case, f"lets control characters through: {made}")


def at_once(work, cases):
    """Most of the time is spent waiting."""
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(lambda one: work(*one), cases.items()))


def services(place):
    def meet(case, say):
        evil = Evil(say)
        path = config(place, evil.port)
        made = place.run(["backup", "--config", path], ok={8}, timeout=600 if LONG else 150,
                         rss_mib_max=420, case=case)
        check_words(place, case, made)
        print(f"{case}: {made.seconds:.1f} s, {made.rss_mib:.0f} MiB", flush=True)
        listed = place.run(["list", "--json", "--config", path], ok={0}, case=case)
        newest = json.loads(listed.out or b"[]")
        if not newest:
            place.fault(case, f"the other service is not safe: {made}")
        seen = "\n".join(evil.seen)
        evil.close()
        return sum(1 for _, mark in CLIENTS if re.search(mark, seen))

    return at_once(meet, BEHAVIOURS)


LISTING = b"""<?xml version="1.0"?>%s<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Name>b</Name><Prefix></Prefix><KeyCount>%d</KeyCount><MaxKeys>1000</MaxKeys>
<IsTruncated>%s</IsTruncated>%s%s</ListBucketResult>"""


def listing(keys, token=None, doctype=b""):
    told = b"".join(b"<Contents><Key>%s</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
                    b"<ETag>&quot;0&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass>"
                    b"</Contents>" % key for key in keys)
    more = b"<NextContinuationToken>%s</NextContinuationToken>" % token if token else b""
    return LISTING % (doctype, len(keys), b"true" if token else b"false", told, more)


class Empty:
    """Pages of nothing, each with a new token."""
    at = 0

    def __call__(self, send, _):
        Empty.at += 1
        text = listing([], b"t%d" % Empty.at)
        send(OK + b"Content-Length: %d\r\n\r\n" % len(text) + text)


def bucket(place):
    laughs = b"<!DOCTYPE l [<!ENTITY a \"ha\">" + b"".join(
        b"<!ENTITY a%d \"%s\">" % (n, b"&a%d;" % (n - 1) * 10 if n else b"&a;" * 10)
        for n in range(12)) + b"]>"
    cases = dict(BEHAVIOURS)
    del cases["list pages without end"]
    # Tried again for a while, as a broken line is.
    for slow in ("a length that is a lie", "nothing", "chunks that lie", "a length of 2^63",
                 "a body that says it is gzip", "JSON of 1e999", "JSON nested 1,000,000 deep"):
        if not LONG:
            del cases[slow]
    cases.update({
        "an entity bomb": body(listing([b"h1/&a11;"], doctype=laughs)),
        "an entity of a file": body(listing([b"h1/&x;"], doctype=b'<!DOCTYPE l [<!ENTITY x SYSTEM '
                                            b'"file:///etc/passwd">]>')),
        "keys that lead out": body(listing([b"../../etc/cron.d/x", b"/etc/passwd", b"h1/../../x"])),
        "keys with escapes": body(listing([b"h1/2026-01-02/&#x202e;", b"h1\x7f/x"])),
        "a page that repeats": body(listing([b"h1/2026-01-02/manifest.json"], b"same")),
        "empty pages without end": Empty(),
        "XML nested 100,000 deep": body(b"<a>" * 100_000)})
    environment = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "S3cretS3cret"}
    before = place.listing(place.canary)

    def meet(case, say):
        evil = Evil(say)
        store = f"s3://bucket?endpoint=http://127.0.0.1:{evil.port}"
        made = place.run(["list", "--store", store], ok={0, 5, 7, 10}, timeout=600 if LONG else 150,
                         rss_mib_max=420, env=environment, case="S3: " + case)
        print(f"S3: {case}: exit {made.code}, {made.seconds:.1f} s, {made.rss_mib:.0f} MiB",
              flush=True)
        check_words(place, "S3: " + case, made)
        if not evil.seen:
            place.fault(case, f"the server was not asked: {made}")
        evil.close()
        return 1

    met = at_once(meet, cases)
    if place.listing(place.canary) != before:
        place.fault("S3", "something outside was written")
    return met


def docker(place):
    names = [{"Id": "a" * 64, "Names": ["/" + ESC], "Image": ESC, "ImageID": ESC, "State": "running",
              "Status": ESC, "Labels": {"com.docker.compose.service": ESC, "lifeboat.x": ESC},
              "Mounts": [{"Type": "volume", "Name": ESC, "Source": "/x" + ESC, "Destination": ESC,
                          "RW": True}]}]
    cases = dict(BEHAVIOURS, **{"names full of escapes": body(json.dumps(names).encode())})
    for case, say in cases.items():
        path = place.root + "/evil.sock"
        evil = Evil(say, path=path)
        made = place.run(["discover"], timeout=150, rss_mib_max=420, case="Docker: " + case,
                         ok={0, 2, 3, 4, 7, 10}, env={"DOCKER_HOST": "unix://" + path})
        print(f"Docker: {case}: exit {made.code}, {made.seconds:.1f} s, {made.rss_mib:.0f} MiB",
              flush=True)
        check_words(place, "Docker: " + case, made)
        if not evil.seen:
            place.fault(case, f"the engine was not asked: {made}")
        evil.close()
        os.unlink(path)
    return len(cases)


def openssl(place, *args):
    subprocess.run(["openssl", *args], cwd=place.root, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def certificate(place, name, subject, san, begin="20200101000000Z", end="20401231000000Z"):
    """Signed by the test's own authority ca.pem, which the environment tries to make trusted."""
    openssl(place, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out",
            name + ".csr", "-subj", "/CN=" + subject)
    with open(f"{place.root}/{name}.cnf", "w") as file:
        file.write(f"subjectAltName={san}\n")
    os.makedirs(place.root + "/newcerts", exist_ok=True)
    open(place.root + "/index.txt", "w").close()
    with open(place.root + "/ca.cnf", "w") as file:
        file.write("[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=newcerts\n"
                   "rand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    openssl(place, "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
            "-in", name + ".csr", "-out", name + ".pem", "-extfile", name + ".cnf", "-startdate",
            begin, "-enddate", end, "-notext")


def context_of(place, name, old=False):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(f"{place.root}/{name}.pem", f"{place.root}/{name}.key")
    if old:
        made.set_ciphers("ALL:@SECLEVEL=0")
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version, made.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return made


def tls(place):
    openssl(place, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
            "ca.pem", "-subj", "/CN=evil authority", "-days", "3650")
    certificate(place, "good", "localhost", "DNS:localhost,IP:127.0.0.1")
    certificate(place, "other", "other.example", "DNS:other.example")
    certificate(place, "expired", "localhost", "DNS:localhost,IP:127.0.0.1", end="20210101000000Z")
    certificate(place, "future", "localhost", "DNS:localhost,IP:127.0.0.1", begin="20390101000000Z")
    home = place.root + "/home"
    os.makedirs(home, exist_ok=True)
    with open(home + "/.curlrc", "w") as file:
        file.write("insecure\n")
    with open(home + "/.netrc", "w") as file:
        file.write("machine localhost login u password S3cretS3cret\n")
    with open(place.root + "/openssl.cnf", "w") as file:
        file.write("openssl_conf=a\n[a]\nssl_conf=b\n[b]\nsystem_default=c\n[c]\n"
                   "MinProtocol=TLSv1\nCipherString=ALL:@SECLEVEL=0\n")
    trusting = {"HOME": home, "CURL_CA_BUNDLE": place.root + "/ca.pem", "SSL_CERT_DIR": place.root,
                "OPENSSL_CONF": place.root + "/openssl.cnf", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "S3cretS3cret"}
    refused = 0
    # A backup asks every client but S3, which is asked with the authority trusted, as `ca_file` can.
    servers = (("an unknown authority", "good", False, False),
               ("another host's certificate", "other", False, True),
               ("an expired certificate", "expired", False, True),
               ("a certificate of the future", "future", False, True),
               ("TLS 1.1", "good", True, True))
    for case, name, old, is_trusted in servers:
        evil = Evil(body(b"[]"), context=context_of(place, name, old))
        made = place.run(["backup", "--config", config(place, evil.port, "https")], ok={8},
                         timeout=150, env=trusting, case=case)
        check_words(place, case, made)
        ca = f"&ca_file={place.root}/ca.pem" if is_trusted else ""
        made = place.run(["list", "--store", f"s3://bucket?endpoint=https://localhost:{evil.port}{ca}"],
                         ok={5}, timeout=150, env=trusting, case="S3: " + case)
        check_words(place, "S3: " + case, made)
        if evil.seen:
            place.fault(case, f"a request was sent: {evil.seen}")
        if evil.refused < 2:
            place.fault(case, f"only {evil.refused} clients tried: {made}")
        print(f"{case}: {evil.refused} handshakes refused", flush=True)
        refused += evil.refused
        evil.close()
    # The same server is taken where its authority is given: else none of the above proves anything.
    evil = Evil(body(listing([])), context=context_of(place, "good"))
    place.run(["list", "--store",
               f"s3://bucket?endpoint=https://localhost:{evil.port}&ca_file={place.root}/ca.pem"], ok={0},
              env=trusting, case="the right authority")
    if not evil.seen:
        place.fault("the right authority", "no request was sent")
    evil.close()
    return refused


def main():
    with Place(sys.argv[1], AT_ONCE) as place:
        with open(place.canary + "/plain", "w") as file:
            file.write("here")
        for folder in ("spool", "waha", "waha/session"):
            os.mkdir(f"{place.root}/{folder}")
        wanted = sys.argv[2:] or (["services"] if LONG else []) + ["bucket", "docker", "tls"]
        bounded = sum(part(place) for part in (services, bucket, docker) if part.__name__ in wanted)
        counted("hostile server replies bounded", bounded)
        if "tls" in wanted:
            counted("TLS servers refused", tls(place))
        print(f"{bounded} hostile replies")
        place.close()


main()
