# The engine, containers and paths of the page's table. The images hold nothing: their names decide.
docker_engine
rm -rf /etc/{traefik,caddy,nginx,letsencrypt}
image() { tar -c -T /dev/null | docker import - "$1" > /dev/null; }
# container NAME IMAGE VOLUME FOLDER
container() {
  image "$2"
  docker create --name "$1" -v "$3:$4" "$2" run > /dev/null
  head -c 5000 /dev/urandom > "/var/lib/docker/volumes/$3/_data/data"
}
container mysql mysql:8 mysql_data /var/lib/mysql
container n8n docker.n8n.io/n8nio/n8n n8n_data /home/node/.n8n
container prom prom/prometheus prometheus_data /prometheus
echo 'services: {}' > /root/docker-compose.yml
git init -q --bare /srv.git
git clone -q /srv.git /opt/p24-infra 2> /dev/null
cd /opt/p24-infra
echo hello > README.md
git add .
git -c user.name=a -c user.email=a@example.org commit -qm first
git push -q origin HEAD
git remote set-url origin git@github.com:owner/p24-infra.git
cd /root
configure 'n8n: {recipe: n8n, volume: n8n_data}'
echo 'discover: {skip: {prometheus_data: Thanos has it}}' >> /etc/lifeboat/lifeboat.yaml
# What only Compose reads: its containers are made, and lifeboat must take them for services.
hook yaml << 'SH'
set -euo pipefail
docker rm n8n > /dev/null
python3 -c 'import sys, yaml
for name, service in yaml.safe_load(sys.stdin)["services"].items():
    print("docker create --name", name, "-v n8n_data:/home/node/.n8n", end=" ")
    for label, value in service["labels"].items(): print(f"--label {label}={value}", end=" ")
    print(service["image"], "run")' | bash
cat > /etc/lifeboat/lifeboat.yaml << YAML
host: vps-h1
store: {dir: /srv/backups}
encryption: {recipients: [$(lifeboat keygen -y /root/age.key)]}
docker: {labels: true}
jobs: {nightly: {schedule: daily}}
YAML
export N8N_API_KEY=key
lifeboat discover | grep 'n8n_data .* covered: .*n8n' || { lifeboat check; exit 1; }
SH
