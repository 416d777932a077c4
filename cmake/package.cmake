# What is installed beside the program, and the .deb of it all: `cpack -G DEB`, `./dev package`.
#
# The manual page, the completions and the schema are printed by the program that was just built. A
# cross build would need one for its own machine first.
set(LIFEBOAT_MAINTAINER "The Lifeboat authors <lifeboat@localhost>" CACHE STRING
    "NAME <ADDRESS> of whoever makes the package, as it names them")
set(share ${CMAKE_BINARY_DIR}/share)
file(MAKE_DIRECTORY ${share})
string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # or of SOURCE_DATE_EPOCH
configure_file(${CMAKE_SOURCE_DIR}/cmake/debian/changelog.in ${share}/changelog.Debian @ONLY)

# printed(FILE ARG...): FILE below share/, which `lifeboat ARG...` prints.
set(printed_files "")
function(printed file)
  list(JOIN ARGN " " arguments)
  add_custom_command(OUTPUT ${share}/${file}
    COMMAND sh -c "$<TARGET_FILE:lifeboat> ${arguments} > ${share}/${file}"
    DEPENDS lifeboat VERBATIM)
  set(printed_files ${printed_files} ${share}/${file} PARENT_SCOPE)
endfunction()
printed(lifeboat.1 man)
printed(lifeboat.schema.json schema)
printed(lifeboat.bash completion bash)
printed(_lifeboat completion zsh)
printed(lifeboat.fish completion fish)
# Debian's policy wants these compressed; -n leaves the time of the build out.
function(compressed name source)
  add_custom_command(OUTPUT ${share}/${name}.gz
    COMMAND sh -c "gzip -9nc ${source} > ${share}/${name}.gz"
    DEPENDS ${source} VERBATIM)
  set(printed_files ${printed_files} ${share}/${name}.gz PARENT_SCOPE)
endfunction()
compressed(lifeboat.1 ${share}/lifeboat.1)
compressed(changelog ${CMAKE_SOURCE_DIR}/CHANGELOG.md)
compressed(changelog.Debian ${share}/changelog.Debian)
add_custom_target(lifeboat-share ALL DEPENDS ${printed_files})

# Packing takes what is built; it does not build.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
install(FILES ${share}/lifeboat.1.gz DESTINATION share/man/man1)
install(FILES ${share}/lifeboat.schema.json DESTINATION share/lifeboat)
install(FILES ${share}/lifeboat.bash DESTINATION share/bash-completion/completions RENAME lifeboat)
install(FILES ${share}/_lifeboat DESTINATION share/zsh/vendor-completions)
install(FILES ${share}/lifeboat.fish DESTINATION share/fish/vendor_completions.d)
install(FILES README.md ${share}/changelog.gz ${share}/changelog.Debian.gz cmake/debian/copyright
        DESTINATION share/doc/lifeboat)
# A checkout with a strict umask must not make a package that only root can read.
install(DIRECTORY docs DESTINATION share/doc/lifeboat FILE_PERMISSIONS OWNER_READ OWNER_WRITE
        GROUP_READ WORLD_READ)
install(DIRECTORY deploy/ DESTINATION share/doc/lifeboat/examples FILE_PERMISSIONS OWNER_READ
        OWNER_WRITE GROUP_READ WORLD_READ)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${LIFEBOAT_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "backups of self-hosted services that prove they restore")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Databases, Docker volumes and files of self-hosted services go into one
archive a night, encrypted with age, in a folder or an S3 bucket. A drill
restores it into scratch and asks the services whether all of it is there.
Any archive can be opened with age, zstd and tar alone.")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The tools with which a person opens an archive when Lifeboat is not at hand.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "age, zstd, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/cmake/debian/prerm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/debian/folder_modes.cmake)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR}/package)
include(CPack)
