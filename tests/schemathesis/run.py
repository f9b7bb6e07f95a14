"""Runs Schemathesis with openapi.yaml against the whole application, started on ports and a state folder of its own.

It exits with 0 if nothing was found.
"""

import argparse
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STATE = ROOT / ".snaptask"
BUILT = STATE / "venv"


def tool() -> pathlib.Path:
    """Schemathesis, installed once for each content of requirements.txt."""
    wanted = (HERE / "requirements.txt").read_text()
    mark = BUILT / "requirements.txt"
    if not mark.exists() or mark.read_text() != wanted:
        venv.create(BUILT, clear=True, with_pip=True)
        subprocess.run([BUILT / "bin" / "pip", "install", "--quiet", "-r", HERE / "requirements.txt"], check=True)
        mark.write_text(wanted)
    return BUILT / "bin" / "schemathesis"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def start(state: str) -> tuple[subprocess.Popen, str]:
    """The application, and the address of its gateway once all of it works."""
    fetched = STATE / "mariadb-dist"
    if fetched.is_dir():
        os.symlink(fetched, os.path.join(state, fetched.name))
    port = free_port()
    settings = {"SNAPTASK_STATE": state, "GATEWAY_PORT": port, "WEB_PORT": free_port()}
    with open(os.path.join(state, "output"), "w") as output:
        application = subprocess.Popen([STATE / "bin" / "snaptask", "run"], env={**os.environ, **settings}, stdout=output, stderr=output)
    gateway = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 180
    while time.monotonic() < end and application.poll() is None:
        try:
            urllib.request.urlopen(f"{gateway}/healthz", timeout=5).close()
            return application, gateway
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    stop(application)
    sys.exit("the application does not start:\n" + pathlib.Path(state, "output").read_text())


def stop(application: subprocess.Popen) -> None:
    application.send_signal(signal.SIGTERM)
    try:
        application.wait(30)
    except subprocess.TimeoutExpired:
        application.kill()
        application.wait()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", default="180", help="how long to test")
    arguments.add_argument("--seed", default=str(random.randrange(1 << 32)), help="of what is made up")
    chosen = arguments.parse_args()
    schemathesis = tool()
    with tempfile.TemporaryDirectory() as state:
        application, gateway = start(state)
        try:
            return subprocess.run(
                [
                    schemathesis, "--config-file", HERE / "schemathesis.toml", "run", ROOT / "functions" / "openapi.yaml",
                    "--url", gateway, "--checks", "all", "--max-examples", "25", "--max-time", chosen.seconds,
                    "--seed", chosen.seed,
                    "--generation-database", "none", "--continue-on-failure", "--no-color",
                ],
                cwd=state,
                env={**os.environ, "SNAPTASK_GATEWAY": gateway, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE),
                     "PYTHONDONTWRITEBYTECODE": "1"},
            ).returncode
        finally:
            stop(application)


if __name__ == "__main__":
    sys.exit(main())
