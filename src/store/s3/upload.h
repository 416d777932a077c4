// An object on its way into a bucket, of a size that is known only at its end.
//
// Up to one part is kept in memory and sent as one PUT when it is finished. Beyond that equal parts
// (R2 refuses others) are sent by a few threads. Their buffers are made once: waiting for a free
// one is all the back-pressure there is, so memory does not grow with the object or with a slow
// line. Parts that grew with their number would need no estimate of the size, but are not equal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/stop.h"
#include "io/sink.h"
#include "store/s3/s3_client.h"

namespace lifeboat {

// The size of the parts for an object of about `size_estimate` bytes, with a tenth to spare.
uint64_t upload_part_bytes(const S3Options& options, uint64_t size_estimate);

// Memory: `upload_workers + 1` parts, one for a small object. What a worker meets comes out of the
// next write or finish. A stop wakes whoever waits within a second. Abandoned, transfers in flight
// are cut and the upload is aborted; if the server cannot be reached for that, what is left is no
// object, and the next run's sweep or a rule of the bucket removes it.
class UploadSink final : public Sink {
 public:
  // `client` must outlive it.
  UploadSink(S3Client& client, std::string key, uint64_t size_estimate, StopToken stop);
  ~UploadSink() override;

 private:
  void do_write(ByteView data) override;
  void do_finish() override;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
