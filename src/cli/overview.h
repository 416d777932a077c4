// What `status` and `report` look at: the store, and what the configuration and the state file of
// this host add to it. With --store nothing of this host counts, so that both work on any machine.
#pragma once

#include <chrono>
#include <exception>
#include <string>

#include "cli/context.h"
#include "observe/history.h"
#include "observe/status.h"

namespace lifeboat::cli {

struct Overview {
  History history;
  std::string store;  // its name
  Status status;
  // Why the store could not be read, an Error(store); null if it could. The status is then what the
  // state file knows.
  std::exception_ptr store_failure;
};

// The nights of the last `nights`. Throws the store's Error if there is no state file to stand in.
Overview look_over(CommandContext& context, std::chrono::days nights);

}  // namespace lifeboat::cli
