// Leaves the machine to what it is for: a backup takes the processor and the disk that nobody else
// wants. Threads and children that come later inherit it; so it is called before there are any.
#pragma once

#include <string>
#include <vector>

namespace lifeboat {

// Nice 10 unless it is nicer already, scheduled as a batch, and for the disk the idle class, which
// schedulers that know none take for nothing. Linux keeps all three by thread: it acts on the
// calling one. Returns what was refused, as warnings: a run must not fail for it.
// https://www.kernel.org/doc/html/latest/block/ioprio.html
std::vector<std::string> enter_background();

}  // namespace lifeboat
