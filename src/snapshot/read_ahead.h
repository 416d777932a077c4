// Reads many small objects at once.
//
// A manifest is small and a bucket is far: 5,000 of them one after the other are 5,000 times the
// way there and back. Some are asked for ahead, and the caller still gets them in its own order.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <span>
#include <utility>

#include "base/stop.h"

namespace lifeboat {

// Calls `visit(item, loaded)` for each of `items`, in their order and in the caller's thread, until
// one returns false. `loaded.get()` is what `load(item)` returns or throws. At most 8 are read
// ahead, each by a thread of its own, all of which have ended when this returns or throws. Throws
// Interrupted, and what `visit` throws.
template <class Item, class Load, class Visit>
void read_ahead(std::span<const Item> items, const StopToken& stop, const Load& load,
                const Visit& visit) {
  constexpr size_t ahead_max = 8;
  // The destructor of each waits for its thread.
  std::deque<decltype(std::async(std::launch::async, load, std::cref(items[0])))> ahead;
  size_t asked = 0;
  for (const Item& item : items) {
    stop.throw_if_stopped();
    for (; asked < items.size() && ahead.size() < ahead_max; ++asked) {
      ahead.push_back(std::async(std::launch::async, load, std::cref(items[asked])));
    }
    auto next = std::move(ahead.front());
    ahead.pop_front();
    if (!visit(item, std::move(next))) return;
  }
}

}  // namespace lifeboat
