"""Synthetic clips a second of one core, everything included: scene, pixels, normalised tensor.

The goal is 200 clips of 16 x 64 x 64 a second at the default difficulty, so that rendering never holds up training.
Times are the process's own CPU seconds, so that a busy machine gives the same figures.

    python benchmarks/synthetic.py --seconds 5
"""

import argparse
import os
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before NumPy starts its threads

import torch  # noqa: E402

from tubelet.datasets.synthetic import DIFFICULTIES, SyntheticClips  # noqa: E402

GOAL = 200.0


def clips_per_second(difficulty: str, clip_frames: int, size: int, seconds: float) -> float:
    clips = SyntheticClips("train", 1_000_000, difficulty, clip_frames, size)
    for index in range(13):
        clips[index]
    start, count = time.process_time(), 0
    while time.process_time() - start < seconds:
        clips[13 + count]
        count += 1
    return count / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="time for each row")
    seconds = parser.parse_args().seconds
    torch.set_num_threads(1)
    print(f"{'difficulty':10} {'clip':>12} {'clips/s':>8} {'goal':>6}")
    for difficulty in DIFFICULTIES:
        rate = clips_per_second(difficulty, 16, 64, seconds)
        print(f"{difficulty:10} {'16x64x64':>12} {rate:8.0f} {rate / GOAL:5.2f}x")
    print(f"{'medium':10} {'16x224x224':>12} {clips_per_second('medium', 16, 224, seconds):8.0f}")


if __name__ == "__main__":
    main()
