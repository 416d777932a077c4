# GitHub, as the page says for one of your own; and a configuration that names it.
stay "$build/tests/support/lifeboat-fake-github" --port-file "$told/github" --log "$told/acts" \
  --token github_pat_... --repo owner/name
wait_for 20 test -s "$told/github"
page_env GITHUB_API_URL "$(cat "$told/github")"
configure 'host: {recipe: files, paths: [/etc/hostname]}'
cat >> /etc/lifeboat/lifeboat.yaml << YAML
notify:
  github: {repo: owner/name, token: github_pat_..., api_url: "$(cat "$told/github")"}
YAML
stays 'lifeboat relay' 'curl -fs http://127.0.0.1:9096/healthz'
mkdir -p /etc/alertmanager
echo token > /etc/alertmanager/relay.token
