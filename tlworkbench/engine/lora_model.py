"""The adapters of a LoRA run added into the weights they stand beside: a checkpoint like any other."""

from pathlib import Path

import torch
from peft import PeftModel

from tlworkbench.catalog.resolve import resolve_model
from tlworkbench.engine.checkpoint import put_model
from tlworkbench.engine.model_folder import load_for_training
from tlworkbench.engine.plan import Plan
from tlworkbench.engine.run_record import MAX_LENGTH_KEY, RUN_KEY, read_record
from tlworkbench.engine.windows import save_windows, windows_for
from tlworkbench.inference.text_limit import effective_length


def keep_merged(plan: Plan, checkpoint: Path) -> None:
    """Merge a checkpoint's adapters into the model the run began with, and put that at the job's model/.

    All or nothing, as `put_model` has it. Raises UserError where that model is gone.
    """
    job, spec = plan.context.job, plan.spec
    source = resolve_model(spec.model, job.path.parent)
    with torch.random.fork_rng():
        # Weights that the source lacks and that don't learn are the same random numbers as in the run.
        torch.manual_seed(spec.seed)
        classifier = load_for_training(source, plan.names, spec.model)
    # On the same device, so that the sums come out as when it was measured.
    adapted = PeftModel.from_pretrained(classifier.model.to(plan.device), checkpoint)
    merged = adapted.merge_and_unload(safe_merge=True)
    record = read_record(job.path)
    max_length = record.max_length if record else effective_length(spec.max_length, classifier.limit)
    setattr(merged.config, MAX_LENGTH_KEY, max_length)
    save_windows(merged.config, windows_for(spec, classifier.tokenizer, max_length))
    setattr(merged.config, RUN_KEY, job.run)

    def fill(folder: Path) -> None:
        merged.save_pretrained(folder)
        classifier.tokenizer.save_pretrained(folder)

    put_model(fill, job.model_dir)
