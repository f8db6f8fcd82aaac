"""The other side of `deno task parity`: the same training by PyTorch and Hugging Face transformers.

Model, AdamW and clipping are theirs; parameters, batches and plan are read from what bench/parity/export.ts wrote.

  deno run -A bench/parity/export.ts nano DIR
  python bench/parity/pytorch_training.py DIR OUT.json [--dtype float32|float64] [--steps N]

Recorded with Python 3.11, torch 2.15.0, transformers 5.24.0, numpy 2.4.6.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM


def build_model(shape):
    if shape["family"] == "gpt2":
        config = GPT2Config(
            vocab_size=shape["vocabSize"],
            n_positions=shape["contextLength"],
            n_embd=shape["width"],
            n_inner=shape["innerWidth"],
            n_layer=shape["layerCount"],
            n_head=shape["headCount"],
            layer_norm_epsilon=shape["normEpsilon"],
            activation_function={"gelu-tanh": "gelu_new", "gelu-erf": "gelu"}[shape["activation"]],
            tie_word_embeddings=shape["tiedHead"],
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=0,
            eos_token_id=0,
        )
        return GPT2LMHeadModel(config)
    assert shape["ropeScaling"] is None, shape
    config = LlamaConfig(
        vocab_size=shape["vocabSize"],
        max_position_embeddings=shape["contextLength"],
        hidden_size=shape["width"],
        intermediate_size=shape["innerWidth"],
        num_hidden_layers=shape["layerCount"],
        num_attention_heads=shape["headCount"],
        num_key_value_heads=shape["keyValueHeadCount"],
        head_dim=shape["headSize"],
        rms_norm_eps=shape["normEpsilon"],
        rope_theta=shape["ropeTheta"],
        tie_word_embeddings=shape["tiedHead"],
        bos_token_id=0,
        eos_token_id=0,
    )
    return LlamaForCausalLM(config)


def load_parameters(model, tensors, values):
    named = dict(model.named_parameters())
    assert set(named) == {name for name, _, _ in tensors}, "the two sides name different tensors"
    at = 0
    for name, shape, _ in tensors:
        count = int(np.prod(shape))
        with torch.no_grad():
            named[name].copy_(torch.from_numpy(values[at : at + count].reshape(shape).copy()))
        at += count
    assert at == values.size


def mean_loss(model, windows):
    """windows [B, T + 1]; every one of the B·T targets counts."""
    logits = model(input_ids=windows[:, :-1], use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())


def learning_rate(plan, step):
    return plan["learningRate"] * min(1.0, (step + 1) / max(1, plan["warmupSteps"]))


def validate(model, windows, batch_size):
    with torch.no_grad():
        losses = [mean_loss(model, batch).item() for batch in windows.split(batch_size)]
    return sum(losses) / len(losses)


def train(model, plan, tensors, batches, validation, steps):
    options = plan["adamw"]
    named = dict(model.named_parameters())
    optimiser = torch.optim.AdamW(
        [
            {"params": [named[n] for n, _, decay in tensors if decay], "weight_decay": options["weightDecay"]},
            {"params": [named[n] for n, _, decay in tensors if not decay], "weight_decay": 0.0},
        ],
        betas=(options["beta1"], options["beta2"]),
        eps=options["epsilon"],
    )
    train_losses, validation_losses = [], [validate(model, validation, plan["batchSize"])]
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(plan, step)
        optimiser.zero_grad()
        loss = mean_loss(model, batches[step])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), options["maxGradNorm"])
        optimiser.step()
        train_losses.append(loss.item())
        if (step + 1) % plan["validateEvery"] == 0:
            validation_losses.append(validate(model, validation, plan["batchSize"]))
            print(f"{step + 1} train {train_losses[-1]:.4f} validation {validation_losses[-1]:.4f}", flush=True)
    return train_losses, validation_losses


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()
    told = json.loads((args.folder / "plan.json").read_text())
    plan, digests = told["plan"], told["digests"]
    read = {name: (args.folder / name).read_bytes() for name in ("parameters.f32", "batches.u32", "validation.u32")}
    for name, data in read.items():
        assert hashlib.sha256(data).hexdigest() == digests[name.split(".")[0]], name
    window = plan["model"]["contextLength"] + 1
    tokens = lambda name: torch.from_numpy(np.frombuffer(read[name], "<u4").astype(np.int64))
    batches = tokens("batches.u32").reshape(plan["steps"], plan["batchSize"], window)
    validation = tokens("validation.u32").reshape(-1, window)

    model = build_model(plan["model"]).to(getattr(torch, args.dtype)).train()
    load_parameters(model, told["tensors"], np.frombuffer(read["parameters.f32"], "<f4"))
    started = time.monotonic()
    steps = args.steps or plan["steps"]
    train_losses, validation_losses = train(model, plan, told["tensors"], batches, validation, steps)
    seconds = time.monotonic() - started
    made_by = f"torch {torch.__version__.split('+')[0]}, transformers {transformers.__version__}, {args.dtype}, CPU"
    rounded = lambda losses: [round(loss, 8) for loss in losses]
    args.out.write_text(
        json.dumps(
            {
                "madeBy": made_by,
                "plan": plan,
                "digests": digests,
                "trainLosses": rounded(train_losses),
                "validationLosses": rounded(validation_losses),
            },
        )
        + "\n"
    )
    print(f"{made_by}: {steps} steps in {seconds:.1f} s")


if __name__ == "__main__":
    main()
