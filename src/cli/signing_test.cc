// Signing keys through the commands: made, configured, demanded.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/app_test_fixture.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SigningCommands : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    key_ = make_key("signing.key");
    fs::create_directories(folder_ / "live");
    fs::create_directories(folder_ / "store");
    test::write_file(path("live/a.txt"), "hello\n");
  }

  // A new signing key in a file; its public half.
  std::string make_key(const std::string& name) {
    EXPECT_EQ(run({"keygen", "--signing", "-o", path(name)}).code, 0);
    return std::string(trim(run({"keygen", "--signing", "-y", path(name)}).out));
  }
  Outcome with_config(std::vector<std::string> arguments, const std::string& signing) {
    const std::string recipient = run({"keygen", "-y", path("key.txt")}).out;
    test::write_file(path("lifeboat.yaml"),
                     format("host: vps-h1\n"
                            "store: {{dir: store}}\n"
                            "encryption: {{recipients: {}}}\n"
                            "services: {{files: {{recipe: volume, path: live}}}}\n"
                            "jobs: {{nightly: {{schedule: manual, services: [files]}}}}\n"
                            "drill: {{identity: key.txt, scratch: .}}\n"
                            "spool_dir: .\n"
                            "state_dir: state\n"
                            "{}",
                            trim(recipient), signing));
    arguments.insert(arguments.end(), {"--config", path("lifeboat.yaml")});
    return run(arguments);
  }
  Outcome bare(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(),
                     {"--store", "dir:" + path("store"), "--identity", path("key.txt")});
    return run(arguments);
  }
  void backup(const std::string& signing) {
    const Outcome made = with_config({"backup"}, signing);
    ASSERT_EQ(made.code, 0) << made.talk;
    clock_.advance(std::chrono::hours(24));
  }

  std::string key_;
};

const std::string signing_section = "signing: {key_file: signing.key}\n";

TEST_F(SigningCommands, KeygenMakesAKeyThatOpensslReads) {
  const Outcome made = run({"keygen", "--signing", "-o", path("new.key")});
  ASSERT_EQ(made.code, 0) << made.talk;
  EXPECT_EQ(made.out, "");
  EXPECT_EQ(test::shell_ok("stat -c %a " + path("new.key")), "600\n");
  test::shell_ok("openssl pkey -noout -in " + path("new.key"));
  const std::string key(trim(run({"keygen", "--signing", "-y", path("new.key")}).out));
  EXPECT_THAT(key, StartsWith("ed25519:"));
  EXPECT_THAT(made.talk, StartsWith("Public key: " + key + "\n"));
  EXPECT_THAT(made.talk, HasSubstr(format("signing: {{key_file: {}, trusted: [\"{}\"]}}\n",
                                          path("new.key"), key)));
  const Json converted =
      Json::parse(run({"keygen", "--signing", "-y", path("new.key"), "--json"}).out);
  EXPECT_EQ(converted["public_key"], key);
  const Outcome json = run({"keygen", "--signing", "-o", path("json.key"), "--json"});
  EXPECT_THAT(Json::parse(json.out)["public_key"].get<std::string>(), StartsWith("ed25519:"));
  EXPECT_EQ(Json::parse(json.out)["file"], path("json.key"));
  EXPECT_THAT(run({"keygen", "--signing"}).out, StartsWith("-----BEGIN PRIVATE KEY-----\n"));
}

TEST_F(SigningCommands, KeygenNeverOverwritesAndTakesNoOtherKind) {
  const std::string before = test::slurp(path("signing.key"));
  EXPECT_EQ(run({"keygen", "--signing", "-o", path("signing.key")}).code, 2);
  EXPECT_EQ(test::slurp(path("signing.key")), before);
  const Outcome wrong = run({"keygen", "--signing", "-y", path("key.txt")});
  EXPECT_EQ(wrong.code, 6);
  EXPECT_THAT(wrong.talk, HasSubstr("key.txt': parse a signing key: "));
  EXPECT_THAT(wrong.talk, Not(HasSubstr("AGE-SECRET-KEY")));
}

TEST_F(SigningCommands, TheHostTrustsItsOwnKey) {
  backup(signing_section);
  EXPECT_EQ(with_config({"verify"}, signing_section).code, 0);
  const Outcome sabotaged = with_config({"drill", "--sabotage"}, signing_section);
  EXPECT_EQ(sabotaged.code, 0) << sabotaged.out;
  EXPECT_THAT(sabotaged.out, HasSubstr("unsigned manifest"));
  EXPECT_THAT(sabotaged.out, HasSubstr("foreign signature"));
  const Json verified = Json::parse(bare({"verify", "--json", "--trust", key_}).out);
  EXPECT_EQ(verified["signed_by"], key_);
  backup("");
  EXPECT_EQ(with_config({"verify"}, signing_section).code, 7);
  EXPECT_EQ(with_config({"verify", "--trust", "any"}, signing_section).code, 0);
  // A named store is read as the configuration says, unless --trust says otherwise.
  const std::string config = path("lifeboat.yaml");
  EXPECT_EQ(bare({"verify", "--config", config}).code, 7);
  EXPECT_EQ(bare({"verify"}).code, 0);
  EXPECT_THAT(bare({"verify"}).talk, HasSubstr("who wrote it is not checked"));
}

TEST_F(SigningCommands, TrustIsGivenAsTextOrFile) {
  backup(signing_section);
  const std::string other = make_key("other.key");
  test::write_file(path("keys"), format("# two\n{}\n\n{}\n", other, key_));
  test::write_file(path("none"), "# nobody\n");
  EXPECT_EQ(bare({"cat", "latest", "files/a.txt", "--trust", path("keys")}).out, "hello\n");
  EXPECT_EQ(bare({"cat", "latest", "files/a.txt", "--trust", other, "--trust", key_}).code, 0);
  const Outcome refused = bare({"cat", "latest", "files/a.txt", "--trust", other});
  EXPECT_EQ(refused.code, 7);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.talk, HasSubstr("hint: If that key is yours, add it to signing.trusted, or "
                                      "give --trust " +
                                      key_ + "."));
  EXPECT_EQ(bare({"ls", "--trust", other}).code, 7);
  EXPECT_EQ(bare({"restore", "latest", "--to", path("out"), "--trust", other}).code, 7);
  EXPECT_EQ(bare({"drill", "--scratch", path(""), "--trust", other}).code, 7);
  EXPECT_EQ(bare({"verify", "--all", "--trust", other}).code, 7);
  EXPECT_EQ(bare({"ls", "--trust", "ed25519:AAAA"}).code, 2);
  EXPECT_EQ(bare({"ls", "--trust", path("none")}).code, 2);
  EXPECT_EQ(bare({"ls", "--trust", path("absent")}).code, 2);
}

TEST_F(SigningCommands, ListShowsWhatIsNotTrusted) {
  backup(signing_section);
  backup("");
  const Outcome listed = with_config({"list"}, signing_section);
  EXPECT_EQ(listed.code, 7);
  EXPECT_THAT(listed.out, HasSubstr("not trusted: it is not signed"));
  EXPECT_THAT(listed.out, HasSubstr(" ok\n"));
  const Json json = Json::parse(with_config({"list", "--json"}, signing_section).out);
  EXPECT_EQ(json[0]["distrust"], "it is not signed");
  EXPECT_FALSE(json[1].contains("distrust"));
  EXPECT_EQ(json[1]["signed_by"], key_);
  EXPECT_EQ(bare({"list"}).code, 0);
  EXPECT_EQ(bare({"list", "--trust", key_}).code, 7);
}

TEST_F(SigningCommands, CheckTellsHowItStands) {
  const auto line = [&](const std::string& signing) {
    const std::string out = with_config({"check"}, signing).out;
    const size_t at = out.find(" signing: ");
    return at == std::string::npos ? out : out.substr(at - 3, out.find('\n', at) - at + 3);
  };
  EXPECT_THAT(line(""), HasSubstr("anyone who can write to the store could plant one"));
  EXPECT_THAT(line(signing_section), StartsWith("✓ signing: snapshots are signed by " + key_));
  const std::string other = make_key("other.key");
  const std::string strange =
      format("signing: {{key_file: signing.key, trusted: \"{}\"}}\n", other);
  EXPECT_THAT(line(strange), StartsWith("✗ signing: signing.key_file's key is not trusted"));
  EXPECT_EQ(with_config({"check"}, strange).code, 3);
  EXPECT_THAT(line(format("signing: {{trusted: \"{}\"}}\n", other)), HasSubstr("is not signed"));
  fs::permissions(folder_ / "signing.key", fs::perms(0644));
  const Outcome checked = with_config({"check"}, signing_section);
  EXPECT_EQ(checked.code, 3);
  EXPECT_THAT(checked.out, HasSubstr("lifeboat.yaml:9:21: signing.key_file: '"));
  EXPECT_THAT(checked.out, HasSubstr("its mode is 0644"));
  const Outcome refused = with_config({"backup"}, signing_section);
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.talk, HasSubstr("its mode is 0644"));
  EXPECT_TRUE(fs::is_empty(folder_ / "store"));
}

}  // namespace
}  // namespace lifeboat::cli
