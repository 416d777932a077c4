#!/usr/bin/env bash
# Each recipe of folders, damaged and put back in the place of the live one; the nouns of `diff` on
# the way. No containers here: those are in tests/docker.
source "$(dirname "$0")/lib.sh"

make_key
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=$1" \
    -keyout "$2.key" -out "$2.crt" 2> /dev/null
}
site=caddy/caddy/certificates/ca/example.org
mkdir -p $site traefik kuma/upload host/etc web app
certificate example.org $site/example.org
certificate a.example.org one
{
  printf '{"le": {"Certificates": [{"domain": {"main": "a.example.org"}, "Store": "default", '
  printf '"certificate": "%s", "key": "%s"}]}}' "$(base64 -w 0 one.crt)" "$(base64 -w 0 one.key)"
} > traefik/acme.json
echo '{"type": "sqlite"}' > kuma/db-config.json
sqlite3 kuma/kuma.db "PRAGMA journal_mode = WAL;
  CREATE TABLE user(id INTEGER PRIMARY KEY, username); INSERT INTO user VALUES (1, 'admin');
  CREATE TABLE setting(id INTEGER PRIMARY KEY, key, value);
  INSERT INTO setting VALUES (1, 'jwtSecret', '\"signs\"');
  CREATE TABLE notification(id INTEGER PRIMARY KEY, name, config);
  CREATE TABLE monitor(id INTEGER PRIMARY KEY, name, url);
  INSERT INTO monitor VALUES (1, 'shop', 'https://a'), (2, 'mail', 'https://b');
  CREATE TABLE heartbeat(id INTEGER PRIMARY KEY);" > sqlite.out
echo icon > kuma/upload/logo.png
echo one > host/etc/app.conf
echo index > web/index.html
sqlite3 app/app.db "CREATE TABLE t(x); INSERT INTO t VALUES ('kept')"
write_config \
  "caddy: {recipe: caddy, path: $place/caddy}" \
  "traefik: {recipe: traefik, path: $place/traefik}" \
  "kuma: {recipe: uptime-kuma, path: $place/kuma}" \
  "host: {recipe: files, paths: [$place/host/etc/app.conf]}" \
  "web: {recipe: volume, path: $place/web}" \
  "app: {recipe: sqlite, path: $place/app/app.db}"
backup
expect 0
stderr_has 'caddy: '
stderr_has '1 certificate, the first ends 20'

configured=(--config lifeboat.yaml --identity key.txt --scratch "$place")
replace() {
  lifeboat restore latest "$1" --yes-replace "$1" "${configured[@]}"
  expect 0
}
in_place() { stat -c %i "$1"; }

rm -r $site
acme=$(in_place traefik/acme.json)
echo '{}' > traefik/acme.json
chmod 0644 traefik/acme.json
sqlite3 kuma/kuma.db "DELETE FROM monitor WHERE id = 2; UPDATE monitor SET url = 'https://c'"
rm kuma/upload/logo.png
echo two > host/etc/app.conf
echo late > web/late.html
web=$(in_place web)
sqlite3 app/app.db "UPDATE t SET x = 'lost'"

lifeboat diff latest "${configured[@]}"
expect 1
stdout_has "- certificate 'example.org'"
stdout_has "- certificate 'a.example.org'"
stdout_has "~ monitor 'shop'"
stdout_has "- monitor 'mail'"
stdout_has "app.conf"
stdout_has "late.html"
stdout_has "~ table 't'"

replace caddy
[[ $(stat -c %a $site/example.org.key) == 600 ]] || fail "the key's mode"
replace traefik
grep -q a.example.org traefik/acme.json || fail "no certificate"
[[ $(in_place traefik/acme.json) == "$acme" ]] || fail "acme.json is another file"
mode_is traefik/acme.json 600
replace kuma
[[ $(sqlite3 kuma/kuma.db 'SELECT group_concat(url) FROM monitor') == https://a,https://b ]] ||
  fail "the monitors"
exists kuma/upload/logo.png
replace host
[[ $(cat host/etc/app.conf) == one ]] || fail "app.conf"
replace web
missing web/late.html
[[ $(in_place web) == "$web" ]] || fail "web is another folder"
exists web.before-*/late.html
replace app
[[ $(sqlite3 app/app.db 'SELECT x FROM t') == kept ]] || fail "app.db"
[[ $(sqlite3 app.before-*/app.db 'SELECT x FROM t') == lost ]] || fail "what was there"

lifeboat diff latest "${configured[@]}"
expect 0
[[ -z $(find . -maxdepth 1 -name '*.new-*') ]] || fail "copies are left"
