# A checkout whose files were removed: the page's command must make the same again.
mkdir -p deploy/monitoring
cp "$project/deploy/monitoring/README.md" deploy/monitoring
after 'lifeboat monitoring' "diff -r '$project/deploy/monitoring' deploy/monitoring \
  -x .lifeboat-sha256 -x runbook.md"
