"""The benchmarks by name, and the one function that scores any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from tubelet.errors import did_you_mean
from tubelet.scoring import boxes, dense, epic, proposals, recognition, temporal, tubes
from tubelet.scoring.files import Files, Options, ScoringError
from tubelet.scoring.result import Score


@dataclass(frozen=True)
class Benchmark:
    """A benchmark.

    Args:
        title: what it is, in a line.
        ground_truth: the files that it takes.
        predictions: likewise; tubelet's JSON with scores is always taken.
        reports: its figures.
        source: paper and tool.
        run: from files and flavour to the score.
        flavours: the tools whose rules can be followed, the default first.
        takes: the further `Files` that it looks at.
    """

    title: str
    ground_truth: str
    predictions: str
    reports: str
    source: str
    run: Callable[[Files, str], Score]
    flavours: tuple[str, ...] = ("official",)
    takes: tuple[str, ...] = ()


def score(
    name: str,
    files: Files,
    *,
    flavour: str | None = None,
    intervals: bool = False,
    errors: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> Score:
    """Score predictions on a benchmark.

    Args:
        name: one of `BENCHMARKS`.
        files: ground truth, predictions, and what else the benchmark takes.
        flavour: of the benchmark's; None for its first.
        intervals: whether to add confidence intervals.
        errors: whether to add the breakdown of errors.
        progress: called with what begins.

    Raises:
        ScoringError: when there is no such benchmark or flavour, or it does not look at a file that was given.
        TubeletError: when a file is not what was expected.
    """
    if name not in BENCHMARKS:
        raise ScoringError(f"there is no benchmark {name!r}; {did_you_mean(name, BENCHMARKS)}")
    benchmark = BENCHMARKS[name]
    chosen = flavour or benchmark.flavours[0]
    if chosen not in benchmark.flavours:
        raise ScoringError(f"{name} has no flavour {chosen!r}; expected one of {', '.join(benchmark.flavours)}.")
    usual = Files(Path(), Path())
    for field in Files.__dataclass_fields__:
        required = field in ("ground_truth", "predictions")
        if not required and field not in benchmark.takes and getattr(files, field) != getattr(usual, field):
            raise ScoringError(
                f"{name} has no use for {field.replace('_', ' ')} {getattr(files, field)}; beside ground truth and "
                f"predictions it takes {', '.join(benchmark.takes) or 'nothing'}."
            )
    progress("read and match")
    found = replace(benchmark.run(files, chosen), benchmark=name, flavour=chosen if len(benchmark.flavours) > 1 else "")
    if intervals:
        progress("draw videos for intervals")
        found = found.with_intervals()
    if errors:
        progress("break down the errors")
        found = found.with_errors()
    return found


_VIDEO_SCORES = "csv video,class,score; npz or npy of scores"
_RESULTS = "the ActivityNet server's json"
_THUMOS14_TRUTH = "thumos_gt.json, ActionFormer's json, csv, or the kit's folder"
_ONE_LABEL = "top-1, top-5, mean class accuracy"
_Formats = Mapping[str, Options]


def _like_activitynet(title: str, ground_truth: str, source: str) -> Benchmark:
    protocol = temporal.ACTIVITYNET_PROTOCOL
    return Benchmark(
        title,
        ground_truth,
        _RESULTS,
        "average mAP 0.5:0.95, mAP at 0.5, 0.75, 0.95",
        source,
        partial(temporal.detection, protocol=protocol),
        tuple(protocol.rules),
        ("info", "subset"),
    )


def _like_pointtad(
    title: str, ground_truth: str, source: str, formats: Callable[[Files], Mapping[str, Options]]
) -> Benchmark:
    protocol = temporal.MULTI_LABEL_PROTOCOL
    return Benchmark(
        title,
        ground_truth,
        _RESULTS,
        "average mAP 0.1:0.9, mAP at 0.2, 0.5, 0.7",
        source,
        lambda files, flavour: temporal.detection(files, flavour, protocol=protocol, formats=formats(files)),
        tuple(protocol.rules),
        ("classes", "subset"),
    )


BENCHMARKS: Mapping[str, Benchmark] = {
    "kinetics": Benchmark(
        "Kinetics-400, 600, 700: the action of a 10 s clip",
        "the official csv, or a list of videos and classes",
        _VIDEO_SCORES,
        _ONE_LABEL,
        "Kay et al. 2017; mmaction2",
        recognition.kinetics,
        takes=("classes", "subset"),
    ),
    "ucf101": Benchmark(
        "UCF101: 101 actions, three splits",
        "the folder or archive of the official lists",
        _VIDEO_SCORES,
        _ONE_LABEL,
        "Soomro et al. 2012; mmaction2",
        recognition.ucf101,
        takes=("classes", "subset", "split"),
    ),
    "hmdb51": Benchmark(
        "HMDB51: 51 actions, three splits",
        "the folder or archive of the official lists",
        _VIDEO_SCORES,
        _ONE_LABEL,
        "Kuehne et al., ICCV 2011; mmaction2",
        recognition.hmdb51,
        takes=("subset", "split"),
    ),
    "something-something": Benchmark(
        "Something-Something v2: 174 templates",
        "the official json; classes: labels.json",
        _VIDEO_SCORES,
        _ONE_LABEL,
        "Goyal et al., ICCV 2017; mmaction2",
        recognition.something_something,
        takes=("classes", "subset"),
    ),
    "epic-kitchens-recognition": Benchmark(
        "EPIC-KITCHENS-100: verb, noun and action of a segment",
        "EPIC_100_validation.csv, its lists beside it",
        "the challenge's json, or npz of verb and noun scores",
        "top-1 and top-5 of verb, noun, action; tail; unseen participants",
        "Damen et al., IJCV 2022; C1 evaluator",
        epic.recognition,
        takes=("lists", "subset"),
    ),
    "charades-classification": Benchmark(
        "Charades: which of 157 actions are in a video",
        "the official csv, or PointTAD's json",
        f"{_VIDEO_SCORES}; Charades' text",
        "mAP",
        "Sigurdsson et al., ECCV 2016",
        recognition.charades_classification,
        takes=("classes", "subset"),
    ),
    "thumos14-recognition": Benchmark(
        "THUMOS'14: which of 101 actions are in an untrimmed video",
        "test_set_meta.mat, or a list of videos and classes",
        _VIDEO_SCORES,
        "mAP",
        "THUMOS Challenge 2014; TH14evalRecog.m",
        recognition.thumos14_recognition,
        takes=("classes", "subset"),
    ),
    "activitynet-classification": Benchmark(
        "ActivityNet-1.3: the actions of an untrimmed video",
        "ActivityNet's json, or BSN's (info: its csv)",
        _RESULTS,
        "mAP, hit@1, hit@3",
        "Caba Heilbron et al., CVPR 2015; eval_classification.py",
        recognition.activitynet_classification,
        takes=("info", "subset"),
    ),
    "activitynet": _like_activitynet(
        "ActivityNet-1.3: actions in time",
        "ActivityNet's json, or BSN's (info: its csv)",
        "Caba Heilbron et al., CVPR 2015; eval_detection.py",
    ),
    "activitynet-proposals": Benchmark(
        "ActivityNet-1.3: proposals in time",
        "ActivityNet's json, or BSN's (info: its csv)",
        _RESULTS,
        "AUC, AR@1, 5, 10, 100",
        "eval_proposal.py",
        proposals.activitynet_proposals,
        ("official", "opentad"),
        ("info", "subset"),
    ),
    "hacs": _like_activitynet(
        "HACS Segments: actions in time", "ActivityNet's layout", "Zhao et al., ICCV 2019; eval_detection.py"
    ),
    "fineaction": _like_activitynet(
        "FineAction: 106 fine actions in time", "annotations_gt.json", "Liu et al., TIP 2022; eval_detection.py"
    ),
    "thumos14": Benchmark(
        "THUMOS'14: actions in time, as papers measure since 2019",
        _THUMOS14_TRUTH,
        f"{_RESULTS}, or the kit's lines",
        "average mAP 0.3:0.7, mAP at each",
        "AFSD, OpenTAD, ActionFormer",
        partial(temporal.detection, protocol=temporal.THUMOS14_PROTOCOL, formats=temporal.THUMOS14_TRUTH),
        tuple(temporal.THUMOS14_PROTOCOL.rules),
        ("subset",),
    ),
    "thumos14-toolkit": Benchmark(
        "THUMOS'14: actions in time, by the challenge's kit",
        "the kit's folder or archive, with Ambiguous_test.txt; csv",
        f"the kit's lines, or {_RESULTS}",
        "mAP at 0.1:0.5",
        "THUMOS Challenge 2014; TH14evalDet.m",
        temporal.thumos14_kit,
        takes=("subset",),
    ),
    "thumos14-proposals": Benchmark(
        "THUMOS'14: proposals in time",
        _THUMOS14_TRUTH,
        f"{_RESULTS}, or the kit's lines",
        "AR@50, 100, 200, 500, 1000 over 0.5:1.0",
        "Gao et al., ICCV 2017 (TURN); BSN, BMN",
        proposals.thumos14_proposals,
        takes=("subset",),
    ),
    "epic-kitchens": Benchmark(
        "EPIC-KITCHENS-100: verbs, nouns and actions in time",
        "EPIC_100_validation.csv, its lists beside it",
        "the challenge's json",
        "average mAP 0.1:0.5 of action, verb, noun, mAP at each",
        "Damen et al., IJCV 2022; C2 evaluator",
        temporal.epic_detection,
        takes=("lists", "subset"),
    ),
    "multithumos": _like_pointtad(
        "MultiTHUMOS: 65 overlapping actions in time (det-mAP)",
        "PointTAD's json",
        "Yeung et al., IJCV 2018; PointTAD",
        dense.multithumos_truth,
    ),
    "multithumos-frames": Benchmark(
        "MultiTHUMOS: what happens at every moment (seg-mAP)",
        "PointTAD's json; info: csv with video,count (frames)",
        f"npz with (frames // 4, 65) scores a video, or {_RESULTS}",
        "frame mAP",
        "Yeung et al., IJCV 2018; PointTAD",
        dense.multithumos_frames,
        takes=("classes", "info", "subset"),
    ),
    "charades": _like_pointtad(
        "Charades: 157 overlapping actions in time (det-mAP)",
        "PointTAD's json, or the official csv",
        "Sigurdsson et al., ECCV 2016; PointTAD",
        dense.charades_truth,
    ),
    "charades-localization": Benchmark(
        "Charades: what happens at 25 moments of a video",
        "the official csv, or PointTAD's json",
        f"Charades' text, npz with (25, 157) scores a video, or {_RESULTS}",
        "mAP",
        "Sigurdsson et al., CVPR 2017; Charades_v1_localize.m",
        dense.charades_localization,
        takes=("classes", "subset"),
    ),
    "ava": Benchmark(
        "AVA: who does what on key frames",
        "the official csv; classes: label map (.pbtxt); excluded: timestamps",
        "the official csv",
        "frame-mAP@0.5",
        "Gu et al., CVPR 2018; get_ava_performance.py, SlowFast, mmaction2",
        boxes.ava,
        tuple(boxes.FLAVOURS),
        ("classes", "excluded"),
    ),
    "jhmdb": Benchmark(
        "JHMDB: 21 actions as tubes, three splits",
        "JHMDB-GT.pkl",
        "video_detections.pkl, frame_detections.pkl, npz of tubelets",
        "frame-mAP@0.5, video-mAP at 0.2, 0.5, 0.75, 0.5:0.95",
        "Jhuang et al., ICCV 2013; ACT",
        tubes.jhmdb,
        ("act", "yowo"),
        ("boxes", "subset", "split"),
    ),
    "ucf101-24": Benchmark(
        "UCF101-24: 24 actions as tubes",
        "pyannot.pkl or finalAnnots.mat with test_list, or UCF101v2-GT.pkl",
        "video_detections.pkl, frame_detections.pkl, npz of tubelets",
        "frame-mAP@0.5, video-mAP at 0.2, 0.5, 0.75, 0.5:0.95",
        "Singh et al., ICCV 2017; ACT",
        tubes.ucf24,
        ("act", "yowo"),
        ("boxes", "subset", "split", "test_list"),
    ),
    "multisports": Benchmark(
        "MultiSports: 66 actions of four sports as tubes",
        "multisports_GT.pkl",
        "video_detections.pkl (boxes: frame_detections.pkl), or either",
        "video-mAP at 0.1:0.9, 0.2, 0.5, frame-mAP@0.5",
        "Li et al., ICCV 2021; evaluate_multisports.py",
        tubes.multisports_score,
        ("official", "corrected", "mmaction2"),
        ("boxes", "subset"),
    ),
}
