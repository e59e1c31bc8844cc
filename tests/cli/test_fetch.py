"""`metrify data fetch` against a real server: what is kept is what was meant."""

import hashlib
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

FILE = b"meter_id,timestamp,kwh\n1,2024-01-01 00:00,1\n" * 1000
SHA256 = hashlib.sha256(FILE).hexdigest()
Run = Callable[..., subprocess.CompletedProcess]


class Files(BaseHTTPRequestHandler):
    """Serves one file whole, and another one cut short."""

    def do_GET(self) -> None:
        if self.path not in ("/readings.csv", "/cut.csv"):
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(FILE)))
        self.end_headers()
        self.wfile.write(FILE if self.path == "/readings.csv" else FILE[:100])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as httpd:
        thread = Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


@pytest.fixture
def fetch(metrify_home: Path, tmp_path: Path, run_main: Run) -> Run:
    return lambda *arguments: run_main(metrify_home, tmp_path, "data", "fetch", *arguments, NO_PROXY="127.0.0.1")


def test_a_file_with_the_right_checksum_is_kept(fetch: Run, server: str, metrify_home: Path) -> None:
    done = fetch("ours", "--url", f"{server}/readings.csv", "--sha256", SHA256.upper(), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bytes"] == len(FILE)
    assert (metrify_home / "public_sets" / "ours.csv").read_bytes() == FILE
    assert "data import" in fetch("ours", "--url", f"{server}/readings.csv", "--sha256", SHA256).stdout


@pytest.mark.parametrize(
    ("name", "path", "sha256", "code", "parts"),
    [
        ("ours", "readings.csv", "0" * 64, 1, [SHA256, "not kept"]),
        ("london_hourly_2013", "readings.csv", None, 1, [SHA256, "not kept"]),
        ("ours", "absent.csv", SHA256, 1, ["404"]),
        ("ours", "cut.csv", SHA256, 1, ["100 of", "again"]),
        ("ours", "readings.csv", "abc", 2, ["no SHA-256"]),
        ("ours", "readings.csv", None, 2, ["--sha256"]),
        ("london_hourly_2013", "readings.csv", SHA256, 2, ["another SHA-256"]),
        ("../ours", "readings.csv", SHA256, 2, ["can't name a dataset"]),
        ("..", "readings.csv", SHA256, 2, ["'..' can't name a dataset"]),
        ("a b", "readings.csv", SHA256, 2, ["'a b' can't name a dataset"]),
    ],
)
def test_what_is_not_the_file_is_refused(
    fetch: Run, server: str, metrify_home: Path, name: str, path: str, sha256: str | None, code: int, parts: list[str]
) -> None:
    done = fetch(name, "--url", f"{server}/{path}", *(["--sha256", sha256] if sha256 else []))
    assert done.returncode == code
    assert done.stderr.startswith("error: ") and len(done.stderr.splitlines()) == 1
    assert all(part in done.stderr for part in parts), done.stderr
    assert not list((metrify_home / "public_sets").glob("*"))


@pytest.mark.parametrize("url", ["ftp://host/readings.csv", "http://", "http://[half/readings.csv", "readings.csv"])
def test_what_is_no_address_is_wrong_usage(fetch: Run, url: str) -> None:
    done = fetch("ours", "--url", url, "--sha256", SHA256)
    assert done.returncode == 2
    assert "is no address of a file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("seconds", ["0", "-1", "1e300"])
def test_a_time_that_nobody_can_wait_for_is_wrong_usage(fetch: Run, seconds: str) -> None:
    done = fetch("ours", "--url", "http://127.0.0.1:1/readings.csv", "--sha256", SHA256, "--timeout", seconds)
    assert done.returncode == 2
    assert "--timeout" in done.stderr


def test_a_network_that_is_not_there_is_said_in_one_line(fetch: Run, metrify_home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/readings.csv"
        done = fetch("ours", "--url", url, "--sha256", SHA256)
    assert done.returncode == 1
    assert "refused" in done.stderr and "Check the network" in done.stderr
    assert not list((metrify_home / "public_sets").glob("*"))
