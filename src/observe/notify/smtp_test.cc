#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observe/notify/mail_message.h"
#include "observe/notify/notifiers.h"
#include "observe/notify/notify_test_kit.h"
#include "support/mail_server.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view account = "--user ops --password s3cret-pass";

class SmtpTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_mail_server()) GTEST_SKIP() << "python3-aiosmtpd is not installed";
  }
  SmtpTarget target(const MailServer& server) {
    return {.url = server.url(),
            .from = "backups@example.org",
            .to = {"ops@example.org", "boss@example.org"}};
  }
  std::unique_ptr<Notifier> notifier(SmtpTarget target) {
    return make_smtp_notifier(std::move(target), world_.world);
  }

  NotifyTestWorld world_;
};

TEST_F(SmtpTest, EachAddressGetsItsMail) {
  const MailServer server;
  Notice notice = bad_night();
  notice.title = "Sicherung „nightly“ fehlgeschlagen";
  notice.problems[0].cause = "the folder 'Übersicht' is gone";
  notifier(target(server))->tell(notice);
  const std::vector<Json> mails = server.mails();
  ASSERT_EQ(mails.size(), 2U);
  EXPECT_EQ(mails[0]["to"], Json::array({"ops@example.org"}));
  EXPECT_EQ(mails[1]["to"], Json::array({"boss@example.org"}));
  EXPECT_EQ(mails[0]["text"], mails[1]["text"]);
  const auto text = mails[0]["text"].get<std::string>();
  EXPECT_THAT(text, StartsWith("Date: Thu, 07 May 2026 02:00:07 +0000\r\n"
                               "From: Lifeboat <backups@example.org>\r\n"
                               "To: <ops@example.org>,\r\n <boss@example.org>\r\n"
                               "Subject: =?UTF-8?B?"));
  EXPECT_THAT(text, HasSubstr("\r\nMessage-ID: <"));
  EXPECT_THAT(text, HasSubstr("the folder '=C3=9Cbersicht' is gone\r\n"));
}

// Read by Python's own mail parser, with all headers decoded.
TEST_F(SmtpTest, AMailReaderUnderstandsIt) {
  Notice notice = bad_night();
  notice.title = std::string(60, 'x') + " „ü“ " + std::string(60, 'y') + "\r\nBcc: evil@example";
  notice.problems[0].cause = "é=20 \n.\nFrom here\n" + std::string(200, 'z') + " ";
  const TempFolder folder;
  write_file(folder / "mail",
             make_mail({.from = "a@b.org", .to = {"c@d.org"}, .id = "1@b"}, notice));
  const std::string read = shell_ok(
      "/usr/bin/python3 -c 'import email, email.policy, sys\n"
      "m = email.message_from_bytes(open(sys.argv[1], \"rb\").read(), policy=email.policy.SMTP)\n"
      "print(m[\"subject\"]); print(m[\"bcc\"]); print(m.get_content().replace(chr(13), \"\")); "
      "print(m.defects)' " +
      (folder / "mail").string());
  EXPECT_THAT(read, StartsWith(std::string(60, 'x') + " „ü“ " + std::string(60, 'y') +
                               "  Bcc: evil@example\nNone\n"));
  EXPECT_THAT(read, HasSubstr("  é=20\n  .\n  From here\n  " + std::string(200, 'z') + "\n"));
  EXPECT_THAT(read, HasSubstr("[]"));
}

TEST_F(SmtpTest, TakesGoodRunsOnlyIfAskedTo) {
  const MailServer server;
  EXPECT_FALSE(notifier(target(server))->wants(good_night()));
  EXPECT_TRUE(notifier(target(server))->wants(bad_night()));
  EXPECT_TRUE(notifier(target(server))->wants({.activity = "test"}));
  SmtpTarget all = target(server);
  all.success = true;
  EXPECT_TRUE(notifier(all)->wants(good_night()));
}

TEST_F(SmtpTest, AWrongPasswordIsTheEndAndIsTriedOnce) {
  const MailServer server{std::string(account)};
  SmtpTarget wrong = target(server);
  wrong.username = "ops";
  wrong.password = secret("wr0ng-pass");
  std::vector<std::unique_ptr<Notifier>> members;
  members.push_back(notifier(wrong));
  Notifiers set(std::move(members), world_.clock);
  std::vector<NotifierState> states;
  const std::vector<Delivery> deliveries = set.tell(bad_night(), states);
  EXPECT_FALSE(deliveries[0].delivered);
  EXPECT_TRUE(states[0].dead);
  EXPECT_THAT(states[0].error, HasSubstr("535"));
  EXPECT_THAT(states[0].error, Not(HasSubstr("wr0ng-pass")));
  EXPECT_TRUE(set.tell(bad_night(), states)[0].was_dead);
  EXPECT_EQ(world_.waited(), 0);

  wrong.password = secret("s3cret-pass");
  EXPECT_NE(notifier(wrong)->target_id(), states[0].target_id);
  notifier(wrong)->tell(bad_night());
  EXPECT_EQ(server.mails().size(), 2U);
}

TEST_F(SmtpTest, ARefusedAddressKeepsNothingFromTheOthers) {
  const MailServer server("--refuse ops@example.org");
  const auto smtp = notifier(target(server));
  const Error error = failure_of(*smtp, bad_night());
  EXPECT_THAT(error.what(), HasSubstr("to ops@example.org: RCPT failed: 550"));
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails()[0]["to"], Json::array({"boss@example.org"}));
}

TEST_F(SmtpTest, AServerThatHangsIsTriedThreeTimesAndNotForEachAddress) {
  const MailServer server("--hang");
  world_.world.request_timeout = std::chrono::milliseconds(200);
  EXPECT_TRUE(failure_of(*notifier(target(server)), bad_night()).is_transient());
  EXPECT_GE(world_.waited(), 5);
  EXPECT_LE(world_.waited(), 8);
}

TEST(MailMessage, HeadersTakeNoSecondLine) {
  const Notice notice = bad_night();
  EXPECT_THROW(make_mail({.from = "a@b\r\nBcc: x@y", .to = {"c@d"}, .id = "1"}, notice), Bug);
  EXPECT_THROW(make_mail({.from = "a@b", .to = {"c@d\nBcc: x@y"}, .id = "1"}, notice), Bug);
}

TEST(MailMessage, Subjects) {
  EXPECT_EQ(encode_subject("backup 'nightly' failed"), "backup 'nightly' failed");
  EXPECT_EQ(encode_subject("über"), "=?UTF-8?B?w7xiZXI=?=");
  EXPECT_EQ(encode_subject("=?UTF-8?B?w7xiZXI=?="), "=?UTF-8?B?PT9VVEYtOD9CP3c3eGlaWEk9Pz0=?=");
  const std::string folded = encode_subject(std::string(44, 'a') + "😀" + std::string(80, 'b'));
  EXPECT_THAT(folded, HasSubstr("?=\r\n =?UTF-8?B?8J+YgGJi"));
}

TEST(MailMessage, QuotedPrintableLinesAreShort) {
  EXPECT_EQ(encode_quoted_printable("a=b \nc\t\n"), "a=3Db=20\r\nc=09\r\n");
  EXPECT_EQ(encode_quoted_printable(std::string(76, 'a')), std::string(75, 'a') + "=\r\na");
  EXPECT_EQ(encode_quoted_printable(std::string(74, 'a') + "é"),
            std::string(74, 'a') + "=\r\n=C3=A9");
}

}  // namespace
}  // namespace lifeboat::test
