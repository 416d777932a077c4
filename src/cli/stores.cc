#include "cli/stores.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "config/key_tables.h"
#include "store/dir_store.h"
#include "store/s3/credentials.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view dir_scheme = "dir:";
constexpr std::string_view s3_scheme = "s3://";
constexpr std::string_view s3_example =
    "s3://BUCKET?endpoint=https://s3.eu-central-1.wasabisys.com";

std::optional<std::string> variable(std::string_view name) {
  const char* value = ::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Error bad_address(const std::string& text, std::string_view why) {
  return Error(ErrorKind::usage, format("'{}' does not name a store: {}", printable(text), why))
      .hint(format("Write it like '{}', in quotes.", s3_example));
}

std::map<std::string, std::string> parse_query(const std::string& text, std::string_view query) {
  std::map<std::string, std::string> values;
  for (const std::string& pair : split(query, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string name = pair.substr(0, equals);
    const auto value = equals == std::string::npos
                           ? std::nullopt
                           : percent_decode(std::string_view(pair).substr(equals + 1));
    if (!value || value->empty()) {
      throw bad_address(text, format("'{}' has no value", printable(name)));
    }
    if (!values.emplace(name, *value).second) {
      throw bad_address(text, format("'{}' is given twice", printable(name)));
    }
  }
  return values;
}

// "s3.eu-central-1.wasabisys.com" and "s3.eu-central-1.amazonaws.com" say it themselves.
std::string region_of_endpoint(const std::string& endpoint) {
  const size_t host = endpoint.find("://s3.");
  if (host == std::string::npos) return "";
  const size_t begin = host + std::string_view("://s3.").size();
  const size_t end = endpoint.find('.', begin);
  if (end == std::string::npos) return "";
  const std::string_view rest = std::string_view(endpoint).substr(end);
  const bool known = rest.starts_with(".wasabisys.com") || rest.starts_with(".amazonaws.com");
  return known ? endpoint.substr(begin, end - begin) : "";
}

std::string default_region(const std::string& endpoint) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (const auto value = variable(name); value && !value->empty()) return *value;
  }
  const std::string named = region_of_endpoint(endpoint);
  return named.empty() ? "us-east-1" : named;
}

const KeySpec& s3_key(std::string_view name) {
  for (const KeySpec& key : config_section("store.s3").keys) {
    if (key.name == name) return key;
  }
  throw Bug("a key of store.s3");
}

S3StoreConfig parse_s3(const std::string& text) {
  const size_t query = text.find('?');
  std::string bucket = text.substr(s3_scheme.size(), query - s3_scheme.size());
  if (bucket.ends_with('/')) bucket.pop_back();
  if (bucket.find('@') != std::string::npos) {
    throw bad_address("s3://...@...", "keys do not belong into it");
  }
  if (bucket.find('/') != std::string::npos) {
    throw bad_address(text, "a bucket is meant, without a folder");
  }
  if (!s3_key("bucket").accepts(bucket)) {
    throw bad_address(text, format("a bucket's name is {}", s3_key("bucket").expected));
  }
  S3StoreConfig config;
  config.bucket = bucket;
  const std::vector<std::string> known{"endpoint", "region", "path_style", "ca_file", "profile"};
  auto values = parse_query(text, query == std::string::npos ? "" : text.substr(query + 1));
  for (const auto& [name, value] : values) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    // The value is not shown: it may be a key.
    Error error(ErrorKind::usage,
                format("--store s3://{}: unknown part '{}'", bucket, printable(name)));
    if (const auto near = nearest(name, known)) error.add_hint(format("Did you mean '{}'?", *near));
    error.add_hint(
        format("Known are {}; keys come from the environment or --profile.", join(known, ", ")));
    throw error;
  }
  config.endpoint = values["endpoint"];
  for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) {
    if (config.endpoint.empty()) config.endpoint = variable(name).value_or("");
  }
  if (!config.endpoint.empty() && !s3_key("endpoint").accepts(config.endpoint)) {
    throw bad_address(text, format("the endpoint is not {}", s3_key("endpoint").expected));
  }
  config.region = values["region"].empty() ? default_region(config.endpoint) : values["region"];
  const std::string& style = values["path_style"];
  if (!style.empty() && style != "true" && style != "false") {
    throw bad_address(text, "path_style is true or false");
  }
  config.path_style = style == "true";
  if (!values["ca_file"].empty()) config.ca_file = std::filesystem::absolute(values["ca_file"]);
  config.profile = values["profile"];
  return config;
}

S3Credentials credentials_of(const S3StoreConfig& config, const StoreWorld& world) {
  if (world.profile.empty() && config.access_key) {
    return {std::string(config.access_key->reveal()), config.secret_key, config.session_token};
  }
  return find_s3_credentials(
      {.profile = world.profile.empty() ? config.profile : world.profile, .environment = variable});
}

}  // namespace

StoreAddress parse_store_address(const std::string& text) {
  StoreAddress address;
  if (text.starts_with(dir_scheme) && text.size() > dir_scheme.size()) {
    address.dir.path = std::filesystem::absolute(text.substr(dir_scheme.size())).lexically_normal();
    return address;
  }
  if (text.starts_with(s3_scheme)) {
    address.is_s3 = true;
    address.s3 = parse_s3(text);
    return address;
  }
  Error error(ErrorKind::usage, format("'{}' does not name a store", printable(text)));
  if (text.starts_with('/') || text.starts_with('.')) {
    error.add_hint(format("Did you mean --store dir:{}?", printable(text)));
  } else {
    error.add_hint(format("Write it as dir:PATH, or as '{}'.", s3_example));
  }
  throw error;
}

std::unique_ptr<Store> open_dir_store(const DirStoreConfig& config, const StoreWorld& world) {
  return std::make_unique<DirStore>(config.path, world.random);
}

std::unique_ptr<S3Store> open_s3_store(const S3StoreConfig& config, const StoreWorld& world) {
  S3Options options;
  options.endpoint = config.endpoint;
  options.region = config.region;
  options.bucket = config.bucket;
  options.path_style = config.path_style;
  options.credentials = credentials_of(config, world);
  options.ca_file = config.ca_file;
  options.part_bytes = config.part_size;
  options.upload_bytes_per_second = config.upload_limit;
  if (world.is_impatient) {
    options.connect_timeout = std::chrono::seconds(5);
    options.stall_timeout = std::chrono::seconds(10);
    options.retry.attempts_max = 2;
    options.retry.total_max = std::chrono::seconds(20);
  }
  options.warn = [](const std::string& sentence) { log_warning("{}", sentence); };
  log_redact(options.credentials.secret_key->reveal());
  if (options.credentials.session_token) {
    log_redact(options.credentials.session_token->reveal());
  }
  return std::make_unique<S3Store>(options, world.clock, world.random, world.stop);
}

}  // namespace lifeboat::cli
