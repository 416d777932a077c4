# vps-i1: Grafana, Traccar's MariaDB in a container, Caddy, Uptime Kuma, and the Supabase project that
# it dumps over the network. Sourced by fleet_test.sh.

vps_i1_services() {
  make_host i1 "$supabase_name"
  make_db_image
  [[ ! -s $state/missing-images ]] || skip "$(cat "$state/missing-images")"
  start_i1_grafana
  start_i1_traccar
  fill_caddy
  start_i1_kuma
  start_supabase
  local volume outside
  make_volume i1 prometheus_data
  make_volume i1 loki_data
}

start_i1_grafana() {
  local volume outside
  make_volume i1 grafana_data
  on i1 "$tools/lifeboat-fake-grafana" --port-file "$work/grafana.port" --seed --data "$volume" &
  forward 3000 grafana.port
}

start_i1_traccar() {
  local try
  docker_on i1 run -d --name traccar-db --network none -v traccar_db:/var/lib/mysql \
    -e MARIADB_ROOT_PASSWORD=traccar-root-password db:1 sh -c '
      [ -d /var/lib/mysql/mysql ] || mariadb-install-db --user=mysql --skip-test-db \
        --auth-root-authentication-method=normal > /dev/null
      exec mariadbd --user=mysql --skip-networking' > /dev/null
  for ((try = 0; try < 240; try++)); do
    if docker_on i1 exec traccar-db mariadb-admin ping &> /dev/null; then
      docker_on i1 exec -i traccar-db mariadb < "$here/traccar.sql"
      traccar_password=$(openssl rand -hex 12)
      docker_on i1 exec -i traccar-db mariadb <<SQL
CREATE USER 'lifeboat'@'localhost' IDENTIFIED BY '$traccar_password';
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON *.* TO 'lifeboat'@'localhost';
SQL
      return
    fi
    [[ $(docker_on i1 inspect -f '{{.State.Running}}' traccar-db) == true ]] || break
    sleep 0.5
  done
  docker_on i1 logs traccar-db | tail -n 20 >&2
  fail "MariaDB does not start"
}

fill_caddy() {
  local volume outside name=grafana.example.com folder
  make_volume i1 caddy_data
  folder=$outside/caddy/certificates/acme-v02.api.letsencrypt.org-directory/$name
  mkdir -p "$folder" "$outside/caddy/acme/acme-v02.api.letsencrypt.org-directory/users/owner"
  make_certificate_for "$name"
  cp "$name.pem" "$folder/$name.crt"
  cp "$name.key" "$folder/$name.key"
  echo "{\"sans\":[\"$name\"],\"issuer_data\":{}}" > "$folder/$name.json"
  folder=$outside/caddy/acme/acme-v02.api.letsencrypt.org-directory/users/owner
  openssl ecparam -name prime256v1 -genkey -noout > "$folder/owner.key"
  echo '{"status":"valid","contact":["mailto:owner@example.com"]}' > "$folder/owner.json"
}

start_i1_kuma() {
  local volume outside kuma_url=http://127.0.0.1:3001 try
  make_volume i1 uptime_kuma_data
  echo '{"type":"sqlite"}' > "$outside/db-config.json"
  on i1 env -C "$kuma_prefix/node_modules/uptime-kuma" "$(command -v node)" server/server.js \
    --data-dir="$volume/" --port=3001 --host=127.0.0.1 > kuma.log 2>&1 &
  for ((try = 0; try < 240; try++)); do
    if curl -fsS -m 3 "$kuma_url/api/entry-page" 2> /dev/null | grep '"type"' > /dev/null; then
      node "$here/../live/kuma_client.mjs" "$kuma_prefix" "$kuma_url" seed 5
      return
    fi
    sleep 0.5
  done
  tail -n 20 kuma.log >&2
  fail "Uptime Kuma does not start"
}

# A PostgreSQL with the schemas and roles of a Supabase project, where its session pooler would be.
start_supabase() {
  local bin data=$work/supabase
  bin=$(find /usr/lib/postgresql -path '*/bin/initdb' | sort -V | tail -n 1)
  bin=${bin%/initdb}
  supabase_password=$(openssl rand -hex 12)
  mkdir "$data"
  echo "$supabase_password" > supabase.pw
  make_certificate_for "$supabase_name"
  mkdir "$data.tls"
  cp "$supabase_name.pem" "$supabase_name.key" "$data.tls"
  chown -R postgres "$data" "$data.tls" supabase.pw
  chmod 711 "$work"
  as_postgres "$bin/initdb" -D "$data" -U postgres --auth=scram-sha-256 \
    --pwfile="$work/supabase.pw" > initdb.log
  as_postgres "$bin/postgres" -D "$data" -c listen_addresses=127.0.0.1 -c port=5432 \
    -c unix_socket_directories= -c fsync=off -c ssl=on \
    -c "ssl_cert_file=$data.tls/$supabase_name.pem" \
    -c "ssl_key_file=$data.tls/$supabase_name.key" > supabase.log 2>&1 &
  local try
  export PGPASSWORD=$supabase_password
  for ((try = 0; try < 100; try++)); do
    if psql -h 127.0.0.1 -U postgres -c 'SELECT 1' &> /dev/null; then break; fi
    sleep 0.1
  done
  # The same project that the recipe's own tests know.
  sed -n '/R"sql(/,/)sql"/{/sql"/d;/R"sql(/d;p}' "$project/src/recipe/supabase/supabase_sample_test.h" |
    psql -q -h 127.0.0.1 -U postgres -v ON_ERROR_STOP=1 > /dev/null
  unset PGPASSWORD
}
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }

vps_i1_install() {
  install_lifeboat i1 install-ionos.sh \
    GRAFANA_TOKEN=glsa_fake_admin_of_org_1 "TRACCAR_DB_BACKUP_PASSWORD=$traccar_password" \
    SUPABASE_DB_USER=postgres "SUPABASE_DB_PASSWORD=$supabase_password"
}

vps_i1_nights() {
  is_installed i1 install-ionos.sh '30 2 * * * root /usr/bin/lifeboat backup nightly' \
    '0 3 * * 0 root /usr/bin/lifeboat backup supabase-weekly'
  on_lifeboat i1 0 discover --fail
  has "$out" 'skipped: Thanos keeps the metrics'
  on_script i1 0 backup-ionos.sh
  on_script i1 0 backup-supabase.sh
  discord_was_told "backup 'supabase-weekly' of vps-i1"
  on_lifeboat i1 0 list --host vps-i1
  on_script i1 0 backup-restore-drill.sh --engine docker
  last_line_is 'RESTORE OK — 4 dashboards, 3 alert rules, 3 devices, 5 monitors'
  on_script i1 0 backup-restore-drill.sh "supabase-weekly/$(date -u +%G-W%V)" --engine host
  has "$out" 'RESTORE OK — 7 tables, 140 rows, 25 auth users'
  on_lifeboat i1 0 drill --sabotage
  on_lifeboat i1 0 drill "supabase-weekly/$(date -u +%G-W%V)" --sabotage
  docker_on i1 exec -i traccar-db mariadb traccar \
    <<< "INSERT INTO tc_devices (name, uniqueid) VALUES ('Truck 4', '860000000000009')"
  on_lifeboat i1 1 diff latest traccar
  has "$out" 'Truck 4'
  nothing_is_left i1
}
