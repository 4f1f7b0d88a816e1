import numpy as np

from taut.cli.labels import labels_for
from taut.data import Table


def test_a_vector_in_an_array_file_is_one_label_for_each_row(tmp_path):
    table = Table(values=np.zeros((3, 2)), name="rows")
    np.savez(tmp_path / "all.npz", other=np.zeros((2, 2)), labels=np.array([7, 1, 2], dtype=np.uint8))
    np.save(tmp_path / "labels.npy", np.array([0.5, 1.0, 2.0]))
    assert labels_for(f"{tmp_path / 'all.npz'}:labels", table).tolist() == ["7", "1", "2"]
    assert labels_for(str(tmp_path / "labels.npy"), table).tolist() == ["0.5", "1", "2"]
