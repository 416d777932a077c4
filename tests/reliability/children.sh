#!/usr/bin/env bash
# What any user of the machine reads of the programs that Lifeboat starts: their arguments; and what
# their own user reads of them: their environment. Every command that starts some runs under strace
# with a secret of each kind, against a real MariaDB and a real PostgreSQL. Needs root.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/reliability/counts.sh
. "$here/counts.sh"
# shellcheck source=tests/script/lib.sh
. "$here/../script/lib.sh"
# shellcheck source=tests/script/postgres_lib.sh
. "$here/../script/postgres_lib.sh"
for tool in strace mariadbd mariadb-install-db mariadb-dump psql /usr/bin/python3; do
  command -v "$tool" > /dev/null || skip "needs $tool"
done

# --- Two servers of the test's own; each dies with this script.
mariadb-install-db --no-defaults --user=root --auth-root-authentication-method=normal \
  --skip-test-db --datadir="$place/maria" > install.log 2>&1 || fail "install: $(tail install.log)"
setpriv --pdeathsig KILL mariadbd --no-defaults --user=root --datadir="$place/maria" \
  --socket="$place/s" --pid-file="$place/pid" --skip-networking < /dev/null > server.log 2>&1 &
pids+=($!)
postgres_server postgres
root=(mariadb --no-defaults -N -u root --socket="$place/s")
pg=(psql -q -h "$place/pg" -U postgres)
wait_for "${root[@]}" -e 'SELECT 1'
"${root[@]}" << 'SQL'
CREATE DATABASE shop;
CREATE TABLE shop.note (id INT PRIMARY KEY, text TEXT);
INSERT INTO shop.note VALUES (1, 'one');
CREATE USER owner@localhost IDENTIFIED BY 'secret-of-the-maria-owner';
GRANT ALL ON *.* TO owner@localhost WITH GRANT OPTION;
CREATE USER lifeboat@localhost IDENTIFIED BY 'secret-of-maria';
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON *.* TO lifeboat@localhost;
SQL
"${pg[@]}" -c 'CREATE DATABASE app'
"${pg[@]}" -d app -c 'CREATE TABLE orders AS SELECT n FROM generate_series(1, 9) n'

# --- Notifiers are refused for good: an error that is told, without a second try.
cat > refuse.py << 'P'
import http.server
class Refuse(http.server.BaseHTTPRequestHandler):
    def answer(self): self.send_response(404), self.send_header("Content-Length", "0"), self.end_headers()
    do_GET = do_POST = do_HEAD = answer
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
print(server.server_port, flush=True)
server.serve_forever()
P
/usr/bin/python3 refuse.py > port & pids+=($!)
wait_for test -s port
refuser=http://127.0.0.1:$(cat port)

# --- A secret of each kind, and each way to give one.
make_key
export LIFEBOAT_PASSPHRASE=secret-passphrase
"$program" encrypt -p -o locked.key key.txt
cat > lifeboat.env << E
MARIA=secret-of-maria
MARIA_OWNER=secret-of-the-maria-owner
DISCORD=$refuser/api/webhooks/1/secret-of-discord
TOKEN=secret-of-a-command
S3=secret-of-the-bucket
E
printf 'secret-of-postgres\n' > pg.password
printf 'secret-of-github\n' > github.token
printf 'secret-of-the-mail\n' > mail.password
mkdir data
echo hello > data/file
mkdir n8n waha
write_config "grafana: {recipe: grafana, url: \"$refuser\", token: secret-of-grafana}" \
  "n8n: {recipe: n8n, path: $place/n8n, url: \"$refuser\", api_key: secret-of-n8n}" \
  "waha: {recipe: waha, path: $place/waha, url: \"$refuser\", api_key: secret-of-waha}"
mail="  smtp: {url: \"smtp://127.0.0.1:1\", from: a@b.c, to: [a@b.c], username: a, password_file: $place/mail.password}"
printf 'notify:\n%s\n' "$mail" >> lifeboat.yaml
mv lifeboat.yaml api.yaml
write_config \
  "shop: {recipe: mysql, socket: $place/s, user: lifeboat, password: \"\${MARIA}\", restore_user: owner, restore_password: \"\${MARIA_OWNER}\"}" \
  "app: {recipe: postgres, socket: $place/pg, user: postgres, password_file: $place/pg.password}" \
  "dump: {recipe: command, command: [/bin/echo, content], env: [\"TOKEN=\${TOKEN}\"]}" \
  "web: {recipe: volume, path: $place/data}"
sed -i "s|schedule: manual|&, hooks: {before: [[/bin/true]], after: [[/bin/true]]}|" lifeboat.yaml
{
  echo "env_file: $place/lifeboat.env"
  echo "drill: {identity: $place/locked.key, scratch: $place/scratch, engine: host}"
  echo "notify:"
  echo "  discord: {webhook: \"\${DISCORD}\"}"
  echo "  github: {repo: a/b, token_command: [/bin/cat, $place/github.token], api_url: \"$refuser\"}"
  echo "  heartbeat: {url: \"\${HEARTBEAT}\"}"
  echo "  webhook: {url: \"$refuser/secret-in-a-hook\", authorization: Bearer secret-of-a-hook}"
} >> lifeboat.yaml
# The same, but with a store and a mail server that nobody can reach.
sed "s|^store:.*|store: {s3: {endpoint: \"http://127.0.0.1:1\", region: r, bucket: bucket, access_key: k, secret_key: \"\${S3}\"}}|" \
  lifeboat.yaml > s3.yaml
echo "$mail" >> s3.yaml
export HEARTBEAT=$refuser/secret-of-the-heartbeat AWS_SECRET_ACCESS_KEY=secret-of-aws

cat > judge.py << 'P'
import glob, os, re, sys
program, lines = sys.argv[1], 0
own = re.compile(r"secret-|AGE-SECRET")
# Where a secret may stand in an environment (docs/SECURITY.md), and what else a child may be told.
# pg_dumpall asks a pg_dump for its version through a shell.
homes = [(r"/mariadb(-dump)?$", "MYSQL_PWD"), (r"/(psql|pg_dump|pg_dumpall|sh)$", "PGPASSWORD"),
         (r"/echo$", "TOKEN")]
plain = re.compile(r"(PATH|HOME|LANG|TZ|TMPDIR|GIT_OPTIONAL_LOCKS|LIFEBOAT_[A-Z_]+|PG[A-Z_]+|"
                   r"PWD|OLDPWD|SHLVL|_)$")
seen = {}
for name in glob.glob("trace.*"):
    for line in open(name, errors="replace"):
        if not line.startswith("execve(") or not line.rstrip().endswith(" = 0"): continue
        path, rest = re.match(r'execve\("([^"]*)", \[(.*)', line).groups()
        if path == program: continue
        argv, env = re.split(r"\], \[", rest, maxsplit=1) if "], [" in rest else (rest, "")
        lines += 1
        if own.search(argv): sys.exit(f"an argument of {path}: {argv}")
        for entry in re.findall(r'"((?:[^"\\]|\\.)*)"', env):
            key, value = entry.split("=", 1)
            home = any(re.search(where, path) and key == allowed for where, allowed in homes)
            if own.search(value) and not home: sys.exit(f"the environment of {path}: {entry}")
            if own.search(value): seen[key] = 1
            if not home and not plain.match(key): sys.exit(f"{path} is told {entry}")
print(lines, " ".join(sorted(seen)))
P

children=0
# watch STATUS ARGUMENT...: one command, whose children, talk and traces are looked at.
watch() {
  local expected=$1 told
  shift
  rm -f trace.*
  run strace -ff -qq -v -s 65536 --seccomp-bpf -o trace -e trace=execve "$program" "$@"
  expect "$expected"
  ! grep -E 'secret-(of|in|pass)|AGE-SECRET' "$folder/out" "$folder/err" || fail "a secret was printed"
  told=$(/usr/bin/python3 judge.py "$program") || fail "$*"
  [[ -n ${told%% *} ]] || fail "no answer"
  children=$((children + ${told%% *}))
  homes=${told#* }
}
config=(--config lifeboat.yaml)
watch 5 check --config s3.yaml
watch 8 backup --config api.yaml
stderr_has 'smtp was not told'
watch 0 backup "${config[@]}"
[[ $homes == 'MYSQL_PWD PGPASSWORD TOKEN' ]] || fail "secrets in $homes"
watch 0 drill "${config[@]}"
watch 0 verify "${config[@]}" --identity locked.key
watch 0 restore latest "${config[@]}" --identity key.txt --to restored
watch 0 diff latest "${config[@]}" --identity key.txt
for service in shop app; do
  watch 0 restore latest "$service" "${config[@]}" --identity key.txt --yes-replace "$service"
done
watch 4 notify test "${config[@]}"
watch 1 status "${config[@]}"
watch 0 init --config "$place/new/lifeboat.yaml" --root "$place/data" --yes --host h2 \
  --store "dir:$place/store2" --path "$place/data" --recipient "$recipient" --drill
watch 0 keygen -o other.key
((children > 40)) || fail "only $children children were seen"
! grep -rE 'secret-(of|in|pass)|AGE-SECRET' state store spool scratch > "$folder/found" ||
  fail "a secret was kept: $(cat "$folder/found")"
counted security "programs started, arguments and environment read" "$children"
