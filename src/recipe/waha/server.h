// What a running WAHA server says of its sessions, as a second witness beside the files.
//
// Read only: nothing is started, stopped or logged out.
#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "base/stop.h"

namespace lifeboat {

struct WahaServerSession {
  std::string name;
  std::string status;  // "WORKING", "STOPPED", "SCAN_QR_CODE" ...
};

// GET `url`/api/sessions?all=true: without `all`, stopped sessions are left out. `api_key` may be
// null. Throws Error(service). https://waha.devlike.pro/docs/how-to/sessions/
std::vector<WahaServerSession> list_server_sessions(const std::string& url, const Secret* api_key,
                                                    const StopToken& stop);

}  // namespace lifeboat
