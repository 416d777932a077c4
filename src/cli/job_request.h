// From the configuration to what the engine is asked to do.
#pragma once

#include <vector>

#include "codec/age/age.h"
#include "config/config.h"
#include "engine/backup.h"
#include "snapshot/retention.h"

namespace lifeboat::cli {

// The configured recipients, those of the recipients file last. Errors name the place.
std::vector<age::Recipient> configured_recipients(const EncryptionConfig& encryption);

Retention retention_of(const RetentionConfig& config);

Service service_of(const ServiceConfig& service);
// The same with its hooks.
BackupService backup_service_of(const ServiceConfig& service);

BackupRequest make_backup_request(const Config& config, const JobConfig& job);

}  // namespace lifeboat::cli
