// What a broken configuration is told, word by word.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "base/log.h"
#include "config/test_world.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Many faults of all kinds in one file, and no secret in what is said about them.
constexpr std::string_view broken_config = R"(hots: vps-h1
host: VPS_1
store:
  dir: /srv/backups
  s3:
    endpoint: s3.example.org
    bucket: B
    acces_key: hunter2-secret
    secret_key: hunter2-secret
    secret_key_file: key
    path_style: yes
encryption:
  recipients: [age1one, age2two, AGE-SECRET-KEY-1HUNTER2, [x]]
compression: {level: 25}
compression: {level: 3}
retention: {daily: 0, monthly: a year}
services:
  n8n: {recipe: n8n, volum: n8n_data, api_key: ${N8N_API_KEI}}
  Waha: {recipe: waha}
  x: {recipe: wahaa, volume: v}
  y: {volume: v}
  z: text
jobs:
  nightly: {schedule: "25:00", services: [n8n, n8m, n8n]}
  empty: {schedule: daily, services: []}
  hooked:
    schedule: [daily]
    services: {n8n: 1}
    hooks: {before: systemctl stop x, after: [systemctl, stop], on_errror: []}
drill: {identity: ~/key, which: oldest, scratch: ""}
metrics: {pushgateway: "localhost:9091"}
notify:
  discord: {webhook: hunter2-secret}
  github: {repo: infra, token_command: gh auth token}
  heartbeat: null
  mail: {to: me}
)";

TEST(ConfigFaults, SizesOutOfRangeAndTwoWaysToTheKeys) {
  World world;
  world.environment["KEY"] = "some-key";
  const std::string text = world.faults(R"(host: vps-h1
store:
  s3: {region: r, bucket: backups, access_key: "${KEY}", secret_key: "${KEY}", profile: p,
       part_size: 1 MiB, upload_limit: 1}
)");
  EXPECT_THAT(text, HasSubstr("3:80: store.s3: keys and a profile are both given"));
  EXPECT_THAT(text, HasSubstr("store.s3.part_size: expected a size of 5 MiB to 1 GiB, found"));
  EXPECT_THAT(text, HasSubstr("store.s3.upload_limit: expected a size of at least 64 KiB, found"));
}

TEST(ConfigFaults, ARecipientIsJudgedByWhoeverKnowsKeys) {
  World world;
  world.options.check_recipient = [](std::string_view text) {
    if (text == "age1typo") throw Error(ErrorKind::config, "a typo").hint("Copy it again.");
  };
  const std::string before(small_config);
  const std::string text =
      world.faults(std::string(before).replace(before.find("age1two"), 7, "age1typo"));
  EXPECT_EQ(text, "lifeboat.yaml:3:36: encryption.recipients: a typo\n  hint: Copy it again.");
  EXPECT_EQ(world.faults(before), "");
}

TEST(ConfigFaults, AStreamTakesOneService) {
  World world;
  const std::string text = world.faults(R"(host: vps-h1
services:
  a: {recipe: volume, path: /a}
  b: {recipe: volume, path: /b}
jobs:
  one: {schedule: weekly, services: [a], stream: true}
  two: {schedule: weekly, services: [a, b], stream: true}
)");
  EXPECT_THAT(text, HasSubstr("7:3: jobs.two: 'stream' takes one service\n  hint: Give each"));
  EXPECT_THAT(text, Not(HasSubstr("jobs.one")));
}

TEST(ConfigFaults, AllAtOnceEachWithItsPlaceAndHint) {
  World world;
  world.environment["N8N_API_KEY"] = "n8n-secret";
  world.options.environment_names = {"N8N_API_KEY", "PATH"};
  const std::string text = world.faults(broken_config);
  EXPECT_EQ(text, R"(lifeboat.yaml:1:1: unknown key 'hots'
  hint: Did you mean 'host'?
lifeboat.yaml:2:7: host: expected 1 to 63 of a-z, 0-9 and -, with a letter or digit first )"
                  R"(and last, and no reserved word, found 'VPS_1'
lifeboat.yaml:5:3: store: both 'dir' and 's3' are given
  hint: Keep one of them.
lifeboat.yaml:5:3: store.s3: 'region' is missing
  hint: Add region: region of the bucket.
lifeboat.yaml:5:3: store.s3: 'access_key' is missing
  hint: Give both keys, or neither: then they come from the environment or a profile.
lifeboat.yaml:6:15: store.s3.endpoint: expected a URL with http:// or https://, found )"
                  R"('s3.example.org'
lifeboat.yaml:7:13: store.s3.bucket: expected 3 to 63 of a-z, 0-9, - and ., found 'B'
lifeboat.yaml:8:5: store.s3: unknown key 'acces_key'
  hint: Did you mean 'access_key'?
lifeboat.yaml:10:5: store.s3.secret_key: given in two ways, as secret_key and secret_key_file
  hint: Keep one of them.
lifeboat.yaml:11:17: store.s3.path_style: expected true or false, found 'yes'
lifeboat.yaml:13:25: encryption.recipients: expected an age recipient (age1...), found 'age2two'
lifeboat.yaml:13:34: encryption.recipients: expected an age recipient (age1...), found a )"
                  R"(private key (not shown)
lifeboat.yaml:13:59: encryption.recipients: expected text in this list, found a list
lifeboat.yaml:14:22: compression.level: expected a whole number from 1 to 19, found '25'
lifeboat.yaml:15:1: the key 'compression' is given twice, first in line 14
  hint: Keep one of the two.
lifeboat.yaml:16:20: retention.daily: expected a whole number from 1 to 36500, found '0'
lifeboat.yaml:16:32: retention.monthly: expected a whole number from 0 to 1200, found 'a year'
lifeboat.yaml:18:22: services.n8n: unknown key 'volum'
  hint: Did you mean 'volume'?
lifeboat.yaml:18:48: services.n8n.api_key: variable N8N_API_KEI is not defined
  hint: Did you mean ${N8N_API_KEY}?
lifeboat.yaml:19:3: 'Waha' is not a name for a service
  hint: Use 1 to 63 of a-z, 0-9, - and _, with a letter or digit first.
lifeboat.yaml:19:3: services.Waha: 'volume' is missing
  hint: Add volume: the Docker volume.
lifeboat.yaml:20:15: services.x: unknown recipe 'wahaa'
  hint: Did you mean 'waha'?
lifeboat.yaml:21:3: services.y: 'recipe' is missing
  hint: Add recipe: what kind of service it is.
lifeboat.yaml:22:6: services.z: expected a section, found text
  hint: A section is made of lines 'key: value', indented by two blanks.
lifeboat.yaml:24:23: jobs.nightly.schedule: expected HH:MM, hourly, daily, weekly, )"
                  R"(monthly, manual, or five cron fields, found '25:00'
lifeboat.yaml:24:48: jobs.nightly.services: there is no service 'n8m'
  hint: Did you mean 'n8n'?
lifeboat.yaml:24:53: jobs.nightly.services: 'n8n' is given twice
  hint: Keep one of the two.
lifeboat.yaml:25:38: jobs.empty.services: the list is empty
  hint: Put at least one value into it, or remove the key.
lifeboat.yaml:27:15: jobs.hooked.schedule: expected text, found a list
lifeboat.yaml:28:15: jobs.hooked.services: expected a list of texts, found a section
lifeboat.yaml:29:21: jobs.hooked.hooks.before: expected a list of commands
  hint: Write [[program, argument], [program]]: each command is itself a list of words.
lifeboat.yaml:29:47: jobs.hooked.hooks.after: expected a command as a list of words
  hint: Write [program, argument]: no shell takes part.
lifeboat.yaml:29:58: jobs.hooked.hooks.after: expected a command as a list of words
  hint: Write [program, argument]: no shell takes part.
lifeboat.yaml:29:65: jobs.hooked.hooks: unknown key 'on_errror'
  hint: Did you mean 'on_error'?
lifeboat.yaml:30:19: drill.identity: '~' is not replaced in paths
  hint: Write the whole path: jobs run by cron have no home folder to rely on.
lifeboat.yaml:30:33: drill.which: expected latest, random or oldest-monthly, found 'oldest'
lifeboat.yaml:30:50: drill.scratch: the value is empty
  hint: Give it a value, or remove the key.
lifeboat.yaml:31:24: metrics.pushgateway: expected a URL with http:// or https://, found )"
                  R"('localhost:9091'
lifeboat.yaml:33:22: notify.discord.webhook: expected a URL with https://, or )"
                  R"(http:// on this machine, found something else (not shown)
lifeboat.yaml:34:18: notify.github.repo: expected OWNER/NAME, found 'infra'
lifeboat.yaml:34:40: notify.github.token_command: expected a command as a list of words
  hint: Write [program, argument]: no shell takes part.
lifeboat.yaml:36:3: notify: unknown key 'mail'
  hint: Known here: discord, github, heartbeat, smtp, webhook.)");
  EXPECT_THAT(text, Not(HasSubstr("unter2")));
}

struct Case {
  const char* what;
  std::string text;
  const char* expected;
};

TEST(ConfigFaults, WhatIsNotYaml) {
  const std::string small(small_config);
  const Case cases[] = {
      {"empty", "", "lifeboat.yaml:1:1: the file is empty"},
      {"comments only", "# nothing\n\n", "lifeboat.yaml:1:1: the file is empty"},
      {"text", "hello", "lifeboat.yaml:1:1: expected a section, found text"},
      {"list", "- a\n", "lifeboat.yaml:1:1: expected a section, found a list"},
      {"tab", "store:\n\tdir: x\n", "lifeboat.yaml:2:5"},
      {"bracket", "host: h1\nstore: {dir: [x\n",
       "lifeboat.yaml:2:14: not valid YAML: this bracket"},
      {"quote", "host: \"h1\n", "lifeboat.yaml:1:7: not valid YAML: this quote is never closed"},
      {"two documents", small + "---\nhost: x\n", "lifeboat.yaml:8:1: a second YAML document"},
      {"tag", small + "spool_dir: !vault x\n", "lifeboat.yaml:8:12: YAML tags are not supported"},
      {"latin 1", "# \xC3\xA4 \xE4\n", "lifeboat.yaml:1:5: not text: a control character"},
      {"utf-16", std::string("\xFF\xFEh\0o\0", 6), "lifeboat.yaml:1:1: not text"},
      {"zero byte", std::string("host: h1\na\0b", 12), "lifeboat.yaml:2:2: not text"},
      {"alias of nothing", "host: *h\n",
       "lifeboat.yaml:1:7: not valid YAML: the referenced anchor"},
      {"alias of itself", "host: &h [*h]\n", "lifeboat.yaml:1:11: this alias lies inside"},
      {"key is a list", "[a]: b\n", "lifeboat.yaml:1:1: a key must be text, not a list"},
      {"merge of text", "<<: x\n", "lifeboat.yaml:1:5: '<<': expected a section, found text"},
      {"columns count characters", "x: {\"äöü\": 1, ß: 2}\n", "lifeboat.yaml:1:1: unknown key 'x'"},
      {"twice, wide", "{ä: 1, ä: 2}\n", "lifeboat.yaml:1:8: the key 'ä' is given twice, first in"},
      {"deep", std::string(60, '['), "lifeboat.yaml:1:26: nested deeper than 50"},
      {"very deep", std::string(200'000, '{'), "lifeboat.yaml:1:"},
      {"very deep lists",
       [] {
         std::string text;
         for (int at = 0; at < 100'000; ++at) text += "- ";
         return text;
       }(),
       "lifeboat.yaml:1:101: nested deeper than 50"},
  };
  for (const Case& one : cases) {
    World world;
    EXPECT_THAT(world.faults(one.text), HasSubstr(one.expected)) << one.what;
  }
}

TEST(ConfigFaults, BoundsOnSize) {
  World world;
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 10; ++level) {
    laughs += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [";
    for (int at = 0; at < 10; ++at) laughs += "*a" + std::to_string(level - 1) + ", ";
    laughs += "]\n";
  }
  EXPECT_THAT(world.faults(laughs), HasSubstr("more than 50000 values, aliases unfolded"));
  EXPECT_THAT(world.faults(std::string(1024 * 1024, '#')), HasSubstr("the file is empty"));
  EXPECT_THAT(world.faults(std::string(1024 * 1024 + 1, '#')),
              HasSubstr("read 'lifeboat.yaml': it is larger than 1.0 MiB"));
  EXPECT_THAT(world.faults(std::string(500'000, ',')), HasSubstr("lifeboat.yaml:1:1: "));
}

TEST(ConfigFaults, WhatCannotBeRead) {
  World world;
  const auto fault_of = [&](const std::filesystem::path& path) {
    return world.without_folder(error_text([&] { load_config(path, world.options); }));
  };
  EXPECT_THAT(fault_of(world.folder / "none.yaml"),
              HasSubstr("none.yaml: open 'none.yaml': no such file or directory\n  hint: Give"));
  EXPECT_THAT(fault_of(world.folder.path()), HasSubstr("it is not a regular file"));
  const auto pipe = world.folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(fault_of(pipe), HasSubstr("read 'pipe': it is not a regular file"));
}

TEST(ConfigFaults, MissingParts) {
  World world;
  EXPECT_EQ(world.faults("compression: {}\n"), R"(lifeboat.yaml:1:1: 'host' is missing
  hint: Add host: name of this machine; all its objects lie below it in the store.
lifeboat.yaml:1:1: 'store' is missing
  hint: Add store: where snapshots live.
lifeboat.yaml:1:1: 'encryption' is missing
  hint: Add encryption: who can read them.
lifeboat.yaml:1:1: 'services' is missing
  hint: Add services: what to protect, by names you choose; needed unless jobs are `labelled`.
lifeboat.yaml:1:1: 'jobs' is missing
  hint: Add jobs: when, and which services together; one archive a run.)");
  EXPECT_EQ(world.faults("host: h1\nstore: {}\nencryption: {}\nservices: {}\njobs: []\n"),
            R"(lifeboat.yaml:2:1: store: neither 'dir' nor 's3' is given
  hint: Write store: {dir: /srv/backups}, or an s3 section.
lifeboat.yaml:3:1: encryption: no recipient is configured
  hint: Make a key pair with `lifeboat keygen` and put its public key into recipients.
lifeboat.yaml:4:11: services: expected names with a section each
lifeboat.yaml:5:7: jobs: expected names with a section each)");
}

TEST(ConfigFaults, ModesOfFilesWithSecrets) {
  World world;
  const std::string literal =
      std::string(small_config) + "notify: {github: {repo: a/b, token: hunter2-secret}}\n";
  EXPECT_EQ(world.faults(literal, 0600), "");
  EXPECT_EQ(world.faults(literal, 0640),
            R"(lifeboat.yaml:8:37: notify.github.token: a secret is written here, and the )"
            R"(file's mode 0640 lets others read it
  hint: Run: chmod 600 lifeboat.yaml (or move the secret into env_file).)");

  world.write("env", "A=1\n", 0644);
  EXPECT_EQ(world.faults(std::string(small_config) + "env_file: env\n"),
            R"(lifeboat.yaml:8:11: env_file: 'env' is refused: its mode is 0644, so that others )"
            R"(can read or change it
  hint: Run: chmod 600 env (and chown it to the user that runs backups).)");
  world.write("env", "A=1\nhunter2\n", 0400);
  EXPECT_EQ(world.faults(std::string(small_config) + "env_file: env\n"),
            R"(env:2:1: expected KEY=VALUE
  hint: Begin a comment with #.)");
  EXPECT_EQ(world.faults(std::string(small_config) + "env_file: none\nspool_dir: ${X}\n"),
            R"(lifeboat.yaml:8:11: env_file: open 'none': no such file or directory
  hint: Correct the path, or remove the key and set the variables in another way.)");

  world.write("token", "hunter2-secret", 0604);
  EXPECT_EQ(world.faults(std::string(small_config) +
                         "notify: {github: {repo: a/b, token_file: token}}\n"),
            R"(lifeboat.yaml:8:42: notify.github.token_file: 'token' is refused: its mode is )"
            R"(0604, so that others can read or change it
  hint: Run: chmod 600 token (and chown it to the user that runs backups).)");
  world.write("token", "\n", 0600);
  EXPECT_EQ(world.faults(std::string(small_config) +
                         "notify: {github: {repo: a/b, token_file: token}}\n"),
            R"(lifeboat.yaml:8:42: notify.github.token: the secret is empty)");
}

TEST(ConfigFaults, FilesOfAnotherUserAreRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  World world;
  const auto path = world.write("env", "A=1\n");
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  EXPECT_THAT(world.faults(std::string(small_config) + "env_file: env\n"),
              HasSubstr("env_file: 'env' is refused: it belongs to another user"));
}

TEST(ConfigFaults, CommandsThatFail) {
  World world;
  const std::string text =
      std::string(small_config) + "notify: {github: {repo: a/b, token_command: [op, read]}}\n";
  EXPECT_THAT(world.faults(text), HasSubstr("token_command: commands cannot be run here"));
  world.options.run_command = [](const auto&) -> Secret {
    throw Error(ErrorKind::service, "run 'op': it ended with status 1").hint("Sign in.");
  };
  EXPECT_THAT(world.faults(text), HasSubstr("lifeboat.yaml:8:45: notify.github.token_command: run "
                                            "'op': it ended with status 1\n  hint: Sign in."));
  world.options.run_command = [](const auto&) { return Secret("\n"); };
  EXPECT_THAT(world.faults(text), HasSubstr("notify.github.token: the secret is empty"));
}

TEST(ConfigFaults, AHeartbeatOfAJobThatDoesNotExist) {
  World world;
  const std::string notify =
      "notify: {heartbeat: {url: 'https://hc.example/1', jobs: [nihgtly]}}\n";
  EXPECT_EQ(world.faults(std::string(small_config) + notify),
            "lifeboat.yaml:8:1: notify.heartbeat.jobs: there is no job 'nihgtly'\n"
            "  hint: Did you mean 'nightly'?");
}

}  // namespace
}  // namespace lifeboat::test
