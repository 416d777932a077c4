#include "observe/notify/sender.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "observe/notify/notice_text.h"

namespace lifeboat {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr int failures_max = 3;
constexpr int limits_max = 5;

// 1 s, then 4 s, and up to half of it more, so that hosts that failed together do not come
// together.
nanoseconds pause_after(int failures, Random& random) {
  std::byte dice{};
  random.fill({&dice, 1});
  const nanoseconds base = seconds(failures == 1 ? 1 : 4);
  return base + base * std::to_integer<int>(dice) / 512;
}

// Discord's own number is exact, to the millisecond; Retry-After is in whole seconds or a date.
// https://discord.com/developers/docs/topics/rate-limits
nanoseconds pause_asked_for(const HttpResponse& response, Timestamp now) {
  constexpr double asked_max = 86'400;
  double asked = 1;
  const auto header = response.header("retry-after");
  if (header) {
    if (const auto date = parse_http_date(*header)) {
      asked = std::chrono::duration<double>(*date - now).count();
    } else {
      asked = std::atof(std::string(*header).c_str());
    }
  }
  const Json body = Json::parse(response.body, nullptr, false);
  if (body.is_object() && body.contains("retry_after") && body["retry_after"].is_number()) {
    asked = body["retry_after"].get<double>();
  }
  if (!std::isfinite(asked)) asked = asked_max;
  return std::chrono::duration_cast<nanoseconds>(
      std::chrono::duration<double>(std::clamp(asked, 0.05, asked_max)));
}

// What the target says, fit for an error: it may repeat what it was sent.
std::string words_of(const HttpRequest& request, const HttpResponse& response) {
  std::string words = redact(response.body);
  std::string secret_words = request.url;
  for (const auto& [name, value] : request.headers) {
    if (name == "Authorization") secret_words += " " + value;
  }
  std::replace_if(
      secret_words.begin(), secret_words.end(),
      [](char letter) { return std::string_view("/?&=:@").find(letter) != std::string_view::npos; },
      ' ');
  for (const std::string& secret : split(secret_words, ' ')) {
    constexpr size_t secret_bytes_min = 8;
    if (secret.size() < secret_bytes_min) continue;
    for (size_t at = words.find(secret); at != std::string::npos; at = words.find(secret, at)) {
      words.replace(at, secret.size(), "***");
    }
  }
  constexpr size_t words_max = 300;
  words = shorten(one_line(words), words_max);
  return words.empty() ? "" : ": " + words;
}

}  // namespace

RateLimited::RateLimited(const std::string& message, nanoseconds pause)
    : Error(Error(ErrorKind::service, message).transient()), pause_(pause) {}

void try_again(const NotifyWorld& world, const std::function<void()>& once) {
  nanoseconds waited{};
  for (int failures = 0, limits = 0;;) {
    nanoseconds pause{};
    try {
      return once();
    } catch (const RateLimited& limited) {
      pause = limited.pause();
      if (++limits == limits_max || waited + pause > world.wait_max) throw;
      waited += pause;
    } catch (const Error& error) {
      if (!error.is_transient() || ++failures == failures_max) throw;
      pause = pause_after(failures, world.random);
    }
    world.clock.sleep(pause, world.stop);
  }
}

void Sender::refuse(const HttpRequest& request, const HttpResponse& response) const {
  const int status = response.status;
  const std::string message =
      format("{}: it answers {}{}", request.told_as, status, words_of(request, response));
  if (status == 429) throw RateLimited(message, pause_asked_for(response, world_.clock.now()));
  const bool is_gone = status == 401 || status == 403 || status == 404 || status == 410;
  if (is_gone && to_.can_be_gone) {
    TargetGone gone(message);
    gone.add_hint(to_.hint);
    throw gone;
  }
  Error error(ErrorKind::service, message);
  if (is_gone) error.add_hint(to_.hint);
  if (is_transient_status(status)) throw std::move(error).transient();
  if (status / 100 == 3) error.add_hint("Redirects are not followed: write the final URL.");
  throw error;
}

HttpResponse Sender::send(HttpRequest request) {
  request.timeout = world_.request_timeout;
  request.stop = world_.stop;
  request.told_as = format("tell {} ({})", to_.name, printable_origin(request.url));
  HttpResponse response;
  // Not kept: libcurl remembers the last URL, which may be a secret.
  HttpClient client(HttpOptions{.body_max = 1 << 20});
  try_again(world_, [&] {
    response = client.send(request);
    if (response.status / 100 != 2) refuse(request, response);
  });
  return response;
}

std::string hash_settings(const std::vector<std::string_view>& settings) {
  Sha256 hash;
  for (const std::string_view setting : settings) {
    hash.update(as_bytes(format("{}:", setting.size())));
    hash.update(as_bytes(setting));
  }
  return hex_encode(hash.finish()).substr(0, 16);
}

std::string_view reveal(const SharedSecret& secret) {
  return secret ? secret->reveal() : std::string_view();
}

bool is_news(const Notice& notice, bool success) {
  if (notice.kind == NoticeKind::started) return false;
  return notice.kind != NoticeKind::success || success || notice.is_recovery ||
         notice.activity == "test";
}

}  // namespace lifeboat
