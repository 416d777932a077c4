// Requests to one bucket, tried again and judged: the one layer where retries happen.
//
// An answer that is not what was asked for becomes an Error(store) with a hint for each cause that
// people meet: wrong key, missing right, missing bucket, other region, wrong clock. A clock that is
// off is corrected by the server's Date header and told once.
#pragma once

#include <functional>
#include <memory>
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
  std::string attempted;         // "put 'vps-h1/2026-05-07/manifest.json'", for errors
  std::string right;             // "s3:PutObject": what a key needs for it, for hints
  std::vector<int> accepted = {};  // statuses besides 2xx that are answers to the caller
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

 private:
  struct Delay;
  S3Transport& transport_;
  S3Options options_;
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::chrono::nanoseconds clock_offset_{};  // the server's time minus ours
  bool told_clock_ = false;
};

}  // namespace lifeboat
