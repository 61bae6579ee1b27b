"""Fuzz one target with atheris: ``python -m tests.fuzz TARGET [libFuzzer options]``.

Starts from the seeds of ``tests.fuzz.seeds`` and whatever an earlier run left in the corpus folder.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["gateway", "drivers"]):
    from tests.fuzz.seeds import seeds
    from tests.fuzz.targets import TARGETS

NAME = sys.argv[1]
CORPUS = Path(sys.argv[2])

CORPUS.mkdir(parents=True, exist_ok=True)
for number, seed in enumerate(seeds(NAME)):
    (CORPUS / f"seed-{number}").write_bytes(seed)

atheris.Setup([sys.argv[0], str(CORPUS), *sys.argv[3:]], TARGETS[NAME])
atheris.Fuzz()
