// Answers that no engine should give. What real ones say, docker_test.cc and tests/docker read.
#include "docker/answers.h"

#include <gtest/gtest.h>

#include "support/doubles.h"

namespace lifeboat::test {
namespace {

Json answer(std::string_view text) { return parse_answer("ask", text); }

TEST(EngineAnswer, ANumberThatIsTooLargeIsNone) {
  for (const char* number :
       {"4294967296", "18446744073709551616", "-4294967296", "0.0", "\"0\"", "null", "[]"}) {
    const Json exec = answer(std::string("{\"Running\":false,\"ExitCode\":") + number + "}");
    EXPECT_EQ(read_exit_code(exec), std::nullopt) << number << ": not a success";
    const Json seen = answer(std::string("{\"State\":{\"Pid\":") + number + "}}");
    EXPECT_EQ(read_details(seen).pid, 0) << number << ": not another process";
  }
  EXPECT_EQ(read_exit_code(answer(R"({"ExitCode":137})")), 137);
  EXPECT_EQ(read_exit_code(answer(R"({"ExitCode":-1,"Running":false})")), -1);
  EXPECT_EQ(read_exit_code(answer(R"({"ExitCode":0,"Running":true})")), std::nullopt);
}

TEST(EngineAnswer, OfAnotherShapeIsEmpty) {
  for (const char* text : {"", "null", "7", "\"x\"", "[]", "{}", "[[],{},null]",
                           R"({"Volumes":null,"State":[],"Config":7,"Mounts":{}})"}) {
    const Json json = answer(text);
    EXPECT_EQ(read_details(json).container.id, "") << text;
    EXPECT_EQ(read_repo_digests(json).size(), 0U) << text;
    for (const DockerContainer& one : read_containers(json)) EXPECT_EQ(one.id, "") << text;
    for (const DockerVolume& one : read_volumes(json)) EXPECT_EQ(one.name, "") << text;
  }
  EXPECT_EQ(error_text([] { answer("<html>"); }),
            "ask: the engine's answer is not JSON\nhint: Is "
            "the socket that of a Docker engine?");
}

}  // namespace
}  // namespace lifeboat::test
