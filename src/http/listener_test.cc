#include "http/listener.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/format.h"
#include "io/fd.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int patience_ms = 30'000;

// A client that sends what it likes.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    is_connected_ =
        ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool is_connected() const { return is_connected_; }
  bool send(std::string_view data) {
    while (!data.empty()) {
      const ssize_t sent = ::send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      data.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  void close() { fd_.reset(); }
  // All until the server ends the connection; "never" if it does not.
  std::string receive() {
    std::string all;
    pollfd polled{fd_.get(), POLLIN, 0};
    while (::poll(&polled, 1, patience_ms) == 1) {
      std::array<char, 4096> block;
      const ssize_t count = ::recv(fd_.get(), block.data(), block.size(), 0);
      if (count <= 0) return all;
      all.append(block.data(), static_cast<size_t>(count));
    }
    return "never";
  }

 private:
  UniqueFd fd_;
  bool is_connected_ = false;
};

size_t threads() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    ++count;
  }
  return count;
}

// A server that runs, with its end.
class Running {
 public:
  Running(HttpListenerOptions options, HttpListener::Handler handler)
      : listener_(std::make_unique<HttpListener>(options, std::move(handler))),
        thread_([this] { listener_->run(stop_.token()); }) {}
  ~Running() { end(); }
  uint16_t port() const { return listener_->port(); }
  void end() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
    listener_.reset();
  }
  std::string ask(std::string_view request) {
    RawClient client(port());
    client.send(request);
    return client.receive();
  }

 private:
  StopSource stop_;
  std::unique_ptr<HttpListener> listener_;
  std::thread thread_;
};

HttpAnswer echo(const HttpCall& call) {
  return {.status = 200,
          .body = format("{} {} [{}]", call.method, call.path, call.body),
          .headers = {{"X-Seen", std::string(call.header("x-name").value_or("none"))}}};
}

const std::string get = "GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-NAME: value\r\n\r\n";

TEST(HttpListener, AnswersAndEnds) {
  const size_t before = threads();
  Running server({}, echo);
  const std::string answer = server.ask(get);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Seen: value\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nGET /a b []"));
  const uint16_t port = server.port();
  server.end();
  EXPECT_EQ(threads(), before);
  EXPECT_FALSE(RawClient(port).is_connected());
}

TEST(HttpListener, TakesBodiesWithLengthAndInChunks) {
  Running server({}, echo);
  EXPECT_THAT(server.ask("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
              HasSubstr("POST /p [hello]"));
  EXPECT_THAT(server.ask("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
              HasSubstr("POST /p [hello]"));
  EXPECT_THAT(server.ask("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
              HasSubstr("POST /p []"));
}

TEST(HttpListener, OneRequestAConnection) {
  std::atomic<int> calls = 0;
  Running server({}, [&calls](const HttpCall&) {
    ++calls;
    return HttpAnswer{};
  });
  EXPECT_THAT(server.ask(get + get + get), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(calls, 1);
}

TEST(HttpListener, RefusesWhatIsTooLarge) {
  Running server({.body_max = 1000}, echo);
  const std::string full(1000, 'x');
  const std::string post = "POST / HTTP/1.1\r\nHost: x\r\n";
  EXPECT_THAT(server.ask(post + "Content-Length: 1000\r\n\r\n" + full),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(server.ask(post + "Content-Length: 1001\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(server.ask(post + "Content-Length: 18446744073709551615\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(server.ask(post + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n" + full +
                         "\r\n1\r\nx\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(server.ask(post + "Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(server.ask("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'x') + "\r\n"),
              testing::AnyOf(StartsWith("HTTP/1.1 431 "), testing::IsEmpty()));
  EXPECT_THAT(
      server.ask("GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\n"),
      testing::AnyOf(StartsWith("HTTP/1.1 414 "), StartsWith("HTTP/1.1 431 "), testing::IsEmpty()));
  EXPECT_THAT(server.ask(get), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpListener, RefusesWhatIsNoHttp) {
  Running server({.request_timeout = milliseconds(300)}, echo);
  for (const char* request :
       {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02", "\r\n\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const std::string answer = server.ask(request);
    EXPECT_THAT(answer, testing::AnyOf(StartsWith("HTTP/1.1 400 "), testing::IsEmpty())) << request;
  }
  EXPECT_THAT(server.ask(get), StartsWith("HTTP/1.1 200 "));
}

// Each byte comes in time, the request does not.
TEST(HttpListener, LeavesAClientThatDrips) {
  Running server({.request_timeout = milliseconds(400)}, echo);
  for (const std::string begin :
       {"GET / HTTP/1.1\r\nX: ", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"}) {
    RawClient client(server.port());
    client.send(begin);
    int sent = 0;
    while (client.send("x") && ++sent < 10'000) std::this_thread::sleep_for(milliseconds(5));
    EXPECT_LT(sent, 10'000);
  }
}

TEST(HttpListener, ConnectionsAreCountedAndIdleOnesGo) {
  Running server({.connections_max = 2, .request_timeout = milliseconds(400)}, echo);
  RawClient idle(server.port());
  RawClient other(server.port());
  EXPECT_EQ(RawClient(server.port()).receive(), "");  // one too many
  EXPECT_EQ(idle.receive(), "");
  EXPECT_EQ(other.receive(), "");
  std::string answer;
  for (int tries = 0; tries < 1000 && answer.empty(); ++tries) {
    answer = server.ask(get);
    if (answer.empty()) std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST(HttpListener, SurvivesClientsThatLeave) {
  Running server({}, [](const HttpCall&) { return HttpAnswer{.body = std::string(4 << 20, 'x')}; });
  for (int i = 0; i < 20; ++i) {
    RawClient client(server.port());
    client.send(i % 2 == 0 ? get : get.substr(0, get.size() / 2));
    client.close();
  }
  EXPECT_THAT(server.ask(get), HasSubstr(std::string(4 << 20, 'x')));
}

TEST(HttpListener, ASlowHandlerHoldsUpNobodyElseAndIsWaitedFor) {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_slow = false;
  bool may_end = false;
  Running server({.request_timeout = milliseconds(200)}, [&](const HttpCall& call) {
    if (call.path != "/slow") return echo(call);
    std::unique_lock lock(mutex);
    is_slow = true;
    changed.notify_all();
    changed.wait_for(lock, milliseconds(patience_ms), [&] { return may_end; });
    return HttpAnswer{.body = "at last"};
  });
  RawClient slow(server.port());
  slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, milliseconds(patience_ms), [&] { return is_slow; }));
  }
  EXPECT_THAT(server.ask(get), HasSubstr("GET /a b"));
  std::thread ends([&server] { server.end(); });
  {
    const std::lock_guard lock(mutex);
    may_end = true;
    changed.notify_all();
  }
  EXPECT_THAT(slow.receive(), HasSubstr("at last"));
  ends.join();
}

TEST(HttpListener, WhatAHandlerThrowsIsAnAnswer) {
  Running server({}, [](const HttpCall& call) -> HttpAnswer {
    if (call.method == "GET") throw Interrupted();
    throw Error(ErrorKind::service, "a secret of ours");
  });
  EXPECT_THAT(server.ask(get), StartsWith("HTTP/1.1 503 "));
  const std::string answer = server.ask("PUT / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(answer, testing::Not(HasSubstr("secret")));
}

TEST(HttpListener, AnAddressThatIsTakenIsAnError) {
  Running server({}, echo);
  try {
    HttpListener other({.address = {"127.0.0.1", server.port()}}, echo);
    ADD_FAILURE() << "two listen at one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(server.port())));
  }
}

TEST(ListenAddress, IsReadStrictly) {
  const auto v4 = parse_listen_address("127.0.0.1:9096");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->host, "127.0.0.1");
  EXPECT_EQ(v4->port, 9096);
  EXPECT_TRUE(is_loopback(*v4));
  EXPECT_TRUE(is_loopback(*parse_listen_address("[::1]:0")));
  EXPECT_FALSE(is_loopback(*parse_listen_address("0.0.0.0:1")));
  EXPECT_FALSE(is_loopback(*parse_listen_address("[::]:1")));
  for (const char* text : {"", "9096", ":9096", "localhost:1", "127.0.0.1", "127.0.0.1:",
                           "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x", "::1:1", "[::1]"}) {
    EXPECT_FALSE(parse_listen_address(text)) << text;
  }
}

}  // namespace
}  // namespace lifeboat
