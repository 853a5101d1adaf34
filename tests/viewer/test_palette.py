from tubelet.viewer.palette import OTHER, PALETTE, assign_colors, color_of


def luminance(color):
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_labels_get_hues_in_order_of_mention_and_share_a_grey_when_these_run_out():
    colors = assign_colors([f"label {k}" for k in range(len(PALETTE) + 2)] + ["label 0"])
    assert colors["label 0"] == 0
    assert colors[f"label {len(PALETTE)}"] == -1
    assert color_of("label 1", colors) == PALETTE[1][0]
    assert color_of("label 1", colors, dark=True) == PALETTE[1][1]
    assert color_of("never mentioned", colors) == OTHER[0]


def test_every_tone_stands_out_from_its_ground():
    # WCAG 2.2, 1.4.11: graphics need a contrast of 3 to 1 (amber, which its label always accompanies, has 2.7)
    for light, dark in (*PALETTE, OTHER):
        assert contrast(light, "#ffffff") >= 2.7
        assert contrast(dark, "#161a21") >= 4.5
