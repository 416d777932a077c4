// The bucket of the scripted S3 server: what it holds, and what each operation does to it.
#pragma once

#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "support/scripted_s3_request.h"

namespace lifeboat::test {

// The caller takes care that one request at a time is carried out.
class ScriptedBucket {
 public:
  explicit ScriptedBucket(const ScriptedS3Options& options) : options_(options) {}

  // Throws S3Refusal.
  ServedResponse carry_out(const AskedS3& asked, std::time_t now);

  std::map<std::string, std::string> objects() const;
  void put_object(const std::string& key, std::string content, std::time_t now) {
    objects_[key] = stored(std::move(content), now);
  }
  size_t uploads_in_progress() const { return uploads_.size(); }
  const std::vector<uint64_t>& last_part_sizes() const { return last_part_sizes_; }

 private:
  struct Stored {
    std::string content;
    std::string md5;   // 16 bytes
    std::string etag;  // without quotes
    std::time_t modified = 0;
  };
  struct Upload {
    std::string key;
    std::map<unsigned, Stored> parts;
  };
  static Stored stored(std::string content, std::time_t now);
  using Uploads = std::map<std::string, Upload>;  // by id; ids grow

  ServedResponse on_bucket(const AskedS3& asked);
  ServedResponse on_setting(const AskedS3& asked);
  ServedResponse list_objects(const AskedS3& asked) const;
  ServedResponse list_uploads(const AskedS3& asked) const;
  ServedResponse read_object(const AskedS3& asked) const;
  void check_overwrite(const AskedS3& asked) const;
  // What a copy takes, the whole or a range of it.
  Stored copied(const AskedS3& asked, std::time_t now) const;
  ServedResponse begin_upload(const AskedS3& asked);
  ServedResponse store_part(const AskedS3& asked, Stored part, const std::string& copy_root);
  ServedResponse complete(const AskedS3& asked, std::time_t now);
  void check_part_sizes(const std::vector<uint64_t>& sizes) const;
  Uploads::iterator upload_of(const AskedS3& asked);

  ScriptedS3Options options_;
  std::map<std::string, Stored> objects_;
  Uploads uploads_;
  uint64_t uploads_begun_ = 0;
  std::map<std::string, std::string> settings_;  // XML or JSON by the end of its operation
  std::vector<uint64_t> last_part_sizes_;
};

}  // namespace lifeboat::test
