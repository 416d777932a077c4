#!/usr/bin/env python3
"""The rules by which pages are judged: what must be found is found, and nothing else."""
import contextlib
import os
import tempfile
import unittest

import run_page
from match import Learned, difference
from page import Fault, blocks_of, commands_of_console, commands_of_sh

KEY = "age1zmkxxnqlgv3sqxsrkx655tpqg2clsj4js95c8wcx5r9xpztqp95qkm3pcv"
OTHER = "age1" + "q" * 58


def same(page, actual, learned=None):
    return difference(page.split("\n"), actual.split("\n"), learned or Learned()) is None


class Matching(unittest.TestCase):
    def test_what_differs_from_run_to_run(self):
        self.assertTrue(same("raw       252.5 KiB", "raw       1.1 MiB"))
        self.assertTrue(same("took 99 ms, made just now", "took 1.5 s, made 2 s ago"))
        self.assertTrue(same("ok, 9 h   1 KiB", "ok, now  2 B"))
        self.assertTrue(same("demo/2026-11-23 02:00", "demo/2027-01-01 12:34"))
        self.assertTrue(same("weekly/2026-W19  21 h", "weekly/2027-W53 3 d"))
        self.assertTrue(same("stored +3 %", "stored -12.5 %"))
        self.assertTrue(same("a" * 64, "b" * 64))
        self.assertTrue(same("ends ... soon", "ends very soon"))

    def test_all_else_is_exact(self):
        self.assertFalse(same("n8n: 9 members", "n8n: 8 members"))
        self.assertFalse(same("raw 252.5 KiB", "raw 2 s"))
        self.assertFalse(same("a" * 64, "b" * 63))
        self.assertFalse(same("RESTORE OK", "RESTORE OK."))
        self.assertFalse(same("one", "one\ntwo"))
        self.assertFalse(same("one\ntwo", "one"))
        self.assertFalse(same("", "something"))

    def test_dots_stand_for_lines(self):
        self.assertTrue(same("a\n...\nd", "a\nb\nc\nd"))
        self.assertTrue(same("a\n  ...\nd", "a\nd"))
        self.assertTrue(same("a\n...", "a\nb\n\nc"))
        self.assertFalse(same("a\n...\nd", "a\nb\nc"))

    def test_a_key_means_one_key(self):
        learned = Learned()
        self.assertTrue(same(f"key: {KEY}", f"key: {OTHER}", learned))
        self.assertEqual(learned.in_command(f"encrypt -r {KEY}"), f"encrypt -r {OTHER}")
        self.assertTrue(same(KEY, OTHER, learned))
        self.assertFalse(same(KEY, KEY, learned))

    def test_the_set_up_says_what_a_word_means(self):
        learned = Learned([("2026-05-07", "2027-01-02")])
        self.assertEqual(learned.in_command("diff 2026-05-07"), "diff 2027-01-02")


class Reading(unittest.TestCase):
    def test_commands(self):
        block, = blocks_of("1. x\n   ```sh\n   # first\n   a \\\n     b\n   cat << X\n   y\n   X\n"
                           "   false  # status 1\n   ```")
        self.assertEqual([one.text for one in commands_of_sh(block)],
                         ["a \\\n  b", "cat << X\ny\nX", "false  # status 1"])
        self.assertEqual([one.status for one in commands_of_sh(block)], [0, 0, 1])

    def test_transcripts(self):
        block, = blocks_of("```console\n$ a \\\n>   b\none\n\n$ false\n$ echo $?\n1\n```")
        first, second, third = commands_of_console(block)
        self.assertEqual((first.text, first.output), ("a \\\n  b", ["one", ""]))
        self.assertEqual((second.status, third.output), (None, ["1"]))
        with self.assertRaises(Fault):
            commands_of_console(blocks_of("```console\nlifeboat\n```")[0])
        with self.assertRaises(Fault):
            blocks_of("```sh\nls\n")


class Running(unittest.TestCase):
    """Without a machine: these commands leave nothing behind."""

    def fault(self, text, not_run=""):
        with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as undo:
            environment = {**run_page.ENVIRONMENT, "HOME": folder}
            undo.callback(setattr, run_page, "ENVIRONMENT", run_page.ENVIRONMENT)
            undo.callback(setattr, run_page, "World", run_page.World)
            run_page.ENVIRONMENT = environment
            run_page.World = lambda *_: None
            names = [os.path.join(folder, name) for name in ("page.md", "world.sh", "not_run")]
            for name, content in zip(names, (text, "", not_run)):
                with open(name, "w", encoding="utf-8") as file:
                    file.write(content)
            try:
                run_page.run_page(names[0], "page", names[1], names[2], folder)
                return ""
            except Fault as fault:
                return str(fault)

    def test_one_session(self):
        self.assertEqual(self.fault("```sh\nmkdir a && cd a\nkey=3\n```\n"
                                    "```console\n$ basename \"$PWD\"; echo $key >&2\na\n3\n"
                                    "$ read x || (exit 4)\n$ echo $?\n4\n```"), "")

    def test_cron(self):
        self.assertEqual(self.fault("```cron\nA=1 2\n0 2 * * mon-fri [ \"$A\" = '1 2' ]\n```"), "")
        self.assertIn("no line of", self.fault("```cron\n0 2 * * * date +%F\n```"))
        self.assertIn("no line of", self.fault("```cron\n0 2 * * true\n```"))
        self.assertIn("expected 0", self.fault("```cron\n0 2 * * * [ -n \"$LANG\" ]\n```"))

    def test_what_is_wrong_is_found(self):
        self.assertIn("line 2: false", self.fault("```sh\nfalse\n```"))
        self.assertIn("status 3", self.fault("```sh\n(exit 3) | cat\n```"))
        self.assertEqual("", self.fault("```sh\nyes | head -n 1\n```"))
        self.assertIn("expected 1", self.fault("```sh\ntrue  # exit status 1\n```"))
        self.assertIn("the page shows: b", self.fault("```console\n$ echo a\nb\n```"))
        self.assertIn("ended the shell", self.fault("```sh\nexit 0\n```"))
        self.assertIn("command not found", self.fault("```sh\nlifeboats\n```"))
        self.assertIn("hook sql", self.fault("```sql\nSELECT 1\n```"))
        self.assertIn("a command that is not there", self.fault("", "page | x | y\n"))


if __name__ == "__main__":
    unittest.main()
