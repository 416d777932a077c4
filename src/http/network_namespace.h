// HTTP to a process that lives in a network namespace of its own, such as a container without any
// network, and needs no program in there: the socket is made inside, and works from outside.
//
// Entering a namespace counts for one thread, so a short one does it and gives the socket back.
// https://man7.org/linux/man-pages/man2/setns.2.html
#pragma once

#include <functional>

namespace lifeboat {

// For HttpOptions::open_socket: makes sockets in the network namespace that process `pid` has now,
// also once the process is gone. Throws Error(service): no such process, or not root.
std::function<int(int domain, int type, int protocol)> sockets_inside(int pid);

}  // namespace lifeboat
