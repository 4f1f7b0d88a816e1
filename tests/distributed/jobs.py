"""Commands that several processes run together, each a real one."""

import dataclasses
import os
import socket
import subprocess
import sys

MAIN = "from taut.cli import main; main()"


@dataclasses.dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def start(processes, *words):
    """One process for each number, which stands where the words have {}; they meet at a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = "--coordinator", f"127.0.0.1:{port}", "--processes", str(processes), "--process"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
    return [
        subprocess.Popen(
            [sys.executable, "-c", MAIN, *(str(word).format(number) for word in words), *place, str(number)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number in range(processes)
    ]


def ended(started, timeout=250):
    found = []
    try:
        for process in started:
            out, err = process.communicate(timeout=timeout)
            found.append(Ended(process.returncode, out, err))
    finally:
        for process in started:
            process.kill()
    return found


def run(processes, *words):
    return ended(start(processes, *words))
