#!/usr/bin/env python3
"""Holds what the tests have sent, and what the simulator has answered, against the platforms' own descriptions.

    run.py [--self-test] [FOLDER]

FOLDER holds recordings (`*.jsonl`); without it, the environment variable ADOPS_RECORD_DIR names it.
TikTok's enums and sizes are checked if ADOPS_TIKTOK_OPENAPI names a file with its OpenAPI description, all of
Pinterest's messages if ADOPS_PINTEREST_OPENAPI does.
"""

import argparse
import multiprocessing
import os
import sys
import unittest
from pathlib import Path

from checks import conformance, pinterest, recordings, tiktok
from checks.meta import conformance as meta
from checks.report import Report


def main() -> int:
    """Returns the exit code: 0 only if all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("ADOPS_RECORD_DIR"))
    parser.add_argument("--self-test", action="store_true", help="only show that mistakes are found")
    args = parser.parse_args()
    if not self_test():
        return 1
    if args.self_test:
        return 0
    if not args.folder:
        parser.error("FOLDER or ADOPS_RECORD_DIR is needed")
    report = check(Path(args.folder))
    report.check_coverage()
    report.print()
    return 1 if report.failed else 0


def self_test() -> bool:
    """Whether the checks find the mistakes that they are for."""
    tests = unittest.defaultTestLoader.discover(str(Path(__file__).parent), top_level_dir=str(Path(__file__).parent))
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(tests)
    return result.wasSuccessful() and result.testsRun > 0


def check(folder: Path) -> Report:
    """Checks the recordings of a folder, on all processors."""
    # The largest first, so that no processor is left with them at the end.
    files = sorted(folder.glob("*.jsonl"), key=lambda file: -file.stat().st_size)
    report = Report()
    for described in (tiktok.described, pinterest.described):
        described()  # read once, before the processes part
    with multiprocessing.get_context("fork").Pool() as pool:
        for part in pool.imap_unordered(check_file, files):
            report.add(part)
    print(f"{len(files)} recordings in {folder}")
    if not os.environ.get(tiktok.DESCRIPTION):
        print(f"SKIPPED TikTok's enums and sizes: {tiktok.DESCRIPTION} names no OpenAPI description")
    if not pinterest.described():
        print(f"SKIPPED Pinterest's messages: {pinterest.DESCRIPTION} names no OpenAPI description")
    return report


def check_file(file: Path) -> Report:
    """Checks the recordings of a file."""
    report = conformance.check(recordings.read(file, "google"))
    report.add(meta.check(recordings.read(file, "meta")))
    report.add(tiktok.check(recordings.read(file, "tiktok")))
    report.add(pinterest.check(recordings.read(file, "pinterest")))
    return report


if __name__ == "__main__":
    sys.exit(main())
