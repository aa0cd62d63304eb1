"""The environments of the clients: made once, made anew where they are not what their lock says."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clients.environment import CLIENTS, LOCKS, Client, NotMade, prepare


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A client of nothing: its environment is quick to make."""
    lock = tmp_path / "nothing.txt"
    lock.write_text("")
    return Client("nothing", str(lock), "nothing.py")


def make(client: Client, folder: Path) -> tuple[Path, list[str]]:
    """Its environment, and what was said."""
    said: list[str] = []
    return prepare(client, said.append, folder), said


def test_an_environment_is_made_once(client: Client, tmp_path: Path) -> None:
    environment, said = make(client, tmp_path / "clients")
    assert said == ["Installing nothing, unmodified, in an environment of its own: once"]
    assert (environment / "bin" / "python").exists()
    assert make(client, tmp_path / "clients") == (environment, [])


def test_two_runs_at_once_make_it_once(client: Client, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda _: make(client, tmp_path / "clients"), range(3)))
    assert len({environment for environment, _ in made}) == 1
    assert sum(len(said) for _, said in made) == 1


def test_what_is_half_made_or_made_from_another_lock_is_made_anew(client: Client, tmp_path: Path) -> None:
    environment, _ = make(client, tmp_path / "clients")
    left = environment / "left-behind"
    left.touch()
    (environment / "made-from").unlink()
    assert len(make(client, tmp_path / "clients")[1]) == 1
    assert not left.exists()

    left.touch()
    Path(client.lock).write_text("# another\n")
    assert len(make(client, tmp_path / "clients")[1]) == 1
    assert not left.exists()


def test_what_cannot_be_installed_is_said_and_never_taken_for_made(client: Client, tmp_path: Path) -> None:
    Path(client.lock).write_text("no requirement at all\n")
    for _ in range(2):
        with pytest.raises(NotMade, match="no requirement at all"):
            make(client, tmp_path / "clients")


@pytest.mark.parametrize("client", CLIENTS, ids=[client.name for client in CLIENTS])
def test_its_lock_names_versions_and_no_registry(client: Client) -> None:
    lock = LOCKS / client.lock
    if lock.is_dir():
        text = (lock / "package-lock.json").read_text()
        packages = text.count('"node_modules/')
        assert text.count('"version": ') == packages + 2 and text.count('"integrity": ') == packages
    else:
        text = lock.read_text()
        assert all("==" in line for line in text.splitlines())
    assert "://" not in text
