#include "store/s3/s3_bucket.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "base/format.h"
#include "base/text.h"
#include "store/s3/s3_refusal.h"
#include "store/s3/s3_xml.h"

namespace lifeboat {
namespace {

// One setting of a bucket: "?lifecycle".
struct Setting {
  std::string_view name;  // for people
  std::string_view query;
  std::string_view get_right;
  std::string_view put_right;
  std::string_view unset_code;  // of a 404
};

constexpr Setting lifecycle_setting{"lifecycle", "lifecycle", "s3:GetLifecycleConfiguration",
                                    "s3:PutLifecycleConfiguration", "NoSuchLifecycleConfiguration"};
constexpr Setting versioning_setting{"versioning", "versioning", "s3:GetBucketVersioning", "", ""};
constexpr Setting lock_setting{"object lock", "object-lock", "s3:GetBucketObjectLockConfiguration",
                               "s3:PutBucketObjectLockConfiguration",
                               "ObjectLockConfigurationNotFoundError"};
constexpr Setting encryption_setting{
    "default encryption", "encryption", "s3:GetEncryptionConfiguration",
    "s3:PutEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError"};
constexpr Setting policy_setting{"policy", "policy", "s3:GetBucketPolicy", "",
                                 "NoSuchBucketPolicy"};

S3Call setting_call(const S3Client& client, const Setting& setting, std::string method,
                    const StopToken& stop) {
  S3Call call;
  call.attempted =
      format("{} the {} of {}", method == "GET" ? "read" : "set", setting.name, client.name());
  call.right = method == "GET" ? setting.get_right : setting.put_right;
  call.request.method = std::move(method);
  call.request.query = {{std::string(setting.query), ""}};
  call.request.stop = stop;
  return call;
}

void put_setting(S3Client& client, const Setting& setting, const std::string& body,
                 const StopToken& stop) {
  S3Call call = setting_call(client, setting, "PUT", stop);
  call.request.body = as_bytes(body);
  client.send(call);
}

// A server that does not know the question gives a listing of the bucket, or says so.
bool is_unsupported(const S3Answer& answer) {
  return answer.response.status == 405 || answer.response.status == 501 ||
         answer.response.body.find("<ListBucketResult") != std::string::npos;
}

template <typename Value, typename Parse>
Seen<Value> see(S3Client& client, const Setting& setting, const StopToken& stop, Parse&& parse) {
  using State = typename Seen<Value>::State;
  S3Call call = setting_call(client, setting, "GET", stop);
  call.accepted = {403, 404, 405, 501};
  Seen<Value> seen;
  const auto look = [&] {
    const S3Answer answer = client.send_once(call);
    if (is_unsupported(answer)) {
      seen.state = State::unsupported;
    } else if (answer.response.status == 403) {
      seen.state = State::denied;
    } else if (answer.response.status == 404) {
      if (answer.code == setting.unset_code) return;
      throw s3_refusal_error(call, read_s3_refusal(answer.response), client.options());
    } else if (const std::optional<Value> value = parse(answer.response.body)) {
      seen = {State::set, *value};
    }
  };
  client.retry(stop, look, [] { return false; });
  return seen;
}

// All that a rule says of what vanishes when. Its name may be the server's choice.
auto meaning_of(const LifecycleRule& rule) {
  return std::make_tuple(rule.prefix, rule.enabled, rule.expire_days, rule.expire_date,
                         rule.noncurrent_days, rule.abort_incomplete_days, rule.transition_days,
                         rule.expired_delete_markers, rule.has_tag_filter, rule.size_greater_than,
                         rule.size_less_than);
}
using Meaning = decltype(meaning_of({}));

std::multiset<Meaning> meanings_of(const std::vector<LifecycleRule>& rules) {
  std::multiset<Meaning> meanings;
  for (const LifecycleRule& rule : rules) meanings.insert(meaning_of(rule));
  return meanings;
}

}  // namespace

bool S3Bucket::exists() {
  S3Call call;
  call.request.method = "HEAD";
  call.request.stop = stop_;
  call.attempted = format("look for {}", client_.name());
  call.right = "s3:ListBucket";
  call.accepted = {404};
  return client_.send(call).response.status != 404;
}

bool S3Bucket::create(bool object_lock) {
  if (exists()) return false;
  const std::string& region = client_.options().region;
  const std::string place = format(
      "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
      region);
  S3Call call;
  call.request.method = "PUT";
  call.request.stop = stop_;
  call.attempted = format("create {}", client_.name());
  call.right = "s3:CreateBucket";
  call.accepted = {400, 409};
  if (object_lock) call.request.headers = {{"x-amz-bucket-object-lock-enabled", "true"}};
  // Amazon's first region is the one that is never named.
  if (!region.empty() && region != "us-east-1") call.request.body = as_bytes(place);
  S3Answer answer = client_.send(call);
  if (answer.response.status == 400) {
    // Some servers have regions for signatures that are no places for buckets.
    call.request.body = {};
    call.accepted = {409};
    answer = client_.send(call);
  }
  if (answer.response.status != 409) return true;
  if (answer.code == "BucketAlreadyOwnedByYou") return answer.attempts > 1;
  throw Error(ErrorKind::store, format("create {}: {}", client_.name(), printable(answer.code)))
      .hint("Bucket names are shared by all customers of a provider: choose another.");
}

Seen<std::vector<LifecycleRule>> S3Bucket::lifecycle() {
  return see<std::vector<LifecycleRule>>(client_, lifecycle_setting, stop_, [](const auto& body) {
    return std::optional(parse_s3_lifecycle(body));
  });
}

void S3Bucket::put_lifecycle(const std::vector<LifecycleRule>& rules) {
  if (rules.empty()) {  // an empty configuration is refused
    client_.send(setting_call(client_, lifecycle_setting, "DELETE", stop_));
  } else {
    put_setting(client_, lifecycle_setting, print_s3_lifecycle(rules), stop_);
  }
  const Seen<std::vector<LifecycleRule>> kept = lifecycle();
  if (kept.state == Seen<std::vector<LifecycleRule>>::State::denied) {
    throw Error(ErrorKind::store, format("read back the lifecycle of {}: denied", client_.name()))
        .hint(
            "Give this key s3:GetLifecycleConfiguration: rules that nobody checked are not "
            "trusted.");
  }
  if (meanings_of(kept.value) == meanings_of(rules)) return;
  throw Error(ErrorKind::store,
              format("set the lifecycle of {}: the server kept other rules than it was given",
                     client_.name()))
      .hint(
          "Look at them with 'lifeboat bucket audit': the provider may not know every kind of "
          "rule.");
}

Seen<Versioning> S3Bucket::versioning() {
  return see<Versioning>(
      client_, versioning_setting, stop_, [](const std::string& body) -> std::optional<Versioning> {
        const auto text = parse_s3_text(body, "VersioningConfiguration", "Status");
        if (text == "Enabled") return Versioning::enabled;
        if (text == "Suspended") return Versioning::suspended;
        return std::nullopt;
      });
}

Seen<ObjectLock> S3Bucket::object_lock() {
  return see<ObjectLock>(
      client_, lock_setting, stop_, [](const std::string& body) -> std::optional<ObjectLock> {
        const auto text = [&](std::string_view path) {
          return parse_s3_text(body, "ObjectLockConfiguration", path).value_or("");
        };
        if (text("ObjectLockEnabled") != "Enabled") return std::nullopt;
        const std::string retention = "Rule/DefaultRetention/";
        ObjectLock lock{.mode = text(retention + "Mode")};
        const std::string days = text(retention + "Days");
        const std::string years = text(retention + "Years");
        const std::string& number = days.empty() ? years : days;
        std::from_chars(number.data(), number.data() + number.size(), lock.days);
        if (days.empty()) lock.days *= 365;
        return lock;
      });
}

void S3Bucket::put_object_lock(const ObjectLock& lock) {
  ensure(!lock.mode.empty() && lock.days > 0, "a default of object lock has a mode and days");
  put_setting(client_, lock_setting,
              format("<ObjectLockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                     "<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
                     "<Mode>{}</Mode><Days>{}</Days></DefaultRetention></Rule>"
                     "</ObjectLockConfiguration>",
                     lock.mode, lock.days),
              stop_);
}

Seen<std::string> S3Bucket::default_encryption() {
  return see<std::string>(client_, encryption_setting, stop_, [](const std::string& body) {
    return parse_s3_text(body, "ServerSideEncryptionConfiguration",
                         "Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm");
  });
}

bool S3Bucket::put_default_encryption() {
  S3Call call = setting_call(client_, encryption_setting, "PUT", stop_);
  const std::string_view body =
      "<ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
      "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>";
  call.request.body = as_bytes(body);
  // Ceph takes it for the creation of a bucket: it refuses the body with 400, or says that all is
  // well, so the setting is read back.
  call.accepted = {400, 405, 409, 501};
  if (client_.send(call).response.status >= 300) return false;
  using State = Seen<std::string>::State;
  const State state = default_encryption().state;
  return state == State::set || state == State::denied;
}

Seen<std::string> S3Bucket::policy() {
  return see<std::string>(client_, policy_setting, stop_,
                          [](const std::string& body) { return std::optional(body); });
}

}  // namespace lifeboat
