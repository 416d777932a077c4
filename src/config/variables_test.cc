#include "config/variables.h"

#include <gmock/gmock.h>

namespace lifeboat {
namespace {

struct Parsed {
  std::string values;  // "NAME=value;" in the order of names
  std::string faults;
};

Parsed parse(std::string_view text) {
  FaultList faults;
  Parsed parsed;
  for (const auto& [name, value] : parse_env_file("env", text, faults)) {
    parsed.values += name + "=" + std::string(value.reveal()) + ";";
  }
  for (const ConfigFinding& fault : faults.take()) {
    parsed.faults += fault.location.text() + ": " + fault.message + "\n";
  }
  return parsed;
}

TEST(EnvFile, Forms) {
  const Parsed parsed = parse(
      "\xEF\xBB\xBF# comment\n"
      "A=plain\n"
      "  export  B = no\n"
      "export C=x y#z  # note\n"
      "D='single \\ # $X'  # note\r\n"
      "E=\"double \\\" \\\\ \\$ \\n\"\n"
      "F=\n"
      "G=''\n"
      "H=a=b\n"
      "\t\n"
      "I=no newline at the end");
  EXPECT_EQ(parsed.values,
            "A=plain;C=x y#z;D=single \\ # $X;E=double \" \\ $ \\n;F=;G=;H=a=b;"
            "I=no newline at the end;");
  EXPECT_EQ(parsed.faults, "env:3:11: the text before '=' is not a variable's name\n");
}

TEST(EnvFile, AllFaultsAtOnceAndNoValueInThem) {
  const Parsed parsed = parse(
      "hunter2\n"
      "1A=hunter2\n"
      "A='hunter2\n"
      "B=\"hunter2\" hunter2\n"
      "C=1\n"
      "export C=2\n"
      "=hunter2\n");
  EXPECT_EQ(parsed.values, "C=1;");
  EXPECT_EQ(parsed.faults,
            "env:1:1: expected KEY=VALUE\n"
            "env:2:1: the text before '=' is not a variable's name\n"
            "env:3:3: this quote is never closed\n"
            "env:4:13: text after the closing quote\n"
            "env:6:8: C is given twice\n"
            "env:7:1: the text before '=' is not a variable's name\n");
  EXPECT_EQ(parse(std::string("A=1\nB=\0", 7)).faults,
            "env:2:3: a zero byte: this is not a text file\n");
}

TEST(Expand, ReplacesVariablesOnceAndNothingElse) {
  LoadOptions options;
  options.environment = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "a${B}";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  const Variables variables(options);
  const auto text = [&](std::string_view raw) { return expand(raw, variables).text; };
  EXPECT_EQ(text(""), "");
  EXPECT_EQ(text("x${A}y${A}"), "xa${B}ya${B}");
  EXPECT_EQ(text("$$ $${A} $x $"), "$ ${A} $x $");
  EXPECT_EQ(text("[${EMPTY}]"), "[]");
  EXPECT_EQ(expand("${C}", variables).fault, "variable C is not defined");
  for (const char* bad : {"${", "${}", "${A", "${1}", "${A:-b}", "${A B}", "x${A}${"}) {
    EXPECT_EQ(expand(bad, variables).fault, "'${' does not begin a variable here") << bad;
  }
  EXPECT_TRUE(has_reference("a$$${A}"));
  EXPECT_FALSE(has_reference("a$${A}$"));
}

}  // namespace
}  // namespace lifeboat
