// Providers of S3 storage that `init` knows the addresses of.
#pragma once

#include <string>
#include <string_view>

namespace lifeboat::cli {

struct Provider {
  std::string_view name;
  std::string_view asks;      // what its endpoint contains: "Region"
  std::string_view fallback;  // for that; may be empty
  std::string_view endpoint;  // with a {} for it; empty: Amazon's own
  std::string_view region;    // to sign with; empty: what was answered
};

// Null for another word.
const Provider* find_provider(std::string_view name);
// "aws, backblaze, ..."
std::string provider_names();
// "s3://BUCKET?endpoint=URL&region=NAME", for parse_store_address.
std::string address_of(const Provider& provider, const std::string& answer,
                       const std::string& bucket);

}  // namespace lifeboat::cli
