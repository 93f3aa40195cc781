#!/usr/bin/env python3
"""AdapterHub's side of the interop check; the same commands as `peft_side.py`, with a Python that has adapters 1.3.0.

    python3 tests/interop/adapterhub_side.py make tests/fixtures/parity/tiny tests/fixtures/interop
"""
import sys
from pathlib import Path

import adapters
import torch
from adapters import AutoAdapterModel, DoubleSeqBnConfig, ParBnConfig, SeqBnConfig
from common import LABELS, batch, load_all, logits, randomise, save
from transformers import AutoModelForSequenceClassification

ID2LABEL = dict(enumerate(LABELS))


def rows():
    """A configuration per row, away from its defaults, with the arguments of its flexible head; `None` is the model's own classifier."""
    return {
        "double_seq_bn": (DoubleSeqBnConfig(reduction_factor=5, non_linearity="gelu", scaling=2.0), {"layers": 1, "use_pooler": True}),
        "seq_bn": (SeqBnConfig(reduction_factor=4), {}),
        "par_bn": (ParBnConfig(reduction_factor=3.5, non_linearity="tanh", scaling=3.0), {"layers": 1}),
        "static_head": (SeqBnConfig(reduction_factor=8, non_linearity="swish"), None),
    }


def make(base, out):
    for seed, (row, (config, head)) in enumerate(rows().items()):
        torch.manual_seed(seed)
        if head is None:
            model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=len(LABELS), id2label=ID2LABEL)
            adapters.init(model)
            model.add_adapter(row, config=config)
        else:
            model = AutoAdapterModel.from_pretrained(base)
            model.add_adapter(row, config=config)
            model.add_classification_head(row, num_labels=len(LABELS), id2label=ID2LABEL, **head)
        model.train_adapter(row)
        randomise([parameter for parameter in model.parameters() if parameter.requires_grad], torch)
        folder = Path(out) / f"adapterhub_{row}"
        model.save_adapter(str(folder), row, with_head=True, use_safetensors=True)
        save(folder, logits(model, batch(base, torch), torch))


def load(item):
    model = AutoAdapterModel.from_pretrained(item["base"])
    name = model.load_adapter(item["folder"], use_safetensors=True)
    model.set_active_adapters(name)
    model.active_head = name
    return model


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2], sys.argv[3])
    else:
        load_all(load, torch)
