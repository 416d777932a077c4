# A running n8n, in which two workflows change after the backup; a second backup comes after the first
# comparison. Both are of today, so the page's older date is the month's copy of the first.
sample_services /srv
docker_engine
rm -rf /srv/waha /srv/traefik
configure 'n8n: {recipe: n8n, path: /srv/n8n}'
sqlite3 /srv/n8n/database.sqlite "UPDATE workflow_entity SET name = 'Orders' WHERE name = 'flow-7'"
lifeboat backup
means 2026-05-07 "monthly/$(date -u +%Y-%m)"
means 2026-05-14 "$(date -u +%F)"
before 'lifeboat diff latest' 'sqlite3 /srv/n8n/database.sqlite "
  UPDATE workflow_entity SET nodes = json_insert(nodes, \"\$[#]\", json(\"{}\")) WHERE name = \"Orders\";
  INSERT INTO workflow_entity(id, name, active, nodes, connections, settings, versionId)
    SELECT \"Qm3TzKq7Wc1Lr9Xe\", \"Reminder\", 0, nodes, connections, settings, versionId
    FROM workflow_entity WHERE name = \"flow-1\";
  INSERT INTO shared_workflow(workflowId, projectId, role)
    SELECT \"Qm3TzKq7Wc1Lr9Xe\", projectId, role FROM shared_workflow LIMIT 1"'
before 'diff 2026-05-07 2026-05-14' 'lifeboat backup'
means Jh3vPq9sLm2XaT5k flow000000000007
