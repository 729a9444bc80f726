"""The same call as a program."""

import json

from aiportal.tools.snippets import snippets_of


def test_a_program_within_the_parameters_stays_as_it_is() -> None:
    code = "answer = 42\nprint(answer)"
    made = snippets_of("code-execution", {"code": code}, "http://portal.test")
    assert made.notebook.count("print(answer)") == 1
    assert made.notebook.endswith(".json()\nanswer\n")
    assert made.python.endswith(".json()\nprint(answer)\n")


def test_long_parameters_stand_on_one_line() -> None:
    data = [[1.5] * 20] * 1_000
    made = snippets_of("t", {"data": data}, "http://portal.test")
    (line,) = [line for line in made.python.splitlines() if line.startswith("parameters = ")]
    assert line == f"parameters = {{'data': {data}}}"
    assert json.dumps({"parameters": {"data": data}}) in made.curl.splitlines()[-1]
    assert "\n  " in snippets_of("t", {"data": data[:9]}, "http://portal.test").curl
