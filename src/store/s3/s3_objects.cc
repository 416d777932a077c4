#include "store/s3/s3_objects.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "base/text.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "store/key_rules.h"
#include "store/s3/s3_calls.h"
#include "store/s3/sigv4.h"

namespace lifeboat {
namespace {

constexpr size_t empty_pages_max = 1000;
constexpr size_t listed_objects_max = 2'000'000;  // of one prefix: 400 MB of memory

std::string listing_of(const S3Client& client, std::string_view prefix) {
  return prefix.empty() ? format("list {}", client.name())
                        : format("list '{}' in {}", printable(prefix), client.name());
}

S3ListPage list_page(S3Client& client, std::string_view prefix, S3Query more,
                     const StopToken& stop) {
  S3Call call = s3_call("GET", "", {"list", "s3:ListBucket"}, stop);
  call.attempted = listing_of(client, prefix);
  call.request.query = std::move(more);
  call.request.query.insert(
      call.request.query.end(),
      {{"encoding-type", "url"}, {"list-type", "2"}, {"prefix", std::string(prefix)}});
  return s3_ask(client, call, [](const S3Response& page) { return parse_s3_list(page.body); });
}

// The object as a listing shows it.
std::optional<S3ObjectHead> find_listed(S3Client& client, const std::string& key,
                                        const StopToken& stop) {
  // Of all keys that begin with it, a key itself comes first.
  const S3ListPage page = list_page(client, key, {{"max-keys", "1"}}, stop);
  if (page.objects.empty() || page.objects.front().key != key) return std::nullopt;
  return S3ObjectHead{.info = page.objects.front()};
}

// The key with its bucket, as the header of a copy wants it.
std::string copy_source(const S3Client& client, const std::string& key) {
  return "/" + client.options().bucket + "/" + percent_encode(key, "/");
}

// A call that copies from `source`, if that is still what `head` saw.
S3Call copy_call(S3Client& client, const S3ObjectHead& head, const std::string& target,
                 const StopToken& stop) {
  S3Call call = s3_call("PUT", target, {"copy to", "s3:GetObject and s3:PutObject"}, stop);
  call.attempted = format("copy '{}' to '{}'", head.info.key, target);
  call.may_fail_with_200 = true;
  call.request.headers = {{"x-amz-copy-source", copy_source(client, head.info.key)}};
  if (!head.etag.empty()) {
    call.request.headers.emplace_back("x-amz-copy-source-if-match", "\"" + head.etag + "\"");
  }
  return call;
}

void copy_in_parts(S3Client& client, const S3ObjectHead& head, const S3Upload& upload,
                   const StopToken& stop) {
  const uint64_t part_bytes = client.options().copy_part_bytes;
  std::vector<std::string> etags;
  for (uint64_t offset = 0; offset < head.info.size; offset += part_bytes) {
    S3Call call = copy_call(client, head, upload.key, stop);
    const uint64_t end = std::min(offset + part_bytes, head.info.size);
    call.request.headers.emplace_back("x-amz-copy-source-range",
                                      format("bytes={}-{}", offset, end - 1));
    call.request.query = {{"partNumber", std::to_string(etags.size() + 1)},
                          {"uploadId", upload.upload_id}};
    etags.push_back(s3_ask(client, call, [](const S3Response& response) {
      return parse_s3_etag(response.body, "CopyPartResult");
    }));
  }
  s3_complete_upload(client, upload, etags, head.info.size, stop);
}

}  // namespace

std::optional<S3ObjectHead> s3_head(S3Client& client, const std::string& key,
                                    const StopToken& stop) {
  S3Call call = s3_call("HEAD", key, {"look for", "s3:GetObject"}, stop);
  call.accepted = {403, 404};
  bool denied = false;
  const auto read = [&](const S3Response& response) -> std::optional<S3ObjectHead> {
    denied = response.status == 403;
    if (response.status >= 300) return std::nullopt;
    const auto size = s3_content_length(response);
    const auto modified = parse_http_date(response.header("last-modified").value_or(""));
    if (!size || !modified) {
      throw Error(ErrorKind::store,
                  format("{}: the server did not tell its size and time", call.attempted))
          .transient();
    }
    const S3Etag etag = s3_etag(response);
    return S3ObjectHead{.info = {.key = key, .size = *size, .modified = *modified},
                        .etag = etag.text,
                        .md5 = etag.md5};
  };
  std::optional<S3ObjectHead> head = s3_ask(client, call, read);
  return denied ? find_listed(client, key, stop) : head;
}

void s3_put_new(S3Client& client, const std::string& key, ByteView body, const StopToken& stop) {
  S3Call call = s3_call("PUT", key, {"put", "s3:PutObject"}, stop);
  const Md5Digest digest = md5(body);
  const S3Sent sent{.size = body.size(), .etag = hex_encode(digest)};
  call.request.body = body;
  call.request.body_md5 = base64_encode_standard(digest);
  call.request.upload_bytes_per_second = client.options().upload_bytes_per_second;
  const S3Answer answer = s3_send_new(client, call);
  if (answer.response.status == 412) {
    if (s3_is_sent(client, key, sent, answer, stop)) return;
    throw Error(ErrorKind::store, format("{}: it already exists", call.attempted));
  }
  const S3Etag etag = s3_etag(answer.response);
  if (!etag.md5.empty() && etag.md5 != sent.etag) {
    s3_discard(client, key);
    throw s3_stored_otherwise(call.attempted,
                              format("its ETag is {}, the MD5 sent {}", etag.text, sent.etag));
  }
}

std::vector<ObjectInfo> s3_list(S3Client& client, std::string_view prefix, const StopToken& stop) {
  std::vector<ObjectInfo> objects;
  std::string token;
  std::set<std::string> tokens;
  const auto refuse = [&](std::string_view why) {
    return Error(ErrorKind::store, format("{}: {}", listing_of(client, prefix), why))
        .hint("The listing cannot be trusted, so nothing is done on it: ask the provider.");
  };
  size_t empty_in_a_row = 0;
  for (;;) {
    S3Query query{{"max-keys", std::to_string(client.options().list_page_keys)}};
    if (!token.empty()) query.emplace_back("continuation-token", token);
    S3ListPage page = list_page(client, prefix, query, stop);
    for (ObjectInfo& object : page.objects) {
      if (!object.key.starts_with(prefix)) throw refuse("the server lists keys of other prefixes");
      if (!objects.empty() && object.key <= objects.back().key) {
        throw refuse("the server lists keys out of order");
      }
      objects.push_back(std::move(object));
    }
    if (!page.truncated) return objects;
    // Deletion markers can fill a page, but not for ever.
    empty_in_a_row = page.objects.empty() ? empty_in_a_row + 1 : 0;
    if (empty_in_a_row > empty_pages_max || objects.size() > listed_objects_max) {
      throw refuse("the listing has no end");
    }
    token = page.next_token;
    if (!tokens.insert(token).second) throw refuse("the server repeats a page");
  }
}

void s3_delete(S3Client& client, const std::string& key, const StopToken& stop) {
  S3Call call = s3_call("DELETE", key, {"remove", "s3:DeleteObject"}, stop);
  call.accepted = {404};
  client.send(call);
}

void s3_copy(S3Client& client, const std::string& source, const std::string& target,
             const StopToken& stop) {
  const std::optional<S3ObjectHead> head = s3_head(client, source, stop);
  if (!head) throw no_such_object(format("copy '{}'", source), client.name());
  // Copies under If-None-Match are known to few servers, so the look before is all there is.
  if (s3_head(client, target, stop)) {
    throw Error(ErrorKind::store, format("copy '{}' to '{}' in {}: it already exists", source,
                                         target, client.name()));
  }
  if (head->info.size > client.options().copy_part_bytes) {
    const S3Upload upload{.key = target, .upload_id = s3_begin_upload(client, target, stop)};
    try {
      return copy_in_parts(client, *head, upload, stop);
    } catch (...) {
      s3_abort_quietly(client, upload);
      throw;
    }
  }
  const S3Call call = copy_call(client, *head, target, stop);
  client.send(call);
  const std::optional<S3ObjectHead> copy = s3_head(client, target, stop);
  if (copy && copy->info.size == head->info.size) return;
  if (copy) s3_discard(client, target);
  throw s3_stored_otherwise(
      call.attempted,
      copy ? format("{} bytes instead of {}", copy->info.size, head->info.size) : "nothing");
}

}  // namespace lifeboat
