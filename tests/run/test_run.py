"""`run` itself: it checks, installs once, repairs, and says what is wrong."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.run.conftest import Tree, make_wheel


def test_a_verb_that_does_not_exist_is_named_before_anything_is_installed(tree: Tree) -> None:
    answer = tree.run("frobnicate")
    assert answer.returncode == 2
    assert "there is no verb 'frobnicate'" in answer.stderr
    assert "serve" in answer.stderr
    assert not tree.venv.exists()


def test_a_wrong_option_is_named_before_anything_is_installed(tree: Tree) -> None:
    answer = tree.run("serve", "--port", "70000")
    assert answer.returncode == 2
    assert "'70000' is no port" in answer.stderr
    assert not tree.venv.exists()


def test_version_help_and_doctor_need_no_installation(tree: Tree) -> None:
    assert tree.run("--version").stdout.startswith("Inkling ")
    assert "serve" in tree.run("--help").stdout == tree.run().stdout
    doctor = tree.run("doctor")
    assert doctor.returncode == 1
    assert "./run install" in doctor.stdout
    assert not tree.venv.exists()


@pytest.mark.slow
def test_a_missing_package_is_a_sentence_with_the_next_step(tree: Tree) -> None:
    make_wheel(tree.wheels, "torch", "2.13.0+cpu")
    answer = tree.run("install")
    assert answer.returncode == 1
    assert "run: pip finds no inky==1.0 for Python 3." in answer.stderr
    assert "Check the network" in answer.stderr
    assert not list(tree.venv.glob("*.installed"))


@pytest.mark.slow
def test_a_cuda_build_without_a_gpu_is_announced_before_it_is_taken(tree: Tree) -> None:
    make_wheel(tree.wheels, "torch", "2.13.0")
    make_wheel(tree.wheels, "inky", "1.0")
    words = tree.run("install", PATH=str(tree.folder)).stdout  # a PATH without nvidia-smi
    if Path("/dev/nvidia0").exists():
        assert "INKLING_TORCH_INDEX" not in words
    else:
        assert words.index("INKLING_TORCH_INDEX") < words.index("run: installing what")
        assert "GB to download" in words


@pytest.mark.slow
def test_the_torch_index_is_one_more_index_for_pip(tree: Tree, tmp_path: Path) -> None:
    make_wheel(tree.wheels, "torch", "2.13.0")
    make_wheel(tree.wheels, "inky", "1.0")
    shelf = tmp_path / "index" / "torch"
    shelf.mkdir(parents=True)
    make_wheel(shelf, "torch", "2.13.0+cpu")
    (shelf / "index.html").write_text('<a href="torch-2.13.0+cpu-py3-none-any.whl">torch</a>')
    index = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": (tmp_path / "nowhere").as_uri()}
    answer = tree.run("install", INKLING_TORCH_INDEX=shelf.parent.as_uri(), **index)
    assert answer.returncode == 0, answer.stderr
    assert "INKLING_TORCH_INDEX" not in answer.stdout
    assert (tree.site_packages() / "torch-2.13.0+cpu.dist-info").is_dir()


def test_a_second_start_installs_nothing_and_asks_no_index(installed_tree: Tree) -> None:
    before = installed_tree.venv.stat().st_mtime_ns
    answer = installed_tree.run("install", PIP_FIND_LINKS="/nowhere")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert installed_tree.venv.stat().st_mtime_ns == before


def test_a_changed_lock_is_installed_at_the_next_start(installed_tree: Tree) -> None:
    lock = installed_tree.folder / "requirements.lock"
    old = lock.read_text()
    make_wheel(installed_tree.wheels, "inky", "1.1")
    lock.write_text(old.replace("inky==1.0", "inky==1.1"))
    assert installed_tree.run("install").returncode == 0
    module = installed_tree.site_packages() / "inky.py"
    assert "1.1" in module.read_text()
    lock.write_text(old)
    assert installed_tree.run("install").returncode == 0
    assert "1.0" in module.read_text()


def test_torchvision_comes_without_what_it_depends_on(installed_tree: Tree) -> None:
    lock = installed_tree.folder / "requirements.lock"
    old = lock.read_text()
    make_wheel(installed_tree.wheels, "torchvision", "0.28.0", requires="torch==9.9")
    lock.write_text(f"{old}torchvision==0.28.0\n")
    answer = installed_tree.run("install")
    lock.write_text(old)
    assert answer.returncode == 0, answer.stderr
    assert (installed_tree.site_packages() / "torchvision.py").exists()
    assert "2.13.0" in (installed_tree.site_packages() / "torch.py").read_text()
    assert installed_tree.run("install").returncode == 0


def test_what_the_tests_need_comes_on_top_and_only_when_asked_for(installed_tree: Tree) -> None:
    module = installed_tree.site_packages() / "inky_tests.py"
    assert not module.exists()
    assert installed_tree.run("install", "tests").returncode == 0
    assert module.exists()
    assert installed_tree.run("install").stdout == ""


def test_a_half_unpacked_package_is_installed_again(installed_tree: Tree) -> None:
    packages = installed_tree.site_packages()
    (installed_tree.venv / "requirements.lock.installed").unlink()
    (packages / "inky-1.0.dist-info" / "INSTALLER").unlink()  # pip was killed before it wrote it
    (packages / "inky.py").unlink()
    answer = installed_tree.run("install")
    assert answer.returncode == 0
    assert "inky-1.0 was only half installed" in answer.stdout
    assert (packages / "inky.py").exists()


@pytest.mark.slow
def test_an_environment_whose_python_is_gone_is_made_anew(installed_tree: Tree) -> None:
    python = installed_tree.venv / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    answer = installed_tree.run("install")
    assert answer.returncode == 0
    assert "making it anew" in answer.stdout
    assert (installed_tree.site_packages() / "inky.py").exists()


@pytest.mark.slow
def test_of_two_first_starts_at_once_one_installs_and_one_waits(tree: Tree) -> None:
    make_wheel(tree.wheels, "torch", "2.13.0+cpu")
    make_wheel(tree.wheels, "inky", "1.0")
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda _: tree.run("install"), range(2)))
    assert [answer.returncode for answer in answers] == [0, 0]
    words = "".join(answer.stdout for answer in answers)
    assert words.count("run: installing what") == 1
    assert "another ./run is installing" in words


def test_a_verb_works_from_any_folder(installed_tree: Tree, tmp_path: Path) -> None:
    script = installed_tree.folder / "run"
    (tmp_path / "app.py").write_text("raise SystemExit('the wrong app')\n")
    answer = subprocess.run(
        [script, "--version"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert answer.stdout.startswith("Inkling "), answer.stderr
