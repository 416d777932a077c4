// All notifiers together: none can fail a backup, and none can fail unseen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "observe/host_state.h"
#include "observe/notify/notifier.h"

namespace lifeboat {

// What became of a notice at one notifier.
struct Delivery {
  std::string notifier = {};
  bool delivered = false;
  bool was_dead = false;   // not tried: its target said earlier that it takes nothing more
  std::string error = {};  // if not delivered: the cause, no secret
  std::vector<std::string> hints = {};
};

class Notifiers {
 public:
  // `clock` must outlive it.
  Notifiers(std::vector<std::unique_ptr<Notifier>> notifiers, Clock& clock);

  bool empty() const { return notifiers_.empty(); }
  // Tells every notifier that wants it, writes into `states` how each fares, then tells those that
  // work of those that do not (problem "notifier/NAME"; also that one works again). A dead target
  // is left alone until its target_id changes. Throws nothing: what is thrown by a
  // notifier, a Bug and a stop by NotifyWorld::stop too, is a failure of that notifier. States of
  // notifiers that are no longer there are taken out. One entry for each notifier that wants the
  // notice.
  std::vector<Delivery> tell(const Notice& notice, std::vector<NotifierState>& states);
  // The same, but dead targets are tried again: for `notify test`.
  std::vector<Delivery> tell_all(const Notice& notice, std::vector<NotifierState>& states);

 private:
  std::vector<std::unique_ptr<Notifier>> notifiers_;
  Clock& clock_;
};

}  // namespace lifeboat
