// The object operations of S3, one function a request (or a loop over pages).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/stop.h"
#include "store/s3/s3_client.h"
#include "store/s3/s3_xml.h"
#include "store/store.h"

namespace lifeboat {

struct S3ObjectHead {
  ObjectInfo info;
  // Without quotes; empty where only a listing was allowed.
  std::string etag = {};
  // The ETag if it is an MD5 of the content, or with "-N" of the MD5s of its N parts; else empty.
  std::string md5 = {};
};

// All throw Error(store) or Interrupted. `stop` ends a request early.
// HEAD; with a key that may list but not read, a listing of one key.
std::optional<S3ObjectHead> s3_head(S3Client& client, const std::string& key,
                                    const StopToken& stop);
// Creates: refused if the key exists, where the server knows If-None-Match. Compares the ETag; what
// the server stored as something else is removed again, as far as the key may.
void s3_put_new(S3Client& client, const std::string& key, ByteView body, const StopToken& stop);
std::vector<ObjectInfo> s3_list(S3Client& client, std::string_view prefix, const StopToken& stop);
void s3_delete(S3Client& client, const std::string& key, const StopToken& stop);
// Server-side, in parts if it is large. The target must not exist.
void s3_copy(S3Client& client, const std::string& source, const std::string& target,
             const StopToken& stop);

std::string s3_begin_upload(S3Client& client, const std::string& key, const StopToken& stop);
// Parts count from 1. Returns the ETag, compared with the MD5 of the bytes.
std::string s3_put_part(S3Client& client, const S3Upload& upload, unsigned number, ByteView body,
                        const StopToken& stop);
// The object's ETag and size are compared with those of its parts and with `size`, which is all
// that was sent. After an error the object may be there whole, its answer lost: nothing refers to
// it, and the bucket's lifecycle removes it. One that is not what was sent is removed, as far as
// the key may.
void s3_complete_upload(S3Client& client, const S3Upload& upload,
                        const std::vector<std::string>& part_etags, uint64_t size,
                        const StopToken& stop);
// Cannot be stopped; gives up after a few tries. One that is not there any more is fine.
void s3_abort_upload(S3Client& client, const S3Upload& upload);
// The same from where nothing may be thrown; what is left behind is told as a warning.
void s3_abort_quietly(S3Client& client, const S3Upload& upload) noexcept;
std::vector<S3Upload> s3_list_uploads(S3Client& client, std::string_view prefix,
                                      const StopToken& stop);

}  // namespace lifeboat
