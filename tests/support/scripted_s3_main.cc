// The scripted S3 server as a process, for tests that kill what speaks with it.
//
//   lifeboat-scripted-s3
//
// It prints its URL, then answers each line of its input by one: "uploads" by the number of those
// in progress, "keep" and "back" (to what was kept) by "ok". It ends with its input. Bucket, region
// and keys are those of ScriptedS3Options.
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "support/http_server.h"
#include "support/scripted_s3.h"

int main() {
  using namespace lifeboat::test;
  std::mutex mutex;  // requests of a run that was killed may still be under way
  auto s3 = std::make_shared<ScriptedS3>();
  const auto current = [&] {
    const std::lock_guard lock(mutex);
    return s3;
  };
  const HttpServer server([&](const ServedRequest& request) { return current()->handle(request); });
  std::cout << server.url() << std::endl;
  std::map<std::string, std::string> kept;
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "uploads") {
      std::cout << current()->uploads_in_progress() << std::endl;
      continue;
    }
    if (line == "keep") kept = current()->objects();
    if (line == "back") {
      auto fresh = std::make_shared<ScriptedS3>();
      for (const auto& [key, content] : kept) fresh->put_object(key, content);
      const std::lock_guard lock(mutex);
      s3 = std::move(fresh);
    }
    std::cout << "ok" << std::endl;
  }
  return 0;
}
