#include "http/listener.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "io/fd.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;
using Instant = std::chrono::steady_clock::time_point;

constexpr size_t connection_bytes_max = 32 << 10;  // half of it for a head
constexpr milliseconds look_interval{100};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

std::optional<SocketAddress> socket_address(const ListenAddress& address) {
  SocketAddress made;
  auto& v4 = reinterpret_cast<sockaddr_in&>(made.storage);
  if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    made.size = sizeof v4;
    return made;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(made.storage);
  if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  made.size = sizeof v6;
  return made;
}

UniqueFd listen_at(const ListenAddress& address) {
  auto place = socket_address(address);
  const std::string attempted = format("listen at {}, port {}", address.host, address.port);
  if (!place) throw Error(ErrorKind::config, format("{}: not an address", attempted));
  UniqueFd fd(::socket(place->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (fd) (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!fd || ::bind(fd.get(), place->get(), place->size) != 0 ||
      ::listen(fd.get(), SOMAXCONN) != 0) {
    Error error = system_error(ErrorKind::config, attempted, errno);
    error.add_hint("Is it this machine's address, and does nobody else listen there?");
    throw error;
  }
  return fd;
}

uint16_t port_of(int fd) {
  SocketAddress bound;
  bound.size = sizeof bound.storage;
  ensure(::getsockname(fd, bound.get(), &bound.size) == 0, "a socket has a name");
  const bool is_v4 = bound.storage.ss_family == AF_INET;
  return ntohs(is_v4 ? reinterpret_cast<sockaddr_in&>(bound.storage).sin_port
                     : reinterpret_cast<sockaddr_in6&>(bound.storage).sin6_port);
}

// A request that is on its way in.
struct Arriving {
  HttpCall call;
  bool too_large = false;
};

MHD_Result take_header(void* headers, MHD_ValueKind, const char* name, const char* value) {
  static_cast<HttpHeaders*>(headers)->emplace_back(ascii_lower(name),
                                                   value == nullptr ? "" : value);
  return MHD_YES;
}

HttpAnswer too_large() { return {.status = MHD_HTTP_CONTENT_TOO_LARGE, .body = "too large\n"}; }

MHD_Result queue(MHD_Connection* connection, const HttpAnswer& answer) {
  // MHD takes a pointer that is not const, and copies.
  MHD_Response* const response = MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, "Connection", "close");
  for (const auto& [name, value] : answer.headers) {
    MHD_add_response_header(response, name.c_str(), value.c_str());
  }
  const MHD_Result queued =
      MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);
  return queued;
}

}  // namespace

struct HttpListener::State {
  State(HttpListenerOptions chosen, Handler to_call)
      : options(std::move(chosen)), handler(std::move(to_call)) {}

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url,
                               const char* method, const char* version, const char* data,
                               size_t* data_size, void** arriving) noexcept;
  static void on_request_end(void*, MHD_Connection*, void** arriving,
                             MHD_RequestTerminationCode) noexcept;
  static void on_connection(void* self, MHD_Connection* connection, void**,
                            MHD_ConnectionNotificationCode code) noexcept;

  MHD_Result take(MHD_Connection* connection, Arriving& arriving, std::string_view data);
  HttpAnswer call(const HttpCall& call) const;
  // A connection must get on until `deadline`.
  void set(MHD_Connection* connection, bool has_request, Instant deadline);
  void end_late_connections();

  struct Guest {
    int fd = -1;
    bool has_request = false;  // whole: it is being answered
    Instant deadline;
  };

  HttpListenerOptions options;
  Handler handler;
  uint16_t port = 0;
  MHD_Daemon* daemon = nullptr;
  std::mutex mutex;
  std::condition_variable gone;
  std::map<const MHD_Connection*, Guest> guests;
};

void HttpListener::State::on_connection(void* self, MHD_Connection* connection, void**,
                                        MHD_ConnectionNotificationCode code) noexcept {
  State& state = *static_cast<State*>(self);
  const std::lock_guard lock(state.mutex);
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) {  // the descriptor is still open
    state.guests.erase(connection);
    state.gone.notify_all();
    return;
  }
  const auto* info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  state.guests[connection] = {
      .fd = info == nullptr ? -1 : info->connect_fd,
      .has_request = false,
      .deadline = std::chrono::steady_clock::now() + state.options.request_timeout};
}

void HttpListener::State::on_request_end(void*, MHD_Connection*, void** arriving,
                                         MHD_RequestTerminationCode) noexcept {
  delete static_cast<Arriving*>(*arriving);
  *arriving = nullptr;
}

MHD_Result HttpListener::State::on_request(void* self, MHD_Connection* connection, const char* url,
                                           const char* method, const char*, const char* data,
                                           size_t* data_size, void** arriving) noexcept {
  State& state = *static_cast<State*>(self);
  try {
    if (*arriving != nullptr) {
      const std::string_view part(data, data == nullptr ? 0 : *data_size);
      *data_size = 0;
      return state.take(connection, *static_cast<Arriving*>(*arriving), part);
    }
    auto made = std::make_unique<Arriving>();
    made->call.method = method;
    made->call.path = url;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &made->call.headers);
    const std::string length(made->call.header("content-length").value_or("0"));
    *arriving = made.release();
    // Refused before it is sent; a length that is none was refused by MHD.
    if (std::strtoull(length.c_str(), nullptr, 10) <= state.options.body_max) return MHD_YES;
    return queue(connection, too_large());
  } catch (const std::exception&) {  // out of memory: the connection ends
    return MHD_NO;
  }
}

MHD_Result HttpListener::State::take(MHD_Connection* connection, Arriving& arriving,
                                     std::string_view data) {
  std::string& body = arriving.call.body;
  if (!data.empty()) {
    arriving.too_large = arriving.too_large || body.size() + data.size() > options.body_max;
    if (!arriving.too_large) body += data;
    return MHD_YES;
  }
  set(connection, true, Instant::max());
  const HttpAnswer answer = arriving.too_large ? too_large() : call(arriving.call);
  set(connection, true, std::chrono::steady_clock::now() + options.request_timeout);
  return queue(connection, answer);
}

// The edge of MHD's threads: nothing may be thrown through C.
HttpAnswer HttpListener::State::call(const HttpCall& asked) const {
  try {
    return handler(asked);
  } catch (const Interrupted&) {
    return {.status = MHD_HTTP_SERVICE_UNAVAILABLE, .body = "it ends\n"};
  } catch (const std::exception& error) {
    log_warning("answer {} {}: {}", printable(asked.method), printable(asked.path), error.what());
    return {.status = MHD_HTTP_INTERNAL_SERVER_ERROR, .body = "an error\n"};
  }
}

void HttpListener::State::set(MHD_Connection* connection, bool has_request, Instant deadline) {
  const std::lock_guard lock(mutex);
  Guest& guest = guests[connection];
  guest.has_request = has_request;
  guest.deadline = deadline;
}

void HttpListener::State::end_late_connections() {
  const Instant now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex);
  for (const auto& [connection, guest] : guests) {
    // Not closed: MHD sees the end and does that.
    if (guest.deadline <= now) (void)::shutdown(guest.fd, SHUT_RDWR);
  }
}

HttpListener::HttpListener(HttpListenerOptions options, Handler handler)
    : state_(std::make_unique<State>(std::move(options), std::move(handler))) {
  UniqueFd socket = listen_at(state_->options.address);
  state_->port = port_of(socket.get());
  constexpr unsigned flags =
      MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC;
  state_->daemon = MHD_start_daemon(
      flags, 0, nullptr, nullptr, &State::on_request, state_.get(),  //
      MHD_OPTION_LISTEN_SOCKET, socket.get(),                        //
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes_max,      //
      MHD_OPTION_CONNECTION_LIMIT, state_->options.connections_max,  //
      MHD_OPTION_STRICT_FOR_CLIENT, 1,                               //
      MHD_OPTION_NOTIFY_COMPLETED, &State::on_request_end, nullptr,  //
      MHD_OPTION_NOTIFY_CONNECTION, &State::on_connection, state_.get(), MHD_OPTION_END);
  if (state_->daemon == nullptr) {
    throw Error(ErrorKind::limit, "start an HTTP server: no thread or memory for it");
  }
  (void)socket.release();  // MHD's from now on
}

HttpListener::~HttpListener() { MHD_stop_daemon(state_->daemon); }

uint16_t HttpListener::port() const { return state_->port; }

void HttpListener::run(const StopToken& stop) {
  pollfd polled{stop.fd(), POLLIN, 0};
  while (!stop.stop_requested()) {
    (void)::poll(&polled, 1, static_cast<int>(look_interval.count()));
    state_->end_late_connections();
  }
  UniqueFd(MHD_quiesce_daemon(state_->daemon)).reset();  // lets nobody in any more
  std::unique_lock lock(state_->mutex);
  state_->gone.wait_for(lock, state_->options.stop_timeout, [this] {
    return std::none_of(state_->guests.begin(), state_->guests.end(),
                        [](const auto& guest) { return guest.second.has_request; });
  });
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool is_v6 = host.find(':') != std::string_view::npos;
  if (is_v6) {
    if (!host.starts_with('[') || !host.ends_with(']')) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  }
  ListenAddress address{.host = std::string(host)};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || !socket_address(address)) {
    return std::nullopt;
  }
  return address;
}

bool is_loopback(const ListenAddress& address) {
  return address.host.starts_with("127.") || address.host == "::1";
}

}  // namespace lifeboat
