# A build with sanitizers (LIFEBOAT_SANITIZE): their options go into every program (sanitizer_options.cc.in),
# their reports into BUILD/findings. tests/reliability/sanitizers.sh runs the tests and counts both.
set(LIFEBOAT_FINDINGS ${CMAKE_BINARY_DIR}/findings)
file(MAKE_DIRECTORY ${LIFEBOAT_FINDINGS})
configure_file(${CMAKE_SOURCE_DIR}/cmake/sanitizer_options.cc.in
               ${CMAKE_BINARY_DIR}/sanitizer_options.cc @ONLY)
add_library(lifeboat_sanitizer_options OBJECT ${CMAKE_BINARY_DIR}/sanitizer_options.cc)

set(LIFEBOAT_PATIENCE 4)  # programs are that much slower

# Checks at each use of a pointer are left to AddressSanitizer, which sees the use itself: they
# double the time of compiling. GCC 12 warns of std::regex itself with sanitizers
# (https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105562).
target_compile_options(lifeboat_options INTERFACE
  -fsanitize=${LIFEBOAT_SANITIZE} -fno-sanitize=null,alignment,vptr,object-size
  -fno-omit-frame-pointer -Wno-maybe-uninitialized)
target_link_options(lifeboat_options INTERFACE -fsanitize=${LIFEBOAT_SANITIZE})
target_link_libraries(lifeboat_options INTERFACE
  $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:$<TARGET_OBJECTS:lifeboat_sanitizer_options>>)
