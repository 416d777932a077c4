// A data folder as Grafana has it: grafana.db in WAL mode with the tables that hold content and
// secrets, the secrets sealed as Grafana seals them.
#pragma once

#include <filesystem>
#include <string>

#include "base/random.h"

namespace lifeboat::test {

struct GrafanaSampleOptions {
  std::string secret_key = "a-key-of-its-own";
  bool has_envelope = true;  // a data key in between, as since Grafana 9
  bool has_ini = true;       // grafana.ini with the key
};

// Two data sources (one with the password "orders-db-password"), one contact point with a secret,
// one row of the table `secrets`, three dashboards, a plugin.
void make_grafana_sample(const std::filesystem::path& folder, const GrafanaSampleOptions& options,
                         Random& random);

}  // namespace lifeboat::test
