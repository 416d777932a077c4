#include "store/s3/s3_calls.h"

#include <algorithm>
#include <charconv>

#include "base/format.h"
#include "base/text.h"
#include "store/s3/s3_objects.h"

namespace lifeboat {
namespace {

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "<32 hex digits>" or "<32 hex digits>-<count>".
bool has_md5_shape(std::string_view etag) {
  if (etag.size() < 32 || !is_hex(etag.substr(0, 32))) return false;
  if (etag.size() == 32) return true;
  return etag[32] == '-' && etag.size() > 33 &&
         etag.find_first_not_of("0123456789", 33) == std::string_view::npos;
}

// Encrypted by a key service or by a key of the customer's, the ETag looks like an MD5 and is none.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
bool hides_md5(const S3Response& response) {
  const auto encryption = response.header("x-amz-server-side-encryption");
  return (encryption && encryption->starts_with("aws:")) ||
         response.header("x-amz-server-side-encryption-customer-algorithm").has_value();
}

// What servers say to a header that they do not know.
bool may_mean_unknown_condition(std::string_view code) {
  return code == "NotImplemented" || code == "InvalidArgument" || code == "InvalidRequest";
}

}  // namespace

S3Call s3_call(std::string method, const std::string& key, S3CallNames names,
               const StopToken& stop) {
  S3Call call;
  call.request.method = std::move(method);
  call.request.key = key;
  call.request.stop = stop;
  call.attempted = format("{} '{}'", names.verb, key);
  call.right = names.right;
  return call;
}

std::optional<uint64_t> s3_content_length(const S3Response& response) {
  const std::string_view text = response.header("content-length").value_or("");
  uint64_t length = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return length;
}

S3Etag s3_etag(const S3Response& response) {
  return s3_etag(response, response.header("etag").value_or(""));
}

S3Etag s3_etag(const S3Response& response, std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  S3Etag etag{std::string(text), ""};
  const std::string lower = ascii_lower(etag.text);
  if (has_md5_shape(lower) && !hides_md5(response)) etag.md5 = lower;
  return etag;
}

S3Answer s3_send_new(S3Client& client, const S3Call& call) {
  if (!client.conditional_writes()) return client.send(call);
  S3Call guarded = call;
  guarded.request.headers.emplace_back("if-none-match", "*");
  guarded.accepted.insert(guarded.accepted.end(), {400, 412, 501});
  S3Answer answer = client.send(guarded);
  if (answer.response.status != 400 && answer.response.status != 501) return answer;
  if (!may_mean_unknown_condition(answer.code)) {
    // Refused for something else: asked once more, to be judged for that.
    std::erase(guarded.accepted, 400);
    return client.send(guarded);
  }
  answer = client.send(call);
  if (answer.response.status < 300) client.give_up_conditional_writes();
  return answer;
}

bool s3_is_sent(S3Client& client, const std::string& key, const S3Sent& sent,
                const S3Answer& refusal, const StopToken& stop) {
  const std::optional<S3ObjectHead> head = s3_head(client, key, stop);
  if (!head || head->info.size != sent.size) return false;
  if (!head->md5.empty() && !sent.etag.empty()) return head->md5 == sent.etag;
  return refusal.attempts > 1;
}

void s3_discard(S3Client& client, const std::string& key) {
  try {
    client.send_once(s3_call("DELETE", key, {"remove", "s3:DeleteObject"}, {}));
  } catch (const Error&) {
    // A writer's key has no right to delete, and should not; the lifecycle does it.
  }
}

Error s3_stored_otherwise(std::string_view attempted, std::string_view how) {
  return Error(ErrorKind::store,
               format("{}: the server stored something else: {}", attempted, printable(how)))
      .hint(
          "Something between here and the disks of the bucket changes data: look at proxies on "
          "the way, and ask the provider.");
}

}  // namespace lifeboat
