#include "docker/hijack.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;

constexpr size_t head_bytes_max = 64 << 10;
constexpr size_t input_block = 64 << 10;
constexpr auto head_patience = std::chrono::seconds(60);

// "HTTP/1.1 101 UPGRADED" -> 101; 0 if it is no status line.
int status_in(std::string_view head) {
  if (!head.starts_with("HTTP/1.") || head.size() < 12) return 0;
  int status = 0;
  for (const char digit : head.substr(9, 3)) {
    if (digit < '0' || digit > '9') return 0;
    status = status * 10 + (digit - '0');
  }
  return status;
}

bool is_chunked(std::string_view head) {
  return ascii_lower(head).find("\ntransfer-encoding:") != std::string::npos;
}

}  // namespace

Hijack::Hijack(Engine& engine, const Clock& clock, HijackOptions options)
    : options_(std::move(options)), clock_(clock), stop_(engine.stop()) {
  fd_ = connect_engine(engine.socket());
  send_request();
  const auto asked = options_.deadline;
  const auto head_deadline = clock_.steady_now() + head_patience;
  options_.deadline = asked ? std::min(*asked, head_deadline) : head_deadline;
  read_head();
  options_.deadline = asked;
  input_was_taken_ = options_.input == nullptr;
}

// Small, and the first bytes on this connection: the socket's buffer takes them at once.
void Hijack::send_request() {
  const std::string request = format(
      "POST {} HTTP/1.1\r\nHost: docker\r\nUser-Agent: lifeboat\r\nConnection: Upgrade\r\n"
      "Upgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      options_.path, options_.body.size(), options_.body);
  const ssize_t sent = ::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) fail("the connection broke");
}

void Hijack::read_head() {
  std::array<std::byte, 4096> block;
  size_t end = 0;
  while ((end = early_.find("\r\n\r\n")) == std::string::npos) {
    if (early_.size() > head_bytes_max) fail("the head of the answer has no end");
    wait(POLLIN);
    const auto count = receive(block);
    if (count == 0u) fail("the engine closed the connection without an answer");
    early_ += as_text(std::span(block).first(count.value_or(0)));
  }
  const std::string head = early_.substr(0, end + 2);
  early_.erase(0, end + 4);
  const int status = status_in(head);
  // 200 is for those that do not know upgrades.
  if (status == 101 || (status == 200 && !is_chunked(head))) return;
  if (status < 300) fail("the engine answers with something that is no stream");
  // A refusal is short, and whole with its head or soon after it.
  while (early_.size() < head_bytes_max && early_.find('}') == std::string::npos) {
    wait(POLLIN);
    const auto count = receive(block);
    if (count == 0u) break;
    early_ += as_text(std::span(block).first(count.value_or(0)));
  }
  throw refusal(options_.attempted, status, early_);
}

short Hijack::wait(short wanted) {
  std::array<pollfd, 2> polled{pollfd{fd_.get(), wanted, 0}, pollfd{stop_.fd(), POLLIN, 0}};
  for (;;) {
    stop_.throw_if_stopped();
    milliseconds patience(60'000);
    if (options_.deadline) {
      const auto left = std::chrono::ceil<milliseconds>(*options_.deadline - clock_.steady_now());
      if (left.count() <= 0) fail("it did not end in time");
      patience = std::min(patience, left);
    }
    const int count = ::poll(polled.data(), polled.size(), static_cast<int>(patience.count()));
    if (count > 0 && polled[0].revents != 0) return polled[0].revents;
  }
}

std::optional<size_t> Hijack::receive(ByteSpan target) {
  const ssize_t count = ::recv(fd_.get(), target.data(), target.size(), MSG_DONTWAIT);
  if (count >= 0) return static_cast<size_t>(count);
  if (errno != EAGAIN && errno != EINTR) fail("the connection broke");
  return std::nullopt;
}

size_t Hijack::read(ByteSpan target) {
  if (!early_.empty()) {
    const size_t count = std::min(target.size(), early_.size());
    const ByteView bytes = as_bytes(early_).first(count);
    std::copy(bytes.begin(), bytes.end(), target.begin());
    early_.erase(0, count);
    return count;
  }
  for (;;) {
    const short sending = options_.input != nullptr ? POLLOUT : 0;
    const short there = wait(static_cast<short>(POLLIN | sending));
    if ((there & ~POLLOUT) != 0) {
      if (const auto count = receive(target)) return *count;
    }
    if (sending != 0 && (there & POLLOUT) != 0) send_input();
  }
}

void Hijack::send_input() {
  if (input_begin_ == input_.size()) {
    input_.resize(input_block);
    input_begin_ = 0;
    input_.resize(options_.input->read(input_));
    if (input_.empty()) return end_input(true);
  }
  const ByteView left = ByteView(input_).subspan(input_begin_);
  const ssize_t sent = ::send(fd_.get(), left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) {
    input_begin_ += static_cast<size_t>(sent);
  } else if (errno != EAGAIN && errno != EINTR) {
    end_input(false);  // its output and exit code say why
  }
}

void Hijack::end_input(bool was_taken) {
  options_.input = nullptr;
  input_was_taken_ = was_taken;
  if (was_taken) ::shutdown(fd_.get(), SHUT_WR);
}

void Hijack::fail(const std::string& why) const {
  throw Error(ErrorKind::service, format("{}: {}", options_.attempted, why))
      .hint("See the container with 'docker ps -a' and 'docker logs', and the engine's own log.");
}

}  // namespace lifeboat
