# Run by CPack before it packs: folders that it made under a strict umask must be open to everybody.
file(GLOB folders ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/*)
file(CHMOD_RECURSE ${folders} DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ
     GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
