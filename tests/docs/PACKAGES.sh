# The page needs nothing: what it installs and builds is done by tests/chroot (not_run.txt).
