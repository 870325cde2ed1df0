"""job.toml: complete, repeatable, strict."""

from pathlib import Path

import msgspec
import pytest

from tlworkbench.errors import UserError
from tlworkbench.jobs.spec import (
    KINDS,
    LEARNING_RATES,
    ExportSpec,
    ImportSpec,
    JobSpec,
    LrFindSpec,
    TrainSpec,
)
from tlworkbench.jobs.spec_text import load_spec, save_spec, spec_from, with_settings

SPECS: tuple[JobSpec, ...] = (
    ImportSpec(source='/data/it"s.csv', text=("title", "body"), split="train[:10]"),
    TrainSpec(model="bundled", learning_rate=3e-5, journal_version=12),
    LrFindSpec(run=TrainSpec(model="bundled", journal_version=3, class_weights={"a": 2.0}), steps=50),
    ExportSpec(run="0003", variants=("fp32",)),
)


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_saved_is_read_back(spec: JobSpec, tmp_path: Path) -> None:
    save_spec(tmp_path / "job.toml", spec)
    assert load_spec(tmp_path / "job.toml") == spec


def test_every_field_stands_in_the_file(tmp_path: Path) -> None:
    save_spec(tmp_path / "job.toml", TrainSpec(model="bundled", journal_version=0))
    text = (tmp_path / "job.toml").read_text()
    assert [name for name in TrainSpec.__struct_fields__ if f"{name} = " not in text] == []


def test_every_field_of_every_kind_is_explained() -> None:
    import ast
    import inspect

    from tlworkbench.jobs import spec as module

    unexplained = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef) and node.name.endswith("Spec") and node.name != "_Spec":
            for field, after in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and not (
                    isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                ):
                    unexplained.append(f"{node.name}.{ast.unparse(field.target)}")
    assert unexplained == []
    assert set(KINDS) == {
        "baseline", "import", "train", "evaluate", "export", "fetch", "suspects", "gain", "lrfind", "preflight",
        "search",
    }  # fmt: skip


VALID = "Valid: baseline, evaluate, export, fetch, gain, import, lrfind, preflight, search, suspects, train"


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        ('kind = "train"\nmodel = "x"\nepoch = 3', "unknown key 'epoch'", "did you mean 'epochs'?"),
        ('kind = "trian"\nmodel = "x"', "kind is 'trian'", "did you mean 'train'?"),
        ('model = "x"', "kind is None", VALID),
        ('kind = "train"\nmodel = "x"\nepochs = "three"', "key 'epochs'", "Mend that value."),
        ('kind = "train"\nmodel = "x"\nbatch_size = 0', "key 'batch_size'", "Mend that value."),
        ('kind = "train"\nmodel = "x"\nschedule = "wavy"', "key 'schedule'", "Mend that value."),
        ('kind = "train"', "missing required field `model`", "Mend that value."),
        ("kind = [", "is not valid TOML", "Mend that line."),
    ],
)
def test_a_mistake_names_the_file_the_key_and_the_way_out(tmp_path: Path, text: str, what: str, hint: str) -> None:
    path = tmp_path / "job.toml"
    path.write_text(text)
    with pytest.raises(UserError) as raised:
        load_spec(path)
    assert str(path) in raised.value.what
    assert what in raised.value.what
    assert raised.value.hint.lower() == hint.lower()


def test_settings_change_any_field_with_its_type() -> None:
    spec = with_settings(TrainSpec(model="bundled"), ("max_train_rows=4000", "learning_rate=2e-5", "schedule=cosine"))
    assert (spec.max_train_rows, spec.learning_rate, spec.schedule) == (4000, 2e-5, "cosine")


@pytest.mark.parametrize(
    ("assignment", "what"),
    [("max_rows=4", "unknown key 'max_rows'"), ("seed", "is not key=value"), ("seed=soon", "key 'seed'")],
)
def test_a_wrong_setting_is_refused(assignment: str, what: str) -> None:
    with pytest.raises(UserError, match=what):
        with_settings(TrainSpec(model="bundled"), (assignment,))


def test_numbers_out_of_range_are_refused_in_every_count() -> None:
    for name in ("batch_size", "epochs", "learning_rate", "checkpoint_limit"):
        with pytest.raises(UserError, match=name):
            with_settings(TrainSpec(model="bundled"), (f"{name}=0",))
    assert msgspec.to_builtins(TrainSpec(model="m"))["kind"] == "train"


def test_an_entry_of_a_table_is_set_with_a_dot() -> None:
    settings = ("class_weights=auto", "class_weights.very bad=2", "class_weights.a=b.c=0.5")
    spec = with_settings(TrainSpec(model="bundled"), settings)
    assert spec.class_weights == {"very bad": 2.0, "a=b.c": 0.5}
    for wrong in ("class_weights.bad=0", "class_weights=balanced", "class_weights.bad=much", "seed.x=1", "freeze=0"):
        with pytest.raises(UserError, match=f"key '{wrong.partition('=')[0].partition('.')[0]}"):
            with_settings(TrainSpec(model="bundled"), (wrong,))


def test_tables_are_saved_and_read_back(tmp_path: Path) -> None:
    spec = TrainSpec(model="bundled", class_weights={"sehr schlecht": 2.5}, freeze=3, layer_decay=0.9)
    save_spec(tmp_path / "job.toml", spec)
    assert load_spec(tmp_path / "job.toml") == spec


def test_every_kind_can_name_a_folder(tmp_path: Path) -> None:
    from tlworkbench.jobs.folder import create_job, open_job

    for spec in SPECS:
        assert open_job(create_job(tmp_path, spec).path).kind == type(spec).__struct_config__.tag


def test_steps_follow_from_rows_and_batches() -> None:
    spec = TrainSpec(model="bundled", batch_size=8, gradient_accumulation=4, epochs=2.5)
    assert (spec.rows_a_step, spec.steps_per_epoch(65), spec.total_steps(65)) == (32, 3, 8)
    assert with_settings(spec, ("steps=100",)).total_steps(65) == 100


def test_adapters_have_a_learning_rate_of_their_own_unless_one_is_given(tmp_path: Path) -> None:
    full = TrainSpec(model="bundled")
    assert with_settings(full, ("strategy=lora",)).learning_rate == LEARNING_RATES["lora"]
    assert with_settings(full, ("strategy=lora", "learning_rate=1e-4")).learning_rate == 1e-4
    given = with_settings(full, ("learning_rate=3e-4",))
    assert with_settings(given, ("strategy=lora",)).learning_rate == 3e-4
    back = with_settings(with_settings(full, ("strategy=lora",)), ("strategy=full",))
    assert back == full
    document = {"kind": "train", "model": "bundled", "strategy": "lora"}
    read = spec_from(document, "job.toml")
    assert isinstance(read, TrainSpec) and read.learning_rate == LEARNING_RATES["lora"]
    chosen = spec_from({**document, "learning_rate": 1e-4}, "job.toml")
    save_spec(tmp_path / "job.toml", chosen)
    assert load_spec(tmp_path / "job.toml") == chosen
