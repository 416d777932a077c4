# lifeboat-portable: the same program with as much inside it as Debian has archives of, for a machine
# that is no Debian 12 but has its glibc (2.36) or a newer one.
#
# Left outside: glibc, and what must take part in security updates or has no archive: OpenSSL and curl
# (a copy of OpenSSL in here would not be the one that curl uses), microhttpd, qrencode. Whole archives
# stand before everything else, so that the linker needs none of the shared ones (--as-needed).
set(archives "")
foreach(name zstd z sqlite3 yaml-cpp pugixml)
  find_library(LIFEBOAT_ARCHIVE_${name} NAMES lib${name}.a REQUIRED)
  list(APPEND archives ${LIFEBOAT_ARCHIVE_${name}})
endforeach()
list(JOIN archives "," archives)

add_executable(lifeboat-portable src/cli/main.cc src/cli/wiping_delete.cc
                                 src/base/portable_fmt.cc
                                 src/base/portable_spdlog.cc)
target_link_libraries(lifeboat-portable PRIVATE lifeboat_cli)
target_link_options(lifeboat-portable PRIVATE -static-libstdc++ -static-libgcc
  LINKER:--as-needed,--gc-sections LINKER:--whole-archive,${archives},--no-whole-archive)
