"""Regenerates the stubs in `src/ecrfixture/control/v1/` from the repository's `.proto` files.

Run it with the pinned generator (`pip install grpcio-tools==1.76.0`). The generator is old on purpose: old generated
code runs on a newer protobuf, never the other way round. With `--check` nothing is written; the exit code is 1 and
the differing files are named when what is committed is not what the generator makes.
"""

from __future__ import annotations

import argparse
import filecmp
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROTO_ROOT = HERE.parent.parent / "proto"
PACKAGE = Path("ecrfixture/control/v1")
GENERATOR = "1.76.0"


def generate(out: Path) -> None:
    """Writes the stubs below `out`, at the path that the proto package gives them."""
    import grpc_tools
    from grpc_tools import protoc

    well_known = Path(grpc_tools.__file__).parent / "_proto"
    sources = sorted(str(path.relative_to(PROTO_ROOT)) for path in (PROTO_ROOT / PACKAGE).glob("*.proto"))
    out.mkdir(parents=True, exist_ok=True)
    flags = [f"--{kind}={out}" for kind in ("python_out", "pyi_out", "grpc_python_out")]
    if protoc.main(["protoc", f"-I{PROTO_ROOT}", f"-I{well_known}", *flags, *sources]) != 0:
        sys.exit("the generator refused the .proto files")


def drift(fresh: Path, committed: Path) -> list[str]:
    """Names of stubs that differ, are missing or should not be there."""
    names = {path.name for folder in (fresh, committed) for path in folder.glob("*_pb2*")}
    _, differing, missing = filecmp.cmpfiles(fresh, committed, sorted(names), shallow=False)
    return sorted([*differing, *missing])


def main() -> None:
    """Parses the arguments and generates or checks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the committed stubs differ")
    arguments = parser.parse_args()
    if version("grpcio-tools") != GENERATOR:
        sys.exit(f"needs grpcio-tools=={GENERATOR}, found {version('grpcio-tools')}")
    committed = HERE / "src" / PACKAGE
    if not arguments.check:
        for stale in committed.glob("*_pb2*"):
            stale.unlink()
        generate(HERE / "src")
        return
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        differing = drift(Path(scratch) / PACKAGE, committed)
    if differing:
        sys.exit("stubs differ from the .proto files: " + ", ".join(differing) + "; run generate.py")


if __name__ == "__main__":
    main()
