# A project as the recipe's own tests know it; the role that the page makes must be all a backup needs.
postgres_server
sed -n '/R"sql(/,/)sql"/{/sql"/d;/R"sql(/d;p}' "$project/src/recipe/supabase/supabase_sample_test.h" |
  psql -q -v ON_ERROR_STOP=1
configure 'app: {recipe: supabase, socket: /srv/pg, user: lifeboat, sslmode: disable}'
hook sql << 'SH'
set -euo pipefail
psql -q -v ON_ERROR_STOP=1 -h /srv/pg -U postgres
lifeboat backup | grep 'auth_users 25'
SH
