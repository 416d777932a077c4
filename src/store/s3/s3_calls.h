// What the object operations share: how a call is put together, and how an answer shows that the
// server has what was sent.
#pragma once

#include <string>
#include <string_view>

#include "store/s3/s3_client.h"

namespace lifeboat {

// A call about `key`; "put" and "s3:PutObject" make its `attempted` and `right`.
struct S3CallNames {
  std::string_view verb;
  std::string_view right;
};
S3Call s3_call(std::string method, const std::string& key, S3CallNames names,
               const StopToken& stop);

// Asks until `read` takes the answer: one whose body or headers are cut (libcurl lets an end within
// the headers pass) is a transient Error of it. For requests that may be repeated.
template <typename Read>
auto s3_ask(S3Client& client, const S3Call& call, Read&& read) {
  std::optional<decltype(read(S3Response()))> taken;
  client.retry(
      call.request.stop, [&] { taken = read(client.send_once(call).response); }, nullptr);
  return std::move(*taken);
}

// Nothing if the header is missing or no number.
std::optional<uint64_t> s3_content_length(const S3Response& response);

struct S3Etag {
  std::string text;  // without quotes; empty: none
  // The same in lower case, if it is the MD5 of the content, or with "-N" that of the MD5s of its N
  // parts; else empty.
  std::string md5;
};
// The one of the header, or `text` that came in the body.
S3Etag s3_etag(const S3Response& response);
S3Etag s3_etag(const S3Response& response, std::string_view text);

// Sends a write that must not replace an object, under If-None-Match where the server takes it.
// Accepts 412 besides what `call` does.
S3Answer s3_send_new(S3Client& client, const S3Call& call);

// What was sent: `etag` is empty where the parts' ETags are not MD5s.
struct S3Sent {
  uint64_t size = 0;
  std::string etag;
};
// Whether the object is what was sent, though the server refused to write it (again): an earlier
// try may have taken effect.
bool s3_is_sent(S3Client& client, const std::string& key, const S3Sent& sent,
                const S3Answer& refusal, const StopToken& stop);
// Removes an object that the server did not store as sent; tried once, a failure is not told.
void s3_discard(S3Client& client, const std::string& key);
Error s3_stored_otherwise(std::string_view attempted, std::string_view how);

}  // namespace lifeboat
