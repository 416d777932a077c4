// The XML that S3 speaks, both ways. The only file with pugixml.
//
// Replies are untrusted: sizes are bounded, numbers and times are checked, a document type is
// refused. A reply that is cut, or is not the document that was asked for (Ceph answers
// GET ?encryption with a listing), is a transient Error(store): the same question may get a whole
// answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/lifecycle_rule.h"
#include "store/store.h"

namespace lifeboat {

struct S3ErrorBody {
  std::string code;
  std::string message;
  std::string region;  // what a redirect tells
};
// Nothing unless the root is <Error>.
std::optional<S3ErrorBody> parse_s3_error(std::string_view xml);

struct S3ListPage {
  std::vector<ObjectInfo> objects;  // times in whole seconds, as HEAD gives them
  bool truncated = false;
  std::string next_token;  // never empty if truncated
};
S3ListPage parse_s3_list(std::string_view xml);

struct S3Upload {
  std::string key;
  std::string upload_id;
};
struct S3UploadPage {
  std::vector<S3Upload> uploads;
  bool truncated = false;
  std::string next_key_marker;
  std::string next_upload_id_marker;
};
S3UploadPage parse_s3_uploads(std::string_view xml);

// The text at `path` ("Rule/Status") below the root, which must be `root`; nothing if it has no
// such element.
std::optional<std::string> parse_s3_text(std::string_view xml, std::string_view root,
                                         std::string_view path);
// The upload id of InitiateMultipartUploadResult.
std::string parse_s3_initiate(std::string_view xml);
// The ETag, without quotes, of CompleteMultipartUploadResult, CopyObjectResult, CopyPartResult.
std::string parse_s3_etag(std::string_view xml, std::string_view root);
std::string print_s3_complete(const std::vector<std::string>& part_etags);

std::vector<LifecycleRule> parse_s3_lifecycle(std::string_view xml);
// Rules that were read are printed back byte for byte (LifecycleRule::source_xml).
std::string print_s3_lifecycle(const std::vector<LifecycleRule>& rules);

}  // namespace lifeboat
