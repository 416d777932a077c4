// Snapshots in a bucket of an S3-compatible provider.
//
// An upload is one PUT when it is small, else equal parts, some in flight at once; the memory for
// it is fixed when it begins. A long read fetches blocks ahead. Nothing is ever overwritten: a key
// is looked for before it is written, and If-None-Match guards the moment itself where the server
// knows it (Wasabi and Ceph do not say so).
#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "store/s3/s3_client.h"
#include "store/s3/s3_options.h"
#include "store/s3/s3_transport.h"
#include "store/store.h"

namespace lifeboat {

// Any thread; `clock`, `random` and the store must outlive the streams it made.
class S3Store final : public Store {
 public:
  S3Store(const S3Options& options, Clock& clock, Random& random, StopToken stop = {});
  // Over a transport of a test's own.
  S3Store(const S3Options& options, std::unique_ptr<S3Transport> transport, Clock& clock,
          Random& random, StopToken stop = {});

  S3Client& client() { return client_; }

  std::string name() const override { return client_.name(); }
  // Removing is for the bucket's lifecycle; `remove` works if the key has the right.
  StoreTraits traits() const override;
  std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate = 0) override;
  std::unique_ptr<Source> open(const std::string& key, ByteRange range = {}) override;
  std::optional<ObjectInfo> stat(const std::string& key) override;
  std::vector<ObjectInfo> list(std::string_view prefix) override;
  void copy(const std::string& source_key, const std::string& target_key) override;
  void remove(const std::string& key) override;
  // Aborts multipart uploads.
  size_t sweep_leftovers(std::string_view prefix) override;

 private:
  std::unique_ptr<S3Transport> transport_;
  S3Client client_;
  StopToken stop_;
};

}  // namespace lifeboat
