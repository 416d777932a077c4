// One process's way to people and to Prometheus: notifiers, the host's memory and its metrics, none
// of which may fail what the process is there for. Whatever goes wrong with one of them is a
// warning on stderr and told by the others.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "config/salvage.h"
#include "observe/host_state.h"
#include "observe/notice.h"
#include "observe/notify/notifiers.h"

namespace lifeboat::cli {

class Telling {
 public:
  // `context` must outlive it. `silent`: nobody is told; memory and metrics are kept all the same.
  Telling(CommandContext& context, Reporting reporting, bool silent);

  const Reporting& reporting() const { return reporting_; }
  bool is_silent() const { return silent_; }
  // As it was read at first, with what was remembered since.
  const HostState& state() const { return state_; }
  void remember(const std::function<void(HostState&)>& change);

  // Sends it, within some minutes whatever the notifiers do, also after a stop. True if somebody
  // who reads texts took it, or a heartbeat where that is all there is. False if there is nobody.
  bool tell(Notice notice);
  // The same to all notifiers, dead ones too, with what became of it.
  std::vector<Delivery> tell_all(Notice notice);
  // Writes and pushes the metrics; that they could not be written, or can be again, is told.
  void publish();

  // Something that hindered the telling itself, for the next notice; it is said on stderr now.
  void trouble(const std::string& sentence);

 private:
  enum class Audience { living, all };
  std::vector<Delivery> deliver(Notice notice, Audience audience);
  void reload();
  void keep_notifier_states(const std::vector<NotifierState>& notifiers);

  CommandContext& context_;
  Reporting reporting_;
  bool silent_;
  StateFile file_;
  HostState state_;
  bool is_remembered_ = true;  // `state_` is in the file
  std::vector<std::string> troubles_;
};

// The configured notifiers, for make_notifiers.
NotifyTargets notify_targets_of(const NotifyConfig& config);

}  // namespace lifeboat::cli
