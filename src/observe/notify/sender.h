// One request to a target, tried until it is through, is refused, or the time for it is over: the
// same for all notifiers.
//
// A request that timed out may have arrived, so a message can come twice; one that never comes is
// worse. URLs of targets are secrets as a whole (a webhook's token is in its path): errors name
// their origin alone.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "observe/notify/notifier.h"

namespace lifeboat {

// Runs `once` until it throws no transient Error: twice more at most, after a pause. A RateLimited
// is waited out as long as NotifyWorld::wait_max allows, and tried five times at most.
void try_again(const NotifyWorld& world, const std::function<void()>& once);

// The target takes nothing for `pause` from now.
class RateLimited final : public Error {
 public:
  RateLimited(const std::string& message, std::chrono::nanoseconds pause);
  std::chrono::nanoseconds pause() const { return pause_; }

 private:
  std::chrono::nanoseconds pause_;
};

struct Addressee {
  std::string name;  // "Discord"
  std::string hint;  // for one that answers 401, 403, 404 or 410
  // These mean that it will never take anything again.
  bool can_be_gone = true;
};

class Sender {
 public:
  // `world` must outlive it.
  Sender(Addressee to, const NotifyWorld& world) : to_(std::move(to)), world_(world) {}

  // The answer, of a status 2xx. Sets the request's timeout, stop and told_as.
  HttpResponse send(HttpRequest request);

 private:
  [[noreturn]] void refuse(const HttpRequest& request, const HttpResponse& response) const;

  Addressee to_;
  const NotifyWorld& world_;
};

// What Notifier::target_id gives for these settings.
std::string hash_settings(const std::vector<std::string_view>& settings);
// Empty for null.
std::string_view reveal(const SharedSecret& secret);
// Of a notifier that people read: good runs only if `success`, but always that something works
// again, and tests.
bool is_news(const Notice& notice, bool success);

}  // namespace lifeboat
