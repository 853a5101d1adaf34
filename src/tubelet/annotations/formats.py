"""Every format of annotation that tubelet reads: its reader, its writer, and how its files are told by what is in them.

Many formats share a suffix, and copies are renamed, so `recognise` looks inside; MATLAB files alone go by their name.
Readers and writers that need more than a path (names of classes, a split) take it as options.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tubelet.annotations.act_tubes import read_act_tubes, write_act_tubes
from tubelet.annotations.actionformer import read_actionformer, write_actionformer
from tubelet.annotations.actions import AnnotationError, VideoSet, load_videos, save_videos
from tubelet.annotations.activitynet import read_activitynet, write_activitynet
from tubelet.annotations.activitynet_results import read_activitynet_results, write_activitynet_results
from tubelet.annotations.ava import read_ava, write_ava
from tubelet.annotations.bsn import read_bsn, read_bsn_info, write_bsn, write_bsn_info
from tubelet.annotations.charades import read_charades, read_charades_json, write_charades, write_charades_json
from tubelet.annotations.class_folders import read_class_folders
from tubelet.annotations.coco_video import read_coco_video, write_coco_video
from tubelet.annotations.cvat import read_cvat, write_cvat
from tubelet.annotations.epic_kitchens import (
    read_epic_kitchens,
    read_epic_results,
    write_epic_kitchens,
    write_epic_results,
)
from tubelet.annotations.fineaction import read_fineaction, write_fineaction
from tubelet.annotations.frame_folders import read_frame_folders, write_frame_folders
from tubelet.annotations.glance import (
    NUMBER,
    Glance,
    columns,
    file_in_folder,
    has,
    is_ava,
    is_dense,
    is_frame_detections,
    is_label_studio,
    is_proposals,
    is_slowfast_boxes,
    is_something_something,
    is_thumos14_detections,
    is_thumos14_json,
    is_ucf101,
    is_video_detections,
    is_video_list,
    is_yowo,
    lines_match,
)
from tubelet.annotations.hmdb51 import read_hmdb51, write_hmdb51
from tubelet.annotations.kinetics import read_kinetics, write_kinetics
from tubelet.annotations.label_studio import read_label_studio, write_label_studio
from tubelet.annotations.multisports import (
    read_multisports_csv,
    read_multisports_frame_detections,
    read_multisports_video_detections,
    write_multisports_csv,
    write_multisports_frame_detections,
    write_multisports_video_detections,
)
from tubelet.annotations.multithumos import read_multithumos, write_multithumos
from tubelet.annotations.person_boxes import read_proposals, read_slowfast_boxes, write_proposals, write_slowfast_boxes
from tubelet.annotations.something_something import read_something_something, write_something_something
from tubelet.annotations.text_files import PathLike
from tubelet.annotations.thumos14 import (
    THUMOS14_NUMBERS,
    read_thumos14,
    read_thumos14_detections,
    read_thumos14_json,
    write_thumos14,
    write_thumos14_detections,
    write_thumos14_json,
)
from tubelet.annotations.thumos14_csv import (
    read_thumos14_csv,
    read_thumos14_proposal_csv,
    write_thumos14_csv,
    write_thumos14_proposal_csv,
)
from tubelet.annotations.ucf24 import read_ucf24_matlab, read_ucf24_pickle, write_ucf24_matlab, write_ucf24_pickle
from tubelet.annotations.ucf101 import read_ucf101, write_ucf101
from tubelet.annotations.via3 import read_via3, write_via3
from tubelet.annotations.video_list import read_video_list, write_video_list
from tubelet.annotations.yowo import read_yowo, write_yowo
from tubelet.errors import did_you_mean


@dataclass(frozen=True)
class Format:
    """A format of annotation.

    Args:
        title: what it is, in one line.
        example: what its file or folder is called.
        recognise: whether a path looks like it.
        read: from a path, and what options its reader names.
        write: to a path, likewise; None where there is no writer.
    """

    title: str
    example: str
    recognise: Callable[[Glance], bool]
    read: Callable[..., VideoSet]
    write: Callable[..., None] | None = None


def _write_tubelet(path: PathLike, videos: VideoSet) -> None:
    save_videos(path, videos, videos.classes, videos.extra)


_THUMOS14_FILE = rf"(?:{'|'.join(THUMOS14_NUMBERS)})_(?:test|val)\.txt"

FORMATS: dict[str, Format] = {
    "tubelet": Format(
        "tubelet's own JSON (docs/annotations.md)",
        "annotations.json",
        lambda glance: has(glance.content, "format") and glance.content["format"] == "tubelet",
        load_videos,
        _write_tubelet,
    ),
    "kinetics": Format(
        "Kinetics-400, 600, 700: the official list",
        "kinetics-400_val.csv",
        columns("youtube_id", "time_start", "time_end"),
        read_kinetics,
        write_kinetics,
    ),
    "ucf101": Format(
        "UCF101: the folder of the official splits",
        "ucfTrainTestlist/",
        is_ucf101,
        read_ucf101,
        write_ucf101,
    ),
    "hmdb51": Format(
        "HMDB51: the folder of the official splits",
        "testTrainMulti_7030_splits/",
        file_in_folder(r".+_test_split[123]\.txt"),
        read_hmdb51,
        write_hmdb51,
    ),
    "something_something": Format(
        "Something-Something v2: the official list; needs labels=",
        "something-something-v2-validation.json",
        is_something_something,
        read_something_something,
        write_something_something,
    ),
    "activitynet_results": Format(
        "results as the ActivityNet server takes them",
        "detection_prediction.json",
        lambda glance: has(glance.content, "results") and not has(glance.result, "verb"),
        read_activitynet_results,
        write_activitynet_results,
    ),
    "epic_results": Format(
        "EPIC-KITCHENS-100: a submission to the detection challenge; needs verbs= and nouns=",
        "test.json",
        lambda glance: has(glance.content, "results") and has(glance.result, "verb", "noun"),
        read_epic_results,
        write_epic_results,
    ),
    "thumos14_json": Format(
        "THUMOS'14 in ActivityNet's layout with segments as strings",
        "thumos_gt.json",
        is_thumos14_json,
        read_thumos14_json,
        write_thumos14_json,
    ),
    "fineaction": Format(
        "FineAction: the ground truth",
        "annotations_gt.json",
        lambda glance: has(glance.annotation, "filter"),
        read_fineaction,
        write_fineaction,
    ),
    "actionformer": Format(
        "ActionFormer, OpenTAD: ActivityNet's layout with class indices and frame rates",
        "thumos14.json",
        lambda glance: has(glance.annotation, "label_id"),
        read_actionformer,
        write_actionformer,
    ),
    "activitynet": Format(
        "ActivityNet and data sets of its layout: the ground truth",
        "activity_net.v1-3.min.json",
        lambda glance: has(glance.content, "database"),
        read_activitynet,
        write_activitynet,
    ),
    "bsn": Format(
        "BSN, BMN: ActivityNet's annotations by v_<id>",
        "anet_anno_action.json",
        lambda glance: has(glance.first, "duration_second", "annotations"),
        read_bsn,
        write_bsn,
    ),
    "bsn_info": Format(
        "BSN, BMN: the videos of ActivityNet, without actions",
        "video_info_new.csv",
        columns("video", "numFrame", "rfps", "featureFrame"),
        read_bsn_info,
        write_bsn_info,
    ),
    "multithumos": Format(
        "MultiTHUMOS as PointTAD keeps it",
        "multithumos.json",
        lambda glance: is_dense(glance, of_thumos14=True),
        read_multithumos,
        write_multithumos,
    ),
    "charades_json": Format(
        "Charades as PointTAD keeps it",
        "charades.json",
        lambda glance: is_dense(glance, of_thumos14=False),
        read_charades_json,
        write_charades_json,
    ),
    "charades": Format(
        "Charades: the official list",
        "Charades_v1_train.csv",
        columns("id", "actions", "length"),
        read_charades,
        write_charades,
    ),
    "epic_kitchens": Format(
        "EPIC-KITCHENS-100: the official segments",
        "EPIC_100_validation.csv",
        columns("video_id", "start_timestamp", "verb_class", "noun_class"),
        read_epic_kitchens,
        write_epic_kitchens,
    ),
    "thumos14": Format(
        "THUMOS'14: the kit's folder of annotations",
        "TH14_Temporal_annotations_test/",
        file_in_folder(_THUMOS14_FILE),
        read_thumos14,
        write_thumos14,
    ),
    "thumos14_csv": Format(
        "THUMOS'14 as AFSD's csv",
        "test_Annotation.csv",
        columns("video", "type_idx", "startFrame"),
        read_thumos14_csv,
        write_thumos14_csv,
    ),
    "thumos14_proposal_csv": Format(
        "THUMOS'14 as the proposal papers' csv",
        "thumos14_test_groundtruth.csv",
        columns("video-name", "t-init", "label-idx"),
        read_thumos14_proposal_csv,
        write_thumos14_proposal_csv,
    ),
    "thumos14_detections": Format(
        "THUMOS'14: detections as the kit reads them",
        "detections.txt",
        is_thumos14_detections,
        read_thumos14_detections,
        write_thumos14_detections,
    ),
    "slowfast_boxes": Format(
        "SlowFast's boxes of persons, some without a label",
        "ava_detection_val_boxes_and_labels.csv",
        is_slowfast_boxes,
        read_slowfast_boxes,
        write_slowfast_boxes,
    ),
    "ava": Format(
        "AVA: the official csv of ground truth",
        "ava_val_v2.2.csv",
        lambda glance: is_ava(glance, predictions=False),
        read_ava,
        write_ava,
    ),
    "ava_predictions": Format(
        "AVA: predictions as the official evaluator reads them",
        "predictions.csv",
        lambda glance: is_ava(glance, predictions=True),
        partial(read_ava, predictions=True),
        write_ava,
    ),
    "proposals": Format(
        "boxes of persons for AVA or MultiSports; frame_rate= and first= where keys count frames",
        "ava_dense_proposals_val.FAIR.recall_93.9.pkl",
        is_proposals,
        read_proposals,
        write_proposals,
    ),
    "act_tubes": Format(
        "JHMDB, UCF101-24, MultiSports: tubes as ACT keeps them; needs frame_rate=",
        "JHMDB-GT.pkl",
        lambda glance: has(glance.pickled, "labels", "gttubes"),
        read_act_tubes,
        write_act_tubes,
    ),
    "ucf24_pickle": Format(
        "UCF101-24: the corrected annotation",
        "pyannot.pkl",
        lambda glance: has(glance.first, "numf", "annotations"),
        read_ucf24_pickle,
        write_ucf24_pickle,
    ),
    "ucf24_matlab": Format(
        "UCF101-24: the corrected annotation for MATLAB",
        "finalAnnots.mat",
        lambda glance: glance.name == "finalannots.mat",
        read_ucf24_matlab,
        write_ucf24_matlab,
    ),
    "multisports_csv": Format(
        "MultiSports as mmaction2's csv; needs classes=",
        "multisports_train.csv",
        lines_match(rf"[^,]+/[^,]+,\d+(?:,{NUMBER}){{4}},\d+,\d+"),
        read_multisports_csv,
        write_multisports_csv,
    ),
    "multisports_frame_detections": Format(
        "MultiSports: detections on frames; needs ground_truth=",
        "frame_detections.pkl",
        is_frame_detections,
        read_multisports_frame_detections,
        write_multisports_frame_detections,
    ),
    "multisports_video_detections": Format(
        "MultiSports: detected tubes; needs ground_truth=",
        "video_detections.pkl",
        is_video_detections,
        read_multisports_video_detections,
        write_multisports_video_detections,
    ),
    "yowo": Format(
        "YOWO: a text for every frame; needs classes= and frame_rate=",
        "groundtruths_jhmdb.zip",
        is_yowo,
        read_yowo,
        write_yowo,
    ),
    "cvat": Format(
        "CVAT for video 1.1; needs frame_rate=",
        "annotations.xml",
        lambda glance: any("<annotations" in line for line in glance.lines),
        read_cvat,
        write_cvat,
    ),
    "label_studio": Format(
        "Label Studio: the JSON export of videos",
        "export.json",
        is_label_studio,
        read_label_studio,
        write_label_studio,
    ),
    "via3": Format(
        "VGG Image Annotator 3: a project",
        "via_project.json",
        lambda glance: has(glance.content, "project", "attribute", "metadata", "view"),
        read_via3,
        write_via3,
    ),
    "coco_video": Format(
        "COCO's layout for videos",
        "instances.json",
        lambda glance: has(glance.content, "videos", "annotations", "categories"),
        read_coco_video,
        write_coco_video,
    ),
    "frame_folders": Format(
        'raw frames of TSN and mmaction2: lines "folder frames label"',
        "ucf101_train_split_1_rawframes.txt",
        lines_match(r"[^,]*[^,\d\s][^,]*\s\d+\s\d+"),
        read_frame_folders,
        write_frame_folders,
    ),
    "video_list": Format(
        'lines "path label" of SlowFast, VideoMAE, mmaction2',
        "train.csv",
        is_video_list,
        read_video_list,
        write_video_list,
    ),
    "class_folders": Format(
        "a folder of videos for every class, without a file of annotations",
        "videos/",
        lambda glance: glance.path.is_dir() and any(one.is_dir() for one in glance.path.iterdir()),
        read_class_folders,
    ),
}
"""Name -> format, those that ask for more before those that ask for less: the first that a file looks like is its."""


def recognise(path: PathLike) -> str:
    """The name of the format of a file or folder, by what is in it.

    Raises:
        AnnotationError: when there is no such path, it cannot be read, or it is none of `FORMATS`.
    """
    glance = Glance(Path(path))
    if not glance.path.exists():
        raise AnnotationError(f"{path}: no such file; expected annotations in one of {len(FORMATS)} formats.")
    name = next((name for name, one in FORMATS.items() if one.recognise(glance)), None)
    if name is None:
        raise AnnotationError(f"{path} is in no format that is known; expected one of {', '.join(FORMATS)}.")
    return name


def read_annotations(path: PathLike, format: str | None = None, **options: Any) -> VideoSet:
    """Read annotations in any format.

    Args:
        path: the file or folder.
        format: a name of `FORMATS`; None recognises it.
        options: what the format's reader takes beside the path.

    Raises:
        AnnotationError: when the format is not known, does not take or lacks an option, or the file is not what was
            expected.
    """
    name = recognise(path) if format is None else format
    videos: VideoSet = _called(_format(name).read, name, path, options=options)
    return videos


def write_annotations(path: PathLike, videos: VideoSet, format: str, **options: Any) -> None:
    """Write annotations in any format that has a writer.

    Args:
        path: the file or folder.
        videos: the set.
        format: a name of `FORMATS`.
        options: what the format's writer takes beside the path and the set.

    Raises:
        AnnotationError: when the format is not known, has no writer, does not take or lacks an option, or the set has
            not what the format needs.
    """
    write = _format(format).write
    if write is None:
        writable = ", ".join(name for name, one in FORMATS.items() if one.write is not None)
        raise AnnotationError(f"the format {format!r} cannot be written; expected one of {writable}.")
    _called(write, format, path, videos, options=options)


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise AnnotationError(f"there is no format {name!r}; {did_you_mean(name, FORMATS)}")
    return FORMATS[name]


def _called(function: Callable[..., Any], name: str, *arguments: Any, options: dict[str, Any]) -> Any:
    taken = dict(list(inspect.signature(function).parameters.items())[len(arguments) :])
    unknown = next((option for option in options if option not in taken), None)
    if unknown is not None:
        known = did_you_mean(unknown, taken, f"expected {' or '.join(taken) or 'none'}.")
        raise AnnotationError(f"the format {name!r} has no option {unknown!r}; {known}")
    needed = next((key for key, one in taken.items() if one.default is one.empty and key not in options), None)
    if needed is not None:
        raise AnnotationError(f"the format {name!r} needs the option {needed}; pass {needed}=...")
    return function(*arguments, **options)
