#!/usr/bin/env bash
# A real MariaDB through everything: backed up by the user that the docs make, drilled, damaged,
# restored with stock tools alone, and left out, with its reason, when it cannot be read. Skipped
# without mariadb-server-core and mariadb-client.
source "$(dirname "$0")/lib.sh"

for tool in mariadbd mariadb-install-db mariadb mariadb-dump setpriv age zstd; do
  command -v "$tool" > /dev/null || skip "$tool is missing: install mariadb-server-core mariadb-client"
done

as_root=()
if ((EUID == 0)); then as_root=(--user=root); fi
mariadb-install-db --no-defaults "${as_root[@]}" --auth-root-authentication-method=normal \
  --skip-test-db --datadir="$place/data" > install.log 2>&1 || fail "install: $(tail install.log)"
# Dies with this script, however that ends.
setpriv --pdeathsig KILL mariadbd --no-defaults "${as_root[@]}" --datadir="$place/data" \
  --socket="$place/s" --pid-file="$place/pid" --skip-networking --log-bin \
  < /dev/null > server.log 2>&1 &
pids+=($!)
root=(mariadb --no-defaults -N -u root --socket="$place/s")
for ((try = 0; try < 600; try++)); do
  if "${root[@]}" -e 'SELECT 1' > /dev/null 2>&1; then break; fi
  sleep 0.1
done

"${root[@]}" << 'SQL'
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;
CREATE TABLE customer (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80), photo BLOB);
INSERT INTO customer (name, photo) SELECT concat('Kund''in ', seq, ' ü'), unhex(md5(seq)) FROM seq_1_to_5000;
CREATE TABLE note (id INT PRIMARY KEY, text TEXT);
INSERT INTO note VALUES (1, '-- Dump completed'), (2, 'a;\nb');
CREATE VIEW names AS SELECT name FROM customer;
SQL
sed -n '/^```sql$/,/^```$/p' "$project/docs/recipes/mysql.md" | sed '1d;$d' | "${root[@]}"
export DB_PASSWORD='a long password'

make_key
mkdir source
echo data > source/file
shop="shop: {recipe: mysql, socket: $place/s, user: lifeboat, password: \"\${DB_PASSWORD}\"}"
write_config "$shop" "files: {recipe: volume, path: $place/source}"
lifeboat check --config lifeboat.yaml
stdout_has 'MariaDB'
backup
expect 0
stdout_has 'rows 5002'
on_bare_machine drill
expect 0
stdout_has 'RESTORE OK'
on_bare_machine drill --sabotage
expect 0

# By hand, as RESTORE.md says, into the emptied server.
checksums() {
  "${root[@]}" -e 'CHECKSUM TABLE shop.customer, shop.note; SELECT count(*) FROM shop.names'
}
checksums > before
"${root[@]}" -e 'DROP DATABASE shop; DROP USER lifeboat@localhost'
mkdir by_hand
age -d -i key.txt store/h1/*/backup.tar.zst.age 2> /dev/null | zstd -dq | tar -x -C by_hand
grep -qF 'long password' -r by_hand && fail "the password is in the archive"
sed -n '/^## shop/,$p' by_hand/RESTORE.md | sed -n 's/^       //p' | grep -v '^read -rs' > steps
(cd by_hand && MYSQL_PWD='' bash -e ../steps) || fail "the steps of RESTORE.md fail"
checksums > after
same before after

# What changed since, and the snapshot in the live one's place; root logs in for that.
live() { lifeboat "$@" --config lifeboat.yaml --identity key.txt; }
"${root[@]}" -e "UPDATE shop.note SET text = 'new' WHERE id = 1"
live diff latest shop
stdout_has 'shop.note'
stdout_lacks 'shop.customer'
sed -i 's/user: lifeboat/restore_user: root, &/' lifeboat.yaml
live restore latest shop --yes-replace shop
expect 4
stderr_has 'views'
"${root[@]}" -e 'DROP VIEW shop.names'
rm -rf store/*
backup
"${root[@]}" -e "DELETE FROM shop.customer"
live restore latest shop --yes-replace shop
expect 0
[[ $("${root[@]}" -e 'SELECT count(*) FROM shop.customer') == 5000 ]] || fail "not replaced"
kept=$("${root[@]}" -e "SHOW DATABASES LIKE 'shop\_before%'")
stdout_has "$kept"
[[ $("${root[@]}" -e "SELECT count(*) FROM $kept.customer") == 0 ]] || fail "not kept"
"${root[@]}" -e "DROP DATABASE $kept"

# Its password is wrong: the other service is safe, and the reason is told.
backup
expect 0
DB_PASSWORD=wr0ng backup
expect 8
stderr_has 'Access denied'
stderr_has "hint: Check 'user' and 'password'"
stderr_lacks 'wr0ng'
# Its server is gone.
kill -9 "${pids[0]}"
backup
expect 8
stderr_has 'Is the server running'
no_files_in spool
on_bare_machine restore latest --to restored
expect 0
missing restored/shop/databases
exists restored/files/file
