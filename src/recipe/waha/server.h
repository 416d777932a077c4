// A running WAHA server, asked over its REST API.
//
// Sessions are listed, stopped and started. Never logged out or deleted: that unlinks the phone.
// https://waha.devlike.pro/docs/how-to/sessions/
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "base/stop.h"
#include "http/client.h"
#include "recipe/recipe.h"

namespace lifeboat {

struct WahaServerSession {
  std::string name;
  std::string status;  // "WORKING", "STOPPED", "SCAN_QR_CODE" ...
};

// One thread at a time. All throw Error(service) with a hint.
class WahaServer {
 public:
  // From the options `url` and `api_key` of `service`, which has a `url`.
  WahaServer(const Service& service, StopToken stop);

  // With `all=true`: without it, stopped sessions are left out.
  std::vector<WahaServerSession> sessions();
  void stop_session(const std::string& name);
  // Does not heed the stop token: Ctrl-C must not keep a session down.
  void start_session(const std::string& name);

 private:
  HttpResponse ask(const std::string& method, const std::string& path, const StopToken& stop);
  void act(const std::string& name, const char* verb, const StopToken& stop);

  std::string url_;
  std::shared_ptr<const Secret> api_key_;
  StopToken stop_;
};

}  // namespace lifeboat
