#!/usr/bin/env python3
"""What the dashboard takes as a process in a terminal of 200x60, measured from outside by /proc (Linux only).

  python3 benches/peers/terminal.py --finetop target/release/finetop [--part load,keys,list]

  load   20 runs of 50,000 steps with ten numbers each: seconds until all is read, resident memory, and the share of one core over ten
         seconds in which nothing happens
  keys   over that load 10,000 events a second are appended to the logs: milliseconds from the key that opens one run to the frame
         that shows it, and from the key that smooths all curves otherwise to its frame; the share of one core that finetop takes meanwhile
  list   500 runs of 100 steps that are over: the same milliseconds, and the share of one core while nothing happens

Nothing is needed but Python. The logs (240 MB) lie in a temporary folder.
"""

import argparse
import json
import os
import pathlib
import random
import select
import shutil
import tempfile
import threading
import time

from viewers import HERE, Viewer, answers, processor_seconds, resident_megabytes

GOLDEN = HERE.parent.parent / "tests/fixtures/golden"


def step(number, chance, start):
    taken = {
        "step": number,
        "epoch": number / 1000,
        "loss": 2.0 ** (-number / 10_000) + chance.random() * 0.1,
        "learning_rate": 1e-4 * (1 - number / 200_000),
        "gradient_norm": 1 + chance.random(),
        "examples": number * 32,
        "tokens": number * 900,
        "seconds": 0.1 + chance.random() * 0.01,
        "training_seconds": number * 0.105,
        "rss_bytes": 1_000_000_000 + number,
    }
    return json.dumps({"time": start + number * 0.105, "event": {"step": taken}}, separators=(",", ":")) + "\n"


def write(folder, n_runs, n_steps, is_over):
    """An experiment of so many runs, as workers write them; the logs' paths."""
    names = [f"run-{number:03}" for number in range(n_runs)]
    experiment = folder / "runs/load-1"
    experiment.mkdir(parents=True)
    shutil.copy(GOLDEN / "run.yaml", experiment / "experiment.yaml")
    record = {"format": 1, "name": "load", "source": "", "created": 0, "runs": names, "runs_at_once": 1}
    (experiment / "experiment.json").write_text(json.dumps(record))
    chance, logs = random.Random(1), []
    for name in names:
        (experiment / name).mkdir()
        shutil.copy(GOLDEN / "run.yaml", experiment / name / "run.yaml")
        logs.append(experiment / name / "events.jsonl")
        with open(logs[-1], "w") as log:
            for line in (GOLDEN / "events.jsonl").read_text().splitlines():
                # How it began; the steps are ours.
                if '"attempt_started"' in line or '"training_started"' in line:
                    log.write(line + "\n")
            for number in range(1, n_steps + 1):
                log.write(step(number, chance, 1_700_000_000.0))
            if is_over:
                finished = {"outcome": "finished", "reason": "all epochs done", "step": n_steps, "best_step": None, "seconds": 1.0, "peak_rss_bytes": 1, "checkpoint_bytes": 0}
                log.write(json.dumps({"time": 1_700_000_000.0, "event": {"finished": finished}}) + "\n")
    return logs


def settled(viewer):
    """Seconds until half a second went by with less than a tenth of a core."""
    before = processor_seconds(viewer.process)
    while time.monotonic() - viewer.began < 120:
        viewer.listen(0.5)
        used = processor_seconds(viewer.process)
        if viewer.opened is not None and used - before < 0.05:
            return time.monotonic() - viewer.began - 0.5
        before = used
    raise SystemExit("the viewer never settled")


def share(viewer, seconds):
    """Per cent of one core over so many seconds."""
    before = processor_seconds(viewer.process)
    viewer.listen(seconds)
    return (processor_seconds(viewer.process) - before) / seconds * 100


def until(viewer, expected):
    """Milliseconds from now until what is drawn holds `expected`."""
    began, shown = time.monotonic(), b""
    while time.monotonic() - began < 5:
        if not select.select([viewer.terminal], [], [], 1)[0]:
            continue
        text = os.read(viewer.terminal, 1 << 16)
        if reply := answers(text):
            os.write(viewer.terminal, reply)
        shown += text
        if expected in shown:
            return (time.monotonic() - began) * 1000
    raise SystemExit(f"{expected} was not drawn in 5 s")


def keys(viewer, count):
    """Milliseconds from the key that opens one run to its frame, sorted."""
    taken = []
    chance = random.Random(2)
    for _ in range(count):
        os.write(viewer.terminal, b"3")
        taken.append(until(viewer, b"parameters"))
        viewer.listen(0.05 + chance.random() * 0.1)
        os.write(viewer.terminal, b"1")
        viewer.listen(0.3 + chance.random() * 0.1)
    return sorted(taken)


def smoothing(viewer, count):
    """Milliseconds from the key that smooths all curves more or less to its frame, sorted."""
    taken = []
    for number in range(count):
        # Another notice, so that what is said of the smoothing is written in full.
        os.write(viewer.terminal, b"y")
        viewer.listen(0.3)
        os.write(viewer.terminal, b"]" if number % 2 == 0 else b"[")
        taken.append(until(viewer, b"smoothing"))
        viewer.listen(0.3)
    return sorted(taken)


def quantiles(taken):
    at = lambda part: taken[min(len(taken) - 1, round((len(taken) - 1) * part))]
    return f"p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, worst {taken[-1]:.1f} ms of {len(taken)}"


def append(logs, first, end):
    """10,000 steps a second over all logs, in bursts of a twentieth of a second."""
    files, chance, number = [open(log, "a") for log in logs], random.Random(3), first
    per_burst = 10_000 // 20 // len(logs)
    due = time.monotonic()
    while not end.is_set():
        for file in files:
            file.write("".join(step(number + offset, chance, 1_700_000_000.0) for offset in range(per_burst)))
            file.flush()
        number += per_burst
        due += 0.05
        time.sleep(max(0, due - time.monotonic()))
    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetop", required=True, help="the program, built for release")
    parser.add_argument("--part", default="load,keys,list")
    parser.add_argument("--count", type=int, default=100, help="keys to press")
    arguments = parser.parse_args()
    program, parts = os.path.abspath(arguments.finetop), arguments.part.split(",")

    def view(folder):
        variables = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "HOME": str(folder)}
        return Viewer([program, "--read-only", "--runs", str(folder / "runs")], variables)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if "load" in parts or "keys" in parts:
            logs = write(folder / "load", 20, 50_000, is_over=False)
            viewer = view(folder / "load")
            try:
                seconds = settled(viewer)
                memory, idle = resident_megabytes(viewer.process), share(viewer, 10)
                size = sum(log.stat().st_size for log in logs) / 1e6
                print(f"20 runs of 50,000 steps, {size:.0f} MB: curves after {viewer.opened:.2f} s, settled after {seconds:.2f} s, {memory:.0f} MB resident, idle {idle:.2f} %")
                if "keys" in parts:
                    end = threading.Event()
                    writer = threading.Thread(target=append, args=(logs, 50_001, end))
                    writer.start()
                    try:
                        viewer.listen(1)
                        before, began = processor_seconds(viewer.process), time.monotonic()
                        taken = keys(viewer, arguments.count)
                        used = (processor_seconds(viewer.process) - before) / (time.monotonic() - began) * 100
                        smoothed = smoothing(viewer, max(1, arguments.count // 4))
                    finally:
                        end.set()
                        writer.join()
                    print(f"key to frame while 10,000 events/s arrive: {quantiles(taken)}; {used:.1f} % of a core")
                    print(f"… the key that smooths otherwise: {quantiles(smoothed)}")
            finally:
                viewer.close()
        if "list" in parts:
            write(folder / "list", 500, 100, is_over=True)
            viewer = view(folder / "list")
            try:
                seconds = settled(viewer)
                idle, taken = share(viewer, 10), keys(viewer, arguments.count)
                print(f"500 runs: settled after {seconds:.2f} s, idle {idle:.2f} %; key to frame: {quantiles(taken)}")
            finally:
                viewer.close()


if __name__ == "__main__":
    main()
