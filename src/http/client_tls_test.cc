// Against a real TLS server, with certificates that openssl made a moment before.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <array>
#include <thread>

#include "http/client.h"
#include "io/fd.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// `openssl s_server -www`: answers every GET with a page about the connection.
class TlsServer {
 public:
  TlsServer() {
    const std::string at = folder_.path().string();
    test::shell_ok("cd " + at +
                   " && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                   "-keyout key.pem -out cert.pem -days 2 -subj /CN=lifeboat-test "
                   "-addext subjectAltName=IP:127.0.0.1 2>&1");
    pid_ = std::stoi(test::shell_ok("cd " + at +
                                    "; openssl s_server -accept 127.0.0.1:0 -cert cert.pem "
                                    "-key key.pem -www >log 2>&1 & echo $!"));
    while (port_.empty()) {
      const std::string log = test::slurp(folder_ / "log");
      const size_t begin = log.find("ACCEPT 127.0.0.1:");
      const size_t end = log.find('\n', begin);
      if (end != std::string::npos) port_ = log.substr(begin + 17, end - begin - 17);
      if (::kill(pid_, 0) != 0) throw Bug("openssl s_server did not start: " + log);
      std::this_thread::yield();
    }
  }
  ~TlsServer() { ::kill(pid_, SIGKILL); }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url(const std::string& host = "127.0.0.1") const {
    return "https://" + host + ":" + port_ + "/";
  }
  std::filesystem::path certificate() const { return folder_ / "cert.pem"; }

 private:
  test::TempFolder folder_;
  pid_t pid_ = 0;
  std::string port_;
};

Error failure(HttpOptions options, const std::string& url) {
  HttpClient client(std::move(options));
  HttpRequest request;
  request.url = url;
  try {
    client.send(request);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::usage, ""};
}

TEST(HttpClientTls, TrustsTheAuthorityItIsGivenAndNoOther) {
  const TlsServer server;
  HttpClient client({.ca_file = server.certificate()});
  HttpRequest request;
  request.url = server.url();
  const HttpResponse response = client.send(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("TLSv1.3"));

  const Error untrusted = failure({}, server.url());
  EXPECT_FALSE(untrusted.is_transient());
  EXPECT_THAT(untrusted.what(), HasSubstr("self"));
  EXPECT_THAT(untrusted.hints(), ElementsAre(HasSubstr("CA file")));
  const Error other_host = failure({.ca_file = server.certificate()}, server.url("localhost"));
  EXPECT_FALSE(other_host.is_transient());
  EXPECT_THAT(other_host.hints(), ElementsAre(HasSubstr("not trusted")));
}

TEST(HttpClientTls, ACaFileThatIsNoneIsAPermanentError) {
  const TlsServer server;
  const Error error = failure({.ca_file = "/nowhere/ca.pem"}, server.url());
  EXPECT_FALSE(error.is_transient());
  EXPECT_THAT(error.what(), HasSubstr("/nowhere/ca.pem"));
  EXPECT_THAT(error.hints(), ElementsAre(HasSubstr("PEM")));
}

// The URL of a server that reads the first words of a handshake, says `answer` and hangs up.
class RudeServer {
 public:
  explicit RudeServer(std::string answer) : answer_(std::move(answer)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    ensure(::bind(listener_.get(), generic, size) == 0 && ::listen(listener_.get(), 1) == 0 &&
               ::getsockname(listener_.get(), generic, &size) == 0,
           "a loopback port can be had");
    url_ = "https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this] {
      const UniqueFd connection(::accept(listener_.get(), nullptr, nullptr));
      std::array<char, 4096> hello{};
      EXPECT_GT(::recv(connection.get(), hello.data(), hello.size(), 0), 0);
      EXPECT_EQ(::send(connection.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer_.size()));
    });
  }
  ~RudeServer() { thread_.join(); }
  const std::string& url() const { return url_; }

 private:
  std::string answer_;
  UniqueFd listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string url_;
  std::thread thread_;
};

TEST(HttpClientTls, AHandshakeThatBreaksOffMayBeTriedAgainButNoOther) {
  const RudeServer gone("");
  EXPECT_TRUE(failure({}, gone.url()).is_transient());
  const RudeServer plain("HTTP/1.1 400 Bad Request\r\n\r\n");
  const Error error = failure({}, plain.url());
  EXPECT_FALSE(error.is_transient()) << error.what();
  EXPECT_THAT(error.hints(), ElementsAre(HasSubstr("speak TLS")));
}

}  // namespace
}  // namespace lifeboat
