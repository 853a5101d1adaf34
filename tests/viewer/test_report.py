import base64
import html
import json
import re
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from tubelet.annotations import Label, Segment, Tube, Video
from tubelet.video import VideoReader
from tubelet.viewer import ReportEntry, ReportText, write_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def entry_of(path, **facts):
    windows = np.stack([np.arange(4) * 0.5, np.arange(4) * 0.5 + 0.5], axis=1)
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9]])
    truth_tube = Tube(np.array([0.0, 2.0]), np.array([[0.1, 0.1, 0.4, 0.5]] * 2), "run")
    found = Video(
        str(path),
        2.0,
        20.0,
        128,
        96,
        40,
        labels=(Label("run", 0.6), Label("jump", 0.4)),
        segments=(Segment(0.0, 1.0, "run", 0.85), Segment(1.0, 2.0, "jump", 0.8)),
    )
    truth = Video(str(path), 2.0, segments=(Segment(0.0, 1.25, "run"), Segment(1.25, 2.0, "jump")), tubes=(truth_tube,))
    return ReportEntry(found, SimpleNamespace(windows=windows, scores=scores, classes=["run", "jump"]), truth, **facts)


def content_of(page):
    return json.loads(
        re.search(r'<script type="application/json" id="content">(.*?)</script>', page.read_text()).group(1)
    )


def rendered(page, fragment=""):
    """The page's DOM after its scripts have run in a browser without a network."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; the page is not opened")
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={page.parent}/profile"]
    command = [CHROMIUM, *quiet, "--virtual-time-budget=2000", "--dump-dom", f"{page.as_uri()}{fragment}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=True).stdout


def test_a_report_is_one_file_that_names_no_other_place(write_video, tmp_path):
    page = write_report(tmp_path / "report.html", [entry_of(write_video())], ReportText("Runs & jumps"))
    text = page.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "video.mp4"]
    assert not re.findall(r"""(?:src|href)=["'][^"'#]""", re.sub(r'id="media-0">[^<]*', "", text))
    assert not re.findall(r"https?://", text)
    assert "default-src 'none'" in text
    assert "<h1>Runs &amp; jumps</h1>" in text
    assert not re.search(r"/\* (style|script|timeline|content) \*/|<!-- (title|media) -->", text)


def test_the_embedded_video_is_the_video(write_video, tmp_path):
    page = write_report(tmp_path / "report.html", [entry_of(write_video(frames=40))])
    media = re.search(r'id="media-0">([^<]*)</script>', page.read_text()).group(1)
    with VideoReader(base64.b64decode(media)) as reader:
        assert len(reader) == 40


def test_the_values_of_a_page_are_those_that_were_found(write_video, tmp_path):
    content = content_of(write_report(tmp_path / "report.html", [entry_of(write_video())]))
    (video,) = content["videos"]
    assert video["found"]["segments"][1] == {"start": 1.0, "end": 2.0, "label": "jump", "score": 0.8}
    assert video["scores"]["classes"] == ["run", "jump"]
    assert video["scores"]["rows"] == [[900, 800, 300, 100], [100, 200, 700, 900]]
    assert content["colors"] == {"run": 0, "jump": 1}


def test_names_that_look_like_markup_stay_text(write_video, tmp_path):
    evil = "</script><script>document.title='broken'</script><b>"
    entry = entry_of(write_video())
    entry = ReportEntry(Video(entry.video.path, 2.0, labels=(Label(evil, 0.9),)))
    page = write_report(tmp_path / "report.html", [entry], ReportText(evil, note=evil))
    assert content_of(page)["videos"][0]["found"]["labels"][0]["name"] == evil
    assert html.escape(evil) in page.read_text()
    assert evil not in page.read_text()
    dom = rendered(page)
    assert "<title>broken" not in dom
    assert "&lt;/script&gt;" in dom


def test_a_video_that_failed_is_listed_with_its_sentence(write_video, tmp_path):
    failed = ReportEntry(Video("broken.mp4"), error="broken.mp4 is not a video.")
    page = write_report(tmp_path / "report.html", [entry_of(write_video()), failed])
    assert 'id="media-1"' not in page.read_text()
    assert "broken.mp4 is not a video." in re.search(r'<p id="failure".*?</p>', rendered(page, "#2")).group(0)


def test_values_that_json_does_not_have_become_none(write_video, tmp_path):
    video = Video(str(write_video()), 2.0, labels=(Label("run", float("nan")),))
    assert content_of(write_report(tmp_path / "report.html", [ReportEntry(video)]))["videos"][0]["found"]["labels"] == [
        {"name": "run", "score": None}
    ]


def test_a_browser_shows_the_labels_bars_segments_and_agreement(write_video, tmp_path):
    text = ReportText("Two actions", note="A note.", facts={"Model": "tiny"})
    dom = rendered(write_report(tmp_path / "report.html", [entry_of(write_video())], text))
    assert 'data-ready="yes"' in dom  # the script ran to its end
    assert "blob:" in dom
    bars = re.search(r'<ol id="bars">(.*?)</ol>', dom, re.S).group(1)
    assert bars.count("<li") == 2
    assert "90%" in bars  # the first window's score of run
    rows = re.search(r"<tbody>(.*?)</tbody>", dom, re.S).group(1)
    assert rows.count("<tr") == 2
    assert rows.count("✓ same") == 2
    # of the truth's 2 seconds, run is right for 1.0 s and jump for 0.75 s
    assert re.search(r"of the time as in the truth</dt><dd>88%", dom)
    assert "A note." in dom


def test_a_clip_without_segments_has_bars_and_no_timeline(write_video, tmp_path):
    video = Video(str(write_video()), 2.0, 20.0, 128, 96, 40, labels=(Label("run", 0.75), Label("jump", 0.25)))
    dom = rendered(write_report(tmp_path / "report.html", [ReportEntry(video)]))
    assert 'data-ready="yes"' in dom
    assert re.search(r'<section class="card" id="timeline-card" hidden', dom)
    assert "75%" in re.search(r'<ol id="bars">(.*?)</ol>', dom, re.S).group(1)


def test_warnings_stand_above_the_result(write_video, tmp_path):
    page = write_report(tmp_path / "report.html", [entry_of(write_video(), warnings=("frame 7 is missing.",))])
    assert ">frame 7 is missing.</p>" in rendered(page)


def test_several_videos_stand_in_a_list(write_video, tmp_path):
    entries = [entry_of(write_video(f"video {k}.mp4")) for k in range(3)]
    dom = rendered(write_report(tmp_path / "report.html", entries), "#3")
    listed = re.search(r'<ol id="list">(.*?)</ol>', dom, re.S).group(1)
    assert listed.count("<li") == 3
    assert re.search(r'data-index="2"[^>]*aria-current="true"', listed)
    assert '<h2 id="name">video 2.mp4</h2>' in dom
