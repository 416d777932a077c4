// The proof of the recipe `grafana` through a real engine: the image holds the stand-in for
// Grafana, since no Grafana can be had here. What is shown is the way: a container that is found,
// started on a copy of the database, waited for, asked inside its network, and told apart from a
// wrong one.
#include "docker/real_docker.h"
#include "docker/scratch_containers.h"
#include "recipe/grafana/instance.h"
#include "recipe/grafana/recipe_grafana.h"
#include "recipe/sqlite/sqlite.h"
#include "support/grafana_sample.h"
#include "support/recipe_drive.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class GrafanaInAContainer : public RealDocker {
 protected:
  void SetUp() override {
    RealDocker::SetUp();
    if (!docker) return;
    // The program and its libraries, nothing else.
    const std::string program = LIFEBOAT_FAKE_GRAFANA;
    image = "fake-grafana:" + std::to_string(getpid());
    shell_ok(format(
        "mkdir -p {0}/image && cp {1} {0}/image/grafana && "
        "ldd {1} | grep -o '/[^ ]*' | xargs -I LIB cp -L --parents LIB {0}/image && "
        "tar -C {0}/image -c . | {2} import --change 'CMD [\"/grafana\", \"--port\", \"3000\", "
        "\"--seed\"]' - {3}",
        folder.path().native(), program, client(), image));
    make_grafana_sample(folder / "live", {}, random);
    service.settings.set("path", (folder / "live").native());
    // As many as the stand-in's seed has.
    SqliteDatabase(folder / "live" / "grafana.db", SqliteOpen::write)
        .exec(
            "INSERT INTO dashboard(org_id, uid) VALUES (1, 'a'), (1, 'b');"
            "INSERT INTO dashboard(org_id, uid, is_folder) VALUES (1, 'folder', 1);"
            "INSERT INTO alert_rule(org_id, uid) VALUES (1, 'a'), (1, 'b'), (1, 'c');");
  }
  void TearDown() override {
    if (docker) shell(format("{} rmi -f {}", client(), image));
    RealDocker::TearDown();
  }

  RestoredService back_up() {
    fs::create_directory(folder / "restored");
    const DrivenBackup made = drive_backup(*recipe, service, context, folder / "restored");
    RestoredService restored{"grafana", folder / "restored", made.facts};
    restored.expected.details["container"] = {{"image_id", image}};
    return restored;
  }
  std::vector<ProbeResult> prove(const RestoredService& restored) {
    fs::create_directory(folder / "ground");
    ScratchContainers containers(options, clock, random);
    ProvingGround ground{&containers, folder / "ground"};
    return recipe->prove(restored, ground, context, why_not);
  }

  std::string image;
  std::string why_not;
  RecipeContext context{clock,         random,           {},
                        folder.path(), folder / "state", folder / "no-engine.sock"};
  std::unique_ptr<Recipe> recipe = make_grafana_recipe();
  Service service{"grafana", "grafana", {}};
};

TEST_F(GrafanaInAContainer, ShowsWhatTheDatabaseHolds) {
  const std::vector<ProbeResult> answers = prove(back_up());
  EXPECT_EQ(answers.size(), 4u) << why_not;
  EXPECT_THAT(failed_probes(answers), IsEmpty());
  EXPECT_EQ(shell_ok(format("{} ps -aq --filter 'label={}'", client(), own_drill_label())), "");
}

TEST_F(GrafanaInAContainer, ADashboardThatItDoesNotShowIsAFailure) {
  SqliteDatabase(folder / "live" / "grafana.db", SqliteOpen::write)
      .exec("INSERT INTO dashboard(org_id, uid) VALUES (1, 'more')");
  EXPECT_THAT(failed_probes(prove(back_up())),
              ElementsAre(HasSubstr("every dashboard: expected 5, found 4")));
}

TEST_F(GrafanaInAContainer, AnImageThatEndsAtOnceIsAnErrorAndNoneIsARefusal) {
  RestoredService restored = back_up();
  restored.expected.details["container"] = {{"image_id", "busy:1"}};
  EXPECT_THAT(error_text([&] { prove(restored); }), HasSubstr("Grafana"));
  restored.expected.details["container"] = {{"image_id", "not-here:1"}};
  fs::remove_all(folder / "ground");
  EXPECT_THAT(prove(restored), IsEmpty());
  EXPECT_THAT(why_not, HasSubstr("not on this engine"));
}

}  // namespace
}  // namespace lifeboat::test
