from __future__ import annotations

from collections.abc import Callable

import pytest

Faults = Callable[[str], list[str]]

SCALES = """\
survey: x
response_scales:
  agree7: {range: [1, 7]}
  half: {range: [0, 1], whole: false}
"""


def columns(*lines: str) -> str:
    return SCALES + "columns:\n" + "".join(f"  {line}\n" for line in lines)


def battery(*lines: str) -> str:
    return SCALES + "batteries:\n  b:\n" + "".join(f"    {line}\n" for line in lines)


def scale(text: str) -> str:
    return f"survey: x\nresponse_scales:\n  s: {text}\ncolumns: {{a: {{role: id}}}}\n"


ROLES = (
    "id, segment, weight, outcome, driver, duration, stratum, cluster, participant, episode, "
    "time, rating, retrospective, condition, choice, covariate, ended, personal, text, ignore"
)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "branch: {role: segment, values: {1: Yes, 2: No city}}",
            'branch: label of code 1 is true, not text: YAML '
'reads an unquoted Yes as true; write "Yes"',
        ),
        (
            "branch: {role: segment, values: {1: 2026-01-02}}",
            "branch: label of code 1 is 2026-01-02, not text: "
"YAML reads an unquoted 2026-01-02 as a "
            'date; write "2026-01-02"',
        ),
        (
            "branch: {role: segment, values: {1: 3.50}}",
            'label of code 1 is 3.50, not text: YAML reads an '
'unquoted 3.50 as a number; write "3.50"',
        ),
        (
            "branch: {role: segment, values: {1: City, centre, 2: Town}}",
            "branch: label of code centre is empty; a text "
"with a comma must be in quotes inside { }",
        ),
        ("a: {role: segmnt}", f"a: role is 'segmnt'; allowed are "
f"{ROLES}; did you mean 'segment'?"),
        ("a: {label: A}", f"a: key 'role' is missing; allowed are {ROLES}"),
        (
            "a: {role: id, lable: A}",
            "a: unknown key 'lable'; allowed are role, "
"column, label, scale, values, reverse_keyed, direction, higher_is, neutral, unit; "
            "did you mean 'label'?",
        ),
        ("a: weight", "a is 'weight'; write {role: …}"),
        ("a:", "a is empty; write at least {role: …}"),
        ("2026: {role: id}", "columns: the name 2026 is a number; begin it with a letter"),
        ("a: {role: id, label: {english: A}}", "'english' is not a language "
"code such as en, es or ko"),
        ("a: {role: id, label: {es: A}}", "a: a text has es but not en, "
"the codebook's language"),
        ("a: {role: id, label: {en: Yes}}", 'a: label en is true, not text'),
        ("a: {role: driver, reverse_keyed: 1}", "a: reverse_keyed is 1; write true or false"),
        ("a: {role: driver, reverse_keyed: true}", "a: reverse_keyed needs a scale"),
        ("a: {role: outcome}", "a: an outcome needs a scale; defined are agree7, half"),
        (
            "a: {role: outcome, scale: agre7}",
            "a: response scale 'agre7' is not defined; defined "
"are agree7, half; did you mean 'agree7'?",
        ),
        ("a: {role: weight, values: {1: x}}", "values are the categories of a "
"segment, not of role weight"),
        ("a: {role: id, column: [x]}", "a: column is a list, not text"),
        ("a: {role: id, values: [x]}", "a: values is a list; write {name: value}"),
        ("' a': {role: id}", "the name ' a' starts or ends with a space"),
    ],
)  # fmt: skip
def test_a_faulty_column_is_explained(faults: Faults, line: str, said: str) -> None:
    (fault,) = faults(columns(line))
    assert fault.startswith("line 6: ")
    assert said in fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{range: [7, 1]}", "s: range [7, 1] goes from high to low; write [1, 7]"),
        ("{range: 1-7}", "s: range is '1-7'; it must be a list: [1, 7]"),
        ("{range: [1]}", "s: range needs two numbers, lowest and highest answer: [1, 7]"),
        ("{range: [1, 2, 3]}", "s: range needs two numbers, lowest and highest answer: [1, 7]"),
        ("{range: [1, Yes]}", "s: range, number 2, is true, not a number"),
        ("{range: [0.5, 7]}", "s: range [0.5, 7] is not in whole numbers; add whole: false"),
        (
            "{anchors: {1: a}}",
            "s: key 'range' is missing. Lowest and highest answer, e.g. [1, 7]",
        ),
        ("{range: [1, 7], anchors: {9: high}}", "s: anchor 9 is outside 1 to 7"),
        ("{range: [1, 7], anchors: {x: high}}", "s: anchor 'x' is outside 1 to 7"),
        ("{range: [1, 7], anchors: {1.5: low}}", "s: anchor 1.5 is not a whole number"),
        (
            "{range: [1, 7], missing: {5: None}}",
            "s: missing code 5 is also an answer from 1 to 7; it must be outside the range",
        ),
        (
            "{range: [1, 7], missing: {8: {label: x, kind: reused}}}",
            "s: kind of code 8 is 'reused'; allowed are "
            "refused, not_used, unknown; did you mean",
        ),
        ("{range: [1, 7], missing: {8: {kind: unknown}}}", "s: code 8: key 'label' is missing"),
        (
            "{range: [1, 7], anchors: {1: Low, 7: High}, missing: {9: low}}",
            "s: codes 1 and 9 have the same text 'low'; an "
            "answer given as text could be either",
        ),
    ],
)
def test_a_faulty_response_scale_is_explained(faults: Faults, text: str, said: str) -> None:
    (fault,) = faults(scale(text))
    assert fault.startswith("line 3: ")
    assert said in fault


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "parts: {expect: 'E{item}'}",
            "b: parts: unknown part 'expect'; allowed are expectation,",
        ),
        ("parts: {minimum: E}", "b: minimum: pattern 'E' has no {item}"),
        ("parts: {minimum: {item}}", "a pattern that starts with { must be in quotes"),
        ("parts: {minimum: 'E{itm}'}", "b: minimum: pattern 'E{itm}': {itm} is not known here"),
        (
            "parts: {minimum: Yes}",
            "b: parts minimum is true, not text: YAML reads an unquoted Yes",
        ),
        ("parts: {}", "b: parts is empty"),
    ],
)
def test_faulty_parts_are_explained(faults: Faults, line: str, said: str) -> None:
    (fault,) = faults(battery("scale: agree7", "dimensions: {d: 1-3}", line))
    assert fault.startswith("line 9: ")
    assert said in fault


def test_a_battery_without_parts_is_told_both_ways_of_writing_them(faults: Faults) -> None:
    (fault,) = faults(battery("scale: agree7", "dimensions: {d: 1-3}", "parts:"))
    assert fault == (
        'line 6: b: parts is missing; write parts: {expectation: "E{item}", perception: '
        '"P{item}"}, or column: "Q{item}" where each item has one question'
    )


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("{d: 7-5}", "b: d: 7-5 runs backwards; write 5-7"),
        ("{d: '1-999999'}", "b: d: 1-999999 is more than 500 items"),
        ("{d: 1-3, e: 3-4}", "b: item 3 is listed twice, in d and in e"),
        ("{d: [1, 1]}", "b: item 1 is listed twice in d"),
        ("{d: {1: a, 1.5: b}}", "b: item 1.5 is not a whole number or a name"),
        ("{d: {1-3: a}}", "b: '1-3' is not one item; give each item its own text"),
        (
            "{d: {1: Yes}}",
            "b: text of item 1 in d is true, not text: YAML reads an unquoted Yes",
        ),
        (
            "{d: {1: Modern, clean, 2: b}}",
            "b: text of item clean in d is empty; a text with a comma",
        ),
        ("{d: [Yes]}", 'b: dimension d: YAML reads an unquoted Yes as true; write "Yes"'),
        ("{d: [1.5]}", "b: dimension d: 1.5 is not an item; write 5, 5-7 or a name"),
        ("{d: }", "b: dimension d has no items; write {1: text, 2: text}, [1, 2, 5-7] or 1-4"),
        ("{d: {}}", "b: dimension d is empty"),
        ("{d: {label: D}}", "b: dimension d: key 'items' is missing"),
        ("{}", "b: dimensions is empty"),
        ("{overall: 1-3}", "b: the name overall is taken: results use it; choose another"),
        ("{item_3: 1-3}", "b: the name item_3 is taken"),
    ],
)
def test_faulty_dimensions_are_explained(faults: Faults, form: str, said: str) -> None:
    (fault,) = faults(battery("scale: agree7", "column: 'Q{item}'", f"dimensions: {form}"))
    assert fault.startswith("line 9: ")
    assert said in fault


def test_a_padded_pattern_with_named_items_is_a_fault(faults: Faults) -> None:
    (fault,) = faults(
        battery("scale: agree7", "column: 'Q{item:02d}'", "dimensions: {d: [wait]}")
    )
    assert (
        "b: rating: pattern 'Q{item:02d}': {item:02d} is for numbers, and 'wait' is text"
        in fault
    )


def test_importance_columns_need_the_dimension_in_their_pattern(faults: Faults) -> None:
    (fault,) = faults(
        battery("scale: agree7", "column: 'Q{item}'", "importance: imp", "dimensions: {d: 1-3}")
    )
    assert "b: importance: pattern 'imp' has no {dimension}" in fault


def test_reverse_keyed_items_must_be_in_a_dimension(faults: Faults) -> None:
    (fault,) = faults(
        battery(
            "scale: agree7",
            "column: 'Q{item}'",
            "dimensions: {d: 1-3}",
            "reverse_keyed: [3, 9]",
        )
    )
    assert fault == (
        "line 10: b: reverse_keyed names 9, which no dimension has; the items are 1, 2, 3"
    )


def test_a_battery_has_parts_or_a_column_and_not_both(faults: Faults) -> None:
    lines = ("scale: agree7", "dimensions: {d: 1-3}", "column: 'Q{item}'")
    (fault,) = faults(battery(*lines, "parts: {rating: 'R{item}'}"))
    assert fault == "line 9: b: has parts and column; write one of them"


def test_a_column_that_two_entries_claim_is_named_with_both(faults: Faults) -> None:
    text = columns("a: {role: id, column: Q2}", "c: {role: text, column: Q2}") + battery(
        "scale: agree7", "column: 'Q{item}'", "dimensions: {d: 1-3}"
    ).removeprefix(SCALES)
    assert faults(text) == [
        "line 7: column Q2 is used twice: by a and by c",
        "line 9: column Q2 is used twice: by a and by rating of b",
    ]


def test_two_parts_with_one_pattern_are_one_fault(faults: Faults) -> None:
    lines = (
        "scale: agree7",
        "dimensions: {d: 1-22}",
        "parts: {minimum: 'E{item}', desired: 'E{item}'}",
    )
    assert faults(battery(*lines)) == [
        "line 9: columns E1, E2, E3 and 19 more are used "
        "twice: by minimum of b and by desired of b"
    ]


def test_a_name_that_is_the_column_of_an_item_is_refused(faults: Faults) -> None:
    text = columns("Q1: {role: id, column: RespID}") + battery(
        "scale: agree7", "column: 'Q{item}'", "dimensions: {d: 1-3}"
    ).removeprefix(SCALES)
    assert faults(text) == [
        "line 6: Q1: the name is that of a column used by rating of b; choose another"
    ]


@pytest.mark.parametrize("role", ["id", "weight", "duration"])
def test_a_role_that_can_be_given_once_is_not_given_twice(faults: Faults, role: str) -> None:
    (fault,) = faults(columns(f"a: {{role: {role}}}", f"b: {{role: {role}}}"))
    assert fault.startswith(f"line 7: b: role {role} is given twice, to a and to b")


def test_a_codebook_that_describes_nothing_is_refused(faults: Faults) -> None:
    (fault,) = faults(SCALES)
    assert fault.endswith("describes no columns and no batteries; the survey has neither")


def test_a_typing_error_in_a_required_key_is_one_fault(faults: Faults) -> None:
    (fault,) = faults("survy: x\ncolumns: {a: {role: id}}\n")
    assert fault == (
        "line 1: unknown key 'survy'; allowed are survey, language, response_scales, columns, "
        "batteries; did you mean 'survey'?"
    )


def test_norwegian_is_not_false(faults: Faults) -> None:
    (fault,) = faults("survey: x\nlanguage: no\ncolumns: {a: {role: id}}\n")
    assert (
        fault
        == 'line 2: language is false, not text: YAML reads an unquoted no as false; write "no"'
    )


def test_a_section_of_the_wrong_kind_is_explained(faults: Faults) -> None:
    (fault,) = faults("survey: x\ncolumns: [a, b]\n")
    assert "columns is a list; write {name: value}" in fault


def test_faults_of_every_kind_come_at_once_and_in_the_order_of_the_file(faults: Faults) -> None:
    found = faults(
        """\
survey: Yes
response_scales:
  s: {range: [7, 1]}
  broken: {range: one to seven}
columns:
  a: {role: segment, values: {1: Yes}}
  a: {role: id}
  b: {role: outcome, scale: broken}
  c: {role: outcome, scale: unknown}
batteries:
  q:
    scale: s
    column: "Q"
    dimensions: {d: {1: No, 2: two}, e: 2-3}
    reverse_keyed: [1, 8]
"""
    )
    assert [int(fault.split(":")[0].removeprefix("line ")) for fault in found] == [
        1, 3, 4, 6, 7, 9, 13, 14, 14,
    ]  # fmt: skip


def test_a_fault_is_told_once_and_none_follows_from_it(faults: Faults) -> None:
    (fault,) = faults(
        battery("scale: agree7", "column: 'Q{item}'", "dimensions: {d: }", "reverse_keyed: [1]")
    )
    assert "has no items" in fault
    (fault,) = faults(scale("{range: [1, Yes], missing: {8: x}}"))
    assert "is true, not a number" in fault
