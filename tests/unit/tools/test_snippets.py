"""The same call as a program."""

from aiportal.tools.snippets import snippets_of


def test_a_program_within_the_parameters_stays_as_it_is() -> None:
    code = "answer = 42\nprint(answer)"
    made = snippets_of("code-execution", {"code": code}, "http://portal.test")
    assert made.notebook.count("print(answer)") == 1
    assert made.notebook.endswith(".json()\nanswer\n")
    assert made.python.endswith(".json()\nprint(answer)\n")
