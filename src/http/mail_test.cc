// Against a real mail server.
#include "http/mail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/http_server.h"
#include "support/mail_server.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using What = MailRefused::What;

constexpr std::string_view account = "--user ops --password s3cret-pass";

class MailTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_mail_server()) GTEST_SKIP() << "python3-aiosmtpd is not installed";
  }
};

MailRequest mail_for(const MailServer& server) {
  return {.url = server.url(),
          .demands_starttls = false,
          .from = "backups@example.org",
          .to = "ops@example.org",
          .message = "Subject: hello\r\n\r\nA line.\r\n.\r\n..two\r\n"};
}

MailRequest with_login(MailRequest request, std::string_view password = "s3cret-pass") {
  request.username = "ops";
  request.password = password;
  return request;
}

Error failure(const MailRequest& request) {
  try {
    send_mail(request);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cret-pass")));
    return error;
  }
  throw Bug("it was sent");
}

What refused(const MailRequest& request) {
  try {
    send_mail(request);
  } catch (const MailRefused& refusal) {
    return refusal.refused();
  }
  throw Bug("it was sent");
}

TEST_F(MailTest, ArrivesAsItIs) {
  const MailServer server;
  send_mail(mail_for(server));
  ASSERT_EQ(server.mails().size(), 1U);
  const Json mail = server.mails()[0];
  EXPECT_EQ(mail["from"], "backups@example.org");
  EXPECT_EQ(mail["to"], Json::array({"ops@example.org"}));
  EXPECT_EQ(mail["text"], "Subject: hello\r\n\r\nA line.\r\n.\r\n..two\r\n");
  EXPECT_EQ(mail["tls"], false);
  EXPECT_EQ(mail["login"], false);
}

TEST_F(MailTest, LogsIn) {
  const MailServer server{std::string(account)};
  send_mail(with_login(mail_for(server)));
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails()[0]["login"], true);
}

TEST_F(MailTest, AWrongPasswordIsRefused) {
  const MailServer server{std::string(account)};
  EXPECT_EQ(refused(with_login(mail_for(server), "wrong")), What::login);
  EXPECT_THAT(failure(with_login(mail_for(server), "wrong")).what(), HasSubstr("535"));
  EXPECT_EQ(refused(mail_for(server)), What::other);  // no login at all
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(MailTest, StartTlsWithItsOwnAuthority) {
  const MailServer server(std::string(account), MailServer::Tls::starttls);
  MailRequest request = with_login(mail_for(server));
  request.demands_starttls = true;
  request.ca_file = server.certificate();
  send_mail(request);
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails()[0]["tls"], true);
}

TEST_F(MailTest, TlsFromTheFirstByte) {
  const MailServer server("", MailServer::Tls::smtps);
  MailRequest request = mail_for(server);
  request.ca_file = server.certificate();
  send_mail(request);
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails()[0]["tls"], true);
}

TEST_F(MailTest, AnUnknownAuthorityGetsNothing) {
  for (const auto tls : {MailServer::Tls::starttls, MailServer::Tls::smtps}) {
    const MailServer server("", tls);
    MailRequest request = with_login(mail_for(server));
    request.demands_starttls = true;
    const Error error = failure(request);
    EXPECT_FALSE(error.is_transient());
    EXPECT_THAT(error.what(), HasSubstr("certificate"));
    EXPECT_TRUE(server.mails().empty());
  }
}

TEST_F(MailTest, DemandedStartTlsThatIsNotOfferedIsAFailure) {
  const MailServer server{std::string(account)};
  MailRequest request = with_login(mail_for(server));
  request.demands_starttls = true;
  const Error error = failure(request);
  EXPECT_THAT(error.what(), HasSubstr("STARTTLS"));
  EXPECT_FALSE(error.is_transient());
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(MailTest, ARefusedRecipientIsToldInTheServersWords) {
  const MailServer server("--refuse gone@example.org");
  MailRequest request = mail_for(server);
  request.to = "gone@example.org";
  EXPECT_EQ(refused(request), What::recipient);
  const std::string url = server.url();
  EXPECT_STREQ(failure(request).what(),
               ("send mail by " + url +
                "/ to gone@example.org: RCPT failed: 550 (550 5.1.1 no such mailbox)")
                   .c_str());
}

TEST_F(MailTest, AReply4xxMayPass) {
  const MailServer server;
  MailRequest request = mail_for(server);
  request.to = "later@example.org";
  const Error error = failure(request);
  EXPECT_TRUE(error.is_transient());
  EXPECT_THAT(error.what(), HasSubstr("451 4.7.1 try again later"));
}

TEST_F(MailTest, AServerThatHangsCostsTheTimeout) {
  const MailServer server("--hang");
  MailRequest request = mail_for(server);
  request.timeout = std::chrono::milliseconds(300);
  const Error error = failure(request);
  EXPECT_TRUE(error.is_transient());
}

TEST_F(MailTest, NobodyListening) {
  MailRequest request{.url = "smtp://127.0.0.1:" + std::to_string(closed_port()),
                      .from = "a@example.org",
                      .to = "b@example.org",
                      .message = ""};
  EXPECT_TRUE(failure(request).is_transient());
}

TEST_F(MailTest, ASecondLineInAnAddressIsABug) {
  MailRequest request{.url = "smtp://127.0.0.1:1",
                      .from = "a@example.org",
                      .to = "b@example.org>\r\nRCPT TO:<c@example.org",
                      .message = ""};
  EXPECT_THROW(send_mail(request), Bug);
  std::swap(request.from, request.to);
  EXPECT_THROW(send_mail(request), Bug);
}

TEST_F(MailTest, AStopEndsIt) {
  StopSource stop;
  stop.request_stop();
  MailRequest request{
      .url = "smtp://127.0.0.1:1", .from = "", .to = "", .message = "", .stop = stop.token()};
  EXPECT_THROW(send_mail(request), Interrupted);
}

}  // namespace
}  // namespace lifeboat::test
