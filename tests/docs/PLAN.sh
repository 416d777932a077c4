# One service of files, and the past that a forecast needs.
mkdir /srv/files
head -c 3000000 /dev/urandom | base64 > /srv/files/orders.csv
configure 'files: {recipe: volume, path: /srv/files}'
lifeboat backup
