# A Grafana where the page says, which the configuration's check asks.
stay "$build/tests/support/lifeboat-fake-grafana" --port-file "$told/grafana" --seed
wait_for 20 test -s "$told/grafana"
python3 "$project/tests/support/forward.py" 3000 "$(grep -oE '[0-9]+$' "$told/grafana")" &
page_env GRAFANA_TOKEN glsa_fake_admin_of_org_1
