// Whole command lines, in memory: what reaches stdout and stderr, and the exit code.

#include "cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "base/exit_code.h"
#include "base/format.h"
#include "cli/app_test_fixture.h"
#include "cli/check/checks.h"

namespace lifeboat::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class App : public AppFixture {};

TEST_F(App, NamesTheCommandThatWasMeant) {
  const Outcome outcome = run({"bakup"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.talk,
            "lifeboat: unknown command 'bakup'\n"
            "hint: Did you mean 'backup'?\n"
            "hint: See 'lifeboat help'.\n");
  EXPECT_THAT(run({"resotre", "latest", "--to", "x"}).talk, HasSubstr("'restore'"));
  EXPECT_THAT(run({"extrakt", "latest"}).talk, HasSubstr("'extract'"));
}

TEST_F(App, NamesTheOptionThatWasMeant) {
  const Outcome outcome = run({"list", "--stroe=dir:/x"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.talk,
            "lifeboat: unknown option '--stroe' for 'list'\n"
            "hint: Did you mean '--store'?\n"
            "hint: See 'lifeboat help list'.\n");
  EXPECT_THAT(run({"restore", "latest", "--too", "x"}).talk, HasSubstr("Did you mean '--to'?"));
  EXPECT_THAT(run({"verify", "a", "b"}).talk, HasSubstr("unexpected argument 'b' for 'verify'"));
}

TEST_F(App, TellsAMissingOption) {
  const Outcome outcome = run({"restore", "latest"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.talk, HasSubstr("--to is required"));
}

TEST_F(App, WithoutACommandShowsTheHelpAsTalk) {
  const Outcome outcome = run({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.talk, HasSubstr("restore, extract"));
}

TEST_F(App, EveryCommandHasHelpWithExamples) {
  const std::string help = run({"help"}).out;
  for (const char* command : {"backup", "list", "ls", "cat", "restore", "verify", "drill", "check",
                              "keygen", "encrypt", "decrypt", "version", "help"}) {
    EXPECT_THAT(help, HasSubstr(format("\n  {}", command)));
    const Outcome outcome = run({"help", command});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr(format("Usage: lifeboat {} ", command)));
    EXPECT_THAT(outcome.out, HasSubstr("\nExamples:\n  "));
    EXPECT_EQ(run({command, "--help"}).out, outcome.out);
  }
  EXPECT_THAT(run({"help", "drll"}).talk, HasSubstr("Did you mean 'drill'?"));
}

TEST_F(App, TheFinalErrorIsJsonOnStdoutToo) {
  const Outcome outcome = run({"list", "--json", "--store", path("missing")});
  EXPECT_EQ(outcome.code, 2);
  const Json error = Json::parse(outcome.out)["error"];
  EXPECT_EQ(error["kind"], "usage");
  EXPECT_EQ(error["code"], 2);
  EXPECT_THAT(error["hints"][0].get<std::string>(), HasSubstr("dir:"));
  EXPECT_THAT(outcome.talk, StartsWith("lifeboat: "));
  EXPECT_EQ(Json::parse(run({"bakup", "--json"}).out)["error"]["code"], 2);
}

TEST_F(App, StoreUrls) {
  ::setenv("AWS_SHARED_CREDENTIALS_FILE", path("no-such-file").c_str(), 1);
  const Outcome no_keys = run({"list", "--store", "s3://bucket", "--profile", "backup"});
  EXPECT_EQ(no_keys.code, 3);
  EXPECT_THAT(no_keys.talk, HasSubstr(path("no-such-file")));
  ::unsetenv("AWS_SHARED_CREDENTIALS_FILE");
  EXPECT_THAT(run({"list", "--store", "/srv/x"}).talk, HasSubstr("--store dir:/srv/x"));
  EXPECT_THAT(run({"list", "--store", "ftp:x"}).talk, HasSubstr("does not name a store"));
  EXPECT_EQ(run({"list", "--store", "dir:"}).code, 2);
  EXPECT_EQ(run({"list", "--store", "dir:" + path("missing")}).code, 5);
  const Outcome empty = run({"list", "--store", "dir:" + folder_.path().native()});
  EXPECT_EQ(empty.code, 0);
  EXPECT_EQ(empty.out, "");
  EXPECT_THAT(empty.talk, HasSubstr("holds no snapshots"));
}

TEST_F(App, ReadingNeedsAKey) {
  const Outcome outcome = run({"ls", "--store", "dir:" + folder_.path().native(), "--config",
                               path("missing.yaml"), "-i", path("no-key")});
  EXPECT_EQ(outcome.code, 6);
  EXPECT_THAT(outcome.talk, HasSubstr("no-key"));
}

TEST_F(App, KeygenEncryptDecryptRoundTrip) {
  const std::string key = path("key.txt");
  const Outcome made = run({"keygen", "-o", key});
  ASSERT_EQ(made.code, 0) << made.talk;
  EXPECT_EQ(made.out, "");
  EXPECT_THAT(made.talk, StartsWith("Public key: age1"));
  EXPECT_THAT(test::slurp(key), StartsWith("# created: 2026-05-07T02:00:00Z\n# public key: age1"));
  EXPECT_EQ(test::shell_ok("stat -c %a " + key), "600\n");

  const Outcome recipient = run({"keygen", "-y", key});
  ASSERT_EQ(recipient.code, 0);
  EXPECT_EQ("Public key: " + recipient.out, made.talk);
  EXPECT_EQ(recipient.out, test::shell_ok("age-keygen -y " + key));

  const std::string text(100000, 'x');
  test::write_file(path("plain"), text);
  test::write_file(path("recipients"), "# mine\n" + recipient.out);
  ASSERT_EQ(run({"encrypt", "-R", path("recipients"), "-o", path("a.age"), path("plain")}).code, 0);
  EXPECT_EQ(run({"decrypt", "-i", key, path("a.age")}).out, text);
  EXPECT_EQ(test::shell_ok("age -d -i " + key + " " + path("a.age")), text);
  ASSERT_EQ(run({"encrypt", "-i", key, "-a", "-o", path("b.age"), path("plain")}).code, 0);
  ASSERT_EQ(run({"decrypt", "-i", key, "-o", path("out"), path("b.age")}).code, 0);
  EXPECT_EQ(test::slurp(path("out")), text);
}

TEST_F(App, KeygenNeverOverwrites) {
  test::write_file(path("key.txt"), "precious");
  EXPECT_EQ(run({"keygen", "-o", path("key.txt")}).code, 2);
  EXPECT_EQ(test::slurp(path("key.txt")), "precious");
}

TEST_F(App, APassphraseFromAFile) {
  test::write_file(path("pass"), "correct horse\nsecond line");
  test::write_file(path("wrong"), "battery staple\n");
  test::write_file(path("plain"), "hello\n");
  ASSERT_EQ(
      run({"encrypt", "--passphrase-file", path("pass"), "-o", path("a.age"), path("plain")}).code,
      0);
  EXPECT_EQ(run({"decrypt", "--passphrase-file", path("pass"), path("a.age")}).out, "hello\n");
  const Outcome wrong =
      run({"decrypt", "--passphrase-file", path("wrong"), "-o", path("out"), path("a.age")});
  EXPECT_EQ(wrong.code, 6) << wrong.talk;
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(App, AFailedDecryptLeavesNoFileAndKeepsAnOldOne) {
  const std::string key = path("key.txt");
  const std::string other = path("other.txt");
  ASSERT_EQ(run({"keygen", "-o", key}).code, 0);
  ASSERT_EQ(run({"keygen", "-o", other}).code, 0);
  test::write_file(path("plain"), std::string(200000, 'x'));
  ASSERT_EQ(run({"encrypt", "-i", key, "-o", path("a.age"), path("plain")}).code, 0);

  EXPECT_EQ(run({"decrypt", "-i", other, "-o", path("out"), path("a.age")}).code, 6);
  EXPECT_FALSE(std::filesystem::exists(path("out")));

  std::string damaged = test::slurp(path("a.age"));
  damaged[damaged.size() - 1] = static_cast<char>(damaged[damaged.size() - 1] ^ 1);
  test::write_file(path("a.age"), damaged);
  test::write_file(path("out"), "old");
  EXPECT_EQ(run({"decrypt", "-i", key, "-o", path("out"), path("a.age")}).code, 6);
  EXPECT_EQ(test::slurp(path("out")), "old");
  // To a stream goes what was authenticated before the damage, as age does.
  const Outcome streamed = run({"decrypt", "-i", key, path("a.age")});
  EXPECT_EQ(streamed.code, 6);
  EXPECT_EQ(streamed.out.size(), 3U * 64 * 1024);
  EXPECT_EQ(test::shell_ok("ls -A " + folder_.path().native() + " | wc -l"), "5\n");
}

TEST_F(App, EncryptRefusesWhatAgeRefuses) {
  const std::string recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
  test::write_file(path("plain"), "hello");
  EXPECT_THAT(run({"encrypt", path("plain")}).talk, HasSubstr("no recipients"));
  EXPECT_THAT(run({"encrypt", "-p", "-r", recipient, path("plain")}).talk,
              HasSubstr("cannot be combined"));
  EXPECT_THAT(run({"encrypt", "-R", "-"}).talk, HasSubstr("standard input is asked for twice"));
  EXPECT_THAT(run({"encrypt", "-r", recipient, "-o", path("plain"), path("plain")}).talk,
              HasSubstr("both read and to be written"));
  EXPECT_EQ(test::slurp(path("plain")), "hello");
  terminal_.out_is_terminal = true;
  const Outcome refused = run({"encrypt", "-r", recipient, path("plain")});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(run({"encrypt", "-a", "-r", recipient, path("plain")}).out,
              StartsWith("-----BEGIN AGE ENCRYPTED FILE-----\n"));
  EXPECT_THAT(run({"encrypt", "-r", recipient, "-o", "-", path("plain")}).out,
              StartsWith("age-encryption.org/v1\n"));
}

TEST_F(App, AnEncryptedIdentityFileIsOpened) {
  ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
  test::write_file(path("pass"), "correct horse\n");
  test::write_file(path("plain"), "hello\n");
  ASSERT_EQ(run({"encrypt", "-i", path("key.txt"), "-o", path("a.age"), path("plain")}).code, 0);
  ASSERT_EQ(run({"encrypt", "-a", "--passphrase-file", path("pass"), "-o", path("key.age"),
                 path("key.txt")})
                .code,
            0);
  ::setenv("LIFEBOAT_PASSPHRASE", "correct horse", 1);
  const Outcome opened = run({"decrypt", "-i", path("key.age"), path("a.age")});
  ::unsetenv("LIFEBOAT_PASSPHRASE");
  EXPECT_EQ(opened.out, "hello\n") << opened.talk;
}

TEST_F(App, AStopEndsWith130) {
  stop_.request_stop();
  const Outcome outcome = run({"list", "--json", "--store", "dir:" + folder_.path().native()});
  EXPECT_EQ(outcome.code, 0);  // nothing to wait for
  test::write_file(path("plain"), "hello");
  const Outcome stopped =
      run({"encrypt", "-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-o",
           path("out"), path("plain")});
  EXPECT_EQ(stopped.code, 130);
  EXPECT_EQ(stopped.talk, "lifeboat: interrupted\n");
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(App, VersionAsTextAndJson) {
  EXPECT_THAT(run({"version"}).out, StartsWith("lifeboat " LIFEBOAT_VERSION "\nbuilt with "));
  EXPECT_EQ(run({"--version"}).out, "lifeboat " LIFEBOAT_VERSION "\n");
  EXPECT_EQ(Json::parse(run({"version", "--json"}).out)["version"], LIFEBOAT_VERSION);
}

TEST(DescribeFailure, EachClassHasItsCode) {
  const auto code = [](auto&& thrown) {
    return describe_failure(std::make_exception_ptr(thrown)).code;
  };
  EXPECT_EQ(code(Error(ErrorKind::store, "x")), 5);
  EXPECT_EQ(code(Interrupted()), 130);
  EXPECT_EQ(code(Bug("x")), 70);
  EXPECT_EQ(code(std::bad_alloc()), 10);
  EXPECT_EQ(code(std::runtime_error("x")), 70);
  EXPECT_EQ(failure_to_json(describe_failure(
                std::make_exception_ptr(Error(ErrorKind::locked, "held").hint("Wait.")))),
            (Json{{"error",
                   {{"kind", "locked"}, {"code", 9}, {"message", "held"}, {"hints", {"Wait."}}}}}));
}

TEST(FindingsExitCode, TheLowestErrorWins) {
  const auto finding = [](ErrorKind area, Finding::Level level) {
    return CheckFinding{area, "x", {level, "", ""}};
  };
  using Level = Finding::Level;
  EXPECT_EQ(findings_exit_code({}), 0);
  EXPECT_EQ(findings_exit_code({finding(ErrorKind::config, Level::warning)}), 0);
  EXPECT_EQ(findings_exit_code({finding(ErrorKind::crypto, Level::error),
                                finding(ErrorKind::service, Level::error),
                                finding(ErrorKind::config, Level::ok)}),
            4);
}

// docs/EXIT_CODES.md holds the table exactly as the code has it.
TEST(ExitCodes, DocumentedAsTheyAre) {
  std::string table = "| Code | Name | Meaning |\n|---|---|---|\n";
  for (const ExitCode& row : exit_codes()) {
    table += format("| {} | {} | {} |\n", row.code, row.name, row.meaning);
  }
  EXPECT_THAT(test::slurp(LIFEBOAT_SOURCE_DIR "/docs/EXIT_CODES.md"), HasSubstr(table));
}

}  // namespace
}  // namespace lifeboat::cli
