#!/usr/bin/env python3
"""Opens the same training curves in finetop and in W&B's LEET, and measures what each takes.

Both get one run with the same numbers, seven a step, in the format that each writes itself. Each viewer runs in a pseudo-terminal of
200x60; its questions about the terminal are answered. Measured, from outside, by /proc (Linux only):

  opened     seconds until the first frame with curves: the first braille dots
  settled    seconds until the viewer has read all: half a second with less than a tenth of a core
  processor  seconds of processor time until then
  memory     resident memory then, of the viewer with its children, MB
  idle       share of one core over ten seconds in which nothing happens, per cent

The Python that runs this needs nothing; `--wandb` names one that has the package wandb:

  python3 -m venv target/viewers && target/viewers/bin/pip install wandb==0.31.0
  python3 benches/peers/viewers.py --finetop target/release/finetop --wandb target/viewers/bin/python
"""

import argparse
import fcntl
import json
import math
import os
import pathlib
import pty
import random
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
HERE = pathlib.Path(__file__).resolve().parent

WRITE_WANDB = """
import json, sys, wandb
run = wandb.init(project="viewers", dir=sys.argv[2], mode="offline", settings=wandb.Settings(console="off", x_disable_stats=True))
for line in open(sys.argv[1]):
    run.log(json.loads(line))
run.finish()
"""


def steps(count):
    """Seven numbers a step: a noisy exponential decay with spikes."""
    chance = random.Random(1)
    for step in range(1, count + 1):
        spike = 3.0 if chance.random() < 0.0005 else 0.0
        yield {
            "loss": math.exp(-step / 20000) + chance.random() * 0.1 + spike,
            "learning_rate": 1e-4 * (1 - step / (count + 1)),
            "gradient_norm": 1 + chance.random(),
            "examples": step * 32,
            "tokens": step * 900,
            "seconds": 0.1 + chance.random() * 0.01,
            "rss_bytes": 1_000_000_000 + step,
        }


def write_finetop(folder, count):
    """A folder of runs with one run, as a worker writes it."""
    fixtures = HERE.parent.parent / "tests/fixtures/golden"
    run = folder / "runs/viewers-1/lora"
    run.mkdir(parents=True)
    shutil.copy(fixtures / "run.yaml", run / "run.yaml")
    shutil.copy(fixtures / "run.yaml", folder / "runs/viewers-1/experiment.yaml")
    (run.parent / "experiment.json").write_text(json.dumps({"format": 1, "name": "viewers", "source": "", "created": 0, "runs": ["lora"], "runs_at_once": 1}))
    start, training = 1_700_000_000.0, 0.0
    with open(run / "events.jsonl", "w") as log:
        for line in (fixtures / "events.jsonl").read_text().splitlines():
            # How it began; the steps are ours.
            if '"attempt_started"' in line or '"training_started"' in line:
                log.write(line + "\n")
        for number, row in enumerate(steps(count), 1):
            training += row["seconds"]
            step = {"step": number, "epoch": number / 1000, **row, "training_seconds": training}
            log.write(json.dumps({"time": start + training, "event": {"step": step}}) + "\n")
    return run / "events.jsonl"


def write_wandb(folder, count, python):
    """The same as an offline run of W&B."""
    rows = folder / "rows.jsonl"
    with open(rows, "w") as out:
        for row in steps(count):
            out.write(json.dumps(row) + "\n")
    subprocess.run([python, "-c", WRITE_WANDB, rows, folder], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return next(folder.glob("wandb/offline-run-*/*.wandb"))


def family(process):
    """A process and all its children."""
    found, waiting = [], [process]
    while waiting:
        current = waiting.pop()
        found.append(current)
        try:
            for task in os.listdir(f"/proc/{current}/task"):
                children = pathlib.Path(f"/proc/{current}/task/{task}/children").read_text()
                waiting.extend(int(child) for child in children.split())
        except OSError:
            pass
    return found


def processor_seconds(process):
    total = 0.0
    for member in family(process):
        try:
            fields = pathlib.Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def resident_megabytes(process):
    total = 0
    for member in family(process):
        try:
            total += int(pathlib.Path(f"/proc/{member}/statm").read_text().split()[1]) * PAGE
        except OSError:
            continue
    return total / 1e6


def answers(text):
    """What a terminal says to the questions in `text`."""
    reply = b""
    if b"\x1b]11;?" in text:
        reply += b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\"
    if b"\x1b]10;?" in text:
        reply += b"\x1b]10;rgb:dddd/dddd/dddd\x1b\\"
    if b"\x1b[6n" in text:
        reply += b"\x1b[1;1R"
    if b"\x1b[c" in text or b"\x1b[0c" in text:
        reply += b"\x1b[?62;22c"
    return reply


class Viewer:
    def __init__(self, command, variables):
        self.began = time.monotonic()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.environ.update(variables)
            os.execvp(command[0], command)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 200, 0, 0))
        self.opened = None

    def listen(self, seconds):
        """Reads what is drawn for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.terminal], [], [], left)[0]:
                continue
            try:
                text = os.read(self.terminal, 1 << 16)
            except OSError:
                return
            if reply := answers(text):
                os.write(self.terminal, reply)
            shown = text.decode(errors="ignore")
            if self.opened is None and sum("\u2801" <= c <= "\u28ff" for c in shown) >= 20:
                self.opened = time.monotonic() - self.began

    def close(self):
        os.kill(self.process, signal.SIGTERM)
        self.listen(0.5)
        for member in family(self.process):
            try:
                os.kill(member, signal.SIGKILL)
            except OSError:
                pass
        os.waitpid(self.process, 0)
        os.close(self.terminal)


def measure(command, variables):
    viewer = Viewer(command, variables)
    try:
        before = 0.0
        while True:
            viewer.listen(0.5)
            used = processor_seconds(viewer.process)
            if viewer.opened is not None and used - before < 0.05:
                break
            if time.monotonic() - viewer.began > 120:
                raise SystemExit(f"{command[0]} showed no curve, or never settled, in two minutes")
            before = used
        settled = time.monotonic() - viewer.began - 0.5
        memory = resident_megabytes(viewer.process)
        viewer.listen(10)
        idle = (processor_seconds(viewer.process) - used) * 10
        return {"opened": viewer.opened, "settled": settled, "processor": used, "memory": memory, "idle": idle}
    finally:
        viewer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetop", required=True, help="the program, built for release")
    parser.add_argument("--wandb", help="a Python that has the package wandb; without it finetop is measured alone")
    parser.add_argument("--steps", type=int, default=144_000, help="steps of the run; the default makes a log of 36 MB")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        variables = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "HOME": str(folder), "WANDB_SILENT": "true"}
        log = write_finetop(folder, arguments.steps)
        viewers = {"finetop": ([os.path.abspath(arguments.finetop), "--runs", str(folder / "runs")], log)}
        if arguments.wandb:
            log = write_wandb(folder, arguments.steps, os.path.abspath(arguments.wandb))
            wandb = str(pathlib.Path(os.path.abspath(arguments.wandb)).parent / "wandb")
            viewers["leet"] = ([wandb, "leet", "run", str(log)], log)
        figures = {name: [] for name in viewers}
        for _ in range(arguments.repeats):
            for name, (command, _) in viewers.items():
                figures[name].append(measure(command, variables))
        print(f"{arguments.steps} steps of 7 numbers; medians of {arguments.repeats}, by turns")
        print(f"{'viewer':<10}{'log MB':>8}{'opened s':>10}{'settled s':>11}{'processor s':>13}{'memory MB':>11}{'idle %':>8}")
        for name, runs in figures.items():
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            size = viewers[name][1].stat().st_size / 1e6
            print(
                f"{name:<10}{size:>8.1f}{middle['opened']:>10.2f}{middle['settled']:>11.2f}"
                f"{middle['processor']:>13.2f}{middle['memory']:>11.0f}{middle['idle']:>8.2f}"
            )


if __name__ == "__main__":
    sys.exit(main())
