// All memory that the program gives back is overwritten first: a copy of a secret in a string ends
// with the string, wherever it was made. Part of the programs only, and of no build with
// sanitizers, which have their own. Wiping each string by hand (wipe_text) was not enough: strings
// that grow, temporaries and those of libraries stayed.
#include <cstdlib>
#include <new>

#include "base/wiping_memory.h"

// The other forms, but those with an alignment, are made of these.
// https://en.cppreference.com/w/cpp/memory/new/operator_new#Global_replacements
void* operator new(std::size_t size) {
  for (;;) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}
void operator delete(void* memory) noexcept { lifeboat::wiping_free(memory); }
void operator delete(void* memory, std::size_t) noexcept { lifeboat::wiping_free(memory); }
