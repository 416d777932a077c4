// What a container's image, or a place on the host, tells of the service behind it: the recipe that
// knows it, and where in the container its data lies.
//
// Images are known by the last parts of their name, since mirrors and own registries change the
// first: `docker.n8n.io/n8nio/n8n:1.2` is `n8nio/n8n`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

struct KnownImage {
  std::string_view pattern;      // "n8nio/n8n"; a '*' at its end stands for anything
  std::string_view recipe;       // "n8n"
  std::string_view destination;  // where the container has its data; empty: in any of its mounts
  std::string_view note;         // for whoever decides; may be empty
};

// "docker.n8n.io/n8nio/n8n:1.2@sha256:..." -> "n8nio/n8n", "docker.io/library/redis" -> "redis".
std::string image_repository(std::string_view image);
// Null for an image that no recipe knows.
const KnownImage* known_image(std::string_view image);
const std::vector<KnownImage>& known_images();

// Places of the host where data of services tends to lie outside of containers. A '*' stands for
// each name of a folder that has no '/'.
struct KnownPlace {
  std::string_view pattern;  // "/opt/*"
  std::string_view recipe;   // that takes it
};
const std::vector<KnownPlace>& known_places();

// Database servers of the host itself.
struct KnownSocket {
  std::string_view path;      // of the socket, or of the folder with it
  std::string_view recipe;    // "mysql"
  std::string_view relative;  // another recipe that reads such a server
};
const std::vector<KnownSocket>& known_sockets();

// A name by the rules of services (base/names.h) that looks like `text`: "My App" -> "my-app".
std::string service_name_from(std::string_view text);

}  // namespace lifeboat
