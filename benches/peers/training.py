#!/usr/bin/env python3
"""What looking on costs training: examples a second of one real run, with the dashboard open on it and without, by turns.

  python3 benches/peers/training.py --finetop target/release/finetop [--pairs 5] [--epochs 12] [--method lora]

The run is one of the quickstart's, with as many threads as finetop gives it on this machine; the dashboard shows it in a terminal of 200x60,
where its answers to questions about the terminal are those of a common one. Counted is the time that the worker measures in its steps, all
but the first ten. `finetop-worker` must lie beside `finetop`. Nothing is needed but Python; Linux only.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from viewers import HERE, Viewer, processor_seconds

ROOT = HERE.parent.parent

EXPERIMENT = """name: cost
model: sentence-transformers/all-MiniLM-L6-v2
data:
  train: {data}/train.tsv
  validation: {data}/validation.tsv
epochs: {epochs}
batch_size: 32
runs:
  - {{name: run, method: {method}}}
"""

SKIPPED = 10


def train(program, folder, experiment, is_watched):
    """Examples a second of a run, and the share of one core that the dashboard took."""
    runs = folder / f"runs-{time.monotonic_ns()}"
    started = subprocess.run([program, "run", experiment, "--detach", "--runs", runs], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if started.returncode != 0:
        raise SystemExit(f"the run was not started:\n{started.stdout}{started.stderr}")
    viewer = None
    began = time.monotonic()
    if is_watched:
        variables = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "HOME": str(folder)}
        viewer = Viewer([program, "--read-only", "--runs", str(runs)], variables)
    run = runs / "cost-1/run"
    try:
        # Written once the worker has ended, however it has.
        while not (run / "exit.json").exists():
            if time.monotonic() - began > 600:
                raise SystemExit("the run did not end in ten minutes")
            if viewer:
                viewer.listen(0.5)
                if os.waitpid(viewer.process, os.WNOHANG) != (0, 0):
                    viewer.process = None
                    raise SystemExit("the dashboard ended by itself")
            else:
                time.sleep(0.5)
        share = processor_seconds(viewer.process) / (time.monotonic() - began) * 100 if viewer else 0.0
        if viewer and viewer.opened is None:
            raise SystemExit("the dashboard showed no curve")
    finally:
        if viewer and viewer.process:
            viewer.close()
    end = json.loads((run / "exit.json").read_text())
    if end["code"] != 0:
        raise SystemExit("\n".join(["the run ended badly:", *end.get("stderr_tail", [])]))
    events = [json.loads(line)["event"] for line in (run / "events.jsonl").read_text().splitlines()]
    steps = [event["step"] for event in events if isinstance(event, dict) and "step" in event]
    if len(steps) < 2 * SKIPPED:
        raise SystemExit(f"{len(steps)} steps are too few: more epochs are needed")
    first, last = steps[SKIPPED - 1], steps[-1]
    return (last["examples"] - first["examples"]) / (last["training_seconds"] - first["training_seconds"]), share


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetop", required=True, help="the program, built for release")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--method", default="lora")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.finetop)
    # The queue may still write while the folder goes.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        experiment = folder / "cost.yaml"
        data = ROOT / "assets/did-it-happen"
        experiment.write_text(EXPERIMENT.format(data=data, epochs=arguments.epochs, method=arguments.method))
        # Once for nothing, so that no counted run finds the model and the libraries on the disk alone.
        train(program, folder, experiment, is_watched=True)
        alone, watched, shares = [], [], []
        for pair in range(arguments.pairs):
            # By turns, and each of the two first as often as the other.
            for is_watched in (False, True) if pair % 2 == 0 else (True, False):
                speed, share = train(program, folder, experiment, is_watched)
                (watched if is_watched else alone).append(speed)
                if is_watched:
                    shares.append(share)
            print(f"pair {pair + 1}: {alone[-1]:.1f} examples/s alone, {watched[-1]:.1f} watched: {(alone[-1] / watched[-1] - 1) * 100:+.2f} %", flush=True)
        costs = [(one / other - 1) * 100 for one, other in zip(alone, watched)]
        spread = (max(alone) - min(alone)) / statistics.median(alone) * 100
        print(f"looking on costs {statistics.median(costs):+.2f} % in the middle, {min(costs):+.2f} to {max(costs):+.2f} %; runs alone differ by {spread:.2f} %; the dashboard took {statistics.median(shares):.2f} % of a core")


if __name__ == "__main__":
    main()
