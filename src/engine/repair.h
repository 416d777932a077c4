// What a killed run left half replaced is put back, and what it left stopped runs again, before
// anything else is done.
#pragma once

#include "engine/environment.h"

namespace lifeboat {

// Tells what it did, and what it could not, by notes of the progress: no reason to give up a
// backup. No container is started where no engine's socket is. Throws Interrupted.
void repair_stopped(Environment& environment);

}  // namespace lifeboat
