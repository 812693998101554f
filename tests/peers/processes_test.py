# SPDX-License-Identifier: Apache-2.0
import os
import tempfile
import time
import unittest

from driver import processes


class RunAllTest(unittest.TestCase):
    def run_all(self, *scripts, limit_s=30):
        with tempfile.NamedTemporaryFile() as log:
            processes.run_all([["/bin/sh", "-c", script] for script in scripts], dict(os.environ), log.name, limit_s)

    def test_good_ends_are_silent(self):
        self.run_all("exit 0", "exit 0")

    def test_a_failure_ends_the_others(self):
        started = time.monotonic()
        with self.assertRaisesRegex(processes.Failure, "exit status 3"):
            self.run_all("exec sleep 60", "exit 3")
        self.assertLess(time.monotonic() - started, 20)

    def test_whoever_hangs_is_killed_with_its_children(self):
        with tempfile.TemporaryDirectory() as folder:
            script = f"trap '' TERM; sleep 60 & echo $! > {folder}/child; wait; sleep 60"
            with self.assertRaisesRegex(processes.Failure, "killed after 1 s"):
                self.run_all(script, limit_s=1)
            with open(f"{folder}/child") as file:
                self.assertFalse(processes.is_running(int(file.read())))

    def test_signals_are_named(self):
        with self.assertRaisesRegex(processes.Failure, "signal SIGKILL"):
            self.run_all("kill -KILL $$")

    def test_a_missing_program_is_a_failure(self):
        with tempfile.NamedTemporaryFile() as log:
            with self.assertRaisesRegex(processes.Failure, "nowhere"):
                processes.run_all([["/nowhere/program"]], {}, log.name, 5)


if __name__ == "__main__":
    unittest.main()
