# Text files as a C++ source:
#   cmake -D ROOT=... -D FILES="a.yml;docs/b.md" -D HEADER=room/x.h -D FUNCTION=x_sources
#         -D OUTPUT=x.cc -P embed.cmake
#
# HEADER declares FUNCTION, which gives a span of EmbeddedFile (src/base/embedded_file.h). Each file becomes
# a raw string literal; none may contain )pack".
set(entries "")
foreach(file IN LISTS FILES)
  file(READ ${ROOT}/${file} text)
  string(APPEND entries "    {\"${file}\", R\"pack(${text})pack\"},\n")
endforeach()
list(LENGTH FILES count)
file(WRITE ${OUTPUT} "// Made by cmake/embed.cmake.
#include <array>

#include \"${HEADER}\"

namespace lifeboat {

std::span<const EmbeddedFile> ${FUNCTION}() {
  static constexpr std::array<EmbeddedFile, ${count}> sources{{
${entries}  }};
  return sources;
}

}  // namespace lifeboat
")
