# The places that secrets come from.
mkdir -p /run/keys
echo https://discord.com/api/webhooks/1/token > /run/keys/discord-webhook
chmod 600 /run/keys/discord-webhook

# 1Password's program: `op read op://VAULT/ITEM/[SECTION/]FIELD`.
# https://developer.1password.com/docs/cli/reference/commands/read/
stand_in op << 'SH'
#!/usr/bin/env bash
if [[ $# != 2 || $1 != read || ! $2 =~ ^op://[^/]+/[^/]+/[^/]+(/[^/]+)?$ ]]; then
  echo "[ERROR] could not read secret '$2': invalid secret reference" >&2
  exit 1
fi
echo https://hc-ping.example.org/5e7a
SH
