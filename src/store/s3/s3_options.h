// What it takes to talk to one bucket of an S3-compatible provider.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/secret.h"

namespace lifeboat {

struct S3Credentials {
  std::string access_key;  // the public half
  std::shared_ptr<const Secret> secret_key;
  std::shared_ptr<const Secret> session_token;  // null: none
};

// How long one request is tried again. The delay before try n is drawn from 0..delay, where delay
// doubles from `first_delay` to `delay_max`; a Retry-After of the server is waited for in full, up
// to `delay_max`.
struct S3RetryPolicy {
  unsigned attempts_max = 8;
  std::chrono::milliseconds first_delay{250};
  std::chrono::milliseconds delay_max{20'000};
  std::chrono::milliseconds total_max{600'000};  // no new try begins after this
};

struct S3Options {
  std::string endpoint;  // URL without a path; empty: Amazon's own for the region
  std::string region;
  std::string bucket;
  bool path_style = false;  // forced where a host name cannot hold the bucket's
  S3Credentials credentials;
  std::filesystem::path ca_file;  // PEM; empty: the system's authorities

  // An object up to this size is one PUT; larger ones are cut into equal parts of it, or of more if
  // the estimate of the size asks for more than 10,000 parts. At least 5 MiB on real servers.
  uint64_t part_bytes = 8ULL << 20;
  unsigned upload_workers = 3;           // parts in flight; workers + 1 buffers of memory
  uint64_t upload_bytes_per_second = 0;  // of all workers together; 0: no limit
  uint64_t download_block_bytes = 4ULL << 20;
  unsigned download_workers = 4;          // blocks in flight of one long read
  uint64_t copy_part_bytes = 5ULL << 30;  // larger objects are copied in parts of this
  uint64_t list_page_keys = 1000;

  std::chrono::milliseconds connect_timeout{10'000};
  // A transfer that moves less than 1 KiB/s for this long is broken; 20 times this where the server
  // is at work on its own: copies, and putting parts together.
  std::chrono::milliseconds stall_timeout{30'000};
  S3RetryPolicy retry;
  // Told sentences for people: a clock that is off, a retry that took long. Any thread.
  std::function<void(const std::string&)> warn;
};

// Limits of the protocol: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
inline constexpr uint64_t s3_parts_max = 10'000;
inline constexpr uint64_t s3_part_bytes_max = 5ULL << 30;
inline constexpr uint64_t s3_object_bytes_max = 5ULL << 40;

}  // namespace lifeboat
