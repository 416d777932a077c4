// Where the loader's parts put what they find wrong, so that one fault never hides the next.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.h"

namespace lifeboat {

class FaultList {
 public:
  void add(ConfigLocation location, std::string message, std::string hint = "") {
    faults_.push_back({std::move(location), std::move(message), std::move(hint)});
  }
  bool empty() const { return faults_.empty(); }
  std::vector<ConfigFinding> take() { return std::move(faults_); }

 private:
  std::vector<ConfigFinding> faults_;
};

// "Did you mean 'volume'?", else the names that exist, else nothing.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates);

// Text of the configuration as a message may show it: printable, cut to a line's length, and never
// a private key that was put in the wrong place.
std::string quote(std::string_view text);

}  // namespace lifeboat
