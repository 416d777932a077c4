// Asks the n8n recipe for its proof on a folder that was restored, and prints the answers: what the
// drill does, but also for a folder that would not get that far.
//   usage: prove_n8n FOLDER WORKFLOWS CREDENTIALS       (LIFEBOAT_N8N names the n8n to run)
// Exit 1: an answer is wrong, or there is none.

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "base/format.h"
#include "io/files.h"
#include "recipe/n8n/recipe_n8n.h"

namespace {

using namespace lifeboat;

int prove(const char* folder, const char* workflows, const char* credentials) {
  SystemClock clock;
  SystemRandom random;
  RecipeContext context{clock, random, {}, "/var/tmp"};
  RestoredService restored{"n8n", folder, {}};
  restored.expected.items = {{"workflows", std::strtoull(workflows, nullptr, 10), "", ""},
                             {"credentials", std::strtoull(credentials, nullptr, 10), "", ""}};
  const ScratchDirectory scratch("/var/tmp", "lifeboat-prove-", random);
  ProvingGround ground{.directory = scratch.path()};
  std::string why_not;
  const auto answers = make_n8n_recipe()->prove(restored, ground, context, why_not);
  bool passed = !answers.empty();
  if (!passed) std::puts(why_not.c_str());
  for (const ProbeResult& answer : answers) {
    passed = passed && answer.passed;
    std::puts(format("{} {}: expected {}, found {} ({})", answer.passed ? "ok" : "WRONG",
                     answer.name, answer.expected, answer.found, answer.evidence)
                  .c_str());
  }
  return passed ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) try {
  if (count != 4) return 2;
  return prove(arguments[1], arguments[2], arguments[3]);
} catch (const std::exception& error) {
  std::puts(error.what());
  return 1;
}
