// What `init` will make: all answers, each judged. Nothing is written before it is whole.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/stores.h"
#include "engine/discover.h"

namespace lifeboat::cli {

// A public key and whose it is, for the comment beside it.
struct InitRecipient {
  std::string key;
  std::string note;
};

struct InitPlan {
  std::filesystem::path config;  // absolute; all other files lie beside it
  std::string host;
  std::string date;
  std::vector<Proposal> services;  // of the nightly job, in order
  std::vector<Proposal> left_out;  // written as comments
  StoreAddress store;              // with its keys, if it is a bucket
  std::vector<InitRecipient> recipients;
  std::string schedule = "02:00";
  std::map<std::string, SharedSecret> service_secrets;  // by variable; known ones only

  std::filesystem::path folder() const { return config.parent_path(); }
  std::filesystem::path env_file() const { return folder() / "env"; }
  std::filesystem::path age_key() const { return folder() / "age.key"; }
  std::filesystem::path signing_key() const { return folder() / "signing.key"; }
};

// Names of the environment that hold a bucket's keys, for `init` and in the env file it writes.
inline constexpr const char* access_key_variable = "LIFEBOAT_S3_ACCESS_KEY";
inline constexpr const char* secret_key_variable = "LIFEBOAT_S3_SECRET_KEY";

// A secret that a service works better with, or needs where its own container does not tell it.
struct ServiceSecret {
  std::string variable;  // "N8N_API_KEY"
  std::string option;    // "api_key"
  std::string also;      // another line that goes with it: "url: http://127.0.0.1:5678"
  std::string where;     // to get it, a sentence
};
std::vector<ServiceSecret> secrets_of(const Proposal& service);

}  // namespace lifeboat::cli
