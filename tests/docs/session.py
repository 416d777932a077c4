"""One bash that runs a page's commands one by one, so that `cd`, variables and exports last."""
import os
import select
import signal
import subprocess
import time

from page import Fault

SECONDS_AT_MOST = 90      # a command, on a machine that tests other things too
BROKEN_PIPE = 141         # of `... | head`: no failure
LOOP = """
set -o pipefail
_page_status=0
while IFS= read -r -u 208 _page_file; do
  (exit "$_page_status")
  . "$_page_file" < /dev/null > "$_page_file.out" 2>&1 208<&- 209>&-
  _page_status=$?
  printf '%s\\n' "$_page_status" >&209
done
"""


class Session:
    """`folder` is for the commands' files; `environment` is all that the commands have."""

    def __init__(self, folder, environment):
        self.folder, self.environment, self.count = folder, environment, 0
        commands, self.commands = os.pipe()
        self.replies, replies = os.pipe()
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", f"exec 208<&{commands} 209>&{replies}\n{LOOP}"],
            env=environment, cwd=environment["HOME"], stdin=subprocess.DEVNULL,
            pass_fds=(commands, replies),
            start_new_session=True)
        os.close(commands)
        os.close(replies)

    def run(self, text):
        """Exit status, and what went to stdout and stderr."""
        name = self._file(text)
        os.write(self.commands, name.encode() + b"\n")
        status = self._reply()
        with open(name + ".out", encoding="utf-8", errors="replace") as output:
            printed = output.read()
        if status is None:
            raise Fault(f"it did not end, or ended the shell; it printed:\n{printed}")
        return 0 if status == BROKEN_PIPE else status, printed

    def run_server(self, text, probe):
        """Starts what does not end by itself, ends it once `probe` succeeds; what it printed."""
        name = self._file(text)
        with open(name + ".out", "wb") as output:
            server = subprocess.Popen(["bash", name], stdin=subprocess.DEVNULL, stdout=output,
                                      stderr=output, env=self._exported(), cwd=self._folder(),
                                      start_new_session=True)
        ready = False
        for _ in range(200):
            ready = subprocess.run(["bash", "-c", probe], env=self.environment,
                                   capture_output=True, check=False).returncode == 0
            if ready or server.poll() is not None:
                break
            time.sleep(0.1)
        early = server.poll()
        if early is None:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(SECONDS_AT_MOST)
        with open(name + ".out", encoding="utf-8", errors="replace") as output:
            printed = output.read()
        if early is not None or not ready:
            raise Fault(f"it is no server that answers to '{probe}'; it printed:\n{printed}")
        return printed

    def close(self):
        os.close(self.commands)
        try:
            self.shell.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.shell.pid, signal.SIGKILL)
            self.shell.wait()

    def _file(self, text):
        self.count += 1
        name = os.path.join(self.folder, f"command-{self.count}")
        with open(name, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        return name

    def _reply(self):
        # A reader of its own and not a blocking read: the command may never end.
        ready, _, _ = select.select([self.replies], [], [], SECONDS_AT_MOST)
        line = os.read(self.replies, 16) if ready else b""
        if line:
            return int(line)
        os.killpg(self.shell.pid, signal.SIGKILL)
        return None

    def _exported(self):
        _, printed = self.run("env -0")
        pairs = [pair.split("=", 1) for pair in printed.split("\0") if "=" in pair]
        return dict(pairs)

    def _folder(self):
        return self.run("pwd")[1].strip()
