# Lifeboat on Nomad: a nightly backup of one application, by the cluster's own cron.
#
#   nomad var put nomad/jobs/lifeboat-shop access_key=... secret_key=... recipient=age1... \
#     offline_recipient=age1... pgpassword=...
#   nomad job run lifeboat.nomad.hcl
#   nomad job periodic force lifeboat-shop
#
# The bucket is all that such jobs share: there is no server of ours. With Vault instead of Nomad's
# variables, write {{ with secret "kv/data/lifeboat" }}{{ .Data.data.access_key }}{{ end }} below and
# give the task a `vault {}` block.
job "lifeboat-shop" {
  type        = "batch"
  datacenters = ["dc1"]

  periodic {
    crons            = ["17 2 * * *"] # a minute of one's own: not all of a fleet at 02:00
    time_zone        = "UTC"
    prohibit_overlap = true
  }

  group "backup" {
    count = 1

    # A run retries requests by itself; the next night comes.
    restart {
      attempts = 0
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }

    # Host volumes of the client: the application's data, and what runs remember.
    volume "uploads" {
      type      = "host"
      source    = "shop-uploads"
      read_only = true
    }
    volume "state" {
      type   = "host"
      source = "lifeboat-state"
    }

    task "lifeboat" {
      driver = "docker"
      user   = "10001"

      config {
        image           = "REGISTRY/lifeboat:0.1.0"
        args            = ["backup", "nightly", "--config", "/local/lifeboat.yaml"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
      }

      volume_mount {
        volume      = "uploads"
        destination = "/data/uploads"
        read_only   = true
      }
      volume_mount {
        volume      = "state"
        destination = "/state"
      }

      template {
        destination = "local/lifeboat.yaml"
        perms       = "0644"
        data        = <<YAML
host: shop-prod
store:
  s3:
    endpoint: https://s3.eu-central-1.wasabisys.com
    region: eu-central-1
    bucket: shop-backups
    access_key: $${LIFEBOAT_ACCESS_KEY}
    secret_key: $${LIFEBOAT_SECRET_KEY}
encryption:
  recipients: ["$${LIFEBOAT_RECIPIENT}", "$${LIFEBOAT_OFFLINE_RECIPIENT}"]
retention: {daily: 30, monthly: 12}
services:
  database:
    recipe: postgres
    host: postgres.service.consul
    user: backup
    password: $${PGPASSWORD}
    databases: [shop]
  uploads: {recipe: volume, path: /data/uploads}
jobs:
  nightly: {schedule: "02:00", services: [database, uploads]}
spool_dir: /alloc/data
state_dir: /state
YAML
      }

      # The task's environment; the file lies in memory.
      template {
        destination = "secrets/lifeboat.env"
        env         = true
        data        = <<ENV
{{ with nomadVar "nomad/jobs/lifeboat-shop" }}
LIFEBOAT_ACCESS_KEY={{ .access_key }}
LIFEBOAT_SECRET_KEY={{ .secret_key }}
LIFEBOAT_RECIPIENT={{ .recipient }}
LIFEBOAT_OFFLINE_RECIPIENT={{ .offline_recipient }}
PGPASSWORD={{ .pgpassword }}
{{ end }}
ENV
      }

      # SIGTERM ends a run cleanly: no half snapshot.
      kill_timeout = "60s"

      # `lifeboat plan` states the memory: 136 MiB at level 3 with 6 compressors and an upload in
      # parts of 8 MiB.
      resources {
        cpu        = 500
        memory     = 160
        memory_max = 256
      }
    }
  }
}
