#include "support/scripted_s3_bucket.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "support/scripted_s3_text.h"

namespace lifeboat::test {
namespace {

constexpr std::string_view name_space = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

std::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string element(const std::string& name, std::string_view text) {
  return "<" + name + ">" + xml_escape(text) + "</" + name + ">";
}

ServedResponse document(const std::string& root, const std::string& inside) {
  return {200,
          {{"Content-Type", "application/xml"}},
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + root + std::string(name_space) + ">" +
              inside + "</" + root + ">"};
}

std::string quoted(const std::string& etag) { return "\"" + etag + "\""; }
std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

// The first byte and the number of bytes of "bytes=..." in an object of `size`.
std::pair<uint64_t, uint64_t> resolve_range(std::string_view range, uint64_t size) {
  const size_t dash = range.find('-');
  std::optional<uint64_t> first;
  std::optional<uint64_t> last;
  if (range.starts_with("bytes=") && dash != std::string_view::npos) {
    first = parse_number(range.substr(6, dash - 6));
    last = parse_number(range.substr(dash + 1));
    if (dash == 6 && last) {  // the last bytes
      first = size - std::min(size, *last);
      last.reset();
    }
  }
  if (!first || *first >= size || (last && *last < *first)) {
    throw S3Refusal{416,
                    "InvalidRange",
                    "The requested range is not satisfiable",
                    "",
                    {{"Content-Range", "bytes */" + std::to_string(size)}}};
  }
  const uint64_t end = std::min(size, last ? *last + 1 : size);
  return {*first, end - *first};
}

// At most `keys_max`, and no more than was asked for in `name`.
uint64_t page_size(const AskedS3& asked, const std::string& name, uint64_t keys_max) {
  const auto wanted = parse_number(asked.parameter(name, "1000"));
  if (!wanted) throw S3Refusal{400, "InvalidArgument", name + " is no number"};
  return std::min(*wanted, keys_max);
}

std::string listed_key(const AskedS3& asked, const std::string& key) {
  return asked.parameter("encoding-type") == "url" ? uri_encode(key, true) : key;
}

}  // namespace

ServedResponse ScriptedBucket::carry_out(const AskedS3& asked, std::time_t now) {
  const std::string& operation = asked.operation;
  if (asked.bucket != options_.bucket) {
    throw S3Refusal{404, "NoSuchBucket", "The specified bucket does not exist"};
  }
  if (asked.key.empty()) return on_bucket(asked);
  if (operation == "HeadObject" || operation == "GetObject") return read_object(asked);
  if (operation == "PutObject") {
    check_overwrite(asked);
    const std::string etag = md5_hex(asked.body_md5);
    objects_[asked.key] = {asked.raw.body, asked.body_md5, etag, now};
    return {200, {{"ETag", quoted(etag)}}, ""};
  }
  if (operation == "CopyObject") {
    check_overwrite(asked);
    const Stored& made = objects_[asked.key] = copied(asked, now);
    return document("CopyObjectResult",
                    element("LastModified", iso_date(now)) + element("ETag", quoted(made.etag)));
  }
  if (operation == "DeleteObject") {
    if (!options_.allow_delete) throw S3Refusal{403, "AccessDenied", "Access Denied"};
    objects_.erase(asked.key);
    return {204, {}, ""};
  }
  if (operation == "CreateMultipartUpload") return begin_upload(asked);
  if (operation == "UploadPart") {
    return store_part(asked, {asked.raw.body, asked.body_md5, md5_hex(asked.body_md5), now}, "");
  }
  if (operation == "UploadPartCopy") {
    return store_part(asked, copied(asked, now), "CopyPartResult");
  }
  if (operation == "CompleteMultipartUpload") return complete(asked, now);
  if (operation == "AbortMultipartUpload") {
    uploads_.erase(upload_of(asked));
    return {204, {}, ""};
  }
  throw S3Refusal{501, "NotImplemented", "A header or query implies functionality not implemented"};
}

std::map<std::string, std::string> ScriptedBucket::objects() const {
  std::map<std::string, std::string> made;
  for (const auto& [key, stored] : objects_) made[key] = stored.content;
  return made;
}

ServedResponse ScriptedBucket::on_bucket(const AskedS3& asked) {
  if (asked.operation == "HeadBucket") return {200, {{"x-amz-bucket-region", options_.region}}, ""};
  if (asked.operation == "ListObjectsV2") return list_objects(asked);
  if (asked.operation == "ListMultipartUploads") return list_uploads(asked);
  if (asked.operation == "CreateBucket") {
    throw S3Refusal{409, "BucketAlreadyOwnedByYou", "The bucket is yours already"};
  }
  return on_setting(asked);
}

ServedResponse ScriptedBucket::on_setting(const AskedS3& asked) {
  static const std::map<std::string, std::string> absent{
      {"Lifecycle", "NoSuchLifecycleConfiguration"},
      {"Policy", "NoSuchBucketPolicy"},
      {"ObjectLock", "ObjectLockConfigurationNotFoundError"},
      {"Encryption", "ServerSideEncryptionConfigurationNotFoundError"},
  };
  const size_t at = asked.operation.find("Bucket");
  if (at == std::string::npos) throw S3Refusal{501, "NotImplemented", "not implemented"};
  const std::string verb = asked.operation.substr(0, at);
  const std::string setting = asked.operation.substr(at + 6);
  if (verb == "Put") {
    settings_[setting] = asked.raw.body;
    return {setting == "Policy" ? 204 : 200, {}, ""};
  }
  if (verb == "Delete") {
    settings_.erase(setting);
    return {204, {}, ""};
  }
  if (const auto found = settings_.find(setting); found != settings_.end()) {
    return {200, {{"Content-Type", "application/xml"}}, found->second};
  }
  if (setting == "Location") return document("LocationConstraint", options_.region);
  if (setting == "Versioning") return document("VersioningConfiguration", "");
  throw S3Refusal{404, absent.at(setting), "The configuration does not exist"};
}

ServedResponse ScriptedBucket::list_objects(const AskedS3& asked) const {
  const std::string prefix = asked.parameter("prefix");
  std::string after = asked.parameter("start-after");
  if (const std::string token = asked.parameter("continuation-token"); !token.empty()) {
    if (!token.starts_with("after:")) {
      throw S3Refusal{400, "InvalidArgument", "The continuation token provided is incorrect"};
    }
    after = token.substr(6);
  }
  const uint64_t keys_max = page_size(asked, "max-keys", options_.page_keys_max);
  std::string contents;
  std::string last;
  uint64_t count = 0;
  bool truncated = false;
  for (auto at = objects_.lower_bound(std::max(prefix, after)); at != objects_.end(); ++at) {
    if (at->first == after && !after.empty()) continue;
    if (!at->first.starts_with(prefix)) break;
    if (count == keys_max) {
      truncated = true;
      break;
    }
    const Stored& stored = at->second;
    contents += "<Contents>" + element("Key", listed_key(asked, at->first)) +
                element("LastModified", iso_date(stored.modified)) +
                element("ETag", quoted(stored.etag)) +
                element("Size", std::to_string(stored.content.size())) +
                element("StorageClass", "STANDARD") + "</Contents>";
    last = at->first;
    ++count;
  }
  std::string head =
      element("Name", options_.bucket) + element("Prefix", listed_key(asked, prefix)) +
      element("KeyCount", std::to_string(count)) + element("MaxKeys", std::to_string(keys_max)) +
      element("IsTruncated", truncated ? "true" : "false");
  if (asked.query.contains("encoding-type")) head += element("EncodingType", "url");
  if (truncated) head += element("NextContinuationToken", "after:" + last);
  return document("ListBucketResult", head + contents);
}

ServedResponse ScriptedBucket::list_uploads(const AskedS3& asked) const {
  const std::string prefix = asked.parameter("prefix");
  const std::pair after{asked.parameter("key-marker"), asked.parameter("upload-id-marker")};
  const uint64_t uploads_max = page_size(asked, "max-uploads", options_.page_keys_max);
  std::vector<std::pair<std::string, std::string>> matching;
  for (const auto& [id, upload] : uploads_) {
    // Without an upload's id the marker means: keys behind it.
    const bool behind =
        after.second.empty() ? upload.key > after.first : std::pair(upload.key, id) > after;
    if (upload.key.starts_with(prefix) && (behind || after.first.empty())) {
      matching.emplace_back(upload.key, id);
    }
  }
  std::sort(matching.begin(), matching.end());
  const bool truncated = matching.size() > uploads_max;
  matching.resize(std::min<size_t>(matching.size(), uploads_max));
  std::string inside = element("Bucket", options_.bucket) +
                       element("MaxUploads", std::to_string(uploads_max)) +
                       element("IsTruncated", truncated ? "true" : "false");
  if (asked.query.contains("encoding-type")) inside += element("EncodingType", "url");
  if (truncated && !matching.empty()) {
    inside += element("NextKeyMarker", listed_key(asked, matching.back().first)) +
              element("NextUploadIdMarker", matching.back().second);
  }
  for (const auto& [key, id] : matching) {
    inside +=
        "<Upload>" + element("Key", listed_key(asked, key)) + element("UploadId", id) + "</Upload>";
  }
  return document("ListMultipartUploadsResult", inside);
}

ServedResponse ScriptedBucket::read_object(const AskedS3& asked) const {
  if (!options_.allow_get) throw S3Refusal{403, "AccessDenied", "Access Denied"};
  const auto found = objects_.find(asked.key);
  if (found == objects_.end()) {
    throw S3Refusal{404, "NoSuchKey", "The specified key does not exist."};
  }
  const Stored& stored = found->second;
  const std::string wanted = unquoted(asked.header("if-match"));
  if (!wanted.empty() && wanted != stored.etag) {
    throw S3Refusal{412, "PreconditionFailed", "At least one of the preconditions did not hold",
                    "<Condition>If-Match</Condition>"};
  }
  ServedResponse response{200,
                          {{"ETag", quoted(stored.etag)},
                           {"Last-Modified", http_date(stored.modified)},
                           {"Accept-Ranges", "bytes"}},
                          ""};
  if (const std::string range = asked.header("range"); !range.empty()) {
    const auto [first, count] = resolve_range(range, stored.content.size());
    response.status = 206;
    response.headers.emplace_back("Content-Range", "bytes " + std::to_string(first) + "-" +
                                                       std::to_string(first + count - 1) + "/" +
                                                       std::to_string(stored.content.size()));
    response.body = stored.content.substr(first, count);
  } else {
    response.body = stored.content;
  }
  return response;
}

void ScriptedBucket::check_overwrite(const AskedS3& asked) const {
  const bool asked_to = options_.conditional_writes && asked.header("if-none-match") == "*";
  if (asked_to && objects_.contains(asked.key)) {
    throw S3Refusal{412, "PreconditionFailed", "At least one of the preconditions did not hold",
                    "<Condition>If-None-Match</Condition>"};
  }
}

ScriptedBucket::Stored ScriptedBucket::copied(const AskedS3& asked, std::time_t now) const {
  if (!options_.allow_get) throw S3Refusal{403, "AccessDenied", "Access Denied"};
  std::string source = uri_decode(asked.header("x-amz-copy-source"), false);
  source.erase(0, source.starts_with('/') ? 1 : 0);
  const std::string bucket = options_.bucket + "/";
  const auto found =
      source.starts_with(bucket) ? objects_.find(source.substr(bucket.size())) : objects_.end();
  if (found == objects_.end()) {
    throw S3Refusal{404, "NoSuchKey", "The specified key does not exist."};
  }
  const std::string wanted = unquoted(asked.header("x-amz-copy-source-if-match"));
  if (!wanted.empty() && wanted != found->second.etag) {
    throw S3Refusal{412, "PreconditionFailed", "At least one of the preconditions did not hold"};
  }
  std::string content = found->second.content;
  if (const std::string range = asked.header("x-amz-copy-source-range"); !range.empty()) {
    const auto [first, count] = resolve_range(range, content.size());
    content = content.substr(first, count);
  }
  return stored(std::move(content), now);
}

ScriptedBucket::Stored ScriptedBucket::stored(std::string content, std::time_t now) {
  const std::string digest = md5(content);
  return {std::move(content), digest, md5_hex(digest), now};
}

ServedResponse ScriptedBucket::begin_upload(const AskedS3& asked) {
  std::string digits = std::to_string(++uploads_begun_);
  const std::string id =
      "upload+/" + std::string(8 - std::min<size_t>(8, digits.size()), '0') + digits;
  uploads_[id].key = asked.key;
  return document(
      "InitiateMultipartUploadResult",
      element("Bucket", options_.bucket) + element("Key", asked.key) + element("UploadId", id));
}

ServedResponse ScriptedBucket::store_part(const AskedS3& asked, Stored part,
                                          const std::string& copy_root) {
  const auto number = parse_number(asked.parameter("partNumber"));
  if (!number || *number < 1 || *number > 10'000) {
    throw S3Refusal{400, "InvalidArgument", "Part number must be an integer between 1 and 10000"};
  }
  const std::string etag = part.etag;
  const std::time_t modified = part.modified;
  upload_of(asked)->second.parts[static_cast<unsigned>(*number)] = std::move(part);
  if (copy_root.empty()) return {200, {{"ETag", quoted(etag)}}, ""};
  return document(copy_root,
                  element("LastModified", iso_date(modified)) + element("ETag", quoted(etag)));
}

ServedResponse ScriptedBucket::complete(const AskedS3& asked, std::time_t now) {
  const auto at = upload_of(asked);
  check_overwrite(asked);
  const std::vector<std::string> listed = xml_texts(asked.raw.body, "Part");
  if (listed.empty()) {
    throw S3Refusal{400, "MalformedXML", "The XML you provided was not well-formed"};
  }
  Stored whole;
  std::vector<uint64_t> sizes;
  uint64_t number_before = 0;
  for (const std::string& xml : listed) {
    const auto numbers = xml_texts(xml, "PartNumber");
    const auto etags = xml_texts(xml, "ETag");
    const auto number = numbers.size() == 1 ? parse_number(numbers[0]) : std::nullopt;
    if (!number || etags.size() != 1) {
      throw S3Refusal{400, "MalformedXML", "The XML you provided was not well-formed"};
    }
    if (*number <= number_before) {
      throw S3Refusal{400, "InvalidPartOrder", "The list of parts was not in ascending order"};
    }
    number_before = *number;
    const auto part = at->second.parts.find(static_cast<unsigned>(*number));
    if (part == at->second.parts.end() || unquoted(xml_unescape(etags[0])) != part->second.etag) {
      throw S3Refusal{400, "InvalidPart", "One or more of the specified parts could not be found"};
    }
    whole.content += part->second.content;
    whole.md5 += part->second.md5;
    sizes.push_back(part->second.content.size());
  }
  check_part_sizes(sizes);
  whole.etag = md5_hex(md5(whole.md5)) + "-" + std::to_string(sizes.size());
  whole.modified = now;
  last_part_sizes_ = sizes;
  uploads_.erase(at);
  const Stored& made = objects_[asked.key] = std::move(whole);
  return document("CompleteMultipartUploadResult", element("Bucket", options_.bucket) +
                                                       element("Key", asked.key) +
                                                       element("ETag", quoted(made.etag)));
}

void ScriptedBucket::check_part_sizes(const std::vector<uint64_t>& sizes) const {
  for (size_t i = 0; i + 1 < sizes.size(); ++i) {
    if (sizes[i] < options_.part_bytes_min) {
      throw S3Refusal{400, "EntityTooSmall", "Your proposed upload is smaller than allowed"};
    }
    if (options_.equal_parts && (sizes[i] != sizes[0] || sizes.back() > sizes[0])) {
      throw S3Refusal{400, "InvalidPart", "All non-trailing parts must have the same length."};
    }
  }
}

ScriptedBucket::Uploads::iterator ScriptedBucket::upload_of(const AskedS3& asked) {
  const auto found = uploads_.find(asked.parameter("uploadId"));
  if (found == uploads_.end() || found->second.key != asked.key) {
    throw S3Refusal{404, "NoSuchUpload", "The specified upload does not exist."};
  }
  return found;
}

}  // namespace lifeboat::test
