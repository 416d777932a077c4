#include "recipe/known.h"

#include <gtest/gtest.h>

#include "base/names.h"

namespace lifeboat {
namespace {

TEST(ImageRepository, LeavesRegistryTagAndDigestAway) {
  EXPECT_EQ(image_repository("docker.n8n.io/n8nio/n8n:1.2"), "n8nio/n8n");
  EXPECT_EQ(image_repository("postgres"), "postgres");
  EXPECT_EQ(image_repository("docker.io/library/redis:7@sha256:00ff"), "redis");
  EXPECT_EQ(image_repository("localhost:5000/team/app"), "team/app");
  EXPECT_EQ(image_repository("registry:5000/app:1"), "app");
  EXPECT_EQ(image_repository("ghcr.io/x/y@sha256:00"), "x/y");
  EXPECT_EQ(image_repository(""), "");
}

std::string recipe_of(std::string_view image) {
  const KnownImage* known = known_image(image);
  return known == nullptr ? "" : std::string(known->recipe);
}

TEST(KnownImage, IsFoundWhereverItComesFrom) {
  EXPECT_EQ(recipe_of("n8nio/n8n"), "n8n");
  EXPECT_EQ(recipe_of("docker.n8n.io/n8nio/n8n:latest"), "n8n");
  EXPECT_EQ(recipe_of("devlikeapro/waha-plus:chrome"), "waha");
  EXPECT_EQ(recipe_of("traefik:v3"), "traefik");
  EXPECT_EQ(recipe_of("louislam/uptime-kuma:1"), "uptime-kuma");
  EXPECT_EQ(recipe_of("grafana/grafana-oss:11"), "grafana");
  EXPECT_EQ(recipe_of("supabase/postgres:15.1"), "postgres");
  EXPECT_EQ(recipe_of("mirror.example/library/mariadb:10"), "mysql");
  EXPECT_EQ(recipe_of("my.registry/mirrors/postgres:15"), "postgres");
  EXPECT_EQ(recipe_of("prom/prometheus"), "volume");
  EXPECT_EQ(recipe_of("mypostgres"), "");
  EXPECT_EQ(recipe_of("nginx:1"), "");
  EXPECT_EQ(recipe_of("sha256:0123"), "");
}

TEST(ServiceNameFrom, IsAlwaysAName) {
  EXPECT_EQ(service_name_from("root_n8n-1"), "root_n8n-1");
  EXPECT_EQ(service_name_from("My App (new)"), "my-app-new");
  EXPECT_EQ(service_name_from("/opt/thing.d"), "opt-thing-d");
  EXPECT_EQ(service_name_from("__x"), "x");
  EXPECT_EQ(service_name_from("äö"), "service");
  for (const char* text : {"a", "..", "-", "A/B", "x--", ""}) {
    EXPECT_TRUE(is_service_name(service_name_from(text))) << text;
  }
  EXPECT_EQ(service_name_from(std::string(200, 'x')).size(), name_length_max);
}

}  // namespace
}  // namespace lifeboat
