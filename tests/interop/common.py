"""What both sides of the interop check share: texts, token ids of the tiny model, and files. Needs nothing but Python."""
import json
import sys
from pathlib import Path

TEXTS = [
    "The kettle boiled over.",
    "A dull, talky film that never finds its rhythm, and knows it; by the second hour even the actors look at their watches.",
    "Ünïcödé, 北京 and 🙂 walk into a bar.",
    "no",
    "She posted the letter on Tuesday, although the box had been emptied.",
]
# The tiny model of the fixtures has no tokenizer.
TOKEN_IDS = [[2, 4, 7, 10, 3], [2, 5, 8, 3], [2, 6, 9, 12, 44, 15, 3]]
LABELS = ["bad", "fine", "good"]
MAX_LENGTH = 48


def batch(model_folder, torch):
    """The inputs as a padded batch: of texts where the model has a tokenizer, else of token ids."""
    if (Path(model_folder) / "tokenizer.json").exists():
        from transformers import AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(model_folder)
        return dict(tokenizer(TEXTS, truncation=True, max_length=MAX_LENGTH, padding=True, return_tensors="pt"))
    width = max(len(ids) for ids in TOKEN_IDS)
    ids = torch.tensor([row + [0] * (width - len(row)) for row in TOKEN_IDS])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in TOKEN_IDS])
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}


def logits(model, inputs, torch):
    """Logits of a model in evaluation, as lists."""
    model.eval()
    with torch.no_grad():
        return model(**inputs).logits.double().tolist()


def randomise(parameters, torch, spread=0.1):
    """Moves every parameter away from its first value, so that nothing agrees by being zero."""
    with torch.no_grad():
        for parameter in parameters:
            parameter.add_(spread * torch.randn_like(parameter))


def save(folder, expected):
    """Writes the expected logits beside the adapter; its model card says nothing that is needed."""
    folder = Path(folder)
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "expected.json").write_text(json.dumps({"logits": expected}) + "\n")


def load_all(load, torch):
    """Answers `[{"row", "folder", "base"}, …]` on stdin with the logits of each row, or what went wrong with it."""
    answers = {}
    for item in json.load(sys.stdin):
        try:
            answers[item["row"]] = logits(load(item), batch(item["base"], torch), torch)
        except Exception as error:  # A row that cannot be loaded must not hide the others.
            answers[item["row"]] = f"{type(error).__name__}: {error}"
    print(json.dumps(answers))
