#include "recipe/command/recipe_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/doubles.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CommandRecipeTest : public testing::Test {
 protected:
  CommandRecipeTest() {
    service_.settings.set("command", std::vector<std::string>{"bash", "-c", "echo row; echo done"});
  }

  // Runs the command and judges its output as the engine does.
  RestoredService backup() {
    const auto plan = recipe_->plan(service_, context_);
    Member member = *plan->next();
    EXPECT_FALSE(plan->next());
    EXPECT_FALSE(member.size);
    const auto source = member.open();
    const std::string output(as_text(test::drain(*source)));
    member.judge({{output.size(), ""},
                  output.substr(output.size() - std::min<size_t>(output.size(), 4096))});
    test::write_file(folder_ / member.meta.path, output);
    return {"db", folder_.path(), plan->facts()};
  }
  std::vector<std::string> failed(const RestoredService& restored) {
    return test::failed_probes(recipe_->probe(restored, context_));
  }

  const std::unique_ptr<Recipe> recipe_ = make_command_recipe();
  SystemClock clock_;
  test::SeededRandom random_;
  RecipeContext context_{clock_, random_, {}, "/tmp"};
  Service service_{"db", "command", {}};
  test::TempFolder folder_;
};

TEST_F(CommandRecipeTest, OutputIsOneFileThatPassesItsProbes) {
  service_.settings.set("output", std::string("dump.sql"));
  service_.settings.set("marker", std::string("done"));
  const RestoredService restored = backup();
  EXPECT_EQ(test::slurp(folder_ / "dump.sql"), "row\ndone\n");
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(recipe_->restore_card(service_, restored.expected), HasSubstr("db/dump.sql"));
}

TEST_F(CommandRecipeTest, EnvironmentReachesTheProgramButNotTheFacts) {
  service_.settings.set("command", std::vector<std::string>{"bash", "-c", "echo $PGPASSWORD"});
  service_.settings.set("env", std::vector<std::string>{"PGPASSWORD=a=b"});
  const RestoredService restored = backup();
  EXPECT_EQ(test::slurp(folder_ / "output"), "a=b\n");
  EXPECT_THAT(print_json(facts_to_json(restored.expected)), Not(HasSubstr("a=b")));
}

TEST_F(CommandRecipeTest, WordsOfTheProgramAreToldWithoutItsSecrets) {
  service_.settings.set(
      "env", std::vector<std::string>{"TOKEN=secret-of-a-program", "PGPASSFILE=/root/.pgpass"});
  service_.settings.set(
      "command",
      std::vector<std::string>{"bash", "-c", "echo \"no $TOKEN in $PGPASSFILE\" >&2; exit 2"});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("no *** in /root/.pgpass"));
}

TEST_F(CommandRecipeTest, FailureOfTheProgramIsTold) {
  service_.settings.set("command",
                        std::vector<std::string>{"bash", "-c", "echo row; echo lost >&2; exit 2"});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("exit status 2: lost"));
  service_.settings.set("command", std::vector<std::string>{"sleep", "600"});
  service_.settings.set("timeout", uint64_t{1});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("did not end within"));
}

TEST_F(CommandRecipeTest, BrokenOffOrShortOutputIsRefused) {
  service_.settings.set("marker", std::string("-- Dump completed"));
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("does not end with the marker"));
  std::string script = "echo '-- Dump completed'; for n in {1..10}; do echo; echo row; done";
  service_.settings.set("command", std::vector<std::string>{"bash", "-c", script});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("marker")) << "too far from the end";
  service_.settings.set("marker", std::string(""));
  service_.settings.set("min_bytes", uint64_t{1000});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("at least 1000 are expected"));
  service_.settings.set("min_bytes", uint64_t{1});
  service_.settings.set("command", std::vector<std::string>{"true"});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("it printed 0 bytes"));
}

TEST_F(CommandRecipeTest, BadOptionsAreFindings) {
  const auto finding = [&] {
    const std::vector<Finding> all = recipe_->check(service_, context_);
    EXPECT_EQ(all.at(0).level, Finding::Level::error);
    return all.at(0).message + "|" + all.at(0).hint;
  };
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::ok);
  service_.settings.set("command", std::vector<std::string>{"pg_dump -U app"});
  EXPECT_THAT(finding(), HasSubstr("is one string|Write it as a list"));
  service_.settings.set("command", std::vector<std::string>{"true"});
  service_.settings.set("output", std::string("../x"));
  EXPECT_THAT(finding(), HasSubstr("no file name"));
  service_.settings.set("output", std::string("x"));
  service_.settings.set("env", std::vector<std::string>{"secret-without-name"});
  EXPECT_THAT(finding(), HasSubstr("no NAME="));
  EXPECT_THAT(finding(), Not(HasSubstr("secret-without-name")));
  service_.settings.set("env", std::vector<std::string>{});
  service_.settings.set("timeout", uint64_t{0});
  EXPECT_THAT(finding(), HasSubstr("'timeout'"));
}

TEST_F(CommandRecipeTest, EverySabotageIsCaught) {
  for (const char* marker : {"", "done"}) {
    service_.settings.set("marker", std::string(marker));
    for (const Sabotage& sabotage : recipe_->sabotages()) {
      const RestoredService restored = backup();
      sabotage.apply(restored);
      EXPECT_THAT(failed(restored), Not(IsEmpty())) << sabotage.name << " '" << marker << "'";
      EXPECT_THROW(
          {
            fs::remove(folder_ / "output");
            sabotage.apply(restored);
          },
          Error);
    }
  }
}

TEST_F(CommandRecipeTest, ForgedFactsCannotLeaveTheFolder) {
  RestoredService restored = backup();
  restored.expected.details["output"] = "../../etc/passwd";
  EXPECT_THROW(recipe_->probe(restored, context_), Error);
  restored.expected.details["output"] = 5;
  EXPECT_THROW(recipe_->probe(restored, context_), Error);
}

}  // namespace
}  // namespace lifeboat
