// A strict stand-in for Grafana's HTTP API, for tests: it refuses what the real one refuses, and
// closed: a field or path it does not know is a 4xx, so that a client cannot rely on luck.
//
// After the API documentation and what Grafana 11 is known to answer; where the real one is lenient
// and a client would lose data by it (a contact point created with the secret "[REDACTED]"), this
// one refuses. It cannot prove that a client works with a real Grafana: see LIFEBOAT_LIVE_GRAFANA.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "support/http_server.h"

namespace lifeboat::test {

// Who the fake knows. The passwords and tokens are for tests alone.
inline constexpr const char* fake_grafana_user = "admin";  // server admin, all organizations
inline constexpr const char* fake_grafana_password = "fake-admin-password";
inline constexpr const char* fake_grafana_admin_token = "glsa_fake_admin_of_org_1";
inline constexpr const char* fake_grafana_viewer_token = "glsa_fake_viewer_of_org_1";

// A request of `method` whose path starts with `path` goes wrong, from the `nth` of them (from 1)
// for `times` requests.
struct GrafanaFault {
  std::string path;
  std::string method = "GET";  // "": whatever writes
  int nth = 1;
  int times = 1;
  ServedResponse response = {};
};

struct FakeGrafanaOptions {
  uint16_t port = 0;                 // 0: one that is free
  bool has_anonymous_admin = false;  // who says nothing is an admin of organization 1
};

// Any thread.
class FakeGrafana {
 public:
  explicit FakeGrafana(const FakeGrafanaOptions& options = {});
  ~FakeGrafana();

  std::string url() const;
  // Two organizations with everything that a backup must bring home; secrets included.
  void seed();
  void add_fault(GrafanaFault fault);
  // Called with each request before it is answered, as "GET /api/...", without the lock: what a
  // person does in Grafana meanwhile.
  void on_request(std::function<void(const std::string&)> watcher);
  // As "GET /api/search", with queries left out, in order.
  std::vector<std::string> asked() const;

  // What an organization holds, by kind; a copy. Kinds: folders, dashboards, datasources,
  // library_elements, teams, users, preferences, annotations, rules, groups, contact_points,
  // policies, mute_timings, templates.
  Json kept(int org, const std::string& kind) const;
  // Puts `value` there, past all checks.
  void put(int org, const std::string& kind, Json value);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat::test
