# A PostgreSQL with a database that knows row-level security; the role that the page makes must be all
# that a backup needs, and must not be able to change anything.
postgres_server
psql -q -c 'CREATE TABLE orders AS SELECT n FROM generate_series(1, 1234) n' \
  -c 'ALTER TABLE orders ENABLE ROW LEVEL SECURITY'
configure 'app: {recipe: postgres, socket: /srv/pg, user: lifeboat}'
hook sql << 'SH'
set -euo pipefail
psql -q -v ON_ERROR_STOP=1 -h /srv/pg -U postgres
if psql -q -h /srv/pg -U lifeboat -d postgres -c 'DELETE FROM orders'; then exit 1; fi
lifeboat backup | grep 'rows 1234'
SH
