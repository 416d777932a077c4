// A strict stand-in for a WAHA server: sessions with states, the API key asked for, and nothing
// allowed but what the real server's manual has. A logout or a DELETE, which would unlink a phone,
// is refused and remembered.
// https://waha.devlike.pro/docs/how-to/sessions/
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "support/http_server.h"

namespace lifeboat::test {

class FakeWaha {
 public:
  // States by session: "WORKING", "STOPPED", "SCAN_QR_CODE" ...
  FakeWaha(std::map<std::string, std::string> sessions, std::string api_key);

  std::string url() const { return server_.url(); }
  std::string status(const std::string& session) const;
  void set_status(const std::string& session, const std::string& status);
  // The acts that came, refused ones too: "POST /api/sessions/main/stop".
  std::vector<std::string> acts() const;
  // Requests whose "METHOD TARGET" begins with `prefix` get `status` and have no effect; 0: as
  // usual again.
  void fail(const std::string& prefix, int status);
  // A session that is stopped counts as STOPPED only after it was listed so often.
  void stop_slowly(int lists) { lists_until_stopped_ = lists; }

 private:
  ServedResponse answer(const ServedRequest& request);
  ServedResponse list(bool all);
  ServedResponse act(const std::string& session, const std::string& verb);

  mutable std::mutex mutex_;
  std::map<std::string, std::string> sessions_;
  std::string api_key_;
  std::map<std::string, int> failures_;
  std::vector<std::string> acts_;
  int lists_until_stopped_ = 0;
  std::map<std::string, int> stopping_;
  HttpServer server_;  // last: its threads use the rest
};

}  // namespace lifeboat::test
