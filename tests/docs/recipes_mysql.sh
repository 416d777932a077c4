# A MariaDB with a database; the user that the page makes must be all that a backup needs.
command -v mariadb-install-db > /dev/null || skip "mariadb-install-db is missing: install mariadb-server-core"
mkdir -p /run/mysqld
mariadb-install-db --no-defaults --user=root --auth-root-authentication-method=normal \
  --skip-test-db --datadir=/srv/mysql > "$told/install.log"
mariadbd --no-defaults --user=root --datadir=/srv/mysql --socket=/run/mysqld/mysqld.sock \
  --pid-file=/run/mysqld/pid --skip-networking < /dev/null &> "$told/mariadb.log" &
wait_for 60 mariadb --no-defaults -u root -S /run/mysqld/mysqld.sock -e 'SELECT 1'
mariadb --no-defaults -u root -S /run/mysqld/mysqld.sock -e 'CREATE DATABASE shop;
  CREATE TABLE shop.customer (id INT PRIMARY KEY); INSERT INTO shop.customer VALUES (1), (2)'
hook sql << 'SH'
set -euo pipefail
mariadb --no-defaults -u root -S /run/mysqld/mysqld.sock
lifeboat backup | grep 'rows 2'
SH
configure "local: {recipe: mysql, socket: /run/mysqld/mysqld.sock, user: lifeboat, password: a long password}"
