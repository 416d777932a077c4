#include "recipe/n8n/rest_export.h"

#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "http/client.h"

namespace lifeboat {
namespace {

// n8n's maximum is 250; a page is held in memory, and workflows may be large.
constexpr int page_limit = 100;
constexpr int pages_max = 10'000;
constexpr std::chrono::minutes export_time_max{10};  // of all pages
constexpr size_t differences_max = 10;

[[noreturn]] void refuse(const HttpRequest& request, const std::string& why) {
  throw Error(ErrorKind::service, format("GET {}: {}", printable_url(request.url), why))
      .hint("Check that 'url' is n8n's own address, without a path.");
}

HttpRequest request_for(std::string base, int limit, const Secret& api_key) {
  while (base.ends_with('/')) base.pop_back();
  HttpRequest request;
  request.url = format("{}/api/v1/workflows?limit={}", base, limit);
  request.headers = {{"X-N8N-API-KEY", std::string(api_key.reveal())},
                     {"Accept", "application/json"}};
  return request;
}

Json fetch_page(HttpClient& client, const HttpRequest& request) {
  const HttpResponse response = client.send(request);
  if (response.status == 401 || response.status == 403) {
    throw Error(ErrorKind::service,
                format("GET {}: n8n answers {}", printable_url(request.url), response.status))
        .hint(
            "Make a key in n8n under Settings > n8n API, with the scope workflow:list, and set "
            "'api_key' to it.");
  }
  if (response.status != 200) refuse(request, format("n8n answers {}", response.status));
  const Json page = parse_json(response.body, "n8n's list of workflows");
  if (!page.is_object() || !page.contains("data") || !page["data"].is_array()) {
    refuse(request, "the answer is not a list of workflows");
  }
  return page;
}

}  // namespace

RestExport fetch_workflows(const std::string& url, const Secret& api_key, RecipeContext& context) {
  HttpOptions options;
  options.stop = context.stop;
  HttpClient client(options);
  RestExport made;
  made.content = std::make_shared<ScratchFile>(context.spool_dir, context.random);
  std::set<std::string> cursors;
  std::string cursor;
  const auto begin = context.clock.steady_now();
  std::string separator = "[\n";
  do {
    HttpRequest request = request_for(url, page_limit, api_key);
    if (!cursor.empty()) request.url += "&cursor=" + percent_encode(cursor);
    const Json page = fetch_page(client, request);
    for (const Json& workflow : page["data"]) {
      const auto id = workflow.find("id");
      const auto name = workflow.find("name");
      const bool named =
          id != workflow.end() && id->is_string() && name != workflow.end() && name->is_string();
      if (!named) refuse(request, "a workflow has no id or name");
      made.names[id->get<std::string>()] = name->get<std::string>();
      made.content->append(as_bytes(separator + print_json_line(workflow)));
      separator = ",\n";
    }
    const auto next = page.find("nextCursor");
    cursor = next != page.end() && next->is_string() ? next->get<std::string>() : "";
    if (!cursor.empty() && (!cursors.insert(cursor).second || cursors.size() > pages_max)) {
      refuse(request, "its pages never end");
    }
    if (context.clock.steady_now() - begin > export_time_max) {
      refuse(request, format("its pages took longer than {}", print_duration(export_time_max)));
    }
  } while (!cursor.empty());
  made.content->append(as_bytes(made.names.empty() ? std::string_view("[]\n") : "\n]\n"));
  return made;
}

void check_workflows_api(const std::string& url, const Secret& api_key, RecipeContext& context) {
  HttpClient client({.stop = context.stop});
  HttpRequest request = request_for(url, 1, api_key);
  request.timeout = std::chrono::seconds(15);
  fetch_page(client, request);
}

std::vector<std::string> compare_workflows(const std::map<std::string, std::string>& in_database,
                                           const std::map<std::string, std::string>& by_rest) {
  std::vector<std::string> told;
  for (const auto& [id, name] : in_database) {
    const auto other = by_rest.find(id);
    if (other == by_rest.end()) {
      told.push_back(format("Workflow {} '{}' is in the database and not in the REST export.",
                            printable(id), printable(name)));
    } else if (other->second != name) {
      told.push_back(format("Workflow {} is '{}' in the database and '{}' in the REST export.",
                            printable(id), printable(name), printable(other->second)));
    }
  }
  for (const auto& [id, name] : by_rest) {
    if (in_database.contains(id)) continue;
    told.push_back(format("Workflow {} '{}' is in the REST export and not in the database.",
                          printable(id), printable(name)));
  }
  if (told.size() > differences_max) {
    const size_t more = told.size() - differences_max;
    told.resize(differences_max);
    told.push_back(format("{} more workflows differ between database and REST export.", more));
  }
  return told;
}

}  // namespace lifeboat
