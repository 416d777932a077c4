// One view of a database, for as long as it takes to count in it and to dump it.
//
// A psql holds the transaction that exported the snapshot; others join it. It may not live on when
// Lifeboat is killed, since an open snapshot keeps the server from cleaning up: it writes a line
// every few seconds, of which it dies once nobody reads, and at the deadline its statement fails.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "recipe/postgres/client.h"

namespace lifeboat {

class HeldSnapshot {
 public:
  // Throws Error(service) if the server gives none. `client` must outlive it.
  HeldSnapshot(PostgresClient& client, std::string database);
  // Ends the transaction, noexcept.
  ~HeldSnapshot();
  HeldSnapshot(const HeldSnapshot&) = delete;
  HeldSnapshot& operator=(const HeldSnapshot&) = delete;

  // For SET TRANSACTION SNAPSHOT and pg_dump --snapshot.
  const std::string& name() const { return name_; }

 private:
  PostgresClient& client_;
  std::string database_;
  std::unique_ptr<Source> session_;
  std::string name_;
  uint64_t backend_pid_ = 0;
};

}  // namespace lifeboat
