"""``run`` in a folder of its own, with tools that only say what they were asked."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tls_stub import intercepting_proxy, make_authority

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "dirname", "cat", "cksum", "rm", "mkdir", "chmod", "env", "flock", "getconf")
PYTHON_3_10 = 'case "$1" in -c) exit 1;; *) exit 0;; esac'
PYTHON_WITHOUT_VENV = 'case "$1 $2" in "-m venv") exit 1;; *) exit 0;; esac'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what ``run`` looks at, and a PATH with nothing but the plainest tools."""
    shutil.copy(ROOT / "run", tmp_path / "run")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "bin").mkdir()
    for name in TOOLS:
        if found := shutil.which(name):
            (tmp_path / "bin" / name).symlink_to(found)
    tool(tmp_path, "uname", 'case "$1" in -s) echo Linux;; -m) echo x86_64;; esac')
    return tmp_path


def tool(checkout: Path, name: str, script: str) -> None:
    path = checkout / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run(checkout: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(checkout / "run"), *words], timeout=60,
        env={"PATH": str(checkout / "bin"), **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def synced(checkout: Path, which: str) -> None:
    """Make ``.venv`` look as if it were at the requirements; its programs print their words."""
    parts = [checkout / "requirements" / f"{which}.txt", checkout / "pyproject.toml"]
    content = b"".join(p.read_bytes() for p in parts)
    wanted = subprocess.run(["cksum"], input=content, capture_output=True, check=True).stdout
    folder = checkout / ".venv" / "bin"
    folder.mkdir(parents=True)
    (checkout / ".venv" / f".synced-{which}").write_bytes(wanted)
    for name in ("shelfsight", "python"):
        program = folder / name
        program.write_text(f'#!/bin/sh\nprintf "[%s]" {name} "$@"\nexit 7\n')
        program.chmod(0o755)


def test_it_is_a_shell_script_without_faults() -> None:
    for shell in filter(None, map(shutil.which, ("sh", "dash", "bash"))):
        subprocess.run([shell, "-n", str(ROOT / "run")], check=True)
    assert os.access(ROOT / "run", os.X_OK)


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64")])
def test_another_platform_is_told_what_to_install_instead(
    checkout: Path, system: str, machine: str
) -> None:
    tool(checkout, "uname", f'case "$1" in -s) echo {system};; -m) echo {machine};; esac')
    said = run(checkout, "demo")
    assert said.returncode == 3
    assert f"this is {system} {machine}" in said.stderr
    for part in ("pip install .", "SHELFSIGHT_TEXT_MODEL=hf:", "torchvision:resnet50"):
        assert part in said.stderr


def test_another_c_library_is_told(checkout: Path) -> None:
    tool(checkout, "getconf", "exit 1")
    said = run(checkout, "demo")
    assert said.returncode == 3
    assert "need glibc" in said.stderr


@pytest.mark.parametrize("absent", [True, False])
def test_no_python_or_an_old_one_is_told_with_the_cure(checkout: Path, absent: bool) -> None:
    if not absent:
        tool(checkout, "python3", PYTHON_3_10)
    said = run(checkout, "demo")
    assert said.returncode == 3
    assert "no Python 3.11 or newer" in said.stderr
    assert "apt-get install python3 python3-venv" in said.stderr
    assert "PYTHON=" in said.stderr
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_is_told_with_the_cure(checkout: Path) -> None:
    tool(checkout, "python3", PYTHON_WITHOUT_VENV)
    said = run(checkout, "demo")
    assert said.returncode == 3
    assert "cannot make virtual environments" in said.stderr
    assert "apt-get install python3-venv" in said.stderr
    assert "sync" not in said.stderr


def test_a_failed_installation_is_not_taken_for_a_finished_one(checkout: Path) -> None:
    tool(checkout, "python3", "exit 0")
    tool(checkout, "uv", 'case "$1 $2" in "pip sync") echo broken >&2; exit 9;; esac')
    said = run(checkout, "demo")
    assert said.returncode == 3
    assert "broken" in said.stderr
    assert "packages could not be installed; the reason is above" in said.stderr
    assert not list((checkout / ".venv").glob(".synced-*"))


def wheel(folder: Path) -> str:
    """Write a package index with one package; return the line that requires it."""
    place = folder / "simple" / "thing"
    place.mkdir(parents=True)
    name = "thing-1.0-py3-none-any.whl"
    info = "thing-1.0.dist-info"
    with zipfile.ZipFile(place / name, "w") as packed:
        packed.writestr("thing.py", "")
        packed.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        packed.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        packed.writestr(f"{info}/RECORD", "")
    sha = hashlib.sha256((place / name).read_bytes()).hexdigest()
    (place / "index.html").write_text(f'<a href="{name}#sha256={sha}">{name}</a>')
    return f"--index-url https://packages.example/simple\nthing==1.0 --hash=sha256:{sha}\n"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", ""])
def test_packages_come_through_a_proxy_whose_authority_the_system_trusts(
    checkout: Path, variable: str
) -> None:
    authority = make_authority(checkout, "company")
    cert, key = authority.issue("packages", "DNS:packages.example")
    own = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")  # which `run` has put there
    tool(checkout, "uv", f'exec "{own}" "$@"')
    tool(checkout, "python3", f'exec "{sys.executable}" "$@"')
    (checkout / "requirements" / "runtime.txt").write_text(wheel(checkout / "files"))
    with intercepting_proxy(checkout / "files", cert, key) as (address, asked):
        trusted = {variable: str(authority.pem)} if variable else {}
        said = run(
            checkout, "demo", HTTPS_PROXY=address, UV_NO_CONFIG="1", UV_HTTP_RETRIES="0",
            UV_CACHE_DIR=str(checkout / "cache"), HOME=str(checkout), **trusted,
        )  # fmt: skip
    assert asked[0] == "CONNECT packages.example:443"
    installed = list((checkout / ".venv").glob("lib/*/site-packages/thing.py"))
    if variable:
        assert installed, said.stderr
    else:
        assert not installed
        assert said.returncode == 3
        assert "certificate" in said.stderr.partition("run: packages")[0], "uv's own reason"
        assert "SSL_CERT_FILE=/path/to/ca.pem" in said.stderr


def test_what_installs_uv_is_told_of_the_systems_certificates(checkout: Path) -> None:
    bundle = checkout / "ca.pem"
    bundle.touch()
    says = 'printf "%s|" "$UV_SYSTEM_CERTS" "$PIP_CERT" "$SSL_CERT_FILE" >&2; exit 9'
    tool(checkout, "python3", f'case "$1 $2" in "-m venv") mkdir -p "$3/bin"; {link()};; esac')
    tool(checkout, "pip", says)
    said = run(checkout, "demo", REQUESTS_CA_BUNDLE=str(bundle))
    assert f"true|{bundle}|{bundle}|" in said.stderr
    assert said.returncode == 3


def link() -> str:
    """Shell that makes the new environment's Python the tool called pip."""
    return 'printf \'#!/bin/sh\\nexec pip "$@"\\n\' >"$3/bin/python"; chmod +x "$3/bin/python"'


def test_the_working_folder_has_no_say_in_the_installation(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("feed"))
    tool(checkout, "python3", "exit 0")
    tool(checkout, "uv", 'echo "uv in $PWD, safe path $PYTHONSAFEPATH" >&2; exit 9')
    assert f"uv in {checkout}, safe path 1" in run(checkout, "demo").stderr


@pytest.mark.parametrize("which", ["runtime", "dev"])
def test_any_first_word_is_passed_on_with_its_exit_code(checkout: Path, which: str) -> None:
    synced(checkout, which)
    if which == "dev":
        (checkout / ".venv" / ".synced-runtime").write_bytes(b"")
    said = run(checkout, "search", "运动鞋", "--filter", "price<300 and more")
    assert said.stdout == "[shelfsight][search][运动鞋][--filter][price<300 and more]"
    assert (said.returncode, said.stderr) == (7, "")


@pytest.mark.parametrize("capable", [True, False])
def test_ctrl_c_waits_until_the_program_can_answer_it(checkout: Path, capable: bool) -> None:
    synced(checkout, "runtime")
    program = checkout / ".venv" / "bin" / "shelfsight"
    program.write_text('#!/bin/sh\nwhile read -r n v; do case $n in SigBlk:) echo "$v $1";; esac;'
                       " done </proc/self/status\n")  # fmt: skip
    (checkout / "bin" / "true").symlink_to(str(shutil.which("true")))
    if not capable:
        tool(checkout, "env", "exit 125")
    said = run(checkout, "up")
    mask, word = said.stdout.split()
    assert (bool(int(mask, 16) & 1 << signal.SIGINT - 1), word) == (capable, "up"), said.stderr


def test_test_runs_the_checks_of_the_checkout(checkout: Path) -> None:
    synced(checkout, "dev")
    said = run(checkout, "test", "-k", "one")
    assert said.stdout == "[python][-m][tests][-k][one]"
    assert said.returncode == 7
