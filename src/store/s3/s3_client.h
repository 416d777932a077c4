// Requests to one bucket, tried again and judged: the one layer where retries happen.
//
// An answer that is not what was asked for becomes an Error(store) with a hint for each cause that
// people meet: wrong key, missing right, missing bucket, other region, wrong clock. A clock that is
// off is corrected by the server's Date header and told once.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/stop.h"
#include "store/s3/s3_options.h"
#include "store/s3/s3_transport.h"

namespace lifeboat {

struct S3Call {
  S3Request request;
  std::string attempted;  // "put 'vps-h1/2026-05-07/manifest.json'", for errors
  std::string right;      // "s3:PutObject": what a key needs for it, for hints
  // Statuses besides 2xx that are answers to the caller, unless the keys themselves are refused.
  std::vector<int> accepted = {};
  // A 2xx answer may hold an error in its body: CompleteMultipartUpload and the copies.
  bool may_fail_with_200 = false;
};

struct S3Answer {
  S3Response response;
  std::string code;       // the error code of an accepted status, as far as the server tells
  unsigned attempts = 1;  // more than one: an earlier try may have taken effect
};

// Any thread.
class S3Client {
 public:
  // All must outlive it. `random` is used under a lock.
  S3Client(S3Transport& transport, const S3Options& options, Clock& clock, Random& random);

  const S3Options& options() const { return options_; }
  Clock& clock() { return clock_; }
  // "s3://BUCKET"
  std::string name() const;

  // Sends, judges and tries again. Makes the digests of a body. Throws Error(store) or Interrupted.
  S3Answer send(const S3Call& call);

  // The same retries for a step of several requests' worth, such as a download that goes on where
  // it broke: runs `step` until it returns without a transient Error. `progressed` says whether the
  // last failed step got further, which resets the count but not the total time.
  void retry(const StopToken& stop, const std::function<void()>& step,
             const std::function<bool()>& progressed);
  // One try of `call`, judged. A transient failure is a transient Error.
  S3Answer send_once(const S3Call& call);

  // Whether the server takes If-None-Match on writes; it does until it refuses one.
  bool conditional_writes() const { return conditional_writes_; }
  void give_up_conditional_writes() { conditional_writes_ = false; }

 private:
  S3Answer try_once(const S3Call& call);
  S3Response exchange(const S3Call& call, Timestamp signing_time);
  bool correct_clock(const S3Response& response, Timestamp signing_time);
  Timestamp server_now();
  std::chrono::nanoseconds draw_delay(std::chrono::nanoseconds longest);

  S3Transport& transport_;
  S3Options options_;
  Clock& clock_;
  Random& random_;
  std::atomic<bool> conditional_writes_ = true;
  std::mutex mutex_;                         // guards what follows, and random_
  std::chrono::nanoseconds clock_offset_{};  // the server's time minus ours
  bool told_clock_ = false;
};

}  // namespace lifeboat
