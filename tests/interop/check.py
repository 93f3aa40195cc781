#!/usr/bin/env python3
"""The interop check: finetop and PEFT, AdapterHub and Transformers load each other's folders and agree on every logit.

`cargo xtask interop` calls it. It needs nothing but Python itself; the libraries are those of the two Pythons that it is given.
"""
import argparse
import json
import math
import subprocess
import sys
from pathlib import Path

from common import LABELS, MAX_LENGTH, TEXTS

HERE = Path(__file__).resolve().parent
# Logits are fp32 sums in another order: six blocks leave some 1e-6.
LARGEST = 1e-4
# Run, what it is, and the formats it is exported in, merged or not.
RUNS = [
    ("full", {"method": "full", "lr": 1e-3}, ["transformers"]),
    ("top_layers", {"method": "top_layers", "layers": 2}, ["transformers"]),
    ("feature_extraction", {"method": "feature_extraction", "head": {"pooling": "pooler"}}, ["transformers"]),
    ("bitfit", {"method": "bitfit"}, ["transformers"]),
    ("layer_norm_tuning", {"method": "layer_norm_tuning"}, ["peft", "transformers"]),
    ("lora", {"method": "lora", "rank": 3, "alpha": 7}, ["peft", "merged"]),
    ("lora_plus", {"method": "lora", "rank": 2, "learning_rate_ratio": 16.0, "targets": ["attention_output", "ffn_up"]}, ["peft"]),
    ("rslora_ffn_down", {"method": "lora", "rank": 4, "alpha": 10, "rank_stabilized": True, "targets": ["key", "ffn_down"]}, ["peft", "merged"]),
    ("dora_all", {"method": "lora", "rank": 2, "alpha": 5, "dora": True, "initialization": "gaussian", "targets": "all"}, ["peft", "merged"]),
    ("ia3", {"method": "ia3"}, ["peft", "merged"]),
    ("ia3_all", {"method": "ia3", "targets": "all"}, ["peft", "merged"]),
    ("prefix", {"method": "prefix_tuning", "length": 5}, ["peft"]),
    ("prefix_projection", {"method": "prefix_tuning", "length": 4, "projection": 32}, ["peft"]),
    ("p_tuning_v2", {"method": "p_tuning_v2", "length": 6}, ["peft"]),
    ("prompt", {"method": "prompt_tuning", "length": 5, "head": {"pooling": "peft"}}, ["peft"]),
    ("houlsby", {"method": "houlsby_adapter", "size": 20, "train_layer_norms": False, "initial_std": 0.05}, ["adapterhub"]),
    ("pfeiffer", {"method": "pfeiffer_adapter", "activation": "swish"}, ["adapterhub"]),
    ("pfeiffer_cls_mlp", {"method": "pfeiffer_adapter", "size": 7, "head": {"pooling": "cls", "classifier": "mlp"}}, ["adapterhub"]),
    ("parallel", {"method": "parallel_adapter", "scale": 3.0, "activation": "tanh"}, ["adapterhub"]),
]


class Check:
    def __init__(self, arguments):
        self.arguments = arguments
        self.work = Path(arguments.work)
        self.results = []

    def call(self, *command, text=None):
        ended = subprocess.run([str(part) for part in command], input=text, capture_output=True, text=True)
        if ended.returncode:
            raise RuntimeError((ended.stderr.strip() or ended.stdout.strip()).splitlines()[-1])
        return ended.stdout

    def finetop(self, *command):
        return self.call(self.arguments.finetop, "--runs", self.work / "runs", *command)

    def own_logits(self, run):
        rows = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
        answers = self.call(self.arguments.worker, "logits", self.work / "runs" / run, text=rows)
        return [json.loads(line)["logits"] for line in answers.splitlines()]

    def record(self, row, direction, compute):
        """Adds a line to the table; `compute` yields two lists of logits."""
        try:
            ours, theirs = compute()
            if isinstance(theirs, str):
                raise RuntimeError(theirs)
            pairs = [(a, b) for one, other in zip(ours, theirs, strict=True) for a, b in zip(one, other, strict=True)]
            largest, spread = max(abs(a - b) for a, b in pairs), max(abs(a) for a, _ in pairs)
            # Logits that are all zero would agree whatever was loaded.
            is_good = largest <= LARGEST and spread > 1e-3 and not math.isnan(largest)
            self.results.append((row, direction, f"{largest:.1e}", is_good))
        except (RuntimeError, ValueError, KeyError) as error:
            self.results.append((row, direction, str(error), False))
        print(f"  {row}: {self.results[-1][2]}", file=sys.stderr, flush=True)

    def data(self):
        lines = ["text\tlabel"] + [f"{text} {number}\t{LABELS[(row + number) % 3]}" for number in range(2) for row, text in enumerate(TEXTS)]
        path = self.work / "rows.tsv"
        path.write_text("\n".join(lines) + "\n")
        return path

    def from_finetop(self, data):
        """finetop trains and exports, Python loads."""
        print("finetop trains 19 runs of a few steps, then exports them", file=sys.stderr, flush=True)
        experiment = {
            "name": "interop", "model": self.arguments.model, "data": {"train": str(data), "validation_share": 0.2, "max_train_rows": 8, "max_length": MAX_LENGTH, "labels": LABELS},
            "epochs": 2, "batch_size": 8, "warmup": 0.0, "lr": 0.02, "runs_at_once": 1, "threads": 1, "device": "cpu",
            "runs": [{"name": name, **keys} for name, keys, _ in RUNS],
        }
        path = self.work / "interop.yaml"
        path.write_text(json.dumps(experiment, indent=1))
        self.finetop("run", path, "--headless")
        items = {"peft": [], "adapterhub": []}
        for name, _, formats in RUNS:
            for format in formats:
                row, out = f"{name} ({format})", self.work / "exported" / f"{name}-{format}"
                try:
                    options = ["--merged"] if format == "merged" else ["--format", format]
                    said = self.finetop("export", f"interop-1/{name}", "--out", out, *options)
                    print("  " + said.splitlines()[1], file=sys.stderr, flush=True)
                except RuntimeError as error:
                    self.results.append((row, "finetop → Python", str(error), False))
                    continue
                side = "adapterhub" if format == "adapterhub" else "peft"
                kind = "transformers" if format == "merged" else format
                items[side].append({"row": row, "run": name, "format": kind, "folder": str(out), "base": self.arguments.model, "n_labels": len(LABELS)})
        for side, python in self.pythons():
            answers = json.loads(self.call(python, HERE / f"{side}_side.py", "load", text=json.dumps(items[side])).splitlines()[-1])
            for item in items[side]:
                self.record(item["row"], "finetop → Python", lambda item=item: (self.own_logits(f"interop-1/{item['run']}"), answers[item["row"]]))

    def from_python(self, data):
        """Python makes adapters, finetop imports and evaluates them."""
        made = self.work / "made"
        for side, python in self.pythons():
            print(f"{side} makes adapters, finetop imports them", file=sys.stderr, flush=True)
            self.call(python, HERE / f"{side}_side.py", "make", self.arguments.model, made)
        for folder in sorted(path for path in made.iterdir() if path.is_dir()):
            expected = json.loads((folder / "expected.json").read_text())["logits"]

            def both(folder=folder, expected=expected):
                self.finetop("import", folder, "--data", data, "--epochs", 0, "--headless")
                run = next((self.work / "runs" / f"{folder.name}-1").glob("*/run.yaml")).parent
                return self.own_logits(run.relative_to(self.work / "runs")), expected

            self.record(folder.name, "Python → finetop", both)

    def pythons(self):
        return [("peft", self.arguments.python), ("adapterhub", self.arguments.python_adapters)]

    def table(self):
        width = max(len(row) for row, *_ in self.results)
        print(f"{'row':{width}}  direction         max |difference|")
        for row, direction, largest, is_good in self.results:
            print(f"{row:{width}}  {direction:16}  {largest:16}  {'pass' if is_good else 'FAIL'}")
        n_failed = sum(not is_good for *_, is_good in self.results)
        print(f"{len(self.results) - n_failed} of {len(self.results)} rows agree within {LARGEST:g}")
        return 1 if n_failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ["finetop", "worker", "model", "work", "python", "python-adapters"]:
        parser.add_argument(f"--{option}", required=True)
    check = Check(parser.parse_args())
    check.work.mkdir(parents=True, exist_ok=True)
    data = check.data()
    check.from_finetop(data)
    check.from_python(data)
    sys.exit(check.table())


if __name__ == "__main__":
    main()
