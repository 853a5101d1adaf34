"""From a benchmark's official files to its figures: `score("ava", Files(ground_truth, predictions))`."""

from tubelet.scoring.benchmarks import BENCHMARKS, Benchmark, score
from tubelet.scoring.files import Files, ScoringError
from tubelet.scoring.result import Score

__all__ = ["BENCHMARKS", "Benchmark", "Files", "Score", "ScoringError", "score"]
