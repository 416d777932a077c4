// The steps of a multipart upload, declared in s3_objects.h.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "store/s3/s3_calls.h"
#include "store/s3/s3_objects.h"

namespace lifeboat {
namespace {

constexpr unsigned abort_attempts_max = 4;
constexpr std::chrono::milliseconds abort_delay{250};  // doubled each time

// What the finished object's ETag must be, if its parts' are MD5s; else empty.
std::string multipart_etag(const std::vector<std::string>& part_etags) {
  Bytes digests;
  for (const std::string& etag : part_etags) {
    if (etag.size() != 2 * sizeof(Md5Digest)) return "";
    for (const char* at = etag.data(); at != etag.data() + etag.size(); at += 2) {
      uint8_t byte = 0;
      if (std::from_chars(at, at + 2, byte, 16).ptr != at + 2) return "";
      digests.push_back(std::byte{byte});
    }
  }
  return format("{}-{}", md5_hex(digests), part_etags.size());
}

// The ETag that the reply to Complete holds; none if it is cut: then what is stored decides alone.
S3Etag completed_etag(const S3Response& response) {
  try {
    return s3_etag(response, parse_s3_etag(response.body, "CompleteMultipartUploadResult"));
  } catch (const Error&) {
    return {};
  }
}

// What is wrong with the object that a successful Complete made; empty: nothing.
std::string fault_of(const std::optional<S3ObjectHead>& head, const S3Etag& reply,
                     const S3Sent& sent) {
  if (!head) return "nothing";
  if (head->info.size != sent.size) {
    return format("{} bytes instead of {}", head->info.size, sent.size);
  }
  for (const S3Etag& etag : {S3Etag{head->etag, head->md5}, reply}) {
    if (!etag.md5.empty() && !sent.etag.empty() && etag.md5 != sent.etag) {
      return format("its ETag is {}, that of the parts {}", etag.text, sent.etag);
    }
  }
  return "";
}

S3Call upload_call(std::string method, const S3Upload& upload, S3CallNames names,
                   const StopToken& stop) {
  S3Call call = s3_call(std::move(method), upload.key, names, stop);
  call.request.query = {{"uploadId", upload.upload_id}};
  return call;
}

}  // namespace

std::string s3_begin_upload(S3Client& client, const std::string& key, const StopToken& stop) {
  S3Call call = s3_call("POST", key, {"begin an upload of", "s3:PutObject"}, stop);
  call.request.query = {{"uploads", ""}};
  return s3_ask(client, call,
                [](const S3Response& response) { return parse_s3_initiate(response.body); });
}

std::string s3_put_part(S3Client& client, const S3Upload& upload, unsigned number, ByteView body,
                        const StopToken& stop) {
  S3Call call = upload_call("PUT", upload, {"upload a part of", "s3:PutObject"}, stop);
  call.attempted = format("upload part {} of '{}'", number, upload.key);
  call.request.query.insert(call.request.query.begin(), {"partNumber", std::to_string(number)});
  const Md5Digest digest = md5(body);
  call.request.body = body;
  call.request.body_md5 = base64_encode_standard(digest);
  call.request.body_sha256 = sha256_hex(body);  // once for all tries
  const S3Options& options = client.options();
  if (options.upload_bytes_per_second > 0) {
    call.request.upload_bytes_per_second = std::max<uint64_t>(
        1, options.upload_bytes_per_second / std::max(1u, options.upload_workers));
  }
  const S3Etag etag = s3_ask(client, call, [&](const S3Response& response) {
    S3Etag told = s3_etag(response);
    if (!told.text.empty()) return told;
    throw Error(ErrorKind::store, format("{}: the server tells no ETag", call.attempted))
        .transient();
  });
  if (!etag.md5.empty() && etag.md5 != hex_encode(digest)) {
    throw s3_stored_otherwise(
        call.attempted, format("its ETag is {}, the MD5 sent {}", etag.text, hex_encode(digest)));
  }
  return etag.text;
}

void s3_complete_upload(S3Client& client, const S3Upload& upload,
                        const std::vector<std::string>& part_etags, uint64_t size,
                        const StopToken& stop) {
  const S3Sent sent{.size = size, .etag = multipart_etag(part_etags)};
  const std::string body = print_s3_complete(part_etags);
  S3Call call = upload_call("POST", upload, {"complete the upload of", "s3:PutObject"}, stop);
  call.request.body = as_bytes(body);
  call.may_fail_with_200 = true;
  call.accepted = {404};
  const S3Answer answer = s3_send_new(client, call);
  if (answer.response.status == 404 || answer.response.status == 412) {
    if (s3_is_sent(client, upload.key, sent, answer, stop)) return;
    if (answer.response.status == 412) {
      throw Error(ErrorKind::store, format("{}: it already exists", call.attempted));
    }
    throw Error(ErrorKind::store, format("{}: the server does not know the upload any more: {}",
                                         call.attempted, printable(answer.code)))
        .hint(
            "Something aborted it: another run of this host, or a lifecycle rule for incomplete "
            "uploads.");
  }
  const std::optional<S3ObjectHead> head = s3_head(client, upload.key, stop);
  const std::string fault = fault_of(head, completed_etag(answer.response), sent);
  if (fault.empty()) return;
  if (head) s3_discard(client, upload.key);
  throw s3_stored_otherwise(call.attempted, fault);
}

void s3_abort_upload(S3Client& client, const S3Upload& upload) {
  S3Call call =
      upload_call("DELETE", upload, {"abort the upload of", "s3:AbortMultipartUpload"}, {});
  call.accepted = {404};
  // Not the client's many tries over minutes: this follows a failure or a Ctrl-C, and the next run
  // sweeps what is left.
  auto delay = abort_delay;
  for (unsigned attempt = 1;; ++attempt, delay *= 2) {
    try {
      client.send_once(call);
      return;
    } catch (const Error& error) {
      if (!error.is_transient() || attempt == abort_attempts_max) throw;
    }
    client.clock().sleep(delay, {});
  }
}

void s3_abort_quietly(S3Client& client, const S3Upload& upload) noexcept {
  try {
    s3_abort_upload(client, upload);
  } catch (const std::exception& error) {
    try {
      if (client.options().warn) {
        client.options().warn(format("{}; the next run of this host aborts it", error.what()));
      }
    } catch (...) {
      // Nobody is left to tell.
    }
  }
}

std::vector<S3Upload> s3_list_uploads(S3Client& client, std::string_view prefix,
                                      const StopToken& stop) {
  S3Call call = s3_call("GET", "", {"list", "s3:ListBucketMultipartUploads"}, stop);
  call.attempted =
      format("list the unfinished uploads of '{}' in {}", printable(prefix), client.name());
  const S3Query query{{"encoding-type", "url"}, {"prefix", std::string(prefix)}, {"uploads", ""}};
  call.request.query = query;
  std::vector<S3Upload> uploads;
  std::set<std::pair<std::string, std::string>> markers;
  for (;;) {
    S3UploadPage page = s3_ask(
        client, call, [](const S3Response& response) { return parse_s3_uploads(response.body); });
    for (S3Upload& upload : page.uploads) {
      // Others' must never be aborted for a filter that the server forgot.
      if (upload.key.starts_with(prefix)) uploads.push_back(std::move(upload));
    }
    if (!page.truncated) return uploads;
    if (!markers.emplace(page.next_key_marker, page.next_upload_id_marker).second) {
      throw Error(ErrorKind::store, format("{}: the server repeats a page", call.attempted));
    }
    call.request.query = query;
    call.request.query.emplace_back("key-marker", page.next_key_marker);
    if (!page.next_upload_id_marker.empty()) {
      call.request.query.emplace_back("upload-id-marker", page.next_upload_id_marker);
    }
  }
}

}  // namespace lifeboat
