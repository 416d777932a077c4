# Text files as a C++ source: cmake -D ROOT=... -D FILES="a.yml;docs/b.md" -D OUTPUT=x.cc -P embed.cmake
#
# Each becomes a raw string literal; none may contain )pack".
set(entries "")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} text)
  string(APPEND entries "    {\"${file}\", R\"pack(${text})pack\"},\n")
endforeach()
list(LENGTH FILES count)
file(WRITE ${OUTPUT} "// Made by cmake/embed.cmake.
#include \"observe/monitoring/pack_files.h\"

namespace lifeboat {

std::span<const PackSource> pack_sources() {
  static constexpr std::array<PackSource, ${count}> sources{{
${entries}  }};
  return sources;
}

}  // namespace lifeboat
")
