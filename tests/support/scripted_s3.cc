#include "support/scripted_s3.h"

#include <chrono>

#include "support/scripted_s3_bucket.h"
#include "support/scripted_s3_request.h"
#include "support/scripted_s3_text.h"

namespace lifeboat::test {
namespace {

std::string error_body(const std::string& code, const std::string& message,
                       const std::string& elements) {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" + xml_escape(code) +
         "</Code><Message>" + xml_escape(message) + "</Message>" + elements +
         "<RequestId>0123456789ABCDEF</RequestId></Error>";
}

bool has_header(const ServedResponse& response, const std::string& name) {
  for (const auto& header : response.headers) {
    if (header.first == name) return true;
  }
  return false;
}

// `usual` as the fault wants it.
ServedResponse spoilt(ServedResponse usual, const ScriptedFault& fault) {
  if (fault.status != 0) {
    usual = {fault.status, fault.headers, ""};
    if (fault.body) {
      usual.body = *fault.body;
    } else if (fault.status >= 300 || !fault.code.empty()) {
      usual.body = error_body(fault.code, "scripted", "");
    }
  }
  usual.wire = fault.wire;
  usual.wire_byte = fault.wire_byte;
  return usual;
}

}  // namespace

struct ScriptedS3::State {
  explicit State(const ScriptedS3Options& chosen) : options(chosen), bucket(chosen) {}

  std::time_t now() const {
    return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) +
           options.clock_offset_seconds;
  }
  ServedResponse carry_out(AskedS3& asked) {
    try {
      check_signature(asked, options, now());
      check_digests(asked);
      const std::lock_guard lock(mutex);
      return bucket.carry_out(asked, now());
    } catch (const S3Refusal& refusal) {
      return {refusal.status, refusal.headers,
              error_body(refusal.code, refusal.message, refusal.elements)};
    }
  }

  const ScriptedS3Options options;
  std::mutex script_mutex;  // numbers the requests and calls the script, one at a time
  Script script;
  uint64_t number = 0;
  mutable std::mutex mutex;
  ScriptedBucket bucket;
  ScriptedS3Counts counts;
};

ScriptedS3::ScriptedS3(ScriptedS3Options options) : state_(std::make_shared<State>(options)) {}

ServedResponse ScriptedS3::handle(const ServedRequest& request) {
  AskedS3 asked = take_apart(request, state_->options);
  std::optional<ScriptedFault> fault;
  {
    const std::lock_guard lock(state_->script_mutex);
    {
      const std::lock_guard counting(state_->mutex);
      ++state_->counts.requests[asked.operation];
      state_->counts.bytes_in += request.body.size();
    }
    ++state_->number;
    if (state_->script) fault = state_->script(asked.operation, state_->number, request);
  }
  ServedResponse response;
  if (!fault || fault->status == 0 || fault->after_effect) response = state_->carry_out(asked);
  if (fault) response = spoilt(std::move(response), *fault);
  if (!has_header(response, "Date")) {
    response.headers.emplace_back("Date", http_date(state_->now()));
  }
  if (request.method != "HEAD") {
    const std::lock_guard lock(state_->mutex);
    state_->counts.bytes_out += response.body.size();
  }
  return response;
}

std::string ScriptedS3::operation(const ServedRequest& request) const {
  return take_apart(request, state_->options).operation;
}

void ScriptedS3::script(Script script) {
  const std::lock_guard lock(state_->script_mutex);
  state_->script = std::move(script);
  state_->number = 0;
}

std::map<std::string, std::string> ScriptedS3::objects() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bucket.objects();
}

void ScriptedS3::put_object(const std::string& key, const std::string& content) {
  const std::lock_guard lock(state_->mutex);
  state_->bucket.put_object(key, content, state_->now());
}

size_t ScriptedS3::uploads_in_progress() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bucket.uploads_in_progress();
}

std::vector<uint64_t> ScriptedS3::last_part_sizes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bucket.last_part_sizes();
}

ScriptedS3Counts ScriptedS3::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

void ScriptedS3::reset_counts() {
  const std::lock_guard lock(state_->mutex);
  state_->counts = {};
}

}  // namespace lifeboat::test
