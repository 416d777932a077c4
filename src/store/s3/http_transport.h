// S3 requests over HTTP: addressing, signing, libcurl. No retries, no judgement of the answer.
#pragma once

#include <memory>

#include "store/s3/s3_options.h"
#include "store/s3/s3_transport.h"

namespace lifeboat {

// Keeps connections for as many threads as use it at once.
class HttpS3Transport final : public S3Transport {
 public:
  // Throws Error(config) for an endpoint that is no http(s) URL of a host alone, for keys that
  // cannot be sent, and when region and endpoint are both missing.
  explicit HttpS3Transport(const S3Options& options);
  ~HttpS3Transport() override;
  S3Response send(const S3Request& request, Timestamp signing_time) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
