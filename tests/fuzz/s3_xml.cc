// The XML of S3's replies: rules that are printed say what was read, pages hold no more than came.
#include "store/s3/s3_xml.h"

#include "base/format.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

std::string print(const std::vector<LifecycleRule>& rules) {
  std::string text;
  const auto number = [](const std::optional<uint64_t>& value) {
    return value ? std::to_string(*value) : "-";
  };
  for (const LifecycleRule& rule : rules) {
    text += format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}\n", rule.id, rule.prefix, rule.enabled,
                   number(rule.expire_days), rule.expire_date.has_value(),
                   number(rule.noncurrent_days), number(rule.abort_incomplete_days),
                   number(rule.transition_days), rule.expired_delete_markers, rule.has_tag_filter,
                   number(rule.size_greater_than), number(rule.size_less_than));
  }
  return text;
}

void check_rules(std::string_view xml) {
  const std::string read = fuzz::outcome([&] { return print(parse_s3_lifecycle(xml)); });
  if (!fuzz::is_taken(read)) return;
  std::vector<LifecycleRule> rules = parse_s3_lifecycle(xml);
  const auto again = [&] {
    return fuzz::outcome([&] { return print(parse_s3_lifecycle(print_s3_lifecycle(rules))); });
  };
  fuzz::require(again() == read, "rules as the server gave them say the same", read + again());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view xml = fuzz::text_of(data, size);
  (void)fuzz::outcome([&] {
    const S3ListPage page = parse_s3_list(xml);
    size_t bytes = page.next_token.size();
    for (const ObjectInfo& object : page.objects) bytes += object.key.size() + 1;
    fuzz::require(bytes <= xml.size(), "a page holds what came");
    fuzz::require(!page.truncated || !page.next_token.empty(), "a page that goes on says where");
    return std::string();
  });
  (void)fuzz::outcome([&] {
    const S3UploadPage page = parse_s3_uploads(xml);
    fuzz::require(page.uploads.size() <= xml.size(), "a page holds what came");
    return std::string();
  });
  (void)fuzz::outcome([&] { return parse_s3_error(xml) ? parse_s3_error(xml)->code : ""; });
  (void)fuzz::outcome([&] { return parse_s3_initiate(xml); });
  (void)fuzz::outcome([&] { return parse_s3_etag(xml, "CompleteMultipartUploadResult"); });
  (void)fuzz::outcome(
      [&] { return parse_s3_text(xml, "ListBucketResult", "Contents/Key").value_or(""); });
  check_rules(xml);
  return 0;
}
