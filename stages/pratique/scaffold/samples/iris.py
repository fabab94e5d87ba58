"""The experiment that this project began with: Iris under Gaussian noise, as data and params of the pipeline."""

import numpy as np
import pyarrow as pa

from pratique.scaffold.samples.sample import Sample

SPLIT_SEED = 42


def sample() -> Sample:
    """120 flowers that are trusted and come in once more, 30 for the comparison."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split

    flowers = load_iris()
    names = [*(name.removesuffix(" (cm)").replace(" ", "_") for name in flowers.feature_names), "species"]
    parts = train_test_split(
        flowers.data, flowers.target, test_size=0.2, stratify=flowers.target, random_state=SPLIT_SEED
    )
    training, holdout = (
        pa.table([*map(pa.array, np.asarray(numbers).T), pa.array(flowers.target_names[species])], names=names)
        for numbers, species in zip(parts[:2], parts[2:], strict=True)
    )
    return Sample(
        name="iris",
        reference=training,
        holdout=holdout,
        incoming={"garden/iris": training},
        sources=IRIS_SOURCES,
        page=IRIS_PAGE,
    )


IRIS_SOURCES = """\
# Who delivers batches: an entry for each folder of data/incoming/.
garden:
  origin: flowers measured on the Gaspé Peninsula
  owner: E. Anderson
  licence: CC BY 4.0
  labels: by a botanist
"""

IRIS_PAGE = """\
# The sample data

Fisher's Iris: 150 flowers of three species, four lengths each in centimetres. `reference/` holds 120 of them, which
come in once more as `incoming/garden/iris.csv`; `holdout/` holds the other 30. Nothing here is poisoned: the stage
`drill` adds Gaussian noise to copies, as the first experiment of this project did, and
`reports/drill/artifacts/scores.csv` has its accuracies. `pratique sample --of iris` writes these files again, byte for
byte.

**Origin.** R. A. Fisher, Iris, UCI Machine Learning Repository, 1936,
[doi 10.24432/C56C76](https://doi.org/10.24432/C56C76), licence
[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), in the copy that scikit-learn bundles. Changed here: split.
"""
