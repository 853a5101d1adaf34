"""ActivityNet eval_classification.py."""

from evaluator_case import Either, EvaluatorCase, Figure, by_name

from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.video_classification import VideoLabels, video_classification


def run(case: EvaluatorCase) -> list[Figure]:
    official = case["official"]
    truth, predictions = ground_truth(case), predicted(case)
    classes = list(dict.fromkeys([label for _, label, _ in truth] + [label for _, label, _ in predictions]))
    videos = {name: number for number, name in enumerate(dict.fromkeys(row[0] for row in [*truth, *predictions]))}
    numbers = {name: number for number, name in enumerate(classes)}
    tables = [
        VideoLabels([videos[video] for video, _, _ in rows], [numbers[label] for _, label, _ in rows], scores)
        for rows, scores in ((truth, None), (predictions, [score for _, _, score in predictions]))
    ]
    with case.clock():
        # the official figures depend on the order of equal scores: an introsort's, from the end
        ours = video_classification(*tables, classes, official["top_k"], reversed_rising)
        mean = ours.mean_average_precision
    ties = case.get("ties", {})
    means = [official["mAP"], *[value for key, value in ties.items() if key.startswith("mAP")]]
    return [
        Figure("mAP", mean, Either(means)),
        Figure("hit@k", ours.hit_at_k, official["hit_at_k"]),
        Figure("average hit@k", ours.average_hit_at_k, official["avg_hit_at_k"]),
        Figure("predictions", ours.num_predictions, official["predictions"]),
        *by_name("AP ", dict(zip(classes, ours.average_precision, strict=True)), official.get("ap", {})),
    ]


def ground_truth(case):
    said = case["ground_truth"]
    if "recipe" in said:
        said = case.recipes.activitynet_ground_truth(
            *[case.annotations(file) for file in said["files"]], videos=said.get("videos")
        )
    elif "file" in said:
        said = case.recipes.load_json(case.annotations(said["file"]))
    database = {name: video for name, video in said["database"].items() if video["subset"] == "validation"}
    return [(name, one["label"], None) for name, video in database.items() for one in video["annotations"]]


def predicted(case):
    said = case["predictions"]
    if isinstance(said.get("file"), str):
        said = case.recipes.load_json(case.annotations(said["file"]))
    said = said.get("results", said)
    return [
        (name.removeprefix("v_"), one.get("label", one.get("class")), one["score"])
        for name, found in said.items()
        for one in ([found] if isinstance(found, dict) else found)
    ]
