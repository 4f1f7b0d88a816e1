"""What TensorBoard, MLflow and Weights & Biases hold of a fit is what the fit says of itself."""

import warnings
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

import taut
from taut.errors import OptionError
from taut.tracking import MLflow, TensorBoard, WeightsAndBiases

ROWS = np.random.default_rng(0).normal(size=(40, 2))


def followed(writer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of the packages are no concern of ours
        return taut.VAE(1, hidden=(), max_epochs=3, random_state=0).fit(ROWS, callbacks=[writer])


def curves(vae):
    return {
        "bound/train": [(row.epoch, row.train) for row in vae.history_],
        "bound/held_out": [(row.epoch, row.held_out) for row in vae.history_],
    }


@pytest.mark.filterwarnings("ignore")
def test_event_files(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util import tensor_util

    vae = followed(TensorBoard(tmp_path / "events"))
    events = EventAccumulator(str(tmp_path / "events")).Reload()
    for name, wanted in curves(vae).items():
        found = [(each.step, tensor_util.make_ndarray(each.tensor_proto).item()) for each in events.Tensors(name)]
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    said = tensor_util.make_ndarray(events.Tensors("outcome")[0].tensor_proto)
    assert vae.outcome_.sentence.encode() in said.ravel()[0]


@pytest.mark.filterwarnings("ignore")
def test_a_local_store_of_mlflow(tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    place = f"sqlite:///{tmp_path / 'store.db'}" if find_spec("sqlalchemy") else (tmp_path / "store").as_uri()
    writer = MLflow(place, name="small")
    vae = followed(writer)
    client = mlflow.MlflowClient(tracking_uri=place)
    run = client.get_run(writer.run_id)
    assert (run.info.status, run.info.run_name, run.data.tags["outcome"]) == ("FINISHED", "small", "budget spent")
    assert (run.data.params["latent_dim"], run.data.params["rows"]) == ("1", "36")
    for name, wanted in curves(vae).items():
        found = [(each.step, each.value) for each in client.get_metric_history(writer.run_id, name)]
        np.testing.assert_array_equal(found, wanted)


def test_a_store_that_is_lost_ends_no_fit(monkeypatch):
    """A server that answers no more."""

    class Client:
        def __getattr__(self, name):
            raise ConnectionError("nobody answers")

    library = SimpleNamespace(MlflowClient=lambda **_: Client())
    monkeypatch.setattr("taut.tracking.writers.importlib", SimpleNamespace(import_module=lambda _: library))
    with pytest.warns(UserWarning, match="MLflow no longer follows the fit .*nobody answers") as warned:
        vae = taut.VAE(1, hidden=(), max_epochs=2, random_state=0).fit(ROWS, callbacks=[MLflow()])
    assert (vae.n_iter_, len(warned)) == (2, 1)


def test_a_place_where_nothing_can_be_kept_is_refused():
    pytest.importorskip("mlflow")
    with pytest.raises(OptionError, match="`no-store://x`"):
        MLflow("no-store://x")


@pytest.mark.filterwarnings("ignore")
def test_weights_and_biases_offline(tmp_path):
    wandb = pytest.importorskip("wandb")
    vae = followed(WeightsAndBiases("small", mode="offline", dir=str(tmp_path)))
    wandb.teardown()  # until then its other process may hold what it has not written
    (log,) = tmp_path.rglob("run-*.wandb")
    content = log.read_bytes()
    for row in vae.history_:
        for number in (row.train, row.held_out):
            assert str(number).encode() in content
    assert b"bound/held_out" in content
    assert b"budget spent" in content
