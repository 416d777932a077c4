# A Prometheus that has what the page writes.
mkdir -p /etc/prometheus
after 'lifeboat monitoring' 'cd /etc/prometheus/backups
  promtool check rules prometheus/rules/*.yml
  cat > /etc/prometheus/prometheus.yml << YAML
rule_files: [/etc/prometheus/backups/prometheus/rules/*.yml]
$(sed -n "/^scrape_configs:/,\$p" prometheus/scrape.yml)
YAML
  promtool check config /etc/prometheus/prometheus.yml
  sha256sum -c .lifeboat-sha256'
