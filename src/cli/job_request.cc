#include "cli/job_request.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/format.h"
#include "cli/keys.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

Hooks hooks_of(const HooksConfig& hooks) { return {hooks.before, hooks.after, hooks.on_error}; }

}  // namespace

std::vector<age::Recipient> configured_recipients(const EncryptionConfig& encryption) {
  std::vector<age::Recipient> recipients;
  for (size_t at = 0; at < encryption.recipients.size(); ++at) {
    recipients.push_back(with_context(format("encryption.recipients, entry {}", at + 1), [&] {
      return age::parse_recipient(encryption.recipients[at]);
    }));
  }
  if (encryption.recipients_file) {
    const auto& path = *encryption.recipients_file;
    auto more = age::parse_recipients(read_file(path, key_file_bytes_max, ErrorKind::config),
                                      path.native());
    std::move(more.begin(), more.end(), std::back_inserter(recipients));
  }
  return recipients;
}

Retention retention_of(const RetentionConfig& config) {
  return {.daily_days = config.daily, .monthly_months = config.monthly};
}

Service service_of(const ServiceConfig& service) {
  return {service.name, service.recipe, service.settings};
}

BackupService backup_service_of(const ServiceConfig& service) {
  return {service_of(service), hooks_of(service.hooks)};
}

BackupRequest make_backup_request(const Config& config, const JobConfig& job) {
  BackupRequest request;
  request.host = config.host;
  request.job = job.name;
  for (const std::string& name : job.services) {
    const ServiceConfig* service = config.find_service(name);
    ensure(service != nullptr, "the configuration checks the services of its jobs");
    request.services.push_back(backup_service_of(*service));
  }
  request.hooks = hooks_of(job.hooks);
  request.is_single_stream = job.stream;
  request.recipients = configured_recipients(config.encryption);
  request.level = config.compression_level;
  request.cache_bytes_max = config.cache_bytes_max;
  request.cpu_limit_percent = config.cpu_limit_percent;
  request.config_text = config.text_without_secrets;
  request.lock_dir = config.state_dir;
  request.monthly_months = config.retention.monthly;
  return request;
}

}  // namespace lifeboat::cli
