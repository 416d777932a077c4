#!/usr/bin/env bash
# What somebody on the same machine could get: another user looks at a run's process, its children
# and its files, and swaps folders for links to a secret one while root reads them. Needs root.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/reliability/counts.sh
. "$here/counts.sh"
# shellcheck source=tests/script/lib.sh
. "$here/../script/lib.sh"
((EUID == 0)) || skip "needs root, to be another user"
for tool in strace sqlite3 /usr/bin/python3; do
  command -v "$tool" > /dev/null || skip "needs $tool"
done

make_key
rounds=6
long_form && rounds=300
mkdir -p secret data/inner
printf 'TOP-%s' secret-content > secret/file
sqlite3 secret/app.db "CREATE TABLE t(x); INSERT INTO t VALUES ('TOP-secret-row');"
sqlite3 data/inner/app.db "CREATE TABLE t(x); INSERT INTO t VALUES ('harmless');"
echo harmless > data/inner/file

# --- The process and its children: a hook looks at its parent.
cat > look.py <<'P'
import os, re, sys
parent = os.getppid()
status = open(f"/proc/{parent}/status").read()
limits = open(f"/proc/{parent}/limits").read()
locked = int(re.search(r"VmLck:\s+(\d+)", status)[1])
core = re.search(r"Max core file size\s+(\S+)\s+(\S+)", limits).groups()
allowed = {"PATH", "HOME", "LANG", "TZ"}
names = [e.split("=")[0] for e in open("/proc/self/environ").read().split("\0") if e]
extra = sorted(n for n in names if n not in allowed and not n.startswith("LIFEBOAT_"))
owner = os.stat(f"/proc/{parent}/environ").st_uid
child = os.fork()
if child == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
    for name in ("environ", "mem", "maps"):
        try:
            open(f"/proc/{parent}/{name}").read(1)
            os._exit(1)
        except PermissionError:
            pass
    os._exit(0)
hidden = os.waitpid(child, 0)[1] == 0
with open(sys.argv[1], "w") as out:
    print("locked", locked > 0, "core", core, "hidden", hidden, "extra", extra, file=out)
P
printf 'DB_PASSWORD=%s\nHOOK=%s\n' pw-in-the-env-file https://127.0.0.1:1/hook-token > lifeboat.env
write_config "web: {recipe: volume, path: $place/data}" \
  "dump: {recipe: command, command: [/bin/echo, content], min_bytes: 1}"
{
  echo "env_file: $place/lifeboat.env"
  echo "notify: {webhook: {url: \"\${HOOK}\", authorization: \"\${DB_PASSWORD}\"}}"
} >> lifeboat.yaml
sed -i "s|schedule: manual|schedule: manual, hooks: {before: [[/usr/bin/python3, $place/look.py, $place/looked]]}|" \
  lifeboat.yaml

export AWS_SECRET_ACCESS_KEY=parent-aws-key LIFEBOAT_PASSPHRASE=parent-passphrase GITHUB_TOKEN=parent-token
(umask 000 && exec strace -ff -qq -v -s 65536 -o "$folder/trace" \
  -e trace=execve,openat,open,creat,mkdir,mkdirat,umask \
  "$program" backup --config lifeboat.yaml) > "$folder/out" 2> "$folder/err" || status=$?
[[ $status == 0 ]] || fail "backup under strace"
unset AWS_SECRET_ACCESS_KEY LIFEBOAT_PASSPHRASE GITHUB_TOKEN
grep -q '^locked True core .*0.*0.* hidden True extra \[\]$' looked ||
  fail "the process shows: $(cat looked)"

# The program itself has the environment that it was given; its children do not.
grep -h 'execve(.* = 0$' "$folder"/trace.* | grep -vF "execve(\"$program\"" > "$folder/execs"
main=$(grep -lF "execve(\"$program\"" "$folder"/trace.*)
execs=$(wc -l < "$folder/execs")
((execs >= 2)) || fail "only $execs children were seen"
secrets='pw-in-the-env-file|hook-token|parent-aws-key|parent-passphrase|parent-token|AGE-SECRET'
! grep -E "$secrets|LD_PRELOAD" "$folder/execs" > "$folder/found" ||
  fail "a child was told: $(cat "$folder/found")"
! grep -qE "$secrets" "$folder/out" "$folder/err" || fail "a secret was printed"
! grep -rqE 'pw-in-the-env-file|hook-token|parent-' state store spool || fail "a secret was kept"
counted security "children whose argv and environment were read" "$execs"

# --- Files are private from the moment of their creation, whatever the umask was.
grep -q 'umask(077)' "$main" || fail "no umask of its own"
grep -E 'O_CREAT|O_TMPFILE|mkdir' "$main" | grep -v ' = -1' > "$folder/made" || true
made=$(wc -l < "$folder/made")
((made >= 5)) || fail "only $made files were seen"
# All that the umask leaves of a mode is the owner's; folders above a private one are made so too.
! awk '/umask\(077\)/ { set = 1 } !set && /O_CREAT|mkdir/' "$main" | grep . > /dev/null ||
  fail "a file was made before the umask"
counted security "files whose mode at creation was looked at" "$made"
loose=$(find state store spool -perm /077 ! -name '*.prom')
[[ -z $loose ]] || fail "others can read: $loose"

# --- A folder is swapped for a link to the secret one, and back, while root reads it.
sed -i 's|, hooks: {before: .*]]}||' lifeboat.yaml
ln -s "$place/secret" swap
chown -hR 65534:65534 data swap
cat > swap.py <<'P'
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
swaps = 0
while not os.path.exists("stop"):
    if libc.renameat2(-100, b"data/inner", -100, b"swap", 2) == 0: swaps += 1
    if swaps % 64 == 0: time.sleep(0)
if swaps % 2: libc.renameat2(-100, b"data/inner", -100, b"swap", 2)
print(swaps)
P
/usr/bin/python3 swap.py > swaps & pids+=($!)
swapper=$!
for ((round = 0; round < rounds; ++round)); do
  backup --json
  [[ $status == 0 || $status == 4 || $status == 8 ]] || fail "exit status $status"
done
touch stop
wait "$swapper"
swaps=$(cat swaps)
((swaps > rounds)) || fail "only $swaps swaps"
found=0
for archive in store/h1/*/backup*.tar.zst.age; do
  "$program" decrypt -i key.txt -o "$folder/plain" "$archive" && zstd -dqf "$folder/plain" -o "$folder/tar"
  ! grep -qaE 'TOP-secret' "$folder/tar" || fail "$archive holds the secret"
  found=$((found + 1))
  rm -f "$folder/plain" "$folder/tar"
done
((found > rounds)) || fail "only $found archives"
counted security "swaps of a folder for a link, none followed" "$swaps"

# --- Folders of the run's own that somebody else made first, or may write to.
planted=0
cp lifeboat.yaml planted.yaml
echo "drill: {identity: $place/key.txt, scratch: $place/scratch}" >> planted.yaml
# refused FOLDER WORDS: by each command that would use it, with nothing written there.
refused() {
  local folder_name=$1 words=$2 command
  local commands=(backup check)
  [[ $folder_name == scratch ]] && commands=(drill diff check)
  for command in "${commands[@]}"; do
    local more=()
    [[ $command == diff ]] && more=(latest --identity key.txt --scratch scratch)
    lifeboat "$command" "${more[@]}" --config planted.yaml
    ((status != 0)) || fail "$command takes a planted $folder_name"
    grep -qF -- "$words" "$folder/out" "$folder/err" || fail "$command does not say: $words"
    planted=$((planted + 1))
  done
  no_files_in "$folder_name"
}
for own in state spool scratch; do
  mkdir -p "$own"
  mv "$own" kept
  install -d -m 700 -o nobody -g nogroup "$own"
  refused "$own" 'it belongs to user 65534'
  rmdir "$own"
  install -d -m 777 "$own"
  refused "$own" 'others may write to it (mode 0777)'
  rmdir "$own"
  ln -s kept "$own"
  chown -h nobody:nogroup "$own"
  refused "$own" 'is a symbolic link of user 65534'
  rm "$own"
  mv kept "$own"
done
# A volume of a container is whose it is: nobody but root mounts.
mkdir volume
if unshare -m mount -t tmpfs -o mode=777,uid=65534 tmpfs volume 2> /dev/null; then
  sed "s|^spool_dir:.*|spool_dir: $place/volume|" planted.yaml > mounted.yaml
  run unshare -m sh -c 'mount -t tmpfs -o mode=777,uid=65534 tmpfs volume && exec "$@"' - \
    "$program" backup --config mounted.yaml
  expect 0
fi
counted security "planted folders refused, by command" "$planted"

# --- A link to a database, a FIFO in a file's place.
ln -s "$place/secret/app.db" planted.db
chown -h 65534:65534 planted.db
write_config "db: {recipe: sqlite, path: $place/planted.db}"
backup
expect 4
stderr_has 'is a symbolic link of user 65534'
mkdir n8n
sqlite3 n8n/database.sqlite 'CREATE TABLE t(x)'
mkfifo n8n/config
write_config "n8n: {recipe: n8n, path: $place/n8n}"
run timeout 60 "$program" backup --config lifeboat.yaml
[[ $status != 124 ]] || fail "a FIFO in a file's place is waited for"

# --- A crashed writer's journal that names a file to be removed: SQLite would, as root.
cat > hot.py << 'P'
import shutil, sqlite3, struct, sys
victim = sys.argv[1].encode()
db = sqlite3.connect("grow.db", isolation_level=None)
db.execute("CREATE TABLE t(x)")
db.executemany("INSERT INTO t VALUES (?)", [("a" * 900,)] * 2000)
db.execute("PRAGMA cache_size = 5")
db.execute("BEGIN")
db.execute("UPDATE t SET x = replace(x, 'a', 'b')")
shutil.copy("grow.db", "hot.db")
page = 4096
end = struct.pack(">I", 0x40000000 // page + 1) + victim
end += struct.pack(">II", len(victim), sum(victim)) + bytes.fromhex("d9d505f920a163d7")
with open("grow.db-journal", "rb") as journal, open("hot.db-journal", "wb") as hot:
    hot.write(journal.read() + end)
db.execute("ROLLBACK")
P
echo precious > victim
/usr/bin/python3 hot.py "$place/victim"
write_config "db: {recipe: sqlite, path: $place/hot.db}"
backup
expect 4
exists victim
missing hot.db-journal
backup
expect 0
