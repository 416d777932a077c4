// The scripted server's own behaviour on the wire, seen by a bare socket: what a client library
// would smooth over is what these tests are about.

#include "support/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <condition_variable>

namespace lifeboat::test {
namespace {

using Wire = ServedResponse::Wire;

class Caller {
 public:
  explicit Caller(const HttpServer& server)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(server.port());
    auto* generic = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::connect(fd_.get(), generic, sizeof address), 0);
  }
  void say(std::string_view text) {
    EXPECT_EQ(::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // All up to the end of the connection, or up to `size` bytes.
  std::string hear(size_t size = SIZE_MAX) {
    std::string heard;
    std::array<char, 4096> block{};
    while (heard.size() < size) {
      const ssize_t count =
          ::recv(fd_.get(), block.data(), std::min(block.size(), size - heard.size()), 0);
      if (count < 0) end_ = errno;
      if (count <= 0) break;
      heard.append(block.data(), static_cast<size_t>(count));
    }
    return heard;
  }
  bool is_silent() {
    pollfd polled{fd_.get(), POLLIN, 0};
    return ::poll(&polled, 1, 30) == 0;
  }
  // 0 after an orderly end, else the errno of the broken connection.
  int end() const { return end_; }

 private:
  UniqueFd fd_;
  int end_ = 0;
};

const std::string ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string whole = "HTTP/1.1 200 Scripted\r\nContent-Length: 10\r\n\r\n0123456789";
const size_t head_size = whole.size() - 10;

TEST(HttpServer, BreaksTheAnswerAtTheByte) {
  struct Case {
    Wire wire;
    uint64_t byte;
    size_t heard;
    int end;
  };
  for (const Case& wanted :
       {Case{Wire::drop_before, 0, 0, 0}, Case{Wire::drop_in_head, 7, 7, 0},
        Case{Wire::reset_in_head, 0, 0, ECONNRESET}, Case{Wire::reset_in_head, 7, 7, ECONNRESET},
        Case{Wire::drop_at_byte, 0, head_size, 0}, Case{Wire::drop_at_byte, 3, head_size + 3, 0},
        Case{Wire::reset_at_byte, 0, head_size, ECONNRESET},
        Case{Wire::reset_at_byte, 9, head_size + 9, ECONNRESET},
        Case{Wire::drop_in_body, 0, head_size + 5, 0}}) {
    const HttpServer server([&](const ServedRequest&) {
      return ServedResponse{200, {}, "0123456789", wanted.wire, wanted.byte};
    });
    Caller caller(server);
    caller.say(ask);
    EXPECT_EQ(caller.hear(), whole.substr(0, wanted.heard));
    EXPECT_EQ(caller.end(), wanted.end) << wanted.heard;
  }
}

TEST(HttpServer, HoldsTheConnectionUntilItEnds) {
  auto server = std::make_unique<HttpServer>([&](const ServedRequest& request) {
    const Wire wire = request.target == "/stall" ? Wire::stall_at_byte : Wire::never_answer;
    return ServedResponse{200, {}, "0123456789", wire, 4};
  });
  Caller stalled(*server);
  stalled.say("GET /stall HTTP/1.1\r\n\r\n");
  EXPECT_EQ(stalled.hear(head_size + 4), whole.substr(0, head_size + 4));
  Caller ignored(*server);
  ignored.say(ask);
  EXPECT_TRUE(ignored.is_silent());
  EXPECT_TRUE(stalled.is_silent());
  server.reset();
  EXPECT_EQ(stalled.hear() + ignored.hear(), "");
}

TEST(HttpServer, ServesConnectionsAtOnceAndManyRequestsOnEach) {
  std::mutex mutex;
  std::condition_variable changed;
  int here = 0;
  const HttpServer server([&](const ServedRequest& request) {
    std::unique_lock lock(mutex);
    ++here;
    changed.notify_all();
    changed.wait(lock, [&] { return here >= 2; });  // one after the other would wait for ever
    return ServedResponse{200, {}, request.body};
  });
  Caller first(server);
  Caller second(server);
  const std::string put = "PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789";
  first.say(put + put);
  second.say(put);
  EXPECT_EQ(first.hear(2 * whole.size()), whole + whole);
  EXPECT_EQ(second.hear(whole.size()), whole);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(HttpServer, AnswersAtTheByteOfARequest) {
  EarlyAnswer early;
  const HttpServer server([](const ServedRequest&) { return ServedResponse{}; },
                          [&](const ServedRequest& head) -> std::optional<EarlyAnswer> {
                            if (head.method != "PUT") return std::nullopt;
                            return early;
                          });
  const std::string put = "PUT / HTTP/1.1\r\nContent-Length: 1000\r\n\r\n";
  early.response = {200, {}, "0123456789"};
  Caller told(server);
  told.say(put + "some");
  EXPECT_EQ(told.hear(), whole);
  EXPECT_EQ(told.end(), 0);

  early.body_bytes = 6;
  early.response.wire = Wire::reset_in_head;
  Caller reset(server);
  reset.say(put + "12345");
  EXPECT_TRUE(reset.is_silent());
  reset.say("6");
  EXPECT_EQ(reset.hear(), "");
  EXPECT_EQ(reset.end(), ECONNRESET);
  EXPECT_TRUE(server.requests().empty()) << "none came whole";

  Caller other(server);
  other.say(ask);
  EXPECT_NE(other.hear(20), "");
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  const HttpServer server([](const ServedRequest&) {
    return ServedResponse{200, {}, "0123456789"};
  });
  Caller caller(server);
  caller.say("HEAD / HTTP/1.1\r\n\r\n" + ask);
  EXPECT_EQ(caller.hear(head_size + whole.size()), whole.substr(0, head_size) + whole);
}

}  // namespace
}  // namespace lifeboat::test
