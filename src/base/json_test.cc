#include "base/json.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace lifeboat {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string refusal(std::string_view text) {
  try {
    parse_json(text, "the test text");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification);
    return error.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return "";
}

TEST(Json, KeepsTheOrderOfMembers) {
  const Json value = parse_json(R"({"b":1,"a":[true,null,-2.5],"c":{"z":"","y":{}}})", "x");
  EXPECT_EQ(print_json_line(value), R"({"b":1,"a":[true,null,-2.5],"c":{"z":"","y":{}}})");
  EXPECT_EQ(print_json(Json{{"b", 1}, {"a", Json::array({2})}}),
            "{\n  \"b\": 1,\n  \"a\": [\n    2\n  ]\n}\n");
}

TEST(Json, RefusesWhatIsNotOneValue) {
  for (const char* text : {"", " ", "{", "{}x", "{} {}", "[1,]", "{\"a\":1,}", "nul", "'a'",
                           "// c\n1", "\"\xff\"", "\"\n\"", "01", "[1 2]"}) {
    EXPECT_THAT(refusal(text), HasSubstr("parse the test text: not valid JSON")) << text;
  }
}

TEST(Json, RefusesDuplicateMembersAnywhere) {
  EXPECT_THAT(refusal(R"({"a":1,"a":2})"), HasSubstr("member 'a' appears twice"));
  EXPECT_THAT(refusal(R"([{"x":{"b":1,"c":{},"b":2}}])"), HasSubstr("member 'b' appears twice"));
  parse_json(R"({"a":{"a":[{"a":1},{"a":2}]}})", "nested names");
}

TEST(Json, RefusesDeepNesting) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  parse_json(nested(100), "deep");
  EXPECT_THAT(refusal(nested(102)), HasSubstr("nested deeper than 100"));
  EXPECT_THAT(refusal(std::string(1000000, '[')), HasSubstr("nested deeper than 100"));
}

// What cannot be parsed may be a secret: the message tells where, never what.
TEST(Json, MessagesDoNotShowTheContent) {
  const std::string text = refusal("{\"password\": \"hunter2\n\"}");
  EXPECT_THAT(text, HasSubstr("line 2"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("[\"hunter2\" 5]"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(refusal("hunter2"), Not(HasSubstr("hunter2")));
}

TEST(Json, PrintsBytesThatAreNotUtf8) {
  EXPECT_EQ(print_json_line(Json("a\xff")), "\"a\xef\xbf\xbd\"");
}

}  // namespace
}  // namespace lifeboat
