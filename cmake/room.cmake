# One static library per room, its unit tests beside the code in one binary.
#
#   lifeboat_room(NAME SOURCES a.cc ... DEPENDS room ... [PRIVATE_LIBRARIES lib ...] [TESTS a_test.cc ...])
#
# DEPENDS names other rooms; tests/include_direction_test.cc holds the table that is allowed.
function(lifeboat_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;LIBRARIES;TESTS" ${ARGN})
  add_library(lifeboat_${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(lifeboat_${name} PUBLIC lifeboat_options)
  foreach(room IN LISTS ROOM_DEPENDS)
    target_link_libraries(lifeboat_${name} PUBLIC lifeboat_${room})
  endforeach()
  target_link_libraries(lifeboat_${name} PUBLIC ${ROOM_LIBRARIES})
  if(LIFEBOAT_TESTS AND ROOM_TESTS)
    lifeboat_test(${name}_test SOURCES ${ROOM_TESTS} LIBRARIES lifeboat_${name})
  endif()
endfunction()

# A GoogleTest binary whose cases ctest sees one by one, so that a skipped case is named. PROPERTIES
# are those of ctest, for each case.
function(lifeboat_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;LIBRARIES;PROPERTIES" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 300)
  endif()
  math(EXPR seconds "${TEST_TIMEOUT} * ${LIFEBOAT_PATIENCE}")
  add_executable(${name} ${TEST_SOURCES})
  # They make compiling slow, and a test is run once for each time it is compiled.
  if(LIFEBOAT_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  target_link_libraries(${name} PRIVATE ${TEST_LIBRARIES} lifeboat_test_support GTest::gmock
                                        GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT ${seconds} ${TEST_PROPERTIES})
endfunction()
