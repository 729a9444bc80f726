"""The files that the web app serves by itself."""

from importlib import resources

from pages.static import StaticFiles, diagram_library_url


def test_the_library_for_diagrams_is_the_one_that_gradio_brings_along() -> None:
    url = diagram_library_url()

    assert url.startswith("/assets/mermaid.core-")
    library = resources.files("gradio").joinpath("templates", "frontend", url.lstrip("/"))
    assert "initialize:" in library.read_text()


def test_the_script_names_it_and_is_not_part_of_it() -> None:
    script = StaticFiles.read().script.decode()

    assert f'"{diagram_library_url()}"' in script
    assert "DIAGRAM_LIBRARY_URL" not in script


def test_tabs_that_load_their_own_files_are_named_by_the_script() -> None:
    files = StaticFiles.read()
    script = files.script.decode()

    assert set(files.tabs) == {"playground", "admin"}
    for tab in files.tabs:
        assert f'"/assets/{tab}.js?v=' in script
        assert f'"/assets/{tab}.css?v=' in script
    assert "_SCRIPT_URL" not in script
