"""Starts the application on its own ports and state folder, and runs Schemathesis on it. The exit status is 0 if nothing was found."""

import argparse
import os
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILT = ROOT / ".snaptask"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def wait_until_ready(application: subprocess.Popen, gateway: str) -> None:
    for _ in range(1800):
        try:
            return urllib.request.urlopen(f"{gateway}/healthz", timeout=5).close()
        except OSError:
            if application.poll() is not None:
                break
            time.sleep(0.1)
    sys.exit("the application did not start")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", default="180", help="how long to test")
    parser.add_argument("--seed", default=str(random.randrange(1 << 32)), help="of the generated requests")
    chosen = parser.parse_args()
    port = free_port()
    gateway = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as state:
        if (BUILT / "mariadb-dist").is_dir():
            os.symlink(BUILT / "mariadb-dist", f"{state}/mariadb-dist")
        settings = {"SNAPTASK_STATE": state, "GATEWAY_PORT": port, "WEB_PORT": free_port()}
        application = subprocess.Popen([BUILT / "bin" / "snaptask", "run"], env={**os.environ, **settings})
        try:
            wait_until_ready(application, gateway)
            return subprocess.run(
                [
                    pathlib.Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
                    "run", ROOT / "functions" / "openapi.yaml", "--url", gateway, "--checks", "all", "--max-examples", "25",
                    "--max-time", chosen.seconds, "--seed", chosen.seed,
                    "--generation-database", "none", "--continue-on-failure", "--no-color",
                ],
                cwd=state,
                env={**os.environ, "SNAPTASK_GATEWAY": gateway, "SNAPTASK_KEYS": f"{state}/keys", "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE),
                     "PYTHONDONTWRITEBYTECODE": "1"},
            ).returncode
        finally:
            application.terminate()
            application.wait(60)


if __name__ == "__main__":
    sys.exit(main())
