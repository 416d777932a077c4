#include "observe/relay.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/kdf.h"
#include "observe/notify/sender.h"

namespace lifeboat {
namespace {

// A token that was refused is not sent again and again, though Alertmanager tries each minute.
constexpr std::chrono::minutes gone_pause{10};
constexpr size_t causes_max = 10;  // of one problem

using Labels = std::map<std::string, std::string, std::less<>>;

struct Alert {
  bool is_firing = false;
  Labels labels;
  Labels annotations;
  std::string starts_at;
  std::string generator_url;

  // The first of `names` that is there and not empty.
  std::string label(std::initializer_list<std::string_view> names) const {
    return first_of(labels, names);
  }
  std::string annotation(std::initializer_list<std::string_view> names) const {
    return first_of(annotations, names);
  }
  static std::string first_of(const Labels& texts, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const auto found = texts.find(name);
      if (found != texts.end() && !found->second.empty()) return found->second;
    }
    return "";
  }
};

[[noreturn]] void refuse(std::string_view why) {
  throw Error(ErrorKind::usage, format("read alerts: {}", why));
}

std::string text_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

Labels read_labels(const Json& alert, const char* name) {
  Labels labels;
  const auto found = alert.find(name);
  if (found == alert.end() || !found->is_object()) refuse(format("an alert without {}", name));
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) refuse(format("{} that are not texts", name));
    labels[key] = value.get<std::string>();
  }
  return labels;
}

Alert read_alert(const Json& json) {
  if (!json.is_object()) refuse("an alert that is no object");
  Alert alert;
  const std::string status = text_member(json, "status");
  if (status != "firing" && status != "resolved") refuse("an alert of no known status");
  alert.is_firing = status == "firing";
  alert.labels = read_labels(json, "labels");
  alert.annotations = read_labels(json, "annotations");
  if (alert.label({"alertname"}).empty()) refuse("an alert without the label alertname");
  alert.starts_at = text_member(json, "startsAt");
  alert.generator_url = text_member(json, "generatorURL");
  return alert;
}

// "vps-h1:9100" is the host vps-h1.
std::string host_of(const Alert& alert) {
  std::string host = alert.label({"host", "exported_host"});
  if (!host.empty()) return host;
  host = alert.label({"instance"});
  const size_t colon = host.rfind(':');
  if (colon != std::string::npos &&
      host.find_first_not_of("0123456789", colon + 1) == std::string::npos) {
    host.resize(colon);
  }
  return host.empty() ? "unknown" : host;
}

std::string job_of(const Alert& alert) {
  return alert.label({"backup_job", "exported_job", "job"});
}

std::string problem_id(const Alert& alert) {
  std::string id = "alert/" + alert.label({"alertname"});
  for (const std::string& part : {job_of(alert), alert.label({"service"})}) {
    if (!part.empty()) id += "/" + part;
  }
  return id;
}

std::string cause_of(const Alert& alert) {
  const std::string cause = alert.annotation({"description", "message", "summary"});
  return cause.empty() ? "the alert has no description" : cause;
}

Notice notice_of(const Alert& alert, Timestamp now) {
  const std::string name = alert.label({"alertname"});
  std::string title = alert.annotation({"summary"});
  if (title.empty()) title = format("{} of {}", name, host_of(alert));
  Problem problem{.id = problem_id(alert), .title = title, .cause = cause_of(alert), .hints = {}};
  const std::string runbook = alert.annotation({"runbook_url"});
  if (!runbook.empty()) problem.hints.push_back(format("Read {}.", runbook));
  Notice notice;
  notice.kind = alert.label({"severity"}) == "critical" ? NoticeKind::failure : NoticeKind::warning;
  notice.host = host_of(alert);
  notice.activity = "alert";
  notice.job = job_of(alert);
  notice.title = title;
  notice.problems = {std::move(problem)};
  notice.time = now;
  notice.facts = {{"firing since", alert.starts_at}};
  for (const auto& [label, value] : alert.labels) notice.facts.push_back({label, value});
  // Without the query: nobody can tell what is in there.
  if (!alert.generator_url.empty()) {
    notice.facts.push_back({"from", printable_url(alert.generator_url)});
  }
  return notice;
}

void add_cause(Problem& problem, const Alert& alert, size_t alerts) {
  if (alerts <= causes_max) problem.cause += "\n" + cause_of(alert);
  if (alerts == causes_max + 1) problem.cause += "\n…";
}

std::string print_alert(const Notice& notice) {
  const std::string what = notice.problems.empty() ? notice.title : notice.problems.front().id;
  return printable(format("{}: {}", notice.host, what));
}

HttpAnswer plain(int status, std::string_view text) {
  return {.status = status,
          .body = format("{}\n", text),
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}}};
}

}  // namespace

std::vector<Notice> read_alerts(std::string_view text, Timestamp now) {
  const Json json = parse_json(text, "alerts");
  const auto alerts = json.is_object() ? json.find("alerts") : json.end();
  if (!json.is_object() || text_member(json, "version") != "4") refuse("not of version 4");
  if (alerts == json.end() || !alerts->is_array() || alerts->empty()) refuse("there are none");
  std::vector<Notice> notices;
  std::map<std::pair<std::string, std::string>, std::pair<size_t, size_t>> known;  // place, alerts
  std::map<std::string, Notice> over;                                              // by host
  for (const Json& item : *alerts) {
    const Alert alert = read_alert(item);
    if (!alert.is_firing) {
      over[host_of(alert)].resolved.push_back(problem_id(alert));
      continue;
    }
    const auto [place, is_new] =
        known.try_emplace({host_of(alert), problem_id(alert)}, notices.size(), 0);
    ++place->second.second;
    if (is_new) {
      notices.push_back(notice_of(alert, now));
    } else {
      add_cause(notices[place->second.first].problems.front(), alert, place->second.second);
    }
  }
  for (auto& [host, notice] : over) {
    // One of its alerts is over, another is not.
    std::erase_if(notice.resolved, [&known, &host = host](const std::string& id) {
      return known.contains({host, id});
    });
    if (notice.resolved.empty()) continue;
    notice.host = host;
    notice.activity = "alert";
    notice.title = format("resolved: {}", join(notice.resolved, ", "));
    notice.is_recovery = true;
    notice.time = now;
    notices.push_back(std::move(notice));
  }
  const auto left_out = json.find("truncatedAlerts");
  if (left_out != json.end() && left_out->is_number_unsigned() && *left_out > 0) {
    const std::string warning =
        format("Alertmanager left out {} of this group: raise max_alerts of its webhook.",
               print_count(left_out->get<uint64_t>(), "alert", "alerts"));
    for (Notice& notice : notices) notice.warnings.push_back(warning);
  }
  return notices;
}

bool Relay::is_allowed(const HttpCall& call) const {
  if (!bearer_) return true;
  constexpr std::string_view scheme = "bearer ";
  const std::string_view given = call.header("authorization").value_or("");
  return ascii_lower(given.substr(0, scheme.size())) == scheme &&
         constant_time_equal(as_bytes(given.substr(scheme.size())), bearer_->view());
}

HttpAnswer Relay::answer(const HttpCall& call) {
  const bool reads = call.method == "GET" || call.method == "HEAD";
  if (call.path == "/healthz") return reads ? health() : plain(405, "GET only");
  if (call.path != "/alertmanager") return plain(404, "POST /alertmanager, GET /healthz");
  if (call.method != "POST") {
    HttpAnswer refused = plain(405, "POST only");
    refused.headers.emplace_back("Allow", "POST");
    return refused;
  }
  if (!is_allowed(call)) {
    HttpAnswer refused = plain(401, "a bearer token is needed, and the right one");
    refused.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refused;
  }
  return take_alerts(call);
}

HttpAnswer Relay::take_alerts(const HttpCall& call) {
  // What a web page makes a browser post has another type.
  const std::string type = ascii_lower(call.header("content-type").value_or(""));
  if (trim(type.substr(0, type.find(';'))) != "application/json") {
    return plain(415, "application/json only");
  }
  std::vector<Notice> notices;
  try {
    notices = read_alerts(call.body, clock_.now());
  } catch (const Error& error) {
    log_warning("refused: {}", printable(error.what()));
    return plain(400, printable(error.what()));
  }
  return deliver(notices);
}

// All that can be delivered is, whatever becomes of the others.
HttpAnswer Relay::deliver(const std::vector<Notice>& notices) {
  const std::lock_guard one_at_a_time(delivery_);
  {
    const std::lock_guard lock(mutex_);
    if (not_before_ && clock_.now() < *not_before_) return plain(503, failure_);
  }
  std::string failure;
  bool is_gone = false;
  for (const Notice& notice : notices) {
    try {
      notifier_.tell(notice);
      log_info("told {}: {}", notifier_.name(), print_alert(notice));
    } catch (const Error& error) {
      failure = printable(redact(error.what()));
      is_gone = dynamic_cast<const TargetGone*>(&error) != nullptr;
      log_warning("not told {}: {}: {}", notifier_.name(), print_alert(notice), failure);
      for (const std::string& hint : error.hints()) log_warning("hint: {}", printable(hint));
      if (is_gone) break;
    }
  }
  const std::lock_guard lock(mutex_);
  failure_ = failure;
  not_before_.reset();
  if (is_gone) not_before_ = clock_.now() + gone_pause;
  return failure.empty() ? plain(200, "ok") : plain(503, failure);
}

HttpAnswer Relay::health() const {
  const std::lock_guard lock(mutex_);
  if (failure_.empty()) return plain(200, "ok");
  return plain(503, format("the last alerts were not delivered: {}", failure_));
}

}  // namespace lifeboat
