# GitHub, and a configuration that names its repository.
github_stand_in owner/name github_pat_...
configure 'host: {recipe: files, paths: [/etc/hostname]}'
echo 'notify: {github: {repo: owner/name, token: github_pat_...}}' >> /etc/lifeboat/lifeboat.yaml
stays 'lifeboat relay' 'curl -fs http://127.0.0.1:9096/healthz'
mkdir -p /etc/alertmanager
echo token > /etc/alertmanager/relay.token
