"""The logs of `pilito up` do not fill the disk."""

from pathlib import Path

from embedded.children.logs import OLDER, bound, keep_previous

LARGEST = 1_000


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_log_that_grows_becomes_an_older_file(tmp_path: Path) -> None:
    """Its writer goes on in the empty file, and only a few older ones stay."""
    with (tmp_path / "worker.log").open("ab", buffering=0) as writer:
        for number in range(OLDER + 3):
            writer.write(f"{number}".encode() * (LARGEST + 1))
            bound(tmp_path, largest=LARGEST)
        writer.write(b"now")
    newest = OLDER + 2
    assert texts(tmp_path) == {
        "worker.log": "now",
        **{f"worker.log.{age + 1}": f"{newest - age}" * (LARGEST + 1) for age in range(OLDER)},
    }


def test_a_small_log_stays(tmp_path: Path) -> None:
    """Up to the bound itself."""
    (tmp_path / "api.log").write_text("x" * LARGEST)
    bound(tmp_path, largest=LARGEST)
    assert list(texts(tmp_path)) == ["api.log"]


def test_each_run_starts_with_empty_logs(tmp_path: Path) -> None:
    """The logs of the previous runs are the older files."""
    for run in ("first", "second"):
        (tmp_path / "api.log").write_text(run)
        keep_previous(tmp_path)
    assert texts(tmp_path) == {"api.log.1": "second", "api.log.2": "first"}
