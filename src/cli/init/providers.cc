#include "cli/init/providers.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

// As the providers' pages name them: docs/PROVIDERS.md.
constexpr std::array<Provider, 5> providers{{
    {"aws", "Region", "eu-central-1", "", ""},
    {"backblaze", "Region", "eu-central-003", "https://s3.{}.backblazeb2.com", ""},
    {"cloudflare", "Account id", "", "https://{}.r2.cloudflarestorage.com", "auto"},
    {"hetzner", "Location", "fsn1", "https://{}.your-objectstorage.com", ""},
    {"wasabi", "Region", "eu-central-1", "https://s3.{}.wasabisys.com", ""},
}};

}  // namespace

const Provider* find_provider(std::string_view name) {
  const auto found = std::find_if(providers.begin(), providers.end(),
                                  [&](const Provider& one) { return one.name == name; });
  return found == providers.end() ? nullptr : &*found;
}

std::string provider_names() {
  std::vector<std::string_view> names;
  for (const Provider& provider : providers) names.push_back(provider.name);
  return format("{}", join(names, ", "));
}

std::string address_of(const Provider& provider, const std::string& answer,
                       const std::string& bucket) {
  const std::string word = percent_encode(answer);
  const std::string_view region = provider.region.empty() ? word : provider.region;
  std::string address = format("s3://{}?region={}", bucket, region);
  if (provider.endpoint.empty()) return address;
  const size_t gap = provider.endpoint.find("{}");
  return address + format("&endpoint={}{}{}", provider.endpoint.substr(0, gap), word,
                          provider.endpoint.substr(gap + 2));
}

}  // namespace lifeboat::cli
