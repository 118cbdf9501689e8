"""The program that is measured."""

import os
import subprocess
from pathlib import Path

from .peers import ROOT


def program():
    """WARREN, or else artifacts/warren, built anew if its sources are newer."""
    given = os.environ.get("WARREN")
    if given:
        return Path(given).resolve()
    subprocess.run([ROOT / "scripts/build"], check=True, stdout=2)
    return ROOT / "artifacts/warren"
