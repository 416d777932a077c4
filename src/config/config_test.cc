// What a good configuration becomes.
#include "config/config.h"

#include <gmock/gmock.h>

#include "base/log.h"
#include "base/text.h"
#include "config/key_tables.h"
#include "config/test_world.h"

namespace lifeboat::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Config, LoadsTheExampleOfTheDesign) {
  World world;
  world.write("backup-env", example_env);
  const Config config = world.load(example_config);

  EXPECT_EQ(config.host, "vps-h1");
  const auto& s3 = std::get<S3StoreConfig>(config.store);
  EXPECT_EQ(s3.endpoint, "https://s3.eu-central-1.wasabisys.com");
  EXPECT_EQ(s3.region, "eu-central-1");
  EXPECT_EQ(s3.bucket, "eco-backups");
  EXPECT_EQ(s3.access_key->reveal(), "AKIAEXAMPLE0");
  EXPECT_EQ(s3.secret_key->reveal(), "wasabi secret, # \"quoted\"");
  EXPECT_EQ(s3.session_token, nullptr);
  EXPECT_THAT(config.encryption.recipients, ElementsAre("age1example"));
  EXPECT_EQ(config.encryption.recipients_file, "/etc/lifeboat/recipients.txt");
  EXPECT_EQ(config.compression_level, 12);
  EXPECT_EQ(config.retention.daily, 30u);
  EXPECT_EQ(config.retention.monthly, 12u);
  ASSERT_EQ(config.services.size(), 3u);
  EXPECT_EQ(config.services[0].name, "n8n");
  EXPECT_EQ(config.services[0].recipe, "n8n");
  EXPECT_EQ(config.services[0].settings.text("url"), "http://127.0.0.1:5678");
  EXPECT_EQ(config.services[0].settings.secret("api_key")->reveal(), "n8n \"key\"");
  EXPECT_EQ(config.services[2].settings.text("volume"), "traefik_data");
  ASSERT_EQ(config.jobs.size(), 1u);
  EXPECT_EQ(config.jobs[0].schedule, "02:00");
  EXPECT_THAT(config.jobs[0].services, ElementsAre("n8n", "waha", "traefik"));
  EXPECT_EQ(config.drill->identity, "/root/.age/backup.key");
  EXPECT_EQ(config.drill->schedule, "weekly");
  EXPECT_EQ(config.metrics.textfile, "/var/lib/node_exporter/textfile");
  EXPECT_EQ(config.metrics.pushgateway, "");
  EXPECT_EQ(config.notify.discord->webhook->reveal(),
            "https://discord.example/api/webhooks/1/token");
  EXPECT_EQ(config.notify.github->repo, "radieu/p24-infra");
  EXPECT_EQ(config.notify.github->token->reveal(), "ghp_exampletoken");
  EXPECT_EQ(config.notify.heartbeat->url->reveal(), "https://example.org/ping/0123456789");
  EXPECT_TRUE(config.warnings.empty());
}

TEST(Config, ABucketNeedsNoKeysOfItsOwn) {
  World world;
  const Config config = world.load(R"(host: vps-h1
store:
  s3: {region: r, bucket: backups, profile: backup, ca_file: ca.pem, part_size: 16 MiB,
       upload_limit: 5 MB}
encryption: {recipients: [age1one, age1two]}
services: {x: {recipe: volume, path: /srv}}
jobs: {nightly: {schedule: daily, services: x}}
)");
  const auto& s3 = std::get<S3StoreConfig>(config.store);
  EXPECT_EQ(s3.access_key, nullptr);
  EXPECT_EQ(s3.profile, "backup");
  EXPECT_EQ(s3.ca_file.filename(), "ca.pem");
  EXPECT_TRUE(s3.ca_file.is_absolute());
  EXPECT_EQ(s3.part_size, 16u << 20);
  EXPECT_EQ(s3.upload_limit, 5'000'000u);
}

TEST(Config, ArchivedTextKeepsReferencesAndLoadsAgain) {
  World world;
  world.write("backup-env", example_env);
  const std::string text = world.load(example_config).text_without_secrets;
  std::string expected(example_config);
  const std::string_view literal = "https://example.org/ping/0123456789";
  expected.replace(expected.find(literal), literal.size(), "${REDACTED_NOTIFY_HEARTBEAT_URL}");
  EXPECT_EQ(text, expected);

  world.environment["REDACTED_NOTIFY_HEARTBEAT_URL"] = "https://example.org/again";
  const Config again = world.load(text, 0644);
  EXPECT_EQ(again.notify.heartbeat->url->reveal(), "https://example.org/again");
  EXPECT_EQ(again.text_without_secrets, text);
}

TEST(Config, SmallFileGetsTheDefaultsOfTheTables) {
  World world;
  const Config config = world.load(small_config, 0644);
  EXPECT_EQ(std::get<DirStoreConfig>(config.store).path, "/srv/backups");
  const auto fallback = [](std::string_view section, std::string_view name) {
    for (const KeySpec& key : config_section(section).keys) {
      if (key.name == name) return key.fallback;
    }
    return std::string("no such key");
  };
  EXPECT_EQ(std::to_string(config.compression_level), fallback("compression", "level"));
  EXPECT_EQ(config.cache_bytes_max, parse_bytes(fallback("compression", "cache")));
  EXPECT_EQ(std::to_string(config.retention.daily), fallback("retention", "daily"));
  EXPECT_EQ(std::to_string(config.retention.monthly), fallback("retention", "monthly"));
  EXPECT_EQ(config.priority, fallback("", "priority"));
  EXPECT_EQ(config.cpu_limit_percent, 0u);
  EXPECT_EQ(config.spool_dir, fallback("", "spool_dir"));
  EXPECT_EQ(config.state_dir, fallback("", "state_dir"));
  EXPECT_EQ(DrillConfig().schedule, fallback("drill", "schedule"));
  EXPECT_EQ(DrillConfig().which, fallback("drill", "which"));
  EXPECT_EQ(DrillConfig().engine, fallback("drill", "engine"));
  EXPECT_EQ(DrillConfig().scratch, fallback("drill", "scratch"));
  EXPECT_FALSE(config.drill.has_value());
  EXPECT_FALSE(config.notify.discord.has_value());
  EXPECT_EQ(config.text_without_secrets, small_config);
}

TEST(Config, RelativePathsBeginAtTheFilesFolder) {
  World world;
  const Config config = world.load(
      "host: h1\nstore: {dir: {path: ../store}}\nencryption: {recipients_file: keys/r.txt}\n"
      "services: {app: {recipe: volume, path: data/./x}}\n"
      "jobs: {nightly: {schedule: daily, services: app}}\n");
  EXPECT_EQ(std::get<DirStoreConfig>(config.store).path,
            world.folder.path().parent_path() / "store");
  EXPECT_EQ(config.encryption.recipients_file, world.folder / "keys/r.txt");
  EXPECT_EQ(config.services[0].settings.text("path"), (world.folder / "data/x").native());
  EXPECT_THAT(config.jobs[0].services, ElementsAre("app"));
}

TEST(Config, AllTypesOfARecipesOptions) {
  World world;
  world.environment["LIMIT"] = "2 GiB";
  world.environment["SPOOL"] = "/spool";
  world.environment["HOST"] = "h$$1";
  const Config config = world.load(std::string(small_config) +
                                   "spool_dir: ${SPOOL}\nstate_dir: /var/${HOST}/$$x/$y\n");
  EXPECT_EQ(config.spool_dir, "/spool");
  EXPECT_EQ(config.state_dir, "/var/h$$1/$x/$y");

  const Config typed = world.load(R"(
host: h1
store: {dir: /srv}
encryption: {recipients: [age1one, age1two]}
services:
  app:
    recipe: volume
    path: /srv/app
    exclude: ["*.log", cache/**]
    limit: ${LIMIT}
    follow: true
    tries: 3
    hooks:
      before: [[systemctl, stop, app], [sync]]
      after: [[systemctl, start, app]]
jobs:
  nightly:
    schedule: "*/15 1-5 * * 0,6"
    services: [app]
    hooks: {on_error: [[logger, "it failed"]]}
)");
  const Settings& settings = typed.services[0].settings;
  EXPECT_THAT(settings.list("exclude"), ElementsAre("*.log", "cache/**"));
  EXPECT_EQ(settings.number("limit", 0), 2ull << 30);
  EXPECT_TRUE(settings.flag("follow", false));
  EXPECT_EQ(settings.number("tries", 0), 3u);
  EXPECT_THAT(typed.services[0].hooks.before,
              ElementsAre(ElementsAre("systemctl", "stop", "app"), ElementsAre("sync")));
  EXPECT_THAT(typed.services[0].hooks.after, ElementsAre(ElementsAre("systemctl", "start", "app")));
  EXPECT_THAT(typed.jobs[0].hooks.on_error, ElementsAre(ElementsAre("logger", "it failed")));
}

TEST(Config, AnchorsAliasesAndMergeKeys) {
  World world;
  const Config config = world.load(R"(
host: h1
store: {dir: /srv}
encryption: {recipients: [age1one, age1two]}
services:
  one: &common {recipe: volume, path: /srv/one, tries: 7}
  two: {<<: *common, path: /srv/two}
  three: {tries: 1, <<: [*common]}
jobs:
  a: {schedule: daily, services: &all [one, two, three]}
  b: {schedule: manual, services: *all}
)");
  EXPECT_EQ(config.services[1].settings.text("path"), "/srv/two");
  EXPECT_EQ(config.services[1].settings.number("tries", 0), 7u);
  EXPECT_EQ(config.services[2].settings.text("path"), "/srv/one");
  EXPECT_EQ(config.services[2].settings.number("tries", 0), 1u);
  EXPECT_THAT(config.jobs[1].services, ElementsAre("one", "two", "three"));
}

TEST(Config, ByteOrderMarkAndWindowsLineEnds) {
  World world;
  std::string text = "\xEF\xBB\xBF";
  for (const char letter : small_config) text += letter == '\n' ? "\r\n" : std::string(1, letter);
  const Config config = world.load(text);
  EXPECT_EQ(config.host, "h1");
  EXPECT_EQ(config.services[0].settings.text("path"), "/srv/app");
}

TEST(Config, JobsByName) {
  World world;
  Config config = world.load(small_config);
  EXPECT_EQ(config.job("").name, "nightly");
  EXPECT_EQ(config.job("nightly").name, "nightly");
  EXPECT_EQ(config.find_service("app")->name, "app");
  EXPECT_EQ(config.find_service("other"), nullptr);
  try {
    (void)config.job("nigthly");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "there is no job 'nigthly'");
    EXPECT_THAT(error.hints(), ElementsAre("Did you mean 'nightly'?"));
  }
  config.jobs.push_back(config.jobs[0]);
  EXPECT_THROW((void)config.job(""), Error);
}

TEST(Config, Warnings) {
  World world;
  EXPECT_EQ(world.warnings(small_config), "");
  EXPECT_EQ(world.warnings(R"(host: h1
store: {dir: /srv}
encryption: {recipients: [age1one]}
retention: {daily: 3}
services:
  app: {recipe: volume, path: /srv/app}
  spare: {recipe: volume, path: /srv/spare}
jobs: {nightly: {schedule: daily, services: [app]}}
)",
                           0622),
            "lifeboat.yaml:3:26: encryption: there is only one recipient\n"
            "lifeboat.yaml:4:20: retention.daily: only 3 days kept\n"
            "lifeboat.yaml:7:3: services.spare: no job backs this service up\n"
            "lifeboat.yaml: others may change this file (mode 0622)\n");
}

TEST(Config, SecretsFromFilesCommandsAndCredentials) {
  World world;
  world.write("token", "from-a-file\r\n", 0400);
  world.write("credentials/HOOK", "https://discord.example/credential\n", 0440);
  world.environment["CREDENTIALS_DIRECTORY"] = (world.folder / "credentials").native();
  std::vector<std::string> asked;
  world.options.run_command = [&](const std::vector<std::string>& argv) {
    asked = argv;
    return Secret("from-a-command\n");
  };
  world.environment["VAULT"] = "Infra";
  const Config config = world.load(std::string(small_config) + R"(
notify:
  discord: {webhook: "${HOOK}"}
  github: {repo: a/b, token_file: token}
  heartbeat: {url: "https://example.org/${VAULT}"}
)",
                                   0644);
  EXPECT_EQ(config.notify.github->token->reveal(), "from-a-file");
  EXPECT_EQ(config.notify.discord->webhook->reveal(), "https://discord.example/credential");
  EXPECT_EQ(config.notify.heartbeat->url->reveal(), "https://example.org/Infra");
  EXPECT_THAT(redact("x from-a-file y"), Not(HasSubstr("from-a-file")));
  EXPECT_TRUE(asked.empty());

  const Config by_command = world.load(
      std::string(small_config) +
          "notify: {github: {repo: a/b, token_command: [op, read, 'op://${VAULT}/t']}}\n",
      0644);
  EXPECT_EQ(by_command.notify.github->token->reveal(), "from-a-command");
  EXPECT_THAT(asked, ElementsAre("op", "read", "op://Infra/t"));
}

TEST(Config, EnvironmentWinsOverEnvFileAndCredentialsComeLast) {
  World world;
  world.write("env", "A=/env-file\nB=/env-file\n");
  world.write("cred/A", "/cred");
  world.write("cred/B", "/cred");
  world.write("cred/C", "/cred");
  world.environment = {{"A", "/environment"}, {"CREDENTIALS_DIRECTORY", world.folder / "cred"}};
  const Config config =
      world.load(std::string(small_config) +
                 "env_file: env\nspool_dir: ${A}\nstate_dir: ${B}\ndrill: {scratch: \"${C}\"}\n");
  EXPECT_EQ(config.spool_dir, "/environment");
  EXPECT_EQ(config.state_dir, "/env-file");
  EXPECT_EQ(config.drill->scratch, "/cred");
}

TEST(Config, ReadsTheProcessEnvironment) {
  LoadOptions options;
  use_process_environment(options);
  ASSERT_EQ(::setenv("LIFEBOAT_CONFIG_TEST", "yes", 1), 0);
  EXPECT_EQ(options.environment("LIFEBOAT_CONFIG_TEST"), "yes");
  EXPECT_EQ(options.environment("LIFEBOAT_CONFIG_TEST_2"), std::nullopt);
  EXPECT_THAT(options.environment_names, ::testing::Contains("PATH"));
}

TEST(Config, TellsWhereEachKeyStandsAndWhichFilesHoldSecrets) {
  World world;
  world.write("key", "https://example.org/x");
  world.write("env", "A=b\n");
  const Config config = world.load("env_file: env\n" + std::string(small_config) +
                                   "metrics:\n  textfile: /srv\n"
                                   "notify: {discord: {webhook_file: key}}\n");
  EXPECT_EQ(world.without_folder(config.places.at("services.app").text()), "lifeboat.yaml:6:3");
  EXPECT_EQ(world.without_folder(config.places.at("metrics.textfile").text()),
            "lifeboat.yaml:10:13");
  EXPECT_EQ(config.secret_files,
            (std::vector<std::filesystem::path>{world.folder / "env", world.folder / "key"}));
}

}  // namespace
}  // namespace lifeboat::test
