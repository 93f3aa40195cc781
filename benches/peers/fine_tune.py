#!/usr/bin/env python3
"""One fine-tuning run with Transformers' Trainer, and PEFT or AdapterHub's adapters for the method: finetop's peer in `cargo xtask bench`.

Plain use, as the libraries' own guides show it; `--tuned` adds what their guides to speed recommend: bf16 autocast, and
batches of rows of like length. The last line of standard output is a JSON object:

    startup_seconds       from the first line of this file to the first optimizer step (imports, model, rows, tokens)
    training_seconds      all of `Trainer.train` but its evaluations
    evaluation_seconds    those evaluations, of the whole validation split, one an epoch
    wall_seconds          from the first line of this file to its last
    training_examples, evaluation_examples     rows that went through in those times, all epochs together
    tokens                real tokens of the training rows, all epochs together
    trainable             parameters that train
    accuracies            after every epoch
    peak_memory_bytes     highest resident memory of this process
    gpu_memory_bytes      the most that tensors took on the GPU, where one is used

    python3 fine_tune.py --model FOLDER --data FOLDER --method lora --epochs 3 --batch 32 --lr 2e-3 --threads 2
"""
import time

STARTED = time.monotonic()

import argparse
import json
import resource
import sys
import tempfile
from pathlib import Path

LONGEST = 128  # tokens of a row; finetop's default
EVALUATION_BATCH = 64  # rows; finetop's on a processor


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of the pre-trained model")
    parser.add_argument("--data", required=True, type=Path, help="folder with train.tsv and validation.tsv; columns text and label")
    parser.add_argument("--method", required=True, choices=sorted(PEFT_METHODS) + sorted(ADAPTERS) + sorted(PLAIN))
    parser.add_argument("--rows", type=int, help="first training rows to use; all by default")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, required=True, help="peak learning rate")
    parser.add_argument("--tuned", action="store_true", help="bf16 autocast and grouping by length")
    parser.add_argument("--threads", type=int, help="processor threads; torch's own choice by default")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where the tensors are")
    return parser.parse_args()


def table(path, n_rows=None):
    """Texts and label names of a TSV file without quoting."""
    with path.open(encoding="utf-8", newline="\n") as file:
        heading, *lines = [line.rstrip("\r\n") for line in file]
    columns = heading.split("\t")
    text, label = columns.index("text"), columns.index("label")
    cells = [line.split("\t") for line in lines[:n_rows] if line]
    return [row[text] for row in cells], [row[label] for row in cells]


# Every setting below is also in finetop's experiment of the same row, `xtask/src/bench/methods.rs`.


def peft_model(config):
    def wrap(model):
        import peft

        return peft.get_peft_model(model, config(peft))

    return wrap


PEFT_METHODS = {
    "lora": peft_model(lambda peft: peft.LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"])),
    "ia3": peft_model(lambda peft: peft.IA3Config(task_type="SEQ_CLS")),
    "prefix_tuning": peft_model(lambda peft: peft.PrefixTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=20)),
    "prompt_tuning": peft_model(lambda peft: peft.PromptTuningConfig(task_type="SEQ_CLS", num_virtual_tokens=20)),
}


def adapter(configuration):
    def wrap(model):
        import adapters

        adapters.init(model)
        model.add_adapter("task", config=configuration)
        model.train_adapter("task")
        return model

    return wrap


ADAPTERS = {"houlsby_adapter": adapter("double_seq_bn"), "pfeiffer_adapter": adapter("seq_bn")}


def only(trains):
    def wrap(model):
        for name, parameter in model.named_parameters():
            parameter.requires_grad = trains(name)
        return model

    return wrap


PLAIN = {
    "full": lambda model: model,
    "feature_extraction": only(lambda name: name.startswith("classifier.")),
    "bitfit": only(lambda name: name.startswith("classifier.") or name.endswith(".bias")),
}


def training_arguments(options, version, folder):
    from transformers import TrainingArguments

    is_new = version >= 5
    settings = {
        "output_dir": folder,
        "num_train_epochs": options.epochs,
        "per_device_train_batch_size": options.batch,
        "per_device_eval_batch_size": EVALUATION_BATCH,
        "learning_rate": options.lr,
        "eval_strategy": "epoch",
        "save_strategy": "no",
        "report_to": [],
        "logging_steps": 10,
        "disable_tqdm": True,
        "use_cpu": options.device == "cpu",
        "seed": 0,
        ("warmup_steps" if is_new else "warmup_ratio"): 0.1,
    }
    if options.tuned:
        settings["bf16"] = True
        settings.update({"train_sampling_strategy": "group_by_length"} if is_new else {"group_by_length": True})
    return TrainingArguments(**settings)


def main():
    options = arguments()
    import torch
    import transformers
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, Trainer, TrainerCallback

    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    train, validation = table(options.data / "train.tsv", options.rows), table(options.data / "validation.tsv")
    labels = sorted(set(train[1] + validation[1]))

    def encode(texts, names):
        token_ids = tokenizer(texts, truncation=True, max_length=LONGEST)
        return [{**{key: token_ids[key][row] for key in token_ids}, "labels": labels.index(name)} for row, name in enumerate(names)]

    train, validation = encode(*train), encode(*validation)
    model = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=len(labels))
    model = {**PEFT_METHODS, **ADAPTERS, **PLAIN}[options.method](model)
    first_step = []

    class FirstStep(TrainerCallback):
        def on_step_begin(self, *_, **__):
            if not first_step:
                first_step.append(time.monotonic())

    def accuracy(prediction):
        logits = prediction.predictions
        logits = logits[0] if isinstance(logits, tuple) else logits
        return {"accuracy": float((logits.argmax(-1) == prediction.label_ids).mean())}

    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            model=model,
            args=training_arguments(options, int(transformers.__version__.split(".")[0]), folder),
            train_dataset=train,
            eval_dataset=validation,
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=accuracy,
            callbacks=[FirstStep()],
        )
        begin = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - begin
    evaluations = [entry for entry in trainer.state.log_history if "eval_accuracy" in entry]
    evaluation_seconds = sum(entry["eval_runtime"] for entry in evaluations)
    figures = {
        "startup_seconds": first_step[0] - STARTED,
        "training_seconds": seconds - evaluation_seconds,
        "evaluation_seconds": evaluation_seconds,
        "training_examples": len(train) * options.epochs,
        "evaluation_examples": len(validation) * len(evaluations),
        "tokens": sum(len(row["input_ids"]) for row in train) * options.epochs,
        "trainable": sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad),
        "accuracies": [entry["eval_accuracy"] for entry in evaluations],
        # Kibibytes, but bytes on macOS.
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "wall_seconds": time.monotonic() - STARTED,
    }
    if options.device == "cuda":
        figures["gpu_memory_bytes"] = torch.cuda.max_memory_allocated()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
