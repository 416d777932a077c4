#!/usr/bin/env python3
"""Where secrets lie in the program's memory: locked pages, or copies elsewhere.

The bucket and the notifiers are servers in here. While one of them holds a request, nothing else
moves: /proc/PID/mem of the waiting program is searched, all that is mapped to be written. A copy
counts by its last bytes, since malloc writes over the first ones of what is freed. Needs root.
"""
import collections
import hashlib
import http.server
import json
import os
import re
import resource
import shutil
import socketserver
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse

TAIL_BYTES = 16
MOMENTS = (r"PUT (backup.tar|manifest|20)|GET backup.tar|github|heartbeat|webhook|grafana|n8n|waha")
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
# What lies outside locked memory while it is in use; docs/SECURITY.md says why.
IN_USE = {"PUT": "session", "GET": "session", "github": "gh", "heartbeat": "literal",
          "webhook": "environ", "grafana": "grafana", "n8n": "n8n", "waha": "waha"}
ALWAYS = "env"


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def scalar_of(identity):
    """The 32 bytes of an AGE-SECRET-KEY-1 text: bech32 without its checksum."""
    bits = "".join(f"{BECH32.index(letter):05b}" for letter in identity.lower().split("1", 1)[1][:-6])
    return bytes(int(bits[at:at + 8], 2) for at in range(0, 256, 8))


def copies(pid, secrets):
    """{(secret, mapping): count} outside locked memory, and the secrets that lie inside."""
    found, locked = collections.Counter(), set()
    with open(f"/proc/{pid}/smaps") as smaps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        text = smaps.read()
        for area in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", text)[1:]:
            head = area.split("\n", 1)[0].split()
            if "w" not in head[1]:
                continue
            begin, end = (int(part, 16) for part in head[0].split("-"))
            is_locked = " lo" in re.search(r"VmFlags:(.*)", area)[1]
            memory.seek(begin)
            content = memory.read(end - begin)
            for name, tails in secrets.items():
                count = sum(content.count(tail) for tail in tails)
                if count and is_locked:
                    locked.add(name)
                elif count:
                    found[name, head[5] if len(head) > 5 else "anonymous"] += count
    return found, locked


def counted(what, figure):
    folder = os.environ.get("LIFEBOAT_COUNTS")
    if folder:
        with open(folder + "/lines", "a") as lines:
            lines.write(f"security\t{what}\t{figure}\n")


def etag_of(content):
    return f'"{hashlib.md5(content).hexdigest()}"'


class World:
    """The servers, and what was seen while they held a request."""

    def __init__(self):
        self.objects, self.secrets, self.pid, self.moments = {}, {}, None, []
        self.lock = threading.Lock()

    def look(self, moment):
        with self.lock:
            if self.pid is None or not re.match(MOMENTS, moment):
                return
            found, locked = copies(self.pid, self.secrets)
            self.moments.append((moment, found, locked))


def handler(world, is_bucket):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self, status, body=b"", **headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            if self.command != "HEAD" or "Content_Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if is_bucket:
                self.bucket(body)
            else:
                state = next((word for word in ("finished", "failed", "started") if word in self.path),
                             "told")
                world.look(f"{self.path.split('/')[1]} {state}")
                self.answer(*((200, b"[]") if self.command == "GET" else (201, b'{"number": 1}')))

        def bucket(self, body):
            url = urllib.parse.urlsplit(self.path)
            key, query = url.path.split("/", 2)[2:], urllib.parse.parse_qs(url.query)
            key = urllib.parse.unquote(key[0]) if key else ""
            if self.command == "PUT":
                world.look("PUT " + key.rsplit("/", 1)[-1])
                source = self.headers.get("x-amz-copy-source")
                if source:
                    body = world.objects[urllib.parse.unquote(source).lstrip("/").split("/", 1)[1]]
                world.objects[key] = body
                copied = f"<CopyObjectResult><ETag>{etag_of(body)}</ETag></CopyObjectResult>"
                self.answer(200, copied.encode() if source else b"", ETag=etag_of(body))
            elif "uploads" in url.query:
                self.answer(200, b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                                 b"</ListMultipartUploadsResult>")
            elif "list-type" in query:
                prefix = query.get("prefix", [""])[0]
                rows = "".join(
                    f"<Contents><Key>{name}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
                    f"<ETag>&quot;0&quot;</ETag><Size>{len(content)}</Size></Contents>"
                    for name, content in sorted(world.objects.items()) if name.startswith(prefix))
                self.answer(200, (f"<ListBucketResult><Name>b</Name><Prefix>{prefix}</Prefix>"
                                  f"<IsTruncated>false</IsTruncated>{rows}</ListBucketResult>").encode())
            elif key not in world.objects:
                self.answer(404)
            else:
                content = world.objects[key]
                world.look(f"{self.command} {key.rsplit('/', 1)[-1]}")
                told = {"ETag": etag_of(content),
                        "Last_Modified": "Fri, 02 Jan 2026 03:04:05 GMT"}
                if self.command == "HEAD":
                    self.answer(200, Content_Length=str(len(content)), **told)
                    return
                asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if not asked:
                    self.answer(200, content, **told)
                    return
                first = int(asked[1])
                last = min(int(asked[2] or len(content)), len(content) - 1)
                self.answer(206, content[first:last + 1],
                            Content_Range=f"bytes {first}-{last}/{len(content)}", **told)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = serve

    return Handler


def serve(world, is_bucket, certificate=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(world, is_bucket))
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def refuse_mail():
    class Refuse(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"554 no mail here\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main():
    if os.geteuid() != 0:
        skip("needs root, to read the memory of a process that is not dumpable")
    for tool in ("openssl", "setpriv"):
        if not shutil.which(tool):
            skip(f"needs {tool}")
    program = os.path.realpath(sys.argv[1])
    place = tempfile.mkdtemp(prefix="lifeboat-memory-")
    try:
        look_at(program, place)
    finally:
        shutil.rmtree(place)


def make_n8n(folder):
    os.mkdir(folder)
    with sqlite3.connect(folder + "/database.sqlite") as database:
        for table in ("workflow_entity", "credentials_entity", "user", "execution_entity"):
            database.execute(f"CREATE TABLE {table} (id TEXT PRIMARY KEY, name TEXT)")
    with open(folder + "/config", "w") as file:
        json.dump({"encryptionKey": "k" * 32}, file)


def look_at(program, place):
    world = World()
    os.chdir(place)
    os.umask(0o077)
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TZ": "UTC",
                   "DOCKER_HOST": f"unix://{place}/no-engine.sock"}
    environment.pop("LIFEBOAT_PASSPHRASE", None)

    def run(*words, code=0, **more):
        child = subprocess.Popen([program, *words], env={**environment, **more}, stderr=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        world.pid, world.moments = child.pid, []
        out, err = child.communicate(timeout=120)
        world.pid = None
        if child.returncode != code:
            sys.exit(f"{' '.join(words)}: exit {child.returncode}: {err.decode()}")
        return out.decode()

    subprocess.run(["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2",
                    "-keyout", "tls.pem", "-out", "ca.pem", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    with open("tls.pem", "a") as both, open("ca.pem") as authority:
        both.write(authority.read())
    bucket, hook = serve(world, True, "tls.pem"), serve(world, False)

    def secret(name, letters=48):
        made = f"{name}-" + os.urandom(24).hex()[:letters]
        world.secrets[name] = [made[-TAIL_BYTES:].encode()]
        return made

    passphrase = secret("passphrase")
    run("keygen", "-o", "key.txt")
    with open("key.txt") as file:
        identity = re.search(r"AGE-SECRET-KEY-1\w+", file.read())[0]
    run("encrypt", "-p", "-o", "locked.key", "key.txt", LIFEBOAT_PASSPHRASE=passphrase)
    recipient = run("keygen", "-y", "key.txt").strip()
    os.unlink("key.txt")
    scalar = scalar_of(identity)
    world.secrets["identity"] = [identity[-TAIL_BYTES:].encode(), identity.lower()[-TAIL_BYTES:].encode(),
                                 scalar[-TAIL_BYTES:]]
    with open("lifeboat.env", "w") as file:
        file.write(f"export S3_SECRET='{secret('bucket')}'\nS3_SESSION={secret('session')}\n"
                   f"TOKEN={secret('env')}\n")
    with open("token", "w") as file:
        file.write(secret("gh", letters=12) + "\n")
    os.mkdir("data")
    os.mkdir("spool")
    with open("data/file", "w") as file:
        file.write("content\n")
    # Their services fail at the server's answers, which are no Grafana's; that a key was sent counts.
    os.makedirs("waha/webjs/default")
    make_n8n("n8n")
    servers = "".join(
        f"  {name}: {{recipe: {name}, url: \"http://127.0.0.1:{hook}/{name}\", {key}: "
        f"{secret(name)}{', path: ' + place + '/' + name if name != 'grafana' else ''}}}\n"
        for name, key in (("grafana", "token"), ("n8n", "api_key"), ("waha", "api_key")))
    hook_secret = secret("environ")
    with open("lifeboat.yaml", "w") as file:
        file.write(f"""host: h1
env_file: lifeboat.env
store: {{s3: {{endpoint: "https://127.0.0.1:{bucket}", region: r, bucket: bucket, access_key: k,
  secret_key: ${{S3_SECRET}}, session_token: ${{S3_SESSION}}, ca_file: {place}/ca.pem}}}}
encryption: {{recipients: [{recipient}]}}
state_dir: {place}/state
spool_dir: {place}/spool
drill: {{identity: {place}/locked.key, scratch: {place}/scratch}}
services:
  web: {{recipe: volume, path: {place}/data}}
  dump: {{recipe: command, command: [/bin/echo, content], min_bytes: 1, env: ["TOKEN=${{TOKEN}}"]}}
{servers}jobs: {{nightly: {{schedule: manual, services: [web, dump, grafana, n8n, waha]}}}}
notify:
  heartbeat: {{url: "http://127.0.0.1:{hook}/heartbeat/{secret('literal')}"}}
  webhook: {{url: "http://127.0.0.1:{hook}/webhook", authorization: "Bearer ${{HOOK_TOKEN}}"}}
  github: {{repo: a/b, token_command: [/bin/cat, {place}/token], api_url: "http://127.0.0.1:{hook}/github"}}
  smtp: {{url: "smtp://127.0.0.1:{refuse_mail()}", from: a@b.c, to: [a@b.c], username: a, success: true,
    password: {secret("mail")}}}
""")
    given = {"HOOK_TOKEN": hook_secret, "LIFEBOAT_PASSPHRASE": passphrase}
    worst, searched = 0, 0
    for command, code, without in (("backup", 8, set()), ("drill", 8, {"identity"})):
        run(command, "--config", "lifeboat.yaml", code=code, **given)
        for moment, found, locked in world.moments:
            known = {ALWAYS, IN_USE[moment.split()[0]]}
            print(command, moment, dict(found), flush=True)
            strangers = [key for key in found if key[0] not in known]
            if strangers:
                sys.exit(f"{command}, {moment}: copies of {strangers}")
            missing = {"bucket", "passphrase", *without} - locked
            if missing:
                sys.exit(f"{command}, {moment}: not even in locked memory: {missing}")
            worst, searched = max(worst, sum(found.values())), searched + len(world.secrets)
        if len(world.moments) < 5:
            sys.exit(f"{command}: only {len(world.moments)} moments were seen")
    counted("searches of all memory for a secret", searched)
    counted("copies of secrets outside locked memory, while in use", worst)

    def no_locks():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))

    # Root may lock what it wants: only without that right does the limit count.
    few = ["setpriv", "--bounding-set", "-ipc_lock", "--inh-caps", "-ipc_lock"]
    for words, code, told in ((["backup"], 8, 0), (["check"], None, 1)):
        made = subprocess.run([*few, program, *words, "--config", "lifeboat.yaml"],
                              env={**environment, **given}, preexec_fn=no_locks, capture_output=True,
                              text=True, timeout=120)
        if code not in (None, made.returncode):
            sys.exit(f"without locked memory: {words}: {made.returncode}: {made.stderr}")
        said = (made.stdout + made.stderr).count("cannot be locked into memory")
        if said != told:
            sys.exit(f"{words} says {said} times that memory cannot be locked: {made.stdout}")


main()
