#include "store/s3/s3_store.h"

#include "base/format.h"
#include "store/key_rules.h"
#include "store/s3/download.h"
#include "store/s3/http_transport.h"
#include "store/s3/s3_objects.h"
#include "store/s3/upload.h"

namespace lifeboat {

S3Store::S3Store(const S3Options& options, Clock& clock, Random& random, StopToken stop)
    : S3Store(options, std::make_unique<HttpS3Transport>(options), clock, random, std::move(stop)) {
}

S3Store::S3Store(const S3Options& options, std::unique_ptr<S3Transport> transport, Clock& clock,
                 Random& random, StopToken stop)
    : transport_(std::move(transport)),
      client_(*transport_, options, clock, random),
      stop_(std::move(stop)) {}

StoreTraits S3Store::traits() const {
  return {.can_remove = true, .has_lifecycle = true, .refuses_overwrite = false};
}

std::unique_ptr<Sink> S3Store::create(const std::string& key, uint64_t size_estimate) {
  check_key(key);
  if (s3_head(client_, key, stop_)) {
    throw Error(ErrorKind::store, format("create '{}' in {}: it already exists", key, name()));
  }
  return std::make_unique<UploadSink>(client_, key, size_estimate, stop_);
}

std::unique_ptr<Source> S3Store::open(const std::string& key, ByteRange range) {
  check_key(key);
  return open_download(client_, key, range, stop_);
}

std::optional<ObjectInfo> S3Store::stat(const std::string& key) {
  check_key(key);
  const std::optional<S3ObjectHead> head = s3_head(client_, key, stop_);
  if (!head) return std::nullopt;
  return head->info;
}

std::vector<ObjectInfo> S3Store::list(std::string_view prefix) {
  std::vector<ObjectInfo> objects = s3_list(client_, prefix, stop_);
  // What others keep in the bucket under names that are no keys is not ours to see.
  std::erase_if(objects, [](const ObjectInfo& object) { return !is_key(object.key); });
  return objects;
}

void S3Store::copy(const std::string& source_key, const std::string& target_key) {
  check_key(source_key);
  check_key(target_key);
  s3_copy(client_, source_key, target_key, stop_);
}

void S3Store::remove(const std::string& key) {
  check_key(key);
  s3_delete(client_, key, stop_);
}

size_t S3Store::sweep_leftovers(std::string_view prefix) {
  const std::vector<S3Upload> uploads = s3_list_uploads(client_, prefix, stop_);
  for (const S3Upload& upload : uploads) {
    stop_.throw_if_stopped();
    s3_abort_upload(client_, upload);
  }
  return uploads.size();
}

}  // namespace lifeboat
