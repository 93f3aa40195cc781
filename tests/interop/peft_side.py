#!/usr/bin/env python3
"""PEFT's and Transformers' side of the interop check.

    python3 peft_side.py make MODEL_DIR OUT   # an adapter per row in OUT/ROW, with its logits in expected.json
    python3 peft_side.py load < rows.json     # logits of folders that finetop exported

Made with torch 2.11.0, transformers 5.23.0, peft 0.21.2. The fixtures of the default tests, from the root of the checkout:

    python3 tests/interop/peft_side.py make tests/fixtures/parity/tiny tests/fixtures/interop
"""
import sys
from pathlib import Path

import torch
from common import LABELS, batch, load_all, logits, randomise, save
from peft import IA3Config, LNTuningConfig, LoraConfig, PeftModel, PrefixTuningConfig, PromptTuningConfig, get_peft_model
from transformers import AutoModelForSequenceClassification

ALL = ["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"]
CLASSIFY = {"task_type": "SEQ_CLS"}


def rows():
    """A configuration per row, away from its defaults."""
    return {
        "lora": LoraConfig(r=3, lora_alpha=7, target_modules=["query", "value"], lora_dropout=0.2, **CLASSIFY),
        "rslora_regex": LoraConfig(r=4, lora_alpha=10, use_rslora=True, target_modules=r".*layer\.\d+\.(attention\.self\.key|output\.dense)", **CLASSIFY),
        "dora_all": LoraConfig(r=2, lora_alpha=5, use_dora=True, init_lora_weights="gaussian", target_modules=ALL, **CLASSIFY),
        "ia3_default": IA3Config(**CLASSIFY),
        "ia3_query_up": IA3Config(target_modules=["query", "intermediate.dense"], feedforward_modules=[], **CLASSIFY),
        "prefix": PrefixTuningConfig(num_virtual_tokens=4, **CLASSIFY),
        "prefix_projection": PrefixTuningConfig(num_virtual_tokens=3, prefix_projection=True, encoder_hidden_size=7, **CLASSIFY),
        "prompt": PromptTuningConfig(num_virtual_tokens=5, **CLASSIFY),
        "layer_norms": LNTuningConfig(target_modules=["LayerNorm"], **CLASSIFY),
    }


def make(base, out):
    for seed, (row, config) in enumerate(rows().items()):
        torch.manual_seed(seed)
        model = get_peft_model(AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(LABELS)), config)
        randomise([parameter for parameter in model.parameters() if parameter.requires_grad], torch)
        folder = Path(out) / f"peft_{row}"
        model.save_pretrained(folder)
        save(folder, logits(model, batch(base, torch), torch))


def load(item):
    if item["format"] == "transformers":
        return AutoModelForSequenceClassification.from_pretrained(item["folder"])
    base = AutoModelForSequenceClassification.from_pretrained(item["base"], num_labels=item["n_labels"])
    return PeftModel.from_pretrained(base, item["folder"])


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3])
    else:
        load_all(load, torch)
