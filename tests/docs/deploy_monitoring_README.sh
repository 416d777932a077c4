# In a checkout, where it must change nothing.
cp -a "$project/deploy" /root/deploy
after 'lifeboat monitoring' "diff -r '$project/deploy/monitoring' /root/deploy/monitoring -x .lifeboat-sha256 -x runbook.md"
