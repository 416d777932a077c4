#include "store/s3/s3_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "store/s3/s3_refusal.h"

namespace lifeboat {
namespace {

using std::chrono::nanoseconds;

// A bodiless 403 may be about the clock only if it is off by more than any delay explains; servers
// allow 15 minutes.
constexpr std::chrono::minutes clock_difference_min{5};
constexpr std::chrono::minutes told_after{1};

// A transient Error with the time that the server asked for.
class BusyServer final : public Error {
 public:
  BusyServer(Error&& error, nanoseconds asked)
      : Error(std::move(error).transient()), retry_after(asked) {}
  nanoseconds retry_after;
};

// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date of the server's.
nanoseconds parse_retry_after(const S3Response& response, Timestamp server_now) {
  const std::string_view text = response.header("retry-after").value_or("");
  unsigned seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) {
    return std::chrono::seconds(seconds);
  }
  const auto date = parse_http_date(text);
  return date ? std::max(nanoseconds(0), *date - server_now) : nanoseconds(0);
}

// Digests cost a pass over the body each: once for all tries, and only where they are wanted. Every
// PUT has a Content-MD5, because a bucket with Object Lock takes none without.
S3Call with_digests(const S3Call& call) {
  S3Call made = call;
  S3Request& request = made.request;
  if (request.body.empty() && request.method != "PUT") return made;
  if (request.body_sha256.empty()) request.body_sha256 = sha256_hex(request.body);
  // A copy has no body of ours: Ceph would compare the digest with what is copied.
  const bool is_copy =
      std::any_of(request.headers.begin(), request.headers.end(),
                  [](const auto& header) { return header.first == "x-amz-copy-source"; });
  if (request.body_md5.empty() && !is_copy) request.body_md5 = md5_base64(request.body);
  return made;
}

// `message` without what differs from try to try: libcurl tells milliseconds and counts of bytes.
std::string cause_of(const std::string& message) {
  if (message.starts_with("the server answered")) return message;
  std::string cause = message;
  std::erase_if(cause, [](char letter) { return letter >= '0' && letter <= '9'; });
  return cause;
}

// The failed tries of one step.
class Failures {
 public:
  Failures(const S3RetryPolicy& policy, const Clock& clock)
      : policy_(policy), clock_(clock), begun_(clock.steady_now()) {}

  void add(const Error& error, bool progressed) {
    ++total_;
    in_a_row_ = progressed ? 1 : in_a_row_ + 1;
    const std::string cause = cause_of(error.message());
    const auto known = std::find_if(causes_.begin(), causes_.end(),
                                    [&](const Cause& other) { return other.key == cause; });
    if (known == causes_.end()) {
      causes_.push_back({cause, error.message(), 1});
    } else {
      ++known->times;
    }
  }

  // The longest delay before the next try.
  nanoseconds longest_delay() const {
    nanoseconds delay = policy_.first_delay;
    for (unsigned count = 1; count < in_a_row_ && delay < policy_.delay_max; ++count) delay *= 2;
    return std::min<nanoseconds>(delay, policy_.delay_max);
  }

  bool exhausted_by(nanoseconds delay) const {
    return in_a_row_ >= policy_.attempts_max || elapsed() + delay > policy_.total_max;
  }

  nanoseconds elapsed() const { return clock_.steady_now() - begun_; }

  // Not transient: who calls must not try yet again.
  Error final_error(const Error& last) const {
    std::string text;
    for (const Cause& cause : causes_) {
      text += format("{}{}", text.empty() ? "" : "; ", cause.example);
      if (causes_.size() > 1) text += format(" ({})", print_count(cause.times, "time", "times"));
    }
    if (total_ > 1) {
      text = format("gave up after {} tries in {}: {}", total_, print_duration(elapsed()), text);
    }
    Error error(last.kind(), std::move(text));
    for (const std::string& frame : last.context()) error.add_context(frame);
    for (const std::string& hint : last.hints()) error.add_hint(hint);
    if (last.hints().empty()) {
      error.add_hint("Look at the provider's status page and at the network, then run it again.");
    }
    return error;
  }

 private:
  struct Cause {
    std::string key;
    std::string example;
    unsigned times;
  };
  const S3RetryPolicy& policy_;
  const Clock& clock_;
  std::chrono::steady_clock::time_point begun_;
  unsigned total_ = 0;
  unsigned in_a_row_ = 0;  // since the last progress
  std::vector<Cause> causes_;
};

}  // namespace

S3Client::S3Client(S3Transport& transport, const S3Options& options, Clock& clock, Random& random)
    : transport_(transport), options_(options), clock_(clock), random_(random) {}

std::string S3Client::name() const { return "s3://" + options_.bucket; }

S3Answer S3Client::send(const S3Call& call) {
  const S3Call prepared = with_digests(call);
  S3Answer answer;
  unsigned attempts = 0;
  const auto step = [&] {
    ++attempts;
    answer = try_once(prepared);
  };
  retry(call.request.stop, step, nullptr);
  answer.attempts = attempts;
  return answer;
}

S3Answer S3Client::send_once(const S3Call& call) { return try_once(with_digests(call)); }

void S3Client::retry(const StopToken& stop, const std::function<void()>& step,
                     const std::function<bool()>& progressed) {
  Failures failures(options_.retry, clock_);
  bool told = false;
  for (;;) {
    nanoseconds delay{0};
    try {
      step();
      return;
    } catch (const Error& error) {
      if (!error.is_transient()) throw;
      failures.add(error, progressed && progressed());
      delay = draw_delay(failures.longest_delay());
      if (const auto* busy = dynamic_cast<const BusyServer*>(&error)) {
        delay = std::max(delay, std::min<nanoseconds>(busy->retry_after, options_.retry.delay_max));
      }
      if (failures.exhausted_by(delay)) throw failures.final_error(error);
      log_debug("{}; next try in {}", error.what(), print_duration(delay));
      if (!told && failures.elapsed() >= told_after && options_.warn) {
        told = true;
        options_.warn(format("{}; this has been tried for {}, and goes on", error.what(),
                             print_duration(failures.elapsed())));
      }
    }
    clock_.sleep(delay, stop);
  }
}

// Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
nanoseconds S3Client::draw_delay(nanoseconds longest) {
  std::array<std::byte, sizeof(uint64_t)> drawn{};
  {
    const std::lock_guard lock(mutex_);
    random_.fill(drawn);
  }
  uint64_t number = 0;
  std::memcpy(&number, drawn.data(), sizeof number);
  return nanoseconds(static_cast<int64_t>(number % (static_cast<uint64_t>(longest.count()) + 1)));
}

Timestamp S3Client::server_now() {
  const std::lock_guard lock(mutex_);
  return clock_.now() + clock_offset_;
}

S3Response S3Client::exchange(const S3Call& call, Timestamp signing_time) {
  try {
    return transport_.send(call.request, signing_time);
  } catch (Error& error) {
    // What a taker of the body throws may have said it already.
    if (!error.message().starts_with(call.attempted)) error.add_context(call.attempted);
    throw;
  }
}

// Whether the request was refused for its time, and a better one is known now.
bool S3Client::correct_clock(const S3Response& response, Timestamp signing_time) {
  if (response.status != 403) return false;
  const std::optional<Timestamp> date = parse_http_date(response.header("date").value_or(""));
  if (!date) return false;
  const nanoseconds off = *date - signing_time;
  const bool far_off = off > clock_difference_min || off < -clock_difference_min;
  const bool about_time = is_clock_code(read_s3_refusal(response).body.code);
  if (!about_time && !(response.body.empty() && far_off)) return false;
  if (off < std::chrono::seconds(2) && off > std::chrono::seconds(-2)) return false;

  bool first = false;
  nanoseconds offset{0};
  {
    const std::lock_guard lock(mutex_);
    offset = clock_offset_ = *date - clock_.now();
    first = !std::exchange(told_clock_, true);
  }
  if (first && options_.warn) {
    options_.warn(
        format("this machine's clock is {} {} the one of {}; requests are signed with "
               "the server's time, but set the clock, for example by NTP",
               print_duration(offset < nanoseconds(0) ? -offset : offset),
               offset < nanoseconds(0) ? "ahead of" : "behind", name()));
  }
  return true;
}

S3Answer S3Client::try_once(const S3Call& call) {
  const Timestamp signing_time = server_now();
  S3Response response = exchange(call, signing_time);
  if (correct_clock(response, signing_time)) response = exchange(call, server_now());

  S3Answer answer{.response = std::move(response), .code = ""};
  const bool is_success = answer.response.status / 100 == 2;
  if (is_success && !call.may_fail_with_200) return answer;
  const S3Refusal refusal = read_s3_refusal(answer.response);
  answer.code = refusal.body.code;
  if (is_success && answer.code.empty()) return answer;

  const bool accepted =
      std::find(call.accepted.begin(), call.accepted.end(), refusal.status) != call.accepted.end();
  const bool transient =
      is_transient_code(answer.code) || (!accepted && is_transient_status(refusal.status));
  if (accepted && !transient && !is_credentials_code(answer.code) && !is_clock_code(answer.code)) {
    return answer;
  }
  Error error = s3_refusal_error(call, refusal, options_);
  if (!transient) throw error;
  throw BusyServer(std::move(error), parse_retry_after(answer.response, server_now()));
}

}  // namespace lifeboat
