// A folder like n8n's own: database.sqlite with n8n's tables, credentials encrypted as n8n does,
// and `config` with the key.
#pragma once

#include <filesystem>
#include <string>

#include "base/random.h"

namespace lifeboat::test {

struct N8nSampleOptions {
  int workflows = 12;
  int credentials = 8;
  bool as_wal = true;  // n8n 2.x; false: rollback journals, as n8n 1.x by default
  std::string key = "7vUI18y6H625Vvhk1rbB/MXDSX5dC4Vp";
};

// Creates `folder` with database.sqlite, config, binaryData/ and nodes/. Every workflow has a tag
// or none, one owner, and a node that names a credential.
void make_n8n_sample(const std::filesystem::path& folder, const N8nSampleOptions& options,
                     Random& random);
// One more workflow, committed, as a running n8n would: for writers beside a backup.
void add_n8n_workflow(const std::filesystem::path& folder, int number);

}  // namespace lifeboat::test
