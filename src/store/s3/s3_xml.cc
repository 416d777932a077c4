#include "store/s3/s3_xml.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

// A page of 1000 keys of 1024 bytes, each percent-encoded, has less than 4 MiB.
constexpr size_t reply_bytes_max = 8 << 20;
constexpr std::string_view name_space = "http://s3.amazonaws.com/doc/2006-03-01/";

Error bad_reply(std::string_view why) {
  return Error(ErrorKind::store, format("read the server's XML: {}", why)).transient();
}

// The only element at the top of `xml`; null if it is no whole document. Depth costs memory alone
// (the parser does not recurse), and that the size bounds. Entities are never looked up: what a
// document type could declare is refused with it.
pugi::xml_node load_root(pugi::xml_document& document, std::string_view xml) {
  if (xml.size() > reply_bytes_max || xml.find('\0') != std::string_view::npos) return {};
  const unsigned options = pugi::parse_default | pugi::parse_doctype;
  if (!document.load_buffer(xml.data(), xml.size(), options, pugi::encoding_utf8)) return {};
  for (const pugi::xml_node node : document.children()) {
    if (node != document.document_element()) return {};
  }
  return document.document_element();
}

// A reply whose root is `root`, or an error.
class Reply {
 public:
  Reply(std::string_view xml, std::string_view root) {
    root_ = load_root(document_, xml);
    if (!root_) throw bad_reply("it is cut or not XML");
    if (root != root_.name()) {
      throw bad_reply(format("expected {}, got {}", root, printable(root_.name()).substr(0, 100)));
    }
  }
  pugi::xml_node root() const { return root_; }

 private:
  pugi::xml_document document_;
  pugi::xml_node root_;
};

std::string text_of(pugi::xml_node parent, const char* name) {
  return parent.child(name).text().get();
}

std::string demanded(pugi::xml_node parent, const char* name) {
  std::string text = text_of(parent, name);
  if (text.empty()) throw bad_reply(format("a {} without {}", parent.name(), name));
  return text;
}

uint64_t parse_number(std::string_view text, std::string_view name) {
  uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size()) {
    throw bad_reply(format("{} is not a number", name));
  }
  return number;
}

uint64_t number_of(pugi::xml_node parent, const char* name) {
  return parse_number(text_of(parent, name), name);
}

std::optional<uint64_t> number_if(pugi::xml_node parent, const char* name) {
  if (!parent.child(name)) return std::nullopt;
  return number_of(parent, name);
}

bool flag_of(pugi::xml_node parent, const char* name) {
  const std::string text = text_of(parent, name);
  if (text == "true") return true;
  if (text.empty() || text == "false") return false;
  throw bad_reply(format("{} is neither true nor false", name));
}

// "2026-05-07T02:00:00.000Z"; the fraction is dropped, or missing.
Timestamp time_of(pugi::xml_node parent, const char* name) {
  std::string text = text_of(parent, name);
  const size_t dot = text.find('.');
  if (dot != std::string::npos && text.ends_with('Z')) text.erase(dot, text.size() - 1 - dot);
  try {
    return parse_time(text);
  } catch (const Error&) {
    throw bad_reply(format("{} is not a time", name));
  }
}

// The day of "2027-01-01T00:00:00Z" or "2027-01-01".
Date date_of_day(pugi::xml_node parent, const char* name) {
  try {
    return parse_date(text_of(parent, name).substr(0, 10));
  } catch (const Error&) {
    throw bad_reply(format("{} is not a date", name));
  }
}

std::string without_quotes(std::string text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

// Undoes encoding-type=url, which writes a space as '+'.
std::string url_decode(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  std::optional<std::string> decoded = percent_decode(text);
  if (!decoded) throw bad_reply("a name with a broken percent encoding");
  return std::move(*decoded);
}

// A name in a listing: encoded only if the server says so, since not all know how.
std::string name_of(pugi::xml_node root, std::string text) {
  return text_of(root, "EncodingType") == "url" ? url_decode(std::move(text)) : text;
}

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += letter;
    }
  }
  return escaped;
}

std::string element(std::string_view name, std::string_view text) {
  return format("<{0}>{1}</{0}>", name, escape(text));
}

std::string element(std::string_view name, const std::optional<uint64_t>& number) {
  return number ? element(name, std::to_string(*number)) : "";
}

void read_filter(pugi::xml_node rule, LifecycleRule& read) {
  pugi::xml_node filter = rule.child("Filter");
  if (!filter) {  // the older style
    read.prefix = text_of(rule, "Prefix");
    return;
  }
  if (const pugi::xml_node all = filter.child("And")) filter = all;
  read.prefix = text_of(filter, "Prefix");
  read.has_tag_filter = static_cast<bool>(filter.child("Tag"));
  read.size_greater_than = number_if(filter, "ObjectSizeGreaterThan");
  read.size_less_than = number_if(filter, "ObjectSizeLessThan");
}

LifecycleRule read_rule(pugi::xml_node rule) {
  LifecycleRule read;
  read.id = text_of(rule, "ID");
  const std::string status = demanded(rule, "Status");
  if (status != "Enabled" && status != "Disabled") throw bad_reply("a rule of unknown status");
  read.enabled = status == "Enabled";
  read_filter(rule, read);
  const pugi::xml_node expiration = rule.child("Expiration");
  read.expire_days = number_if(expiration, "Days");
  if (expiration.child("Date")) read.expire_date = date_of_day(expiration, "Date");
  read.expired_delete_markers = flag_of(expiration, "ExpiredObjectDeleteMarker");
  read.noncurrent_days = number_if(rule.child("NoncurrentVersionExpiration"), "NoncurrentDays");
  read.abort_incomplete_days =
      number_if(rule.child("AbortIncompleteMultipartUpload"), "DaysAfterInitiation");
  for (const pugi::xml_node transition : rule.children("Transition")) {
    // One on a fixed date counts as at once: from that date on it is.
    const uint64_t days = number_if(transition, "Days").value_or(0);
    read.transition_days = std::min(days, read.transition_days.value_or(days));
  }
  return read;
}

// The bytes of `rule` in `xml`.
std::string source_of(pugi::xml_node rule, std::string_view xml) {
  const std::ptrdiff_t name_at = rule.offset_debug();
  if (name_at < 1) throw bad_reply("a rule without a place");
  const auto begin = static_cast<size_t>(name_at) - 1;
  const size_t end = xml.find('>', xml.find("</Rule", begin));
  if (end == std::string_view::npos) throw bad_reply("a rule without an end");
  std::string source(xml.substr(begin, end + 1 - begin));
  pugi::xml_document alone;  // a comment or CDATA may have held what looked like the end
  if (!load_root(alone, source)) throw bad_reply("a rule that does not stand alone");
  return source;
}

std::string print_rule(const LifecycleRule& rule) {
  if (!rule.source_xml.empty()) return rule.source_xml;
  ensure(!rule.has_tag_filter && !rule.transition_days, "rules of ours filter by prefix and size");
  std::string filter = element("Prefix", rule.prefix);
  if (rule.size_greater_than || rule.size_less_than) {
    filter = "<And>" + filter + element("ObjectSizeGreaterThan", rule.size_greater_than) +
             element("ObjectSizeLessThan", rule.size_less_than) + "</And>";
  }
  std::string expiration = element("Days", rule.expire_days);
  if (rule.expire_date) expiration += element("Date", print_date(*rule.expire_date) + "T00:00:00Z");
  if (rule.expired_delete_markers) expiration += element("ExpiredObjectDeleteMarker", "true");

  std::string text = "<Rule>" + element("ID", rule.id) + "<Filter>" + filter + "</Filter>" +
                     element("Status", rule.enabled ? "Enabled" : "Disabled");
  if (!expiration.empty()) text += "<Expiration>" + expiration + "</Expiration>";
  if (rule.noncurrent_days) {
    text += "<NoncurrentVersionExpiration>" + element("NoncurrentDays", rule.noncurrent_days) +
            "</NoncurrentVersionExpiration>";
  }
  if (rule.abort_incomplete_days) {
    text += "<AbortIncompleteMultipartUpload>" +
            element("DaysAfterInitiation", rule.abort_incomplete_days) +
            "</AbortIncompleteMultipartUpload>";
  }
  return text + "</Rule>";
}

}  // namespace

std::optional<S3ErrorBody> parse_s3_error(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = load_root(document, xml);
  if (std::string_view(root.name()) != "Error") return std::nullopt;
  return S3ErrorBody{text_of(root, "Code"), text_of(root, "Message"), text_of(root, "Region")};
}

S3ListPage parse_s3_list(std::string_view xml) {
  const Reply reply(xml, "ListBucketResult");
  S3ListPage page;
  for (const pugi::xml_node object : reply.root().children("Contents")) {
    page.objects.push_back({.key = name_of(reply.root(), demanded(object, "Key")),
                            .size = number_of(object, "Size"),
                            .modified = time_of(object, "LastModified")});
  }
  page.truncated = flag_of(reply.root(), "IsTruncated");
  if (page.truncated) page.next_token = demanded(reply.root(), "NextContinuationToken");
  return page;
}

S3UploadPage parse_s3_uploads(std::string_view xml) {
  const Reply reply(xml, "ListMultipartUploadsResult");
  S3UploadPage page;
  for (const pugi::xml_node upload : reply.root().children("Upload")) {
    page.uploads.push_back({.key = name_of(reply.root(), demanded(upload, "Key")),
                            .upload_id = demanded(upload, "UploadId")});
  }
  page.truncated = flag_of(reply.root(), "IsTruncated");
  if (page.truncated) {
    page.next_key_marker = name_of(reply.root(), demanded(reply.root(), "NextKeyMarker"));
    page.next_upload_id_marker = text_of(reply.root(), "NextUploadIdMarker");
  }
  return page;
}

std::optional<std::string> parse_s3_text(std::string_view xml, std::string_view root,
                                         std::string_view path) {
  const Reply reply(xml, root);
  const pugi::xml_node node = reply.root().first_element_by_path(std::string(path).c_str());
  if (!node) return std::nullopt;
  return node.text().get();
}

std::string parse_s3_initiate(std::string_view xml) {
  const auto id = parse_s3_text(xml, "InitiateMultipartUploadResult", "UploadId");
  if (!id || id->empty()) throw bad_reply("a multipart upload without its id");
  return *id;
}

std::string parse_s3_etag(std::string_view xml, std::string_view root) {
  const std::string etag = without_quotes(parse_s3_text(xml, root, "ETag").value_or(""));
  if (etag.empty()) throw bad_reply(format("a {} without ETag", root));
  return etag;
}

std::string print_s3_complete(const std::vector<std::string>& part_etags) {
  std::string text = format("<CompleteMultipartUpload xmlns=\"{}\">", name_space);
  unsigned number = 0;
  for (const std::string& etag : part_etags) {
    text += "<Part>" + element("PartNumber", std::to_string(++number)) +
            element("ETag", "\"" + etag + "\"") + "</Part>";
  }
  return text + "</CompleteMultipartUpload>";
}

std::vector<LifecycleRule> parse_s3_lifecycle(std::string_view xml) {
  const Reply reply(xml, "LifecycleConfiguration");
  std::vector<LifecycleRule> rules;
  for (const pugi::xml_node rule : reply.root().children("Rule")) {
    rules.push_back(read_rule(rule));
    rules.back().source_xml = source_of(rule, xml);
  }
  return rules;
}

std::string print_s3_lifecycle(const std::vector<LifecycleRule>& rules) {
  std::string text = format("<LifecycleConfiguration xmlns=\"{}\">", name_space);
  for (const LifecycleRule& rule : rules) text += print_rule(rule);
  return text + "</LifecycleConfiguration>";
}

}  // namespace lifeboat
