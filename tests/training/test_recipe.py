from pathlib import Path

import pytest

from tubelet.training.recipe import RecipeError, find_recipe, load_recipe, save_recipe

RECIPES = Path(__file__).parents[2] / "recipes"
SYNTHETIC = RECIPES / "recognition/synthetic/videomae_tiny.yaml"


@pytest.mark.parametrize("path", sorted((RECIPES / "recognition").rglob("*.yaml")), ids=lambda path: path.parent.name)
def test_every_recipe_of_the_package_is_read_and_written_back_the_same(path: Path, tmp_path: Path) -> None:
    recipe = load_recipe(path)
    save_recipe(recipe, tmp_path / "copy.yaml")
    assert load_recipe(tmp_path / "copy.yaml") == recipe


def test_the_kinetics_recipe_holds_the_authors_numbers() -> None:
    recipe = load_recipe(RECIPES / "recognition/kinetics400/videomae_base.yaml")
    # VideoMAE's fine-tuning script for ViT-B after 1600 epochs: 64 GPUs x 6, lr 5e-4, 75 epochs, decay .75, 5 x 3 views
    assert recipe.optimiser.lr == 5e-4
    assert recipe.optimiser.layer_decay == 0.75
    assert (recipe.run.epochs, recipe.run.batch_size, recipe.run.views) == (75, 6, (5, 3))
    assert recipe.data.augmentation.repeats == 2
    assert recipe.reported == {"top1": 81.5, "top5": 95.1}


def test_overrides_reach_any_depth_and_are_typed() -> None:
    recipe = load_recipe(SYNTHETIC, ["optimiser.lr=1e-3", "data.train.num_clips=32", "run.ema_decay=null"])
    assert recipe.optimiser.lr == 1e-3
    assert recipe.data.train.num_clips == 32
    assert recipe.run.ema_decay is None


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("optimiser.layer_deacy=0.7", "unknown key 'optimiser.layer_deacy'; did you mean layer_decay"),
        ("data.train.dificulty=hard", "unknown key 'data.train.dificulty'; did you mean difficulty?"),
        ("rum.epochs=3", "unknown key 'rum'; did you mean run?"),
        ("data.train.kind=kinetic", "data.train.kind: there is no kind 'kinetic'; did you mean kinetics"),
        ("run.epochs=0", "run.epochs: input should be greater than 0 (given 0)."),
        ("run.epochs", "override 'run.epochs' is not of the form key=value"),
        ("run.epochs.x=1", "override 'run.epochs.x=1': 'epochs' is a value, not a section."),
        ("data.train.kind=folder", "data.train"),
    ],
)
def test_a_wrong_key_or_value_is_one_sentence_that_names_it(override: str, sentence: str) -> None:
    with pytest.raises(RecipeError) as error:
        load_recipe(SYNTHETIC, [override])
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_recipe_is_named(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("[1, 2")
    with pytest.raises(RecipeError, match="is not a YAML file"):
        load_recipe(path)
    path.write_text("just words")
    with pytest.raises(RecipeError, match="expected a recipe"):
        load_recipe(path)
    with pytest.raises(RecipeError, match="no such recipe"):
        load_recipe(tmp_path / "none.yaml")


def test_the_packages_recipes_are_found_by_name_and_a_near_miss_is_suggested() -> None:
    assert find_recipe("recognition/synthetic/videomae_tiny").samefile(SYNTHETIC)
    assert find_recipe(SYNTHETIC) == SYNTHETIC
    with pytest.raises(RecipeError, match="recognition/ucf101/videomae_base"):
        find_recipe("recognition/ucf11/videomae_base")
