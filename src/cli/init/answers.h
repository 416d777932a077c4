// From flags, the environment and, on a terminal, questions to a plan for `init`.
//
// Few questions, a default for each; an answer is judged at once and asked again with the reason.
// Without a terminal nothing is asked, and everything that is missing is told in one go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/init/plan.h"
#include "codec/age/age.h"

namespace lifeboat::cli {

struct InitOptions {
  std::vector<std::string> services;
  bool all_services = false;
  std::vector<std::string> paths;
  std::vector<std::string> recipients;
  std::string offline_key;  // file for a second private key
  std::string schedule;
  std::string secrets_file;
  bool yes = false;
  bool backup = false;
  bool drill = false;
  std::string root = "/";  // where known paths begin
};

struct InitAnswers {
  InitPlan plan;
  std::optional<age::Identity> offline;  // made here; its file, if any, is options.offline_key
};

// Takes --host, --store and --config of the context. Throws Error(usage) for what is missing, and
// whatever the store throws that does not answer.
InitAnswers gather_answers(InitOptions& options, CommandContext& context);

// The proposals of `found` that "1,3-5", "all", "none" or names choose; Error(usage) for others.
std::vector<bool> choose_services(const std::vector<Proposal>& found, const std::string& choice);
// A name by the rules of hosts that looks like `text`; "host" if nothing of it is left.
std::string host_name_from(std::string_view text);

}  // namespace lifeboat::cli
