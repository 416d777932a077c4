#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "http/client.h"
#include "observe/metric_samples.h"
#include "observe/metrics.h"

namespace lifeboat {
namespace {

constexpr std::string_view host_group = "lifeboat";
constexpr uint64_t answer_max_bytes = 1 << 20;
constexpr size_t cause_max_bytes = 300;
constexpr int tries_max = 2;

std::string group_path(std::string_view host, std::string_view job) {
  return format("/metrics/job/{}/host/{}", percent_encode(job), percent_encode(host));
}

std::string drill_path(std::string_view host, std::string_view job) {
  return group_path(host, job) + "/activity/drill";
}

class Gateway {
 public:
  explicit Gateway(const PushRequest& request)
      : request_(request),
        client_({.body_max = answer_max_bytes, .connect_timeout = request.timeout}) {}

  void send(std::string method, const std::string& path, std::string body) {
    const std::string base = request_.url.substr(0, request_.url.find_last_not_of('/') + 1);
    HttpRequest http{.method = std::move(method), .url = base + path, .body = std::move(body)};
    http.headers = {{"Content-Type", "text/plain; version=0.0.4"}};
    http.timeout = request_.timeout;
    http.stop = request_.stop;
    const HttpResponse response = send_twice(http);
    if (response.status / 100 == 2) return;
    Error error(
        ErrorKind::service,
        format("{} {}: the gateway answers {}: {}", http.method, printable_url(http.url),
               response.status, redact(printable(trim(response.body).substr(0, cause_max_bytes)))));
    if (response.status == 401 || response.status == 403) {
      error.add_hint("Check the user and password in metrics.pushgateway.");
    }
    throw error;
  }

 private:
  HttpResponse send_twice(const HttpRequest& http) {
    for (int tries = 1;; ++tries) {
      try {
        HttpResponse response = client_.send(http);
        if (tries == tries_max || !is_transient_status(response.status)) return response;
      } catch (const Error& error) {
        if (tries == tries_max || !error.is_transient()) throw;
      }
    }
  }

  const PushRequest& request_;
  HttpClient client_;
};

}  // namespace

void push_metrics(const PushRequest& request, const HostState& state) {
  // By path, so that a job that is called like the host's group shares it.
  std::map<std::string, MetricSamples> groups;
  groups[group_path(state.host, host_group)].add_host(state);
  for (const JobState& job : state.jobs) {
    groups[group_path(state.host, job.name)].add_job(state.host, job);
  }
  for (const DrillState& drill : state.drills) {
    groups[drill_path(drill.host, drill.job)].add_drill(drill);
  }
  Gateway gateway(request);
  for (const auto& [path, samples] : groups) gateway.send("PUT", path, samples.print());
}

void delete_pushed(const PushRequest& request, std::string_view host,
                   const std::vector<std::string>& jobs) {
  Gateway gateway(request);
  for (const std::string& job : jobs) {
    gateway.send("DELETE", group_path(host, job), "");
    gateway.send("DELETE", drill_path(host, job), "");
  }
}

}  // namespace lifeboat
