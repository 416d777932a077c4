# A Pushgateway under the page's name, to which a backup of vps-h1 has pushed.
command -v prometheus-pushgateway > /dev/null || skip "prometheus-pushgateway is not installed"
names push.example.org
trusted_certificate push push.example.org
echo "tls_server_config: {cert_file: $told/push.pem, key_file: $told/push.key}" > "$told/web.yml"
prometheus-pushgateway --web.listen-address=127.0.0.1:443 --web.config.file="$told/web.yml" \
  < /dev/null &> "$told/push.log" &
wait_for 20 curl -fs https://push.example.org/-/ready
configure 'host: {recipe: files, paths: [/etc/hostname]}'
echo 'metrics: {pushgateway: "https://push.example.org"}' >> /etc/lifeboat/lifeboat.yaml
lifeboat backup
lifeboat drill
groups() { curl -fs https://push.example.org/api/v1/metrics | jq -e ".data | length == $1"; }
groups 3
after /job/lifeboat/host/vps-h1 'curl -fs https://push.example.org/api/v1/metrics |
  jq -e ".data | length == 0"'
