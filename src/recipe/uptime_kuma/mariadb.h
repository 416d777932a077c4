// The MariaDB that Uptime Kuma's full image runs for itself, at run/mariadb.sock in the data
// folder.
//
// It has no password: who connects is known by the socket's other end, "node" or "root" of the
// container. Root of this host is that root too, unless user namespaces are in between, so without
// an engine the host's own programs do.
// https://github.com/louislam/uptime-kuma/blob/master/server/embedded-mariadb.js
#pragma once

#include "recipe/mysql/backup.h"
#include "recipe/uptime_kuma/instance.h"

namespace lifeboat {

inline constexpr const char* kuma_mariadb_name = "kuma";

// Speaks to it, in the container if that runs.
std::unique_ptr<MysqlServer> connect_kuma_mariadb(const KumaInstance& kuma, const Service& service,
                                                  RecipeContext& context);
// Dumped whole, before anything else is read. Throws Error(service) with a hint: the server runs
// only while Uptime Kuma does.
MysqlBackup back_up_kuma_mariadb(const KumaInstance& kuma, const Service& service,
                                 RecipeContext& context);

}  // namespace lifeboat
