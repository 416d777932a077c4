// The S3 server that tests/s3/start.sh runs, as tests see it: addresses, users, fresh buckets.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/clock.h"
#include "base/format.h"
#include "base/random.h"
#include "store/s3/s3_bucket.h"
#include "store/s3/s3_objects.h"
#include "store/s3/s3_store.h"
#include "support/shell.h"

namespace lifeboat::test {

// A line "export NAME=value" of env.sh.
inline std::string rgw_value(const std::string& name) {
  const char* state = std::getenv("LIFEBOAT_S3_STATE");
  if (state == nullptr) throw std::runtime_error("LIFEBOAT_S3_STATE: run tests/s3/start.sh first");
  const std::string text = slurp(std::filesystem::path(state) / "env.sh");
  const std::string begin = "export " + name + "=";
  const size_t at = text.find(begin);
  if (at == std::string::npos) throw std::runtime_error(name + " is not in env.sh");
  return text.substr(at + begin.size(), text.find('\n', at) - at - begin.size());
}

inline S3Credentials rgw_user(const std::string& name) {
  return {.access_key = rgw_value("S3_" + name + "_KEY"),
          .secret_key = std::make_shared<Secret>(rgw_value("S3_" + name + "_SECRET")),
          .session_token = nullptr};
}

// Of admin, in a bucket name that nothing has used.
inline S3Options rgw_options() {
  static int count = 0;
  S3Options options;
  options.endpoint = rgw_value("S3_ENDPOINT");
  options.region = rgw_value("S3_REGION");
  options.bucket = format("test-{}-{}", ::getpid(), ++count);
  options.credentials = rgw_user("ADMIN");
  options.part_bytes = 5 << 20;
  return options;
}

// A store and what it needs.
struct RgwStore {
  explicit RgwStore(const S3Options& options) : store(options, clock, random) {}

  void put(const std::string& key, ByteView content) {
    const auto sink = store.create(key);
    sink->write(content);
    sink->finish();
  }
  S3Bucket bucket() { return S3Bucket(store.client()); }

  SystemClock clock;
  SystemRandom random;
  S3Store store;
};

// In a bucket that was made just now.
inline std::shared_ptr<RgwStore> fresh_rgw_store(const S3Options& options = rgw_options()) {
  auto made = std::make_shared<RgwStore>(options);
  if (!made->bucket().create(false)) throw std::runtime_error("bucket is not new");
  return made;
}

}  // namespace lifeboat::test
