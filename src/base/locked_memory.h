// Whether keys can get into swap.
#pragma once

namespace lifeboat {

// False once a Secret could not be locked into memory (RLIMIT_MEMLOCK). Any thread.
bool secrets_are_locked();

}  // namespace lifeboat
