#!/usr/bin/env python3
"""Runs a program with a cap on memory and tells what it took: usage: capped.py MIB FILE PROGRAM [ARG...].
As root, where a control group for memory can be made, the kernel kills what needs more than MIB (its
pages of files are thrown out before, its own cannot be). Elsewhere nothing caps, since a limit on address
space would count the room that threads reserve and never use; then only the figure can be held against
MIB. FILE gets one line: the peak of resident memory in KiB, "group" or "none" for what capped it, and the CPU
time in ms, which a busy machine does not lengthen."""
import os
import resource
import sys

mib, told, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]


def make_group():
    v1, v2 = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"
    name = f"lifeboat-load-{os.getpid()}"
    for top, limit in ((v1, "memory.limit_in_bytes"), (v2, "memory.max")):
        group = f"{top}/{name}"
        try:
            os.mkdir(group)
        except OSError:
            continue
        try:
            with open(f"{group}/{limit}", "w") as file:
                file.write(str(mib << 20))
            return group
        except OSError:
            os.rmdir(group)
    return None


group = make_group()
child = os.fork()
if child == 0:
    if group:
        with open(f"{group}/cgroup.procs", "w") as file:
            file.write(str(os.getpid()))
    os.execvp(command[0], command)
status = os.waitpid(child, 0)[1]
if group:
    os.rmdir(group)
with open(told, "w") as file:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_ms = round((used.ru_utime + used.ru_stime) * 1000)
    file.write(f"{used.ru_maxrss} {'group' if group else 'none'} {cpu_ms}\n")
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
