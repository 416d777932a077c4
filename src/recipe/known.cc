#include "recipe/known.h"

#include <algorithm>

#include "base/names.h"
#include "base/text.h"

namespace lifeboat {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  if (!pattern.ends_with('*')) return name == pattern || name.ends_with("/" + std::string(pattern));
  pattern.remove_suffix(1);
  return name.starts_with(pattern) || name.find("/" + std::string(pattern)) != std::string::npos;
}

}  // namespace

std::string image_repository(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t slash = image.rfind('/');
  const size_t colon = image.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    image = image.substr(0, colon);
  }
  // A first part with a dot or a port is a registry, as Docker reads it.
  const size_t first = image.find('/');
  const std::string_view host =
      first == std::string_view::npos ? std::string_view() : image.substr(0, first);
  if (host.find_first_of(".:") != std::string_view::npos || host == "localhost") {
    image.remove_prefix(first + 1);
  }
  if (image.starts_with("library/")) image.remove_prefix(8);
  return std::string(image);
}

const std::vector<KnownImage>& known_images() {
  static const std::vector<KnownImage> images{
      {"n8nio/n8n", "n8n", "/home/node/.n8n", ""},
      {"devlikeapro/waha*", "waha", "/app/.sessions", ""},
      {"traefik", "traefik", "", ""},
      {"caddy", "caddy", "/data", ""},
      {"louislam/uptime-kuma", "uptime-kuma", "/app/data", ""},
      {"grafana/grafana", "grafana", "/var/lib/grafana", ""},
      {"grafana/grafana-oss*", "grafana", "/var/lib/grafana", ""},
      {"grafana/grafana-enterprise*", "grafana", "/var/lib/grafana", ""},
      {"traccar/traccar", "files", "",
       "its positions are in its database: protect that with the recipe traccar"},
      {"mysql", "mysql", "/var/lib/mysql", ""},
      {"mysql/mysql-server", "mysql", "/var/lib/mysql", ""},
      {"percona", "mysql", "/var/lib/mysql", ""},
      {"mariadb", "mysql", "/var/lib/mysql", ""},
      {"postgres", "postgres", "/var/lib/postgresql/data", ""},
      {"supabase/postgres", "postgres", "/var/lib/postgresql/data", ""},
      {"postgis/postgis", "postgres", "/var/lib/postgresql/data", ""},
      {"pgvector/pgvector", "postgres", "/var/lib/postgresql/data", ""},
      {"timescale/timescaledb*", "postgres", "/var/lib/postgresql/data", ""},
      {"prom/prometheus", "volume", "/prometheus",
       "skip it if the metrics are kept elsewhere, as by Thanos"},
      {"grafana/loki", "volume", "/loki", "skip it if the logs may be lost"},
      {"redis", "volume", "/data", "skip it if it is only a cache"},
      {"valkey/valkey", "volume", "/data", "skip it if it is only a cache"},
      {"prom/alertmanager", "volume", "/alertmanager", "it holds silences"}};
  return images;
}

const KnownImage* known_image(std::string_view image) {
  const std::string repository = image_repository(image);
  const auto& images = known_images();
  // The whole name first: "supabase/postgres" is also the end of no other's, but "x/postgres" is
  // any mirror's.
  for (const KnownImage& known : images) {
    if (repository == known.pattern) return &known;
  }
  const auto found = std::find_if(images.begin(), images.end(), [&](const KnownImage& known) {
    return matches(known.pattern, repository);
  });
  return found == images.end() ? nullptr : &*found;
}

const std::vector<KnownPlace>& known_places() {
  static const std::vector<KnownPlace> places{{"/etc/traefik", "files"},
                                              {"/etc/caddy", "files"},
                                              {"/etc/nginx", "files"},
                                              {"/etc/letsencrypt", "files"},
                                              {"/var/lib/caddy/.local/share/caddy", "caddy"},
                                              {"/opt/*", "volume"},
                                              {"/srv/*", "volume"},
                                              {"/root/*compose*.yml", "files"},
                                              {"/root/*compose*.yaml", "files"},
                                              {"/root/.env", "files"}};
  return places;
}

const std::vector<KnownSocket>& known_sockets() {
  static const std::vector<KnownSocket> sockets{{"/run/mysqld/mysqld.sock", "mysql", "traccar"},
                                                {"/var/run/postgresql", "postgres", "supabase"}};
  return sockets;
}

std::string service_name_from(std::string_view text) {
  std::string name;
  for (const char letter : ascii_lower(text)) {
    const bool is_allowed = detail::is_lower_or_digit(letter) || letter == '_';
    if (is_allowed) {
      name += letter;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && !detail::is_lower_or_digit(name.front())) name.erase(0, 1);
  if (name.size() > name_length_max) name.resize(name_length_max);
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "service" : name;
}

}  // namespace lifeboat
