#include "store/s3/s3_xml.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/format.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string list_of(std::string_view inside) {
  return format(
      "{}<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}"
      "</ListBucketResult>",
      head, inside);
}

std::string object(std::string_view key, std::string_view size = "5",
                   std::string_view time = "2026-05-07T02:00:00.789Z") {
  return format("<Contents><Key>{}</Key><LastModified>{}</LastModified><Size>{}</Size></Contents>",
                key, time, size);
}

bool is_transient(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.is_transient() && error.kind() == ErrorKind::store;
  }
  return false;
}

TEST(S3Xml, ReadsErrorsAndNothingElseAsErrors) {
  const auto error = parse_s3_error(format(
      "{}<Error><Code>AccessDenied</Code><Message>No &amp; no</Message><Region>eu</Region></Error>",
      head));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "AccessDenied");
  EXPECT_EQ(error->message, "No & no");
  EXPECT_EQ(error->region, "eu");
  EXPECT_EQ(parse_s3_error("<Error><Code>X</Code><Message/></Error>").value().message, "");
  for (const char* other : {"", "text", "<html><Error/></html>", "<Error><Code>X</Code>",
                            "<Error/><Error/>", "<!DOCTYPE Error><Error/>"}) {
    EXPECT_FALSE(parse_s3_error(other)) << other;
  }
}

TEST(S3Xml, ReadsAListPage) {
  const auto page = parse_s3_list(list_of(
      "<IsTruncated>true</IsTruncated><NextContinuationToken>1/a=+</NextContinuationToken>" +
      object("a%2Bb") + object("b", "5497558138880", "2026-05-07T02:00:01Z")));
  ASSERT_EQ(page.objects.size(), 2u);
  EXPECT_EQ(page.objects[0].key, "a%2Bb") << "not encoded unless the server says so";
  EXPECT_EQ(page.objects[0].size, 5u);
  EXPECT_EQ(print_time(page.objects[0].modified), "2026-05-07T02:00:00Z");
  EXPECT_EQ(page.objects[0].modified, parse_time("2026-05-07T02:00:00Z")) << "whole seconds";
  EXPECT_EQ(page.objects[1].size, 5497558138880u);
  EXPECT_TRUE(page.truncated);
  EXPECT_EQ(page.next_token, "1/a=+");
  EXPECT_THAT(parse_s3_list(list_of("")).objects, IsEmpty());
}

TEST(S3Xml, DecodesNamesWhereTheServerEncodedThem) {
  const auto page = parse_s3_list(
      list_of("<EncodingType>url</EncodingType>" + object("a%2fb%0A+c%2B") + object("d")));
  EXPECT_EQ(page.objects[0].key, "a/b\n c+");
  for (const char* broken : {"a%", "a%2", "a%zz", "a%2g"}) {
    EXPECT_TRUE(is_transient([&] {
      parse_s3_list(list_of("<EncodingType>url</EncodingType>" + object(broken)));
    })) << broken;
  }
}

TEST(S3Xml, RefusesListPagesThatAreNotWhole) {
  const std::string whole = list_of("<IsTruncated>false</IsTruncated>" + object("a"));
  parse_s3_list(whole);
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_TRUE(is_transient([&] { parse_s3_list(whole.substr(0, length)); })) << length;
  }
  for (const std::string& inside :
       {std::string("<IsTruncated>true</IsTruncated>"), std::string("<IsTruncated>1</IsTruncated>"),
        object(""), object("a", ""), object("a", "-1"), object("a", "5 "),
        object("a", "99999999999999999999"), object("a", "5", ""),
        object("a", "5", "2026-13-07T02:00:00Z"), object("a", "5", "yesterday")}) {
    EXPECT_TRUE(is_transient([&] { parse_s3_list(list_of(inside)); })) << inside;
  }
  EXPECT_TRUE(is_transient([&] { parse_s3_list(whole + "<more/>"); }));
  EXPECT_TRUE(is_transient([&] { parse_s3_list(std::string(9 << 20, ' ') + whole); }));
  EXPECT_THAT(error_text([] { parse_s3_list("<html\x1b/>"); }), HasSubstr("XML"));
  EXPECT_THAT(error_text([] { parse_s3_list("<html></html>"); }),
              HasSubstr("expected ListBucketResult, got html"));
}

TEST(S3Xml, LooksUpNoEntities) {
  EXPECT_TRUE(is_transient([] {
    parse_s3_list(
        "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
        "<ListBucketResult>&x;</ListBucketResult>");
  }));
}

TEST(S3Xml, DeepTreesDoNotExhaustTheStack) {
  std::string deep;
  for (int level = 0; level < 300'000; ++level) deep += "<a>";
  for (int level = 0; level < 300'000; ++level) deep += "</a>";
  EXPECT_THAT(parse_s3_list(list_of(deep)).objects, IsEmpty());
}

TEST(S3Xml, ReadsUploadsInProgress) {
  const std::string one =
      "<Upload><Key>a%2Fb</Key><UploadId>2~x</UploadId><Initiated>never</Initiated></Upload>";
  const auto page = parse_s3_uploads(
      "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextKeyMarker>a%2Fb</NextKeyMarker><NextUploadIdMarker>2~x</NextUploadIdMarker>" +
      one + "</ListMultipartUploadsResult>");
  ASSERT_EQ(page.uploads.size(), 1u);
  EXPECT_EQ(page.uploads[0].key, "a/b");
  EXPECT_EQ(page.uploads[0].upload_id, "2~x");
  EXPECT_TRUE(page.truncated);
  EXPECT_EQ(page.next_key_marker, "a/b");
  EXPECT_EQ(page.next_upload_id_marker, "2~x");
  EXPECT_TRUE(is_transient([] {
    parse_s3_uploads(
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
        "</ListMultipartUploadsResult>");
  }));
  EXPECT_TRUE(is_transient([] {
    parse_s3_uploads(
        "<ListMultipartUploadsResult><Upload><Key>a</Key></Upload>"
        "</ListMultipartUploadsResult>");
  }));
}

TEST(S3Xml, ReadsSingleValues) {
  EXPECT_EQ(parse_s3_initiate("<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                              "</InitiateMultipartUploadResult>"),
            "u");
  EXPECT_TRUE(is_transient([] { parse_s3_initiate("<InitiateMultipartUploadResult/>"); }));
  EXPECT_EQ(parse_s3_etag("<CopyPartResult><ETag>&quot;abc&quot;</ETag></CopyPartResult>",
                          "CopyPartResult"),
            "abc");
  EXPECT_TRUE(is_transient([] {
    parse_s3_etag("<CopyPartResult><ETag>\"\"</ETag></CopyPartResult>", "CopyPartResult");
  }));
  const std::string_view status = "<V xmlns=\"x\"><Status><Of>Enabled</Of></Status></V>";
  EXPECT_EQ(parse_s3_text(status, "V", "Status/Of"), "Enabled");
  EXPECT_EQ(parse_s3_text(status, "V", "Status/No"), std::nullopt);
  EXPECT_TRUE(is_transient([&] { parse_s3_text(status, "W", "Status"); }));
}

TEST(S3Xml, PrintsWhatCompletesAnUpload) {
  const std::string text = print_s3_complete({"aa", "b<"});
  EXPECT_THAT(text, HasSubstr("<Part><PartNumber>1</PartNumber><ETag>\"aa\"</ETag></Part>"
                              "<Part><PartNumber>2</PartNumber><ETag>\"b&lt;\"</ETag></Part>"));
}

constexpr std::string_view foreign_rules =
    "<?xml version=\"1.0\"?>\n"
    "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n"
    "  <Rule>\n    <ID>old &amp; plain</ID><Prefix/><Status>Enabled</Status>\n"
    "    <Expiration><Days>30</Days></Expiration>\n  </Rule>\n"
    "<Rule><ID>tags</ID><Filter><And><Prefix>h/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>"
    "<ObjectSizeGreaterThan>5</ObjectSizeGreaterThan></And></Filter><Status>Disabled</Status>"
    "<Transition><Days>90</Days></Transition><Transition><Days>60</Days></Transition>"
    "<Expiration><Date>2027-01-01T00:00:00.000Z</Date></Expiration><Unknown/></Rule>"
    "<Rule><Filter><ObjectSizeLessThan>9</ObjectSizeLessThan></Filter><Status>Enabled</Status>"
    "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>"
    "<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration>"
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation>"
    "</AbortIncompleteMultipartUpload></Rule>"
    "<Rule><Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter><Status>Enabled</Status></Rule>"
    "</LifecycleConfiguration>";

TEST(S3Xml, ReadsLifecyclesOfBothStyles) {
  const auto rules = parse_s3_lifecycle(foreign_rules);
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_EQ(rules[0].id, "old & plain");
  EXPECT_EQ(rules[0].prefix, "");
  EXPECT_TRUE(rules[0].enabled);
  EXPECT_EQ(rules[0].expire_days, 30u);
  EXPECT_FALSE(rules[0].has_tag_filter);
  EXPECT_EQ(rules[1].prefix, "h/");
  EXPECT_TRUE(rules[1].has_tag_filter);
  EXPECT_EQ(rules[1].size_greater_than, 5u);
  EXPECT_FALSE(rules[1].enabled);
  EXPECT_EQ(rules[1].transition_days, 60u) << "the first to come";
  EXPECT_EQ(print_date(rules[1].expire_date.value()), "2027-01-01");
  EXPECT_EQ(rules[2].size_less_than, 9u);
  EXPECT_TRUE(rules[2].expired_delete_markers);
  EXPECT_EQ(rules[2].noncurrent_days, 7u);
  EXPECT_EQ(rules[2].abort_incomplete_days, 3u);
  EXPECT_TRUE(rules[3].has_tag_filter);
}

TEST(S3Xml, PrintsForeignRulesByteForByte) {
  const auto rules = parse_s3_lifecycle(foreign_rules);
  EXPECT_EQ(rules[0].source_xml,
            "<Rule>\n    <ID>old &amp; plain</ID><Prefix/><Status>Enabled</Status>\n"
            "    <Expiration><Days>30</Days></Expiration>\n  </Rule>");
  const std::string printed = print_s3_lifecycle(rules);
  for (const LifecycleRule& rule : rules) EXPECT_THAT(printed, HasSubstr(rule.source_xml));
  EXPECT_EQ(print_s3_lifecycle(parse_s3_lifecycle(printed)), printed);
  EXPECT_TRUE(is_transient([] {
    parse_s3_lifecycle(
        "<LifecycleConfiguration><Rule><ID><!-- </Rule> --></ID>"
        "<Status>Enabled</Status></Rule></LifecycleConfiguration>");
  })) << "never printed back cut";
}

TEST(S3Xml, ReadsBackTheRulesItPrints) {
  LifecycleRule rule;
  rule.id = "a<b>&c";
  rule.prefix = "vps-h1/2";
  rule.expire_days = 30;
  rule.noncurrent_days = 1;
  rule.abort_incomplete_days = 3;
  LifecycleRule dated;
  dated.enabled = false;
  dated.expire_date = parse_date("2027-02-03");
  dated.size_greater_than = 1;
  dated.size_less_than = 100;
  auto rules = parse_s3_lifecycle(print_s3_lifecycle({rule, dated}));
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].id, rule.id);
  EXPECT_EQ(rules[0].prefix, rule.prefix);
  EXPECT_EQ(rules[0].expire_days, 30u);
  EXPECT_EQ(rules[0].noncurrent_days, 1u);
  EXPECT_EQ(rules[0].abort_incomplete_days, 3u);
  EXPECT_FALSE(rules[1].enabled);
  EXPECT_EQ(rules[1].expire_date, dated.expire_date);
  EXPECT_EQ(rules[1].size_greater_than, 1u);
  EXPECT_EQ(rules[1].size_less_than, 100u);
  EXPECT_THAT(parse_s3_lifecycle("<LifecycleConfiguration/>"), IsEmpty());
}

TEST(S3Xml, RefusesLifecyclesItCannotJudge) {
  for (const char* rule :
       {"<Rule/>", "<Rule><Status>On</Status></Rule>",
        "<Rule><Status>Enabled</Status><Expiration><Days>x</Days></Expiration></Rule>",
        "<Rule><Status>Enabled</Status><Expiration><Days/></Expiration></Rule>",
        "<Rule><Status>Enabled</Status><Expiration><Date>soon</Date></Expiration></Rule>"}) {
    EXPECT_TRUE(is_transient([&] {
      parse_s3_lifecycle(format("<LifecycleConfiguration>{}</LifecycleConfiguration>", rule));
    })) << rule;
  }
}

}  // namespace
}  // namespace lifeboat::test
