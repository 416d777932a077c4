# A container with a volume, and an archive as the image would have made it of /backup/app_data.
docker_engine
mkdir -p image/bin
cp "$(command -v busybox)" image/bin/
tar -c -C image . | docker import - app > /dev/null
volume app_data
docker run -d --name app --network none --stop-signal KILL -v app_data:/data app \
  /bin/busybox sleep 600 > /dev/null
echo picture > /var/lib/docker/volumes/app_data/_data/one.jpg
lifeboat keygen -o age.key
recipient=$(lifeboat keygen -y age.key)
means age1zmkxxnqlgv3sqxsrkx655tpqg2clsj4js95c8wcx5r9xpztqp95qkm3pcv "$recipient"
mkdir -p /mnt/nas/offen staged/backup
cp -a /var/lib/docker/volumes/app_data/_data staged/backup/app_data
tar -c -C staged backup | zstd -q | age -r "$recipient" \
  > /mnt/nas/offen/backup-2026-11-27T02-00-00.tar.zst.age
rm -r image staged
