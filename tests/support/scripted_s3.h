// An S3 server in memory that a test can script: faithful to the protocol as far as we use it,
// strict about what it accepts (signature, digests, sizes of parts), and able to fail at any
// request or byte. Ceph in tests/s3 is the independent judge; this one misbehaves on demand.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "support/http_server.h"

namespace lifeboat::test {

struct ScriptedS3Options {
  std::string bucket = "bucket";  // exists from the start
  std::string region = "test-1";
  std::string access_key = "AKIDEXAMPLE";
  std::string secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  std::string session_token = {};  // demanded if not empty
  bool conditional_writes = true;  // knows If-None-Match; else ignores it, as Ceph does
  bool equal_parts = false;        // refuses parts of unequal size when they are completed, as R2
  bool allow_get = true;
  bool allow_delete = true;
  uint64_t part_bytes_min = 0;  // of all parts but the last; 5 MiB on real servers
  size_t page_keys_max = 1000;
  int64_t clock_offset_seconds = 0;  // the server's clock minus the machine's
};

// What becomes of one request. Without a status the request is answered as usual and only the wire
// misbehaves.
struct ScriptedFault {
  int status = 0;
  std::string code = {};  // of the error body: "SlowDown"
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::optional<std::string> body = {};  // instead of an error body
  bool after_effect = false;             // the request takes effect before it is answered so
  ServedResponse::Wire wire = ServedResponse::Wire::normal;
  uint64_t wire_byte = 0;  // where the wire breaks, for the kinds that say so
};

struct ScriptedS3Counts {
  std::map<std::string, uint64_t> requests;  // by operation: "PutObject", "UploadPart" ...
  uint64_t bytes_in = 0;                     // bodies received
  uint64_t bytes_out = 0;                    // bodies sent
};

// Any thread.
class ScriptedS3 {
 public:
  explicit ScriptedS3(ScriptedS3Options options = {});

  ServedResponse handle(const ServedRequest& request);
  // Asked before each request is carried out, one at a time, with its operation and its number:
  // from 1, of all requests since the script was set. It must not call `script`.
  using Script = std::function<std::optional<ScriptedFault>(
      const std::string& operation, uint64_t number, const ServedRequest& request)>;
  void script(Script script);
  // "PutObject", "UploadPartCopy" ..., and of the bucket's settings "GetBucketPolicy",
  // "PutBucketLifecycle" and so on.
  std::string operation(const ServedRequest& request) const;

  std::map<std::string, std::string> objects() const;
  // As if somebody else had put it, also from within the script.
  void put_object(const std::string& key, const std::string& content);
  size_t uploads_in_progress() const;
  // Sizes of the parts of the last completed upload.
  std::vector<uint64_t> last_part_sizes() const;
  ScriptedS3Counts counts() const;
  void reset_counts();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace lifeboat::test
