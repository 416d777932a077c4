# A project as the recipe's own tests know it, and a new one. The role that the page makes must be all a
# backup needs, and the new project must take what the page's pipe gives it.
# project_sql NAME: a constant of the recipe's sample.
project_sql() {
  sed -n "/supabase_$1_sql = R\"sql(/,/)sql\"/{/sql\"/d;/R\"sql(/d;p}" \
    "$project/src/recipe/supabase/supabase_sample_test.h"
}
postgres_server /srv/new
project_sql platform | psql -q -v ON_ERROR_STOP=1
postgres_server
{ project_sql platform && project_sql project; } | psql -q -v ON_ERROR_STOP=1
configure 'app: {recipe: supabase, socket: /srv/pg, user: lifeboat, sslmode: disable}'
sed -i 's/^jobs:.*/jobs: {weekly: {schedule: weekly, services: [app], stream: true}}/' \
  /etc/lifeboat/lifeboat.yaml
hook sql << 'SH'
set -euo pipefail
psql -q -v ON_ERROR_STOP=1 -h /srv/pg -U postgres
lifeboat backup | grep 'auth_users 25'
cp /srv/backups/vps-h1/supabase-weekly/*/supabase.sql.gz.age /root/
SH
page_env PGHOST /srv/new
page_env PGUSER postgres
means KEY_FILE age.key
means DATABASE postgres
after psql '[[ $(psql -At -c "SELECT count(*) FROM auth.users") == 25 ]]
  [[ $(psql -At -c "SELECT count(*) FROM app.orders") == 60 ]]'
