"""``shelfsight ingest`` and its sisters in processes of their own, with a broker of their own."""

import json
import os
import signal
import subprocess
import sys
import uuid
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
from ingest_workshop import ROOT, Broker, end_family
from stopping import stopped

from ingest.ledger.ledger import Ledger
from ingest.ledger.tally import Counts


class Program:
    """The program with an alias, a home and a broker of its own."""

    def __init__(self, folder: Path, node_url: str) -> None:
        self.folder = folder
        self.broker = Broker(folder / "broker")
        self.alias = f"ingest-{uuid.uuid4().hex[:10]}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SHELFSIGHT_HOME": str(folder / "home"),
            "SHELFSIGHT_ALIAS": self.alias,
            "SHELFSIGHT_NODE_URL": node_url,
            "SHELFSIGHT_BROKER_URL": self.broker.url,
            "SHELFSIGHT_TEXT_MODEL": "hash:32",
            "SHELFSIGHT_IMAGE_MODEL": "hash:32",
            "SHELFSIGHT_CONCURRENCY": "1",
            "SHELFSIGHT_SAMPLE": "20",
        }
        self.worker: subprocess.Popen[bytes] | None = None

    def start_worker(self) -> None:
        with (self.folder / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "shelfsight.worker:app", "worker", "-l",
                 "INFO", "--without-gossip", "--without-mingle"],
                env=self.environment, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def run(self, *words: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "shelfsight", *words], cwd=self.folder, timeout=240,
            env=self.environment | changes, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "shelfsight", *words], cwd=self.folder, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def stopped(self, process: "subprocess.Popen[str]", number: int = signal.SIGINT) -> str:
        """Stop a program with a signal; return its words. It must end in time, its children too."""
        words = stopped(process, number)
        assert "ignored" not in words
        return words

    def forget(self) -> None:
        """Take an alias, beginning with the one before, and a home that nothing is known of."""
        self.alias += f"-{uuid.uuid4().hex[:4]}"
        self.environment |= {
            "SHELFSIGHT_ALIAS": self.alias, "SHELFSIGHT_HOME": str(self.folder / self.alias),
        }  # fmt: skip

    def left(self) -> list[list[str]]:
        """The command lines of this program's processes, without its worker and its broker."""
        keep = {os.getpid()}
        if self.worker is not None:
            with suppress(psutil.NoSuchProcess):
                keep |= {p.pid for p in psutil.Process(self.worker.pid).children(recursive=True)}
            keep.add(self.worker.pid)
        home, found = self.environment["SHELFSIGHT_HOME"], []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.pid not in keep and process.environ().get("SHELFSIGHT_HOME") == home:
                    found.append(process.cmdline())
        return found

    def counts(self) -> Counts:
        """What its ledger holds now: nothing before there is one."""
        path = Path(self.environment["SHELFSIGHT_HOME"]) / "ledgers" / f"{self.alias}.sqlite"
        if not path.exists():
            return Counts()
        with closing(Ledger(path)) as ledger:
            counts = ledger.counts()
        assert counts.balanced, counts
        return counts

    def lock_holder(self) -> str:
        """The process id in the ledger's lock file, empty before there is one."""
        path = Path(self.environment["SHELFSIGHT_HOME"]) / "ledgers" / f"{self.alias}.lock"
        return path.read_text() if path.exists() else ""

    def json(self, *words: str, code: int = 0) -> Any:
        found = self.run(*words)
        assert found.returncode == code, found.stderr
        return json.loads(found.stdout)

    def close(self) -> None:
        if self.worker is not None:
            end_family(self.worker)
        self.broker.kill()
