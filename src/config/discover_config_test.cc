// docker.labels, jobs.NAME.labelled and discover.skip.

#include <gmock/gmock.h>

#include "base/format.h"
#include "config/test_world.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

constexpr std::string_view head =
    "host: h1\nstore: {dir: /srv/backups}\nencryption: {recipients: [age1one, age1two]}\n";

std::string with(std::string_view rest) { return format("{}{}", head, rest); }

TEST(Labels, AJobMayHaveNoServicesOfItsOwn) {
  World world;
  const Config only =
      world.load(with("docker: {labels: true}\njobs: {nightly: {schedule: manual}}\n"));
  EXPECT_TRUE(only.docker.labels);
  EXPECT_TRUE(only.jobs.at(0).labelled);
  EXPECT_TRUE(only.jobs.at(0).services.empty());
  const Config two =
      world.load(with("docker: {labels: true}\n"
                      "services: {app: {recipe: volume, path: /srv/app}}\n"
                      "jobs: {a: {schedule: manual, services: app}, "
                      "b: {schedule: manual, labelled: true}}\n"));
  EXPECT_FALSE(two.jobs.at(0).labelled);
  EXPECT_TRUE(two.jobs.at(1).labelled);
}

TEST(Labels, WithoutThemAllIsAsItWas) {
  World world;
  EXPECT_FALSE(world.load(small_config).jobs.at(0).labelled);
  EXPECT_THAT(world.faults(with("jobs: {nightly: {schedule: manual, labelled: true}}\n")),
              HasSubstr("jobs.nightly.labelled: labels are not read"));
  EXPECT_THAT(world.faults(with("services: {app: {recipe: volume, path: /srv/app}}\n"
                                "jobs: {nightly: {schedule: manual}}\n")),
              HasSubstr("jobs.nightly: 'services' is missing"));
  EXPECT_THAT(world.faults(with("docker: {labels: true}\n"
                                "jobs: {nightly: {schedule: manual, labelled: false}}\n")),
              HasSubstr("jobs.nightly: 'services' is missing"));
  EXPECT_THAT(world.warnings(with("docker: {labels: true}\n"
                                  "services: {app: {recipe: volume, path: /srv/app}}\n"
                                  "jobs: {a: {schedule: manual, services: app, "
                                  "labelled: false}}\n")),
              HasSubstr("no job takes labelled containers"));
}

TEST(DiscoverSkip, IsNamesWithReasons) {
  World world;
  world.environment["WHY"] = "Thanos has it";
  const Config config = world.load(format(
      "{}discover: {{skip: {{prom_data: '${{WHY}}', /opt/x: a git checkout}}}}\n", small_config));
  EXPECT_EQ(config.discover.skip.at("prom_data"), "Thanos has it");
  EXPECT_EQ(config.discover.skip.at("/opt/x"), "a git checkout");
  EXPECT_THAT(world.faults(format("{}discover: {{skip: [a]}}\n", small_config)),
              HasSubstr("discover.skip: expected names with a text each"));
  EXPECT_THAT(world.faults(format("{}discover: {{skip: {{a: [b]}}}}\n", small_config)),
              HasSubstr("discover.skip.a: expected a text"));
  EXPECT_THAT(world.faults(format("{}discover: {{skip: {{a: }}}}\n", small_config)),
              HasSubstr("discover.skip.a: expected a text"));
}

}  // namespace
}  // namespace lifeboat::test
