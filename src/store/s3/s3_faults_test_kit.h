// A store of real sockets over the scripted server, for tests that make the two fail; test code
// only. Time is by a ManualClock, so that retries wait for nothing.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "store/s3/s3_store.h"
#include "support/doubles.h"
#include "support/http_server.h"
#include "support/scripted_s3.h"

namespace lifeboat::test {

using Wire = ServedResponse::Wire;

inline constexpr uint64_t always = UINT64_MAX;
inline constexpr unsigned tries_max = 4;
inline constexpr uint64_t part_bytes = 16 << 10;

inline ScriptedFault status_fault(int status, const std::string& code) { return {status, code}; }
inline ScriptedFault wire_fault(Wire wire, uint64_t byte = 0) {
  ScriptedFault made;
  made.wire = wire;
  made.wire_byte = byte;
  return made;
}
// The connection ends without an answer, and without the effect.
inline ScriptedFault lost_request() {
  ScriptedFault made = wire_fault(Wire::drop_before);
  made.status = 500;
  return made;
}
// The effect is there, the answer is not.
inline ScriptedFault lost_answer() { return wire_fault(Wire::drop_before); }
// 200, with an error or anything else in the body.
inline ScriptedFault body_fault(const std::string& body) {
  ScriptedFault made;
  made.status = 200;
  made.body = body;
  return made;
}
inline std::string error_xml(const std::string& code) {
  return "<Error><Code>" + code + "</Code><Message>scripted</Message></Error>";
}

class FaultWorld {
 public:
  explicit FaultWorld(const ScriptedS3Options& served = {},
                      const std::function<void(S3Options&)>& adjust = {})
      : s3(served),
        server_([this](const ServedRequest& request) { return s3.handle(request); },
                [this](const ServedRequest& head) { return at_head(head); }),
        clock(print_time(SystemClock().now())),
        begun_(clock.steady_now()) {
    S3Options options;
    options.endpoint = server_.url();
    options.region = "test-1";
    options.bucket = "bucket";
    options.path_style = true;
    options.credentials.access_key = ScriptedS3Options{}.access_key;
    options.credentials.secret_key = std::make_shared<Secret>(ScriptedS3Options{}.secret_key);
    options.part_bytes = part_bytes;
    options.copy_part_bytes = part_bytes;
    options.download_block_bytes = part_bytes;
    options.upload_workers = 2;
    options.download_workers = 2;
    options.list_page_keys = 2;
    options.stall_timeout = std::chrono::seconds(1);
    options.retry.attempts_max = tries_max;
    options.warn = [this](const std::string& sentence) {
      const std::lock_guard lock(mutex_);
      warnings_.push_back(sentence);
    };
    if (adjust) adjust(options);
    store = std::make_unique<S3Store>(options, clock, random, stop.token());
  }

  // The first `times` requests of `operation` from now on.
  void fail(const std::string& operation, uint64_t times, const ScriptedFault& fault) {
    s3.script([=, left = times](const std::string& asked, uint64_t,
                                const ServedRequest&) mutable -> std::optional<ScriptedFault> {
      if (asked != operation || left == 0) return std::nullopt;
      --left;
      return fault;
    });
  }
  // The same, while the request is being read.
  void cut_request(const std::string& operation, uint64_t times, const EarlyAnswer& early) {
    const std::lock_guard lock(mutex_);
    cut_ = {operation, times, early};
    cuts_ = 0;
  }
  uint64_t cuts() const {
    const std::lock_guard lock(mutex_);
    return cuts_;
  }

  void put(const std::string& key, ByteView content) {
    const auto sink = store->create(key);
    sink->write(content);
    sink->finish();
  }
  std::string get(const std::string& key, ByteRange range = {}) {
    const auto source = store->open(key, range);
    return std::string(as_text(drain(*source)));
  }
  std::vector<std::string> keys() {
    std::vector<std::string> made;
    for (const ObjectInfo& info : store->list("")) made.push_back(info.key);
    return made;
  }

  uint64_t count(const std::string& operation) const { return s3.counts().requests[operation]; }
  uint64_t requests() const {
    uint64_t total = 0;
    for (const auto& [operation, number] : s3.counts().requests) total += number;
    return total;
  }
  // The Range headers of all GETs of objects.
  std::vector<std::string> ranges() const {
    std::vector<std::string> made;
    for (const ServedRequest& request : server_.requests()) {
      if (s3.operation(request) != "GetObject") continue;
      const auto range = request.headers.find("range");
      made.push_back(range == request.headers.end() ? "" : range->second);
    }
    return made;
  }
  std::vector<std::string> warnings() const {
    const std::lock_guard lock(mutex_);
    return warnings_;
  }
  std::chrono::nanoseconds waited() const { return clock.steady_now() - begun_; }

  // Nothing half-written, and nothing left behind.
  void expect_clean(const std::string& key, ByteView content) {
    const auto objects = s3.objects();
    if (const auto found = objects.find(key); found != objects.end()) {
      EXPECT_TRUE(found->second == as_text(content)) << key << " is half-written";
    }
    EXPECT_EQ(s3.uploads_in_progress(), 0u);
  }

  ScriptedS3 s3;

 private:
  struct Cut {
    std::string operation;
    uint64_t times = 0;
    EarlyAnswer early;
  };
  std::optional<EarlyAnswer> at_head(const ServedRequest& head) {
    const std::string operation = s3.operation(head);
    const std::lock_guard lock(mutex_);
    if (cut_.times == 0 || operation != cut_.operation) return std::nullopt;
    --cut_.times;
    ++cuts_;
    return cut_.early;
  }

  mutable std::mutex mutex_;
  Cut cut_;
  uint64_t cuts_ = 0;
  std::vector<std::string> warnings_;
  HttpServer server_;

 public:
  ManualClock clock;
  SeededRandom random;
  StopSource stop;
  std::unique_ptr<S3Store> store;

 private:
  std::chrono::steady_clock::time_point begun_;
};

// The Error(store) that `body` throws, with its hints; a test failure if it is none, or is one that
// asks the caller to try again.
inline std::string store_error(const std::function<void()>& body) {
  return error_text([&] {
    try {
      body();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::store) << error.what();
      EXPECT_FALSE(error.is_transient()) << error.what();
      throw;
    }
  });
}

}  // namespace lifeboat::test
