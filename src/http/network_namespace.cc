#include "http/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/format.h"
#include "io/fd.h"

namespace lifeboat {
namespace {

int open_inside(int name_space, int domain, int type, int protocol) {
  int fd = -1;
  int reason = 0;
  try {
    std::thread([&] {
      if (::setns(name_space, CLONE_NEWNET) == 0) {
        fd = ::socket(domain, type | SOCK_CLOEXEC, protocol);
      }
      reason = errno;
    }).join();
  } catch (const std::system_error& error) {
    reason = error.code().value();
  }
  if (fd < 0) errno = reason;
  return fd;
}

Error refused(int pid) {
  const int reason = errno;
  return system_error(ErrorKind::service, format("enter the network of process {}", pid), reason)
      .hint(reason == EPERM || reason == EACCES
                ? "Only root may ask a service that has a network of its own: run this as root."
                : "Did the service end? See its log.");
}

}  // namespace

std::function<int(int, int, int)> sockets_inside(int pid) {
  const auto name_space = std::make_shared<UniqueFd>(
      ::open(format("/proc/{}/ns/net", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!*name_space) throw refused(pid);
  // Tried now, where it can be told why it fails.
  if (!UniqueFd(open_inside(name_space->get(), AF_INET, SOCK_STREAM, 0))) throw refused(pid);
  return [name_space](int domain, int type, int protocol) {
    return open_inside(name_space->get(), domain, type, protocol);
  };
}

}  // namespace lifeboat
