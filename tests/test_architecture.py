"""The rules of the house, kept by machine: imports, lazy libraries, sizes, names, pins, the wheel.

Reads the tree and starts subprocesses; opens no database and no browser.
"""

import ast
import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PACKAGES = ("chatbot", "prompts", "store", "ui")
HEAVY = ("gradio", "torch", "transformers")
MODULES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.is_file()
)


def python(*arguments, cwd=ROOT, **options):
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, **options
    )


def lint(folder):
    return python(
        "-c",
        "import sys; from importlinter.cli import lint_imports;"
        "sys.exit(lint_imports(no_cache=True))",
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "", "NO_COLOR": "1", "COLUMNS": "200"},
    )


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """The house without its large files, to plant a violation in."""
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path in MODULES:
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return folder


def test_imports_keep_the_contracts():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("store/records.py", "import chatbot.settings"),
        ("store/records.py", "import fastapi"),
        ("ui/cli_output.py", "import store.engine"),
        ("chatbot/releases.py", "import chatbot.chat"),
        ("chatbot/settings.py", "import sqlalchemy"),
        ("chatbot/chain.py", "import torch"),
    ],
)
def test_a_planted_import_is_caught(copied, room, line):
    module = copied / room
    before = module.read_text("utf-8")
    module.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        result = lint(copied)
    finally:
        module.write_text(before, "utf-8")
    assert result.returncode != 0, f"{line} in {room} was let through"
    assert "BROKEN" in result.stdout, result.stdout + result.stderr


RUN = """
import sys
from ui.cli import main
try:
    main()
finally:
    loaded = sorted({name.partition(".")[0] for name in sys.modules} & set(%r))
    print("LOADED", *loaded, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["chat", "--help"],
        ["conversations", "--help"],
        ["db", "upgrade"],
        ["prompts", "list"],
        ["prompts", "check"],
        ["prompts", "render", "assistant", "--set", "question=Hello"],
    ],
    ids=" ".join,
)
def test_light_commands_load_nothing_heavy(arguments, tmp_path):
    heavy = (*HEAVY, "fastapi", "langchain_core")
    environment = {"CHATBOT_HOME": str(tmp_path), "PATH": ""}
    result = python("-c", RUN % (heavy,), *arguments, env=environment)
    assert result.returncode == 0, result.stderr
    assert result.stderr.splitlines()[-1] == "LOADED", result.stderr


def test_importing_our_rooms_loads_no_torch():
    """All but learning and the local backend, which are imported when a model is opened."""
    rooms = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES]
    torch_rooms = ("chatbot.learning.", "chatbot.backends.")
    rooms = [
        room for room in rooms if not room.startswith(torch_rooms) and "migrations" not in room
    ]
    rooms += [f"chatbot.backends.{name}" for name in ("registry", "hosted", "scripted")]
    program = (
        "import importlib, sys\n"
        f"for room in {rooms!r}: importlib.import_module(room.removesuffix('.__init__'))\n"
        "print(*({'torch', 'transformers'} & set(sys.modules)))"
    )
    result = python("-c", program)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == ""


@pytest.mark.parametrize("name", PACKAGES)
def test_package_names_are_ours_alone(name):
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).parent == ROOT / name
    providers = set(importlib.metadata.packages_distributions().get(name, ()))
    assert providers <= {"chatbot"}, f"{providers} also install a package named {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_readable(path):
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    if "migrations" not in path.parts:
        assert ast.get_docstring(tree), "a module opens with what it is and refuses to know"
        assert len(text.splitlines()) <= 400
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < 60, f"{node.name} is too long to read at once"


def defined(module):
    """The names that one of our modules makes or imports, and the parts of a package."""
    path = ROOT / Path(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    names = {one.stem for one in path.glob("*")}
    for node in ast.walk(ast.parse(source.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(one.asname or one.name) for one in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "bench").glob("*.py")), ids=lambda path: path.name)
def test_benchmarks_import_what_there_is(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] in PACKAGES:
            missing = {one.name for one in node.names} - defined(node.module)
            assert not missing, f"{node.module} has no {missing}"


def test_whoever_plans_a_model_call_says_who_renders():
    """Evaluation alone, which knows built-in prompts only, renders in its own process."""
    found = 0
    for path in sorted((ROOT / "chatbot").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        imported = {
            name.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "chatbot.chain"
            for name in node.names
        }
        calls = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Plan"
        ]
        for call in calls if "Plan" in imported else []:
            found += 1
            assert "renderer" in {keyword.arg for keyword in call.keywords}, path
    assert found >= 5


def test_pins_cover_what_we_require():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    for requirement in map(Requirement, [*project["dependencies"], *extras]):
        name = canonicalize_name(requirement.name)
        if name != "chatbot":
            assert name in pinned, f"{name} has no pin: run make constraints"
            assert requirement.specifier.contains(pinned[name]), f"{name}=={pinned[name]}"


def test_pins_stand_in_their_order():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins == sorted(pins, key=str.upper), "run make constraints, which sorts them"


def test_changelog_names_this_version():
    from chatbot import __version__

    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", text, re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    built = python(
        "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, ROOT
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("chatbot-*.whl"))


def test_wheel_holds_what_the_product_reads(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for pattern in (
        r"chatbot/starter/model\.safetensors",
        r"chatbot/starter/manifest\.json",
        r"chatbot/starter/tokenizer\.json",
        r"prompts/library/assistant/",
        r"prompts/library/support/prompt\.prompty",
        r"prompts/library/support/tests\.yaml",
        r"prompts/library/product-description/",
        r"store/migrations/env\.py",
        r"store/migrations/versions/.+\.py",
        r"ui/.+\.css",
        r"ui/.+\.js",
    ):
        assert any(re.match(pattern, name) for name in names), f"no {pattern} in the wheel"
    foreign = {name.partition("/")[0] for name in names} - {*PACKAGES}
    assert all(name.endswith(".dist-info") for name in foreign)


def test_installed_wheel_works_alone(wheel, tmp_path):
    """In a new environment with our wheel and, by a .pth, the libraries installed here."""
    venv.create(tmp_path / "venv", with_pip=False)
    fresh = tmp_path / "venv" / "bin" / "python"
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    zipfile.ZipFile(wheel).extractall(site)
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (site / "libraries.pth").write_text("\n".join(libraries), "utf-8")
    home = {"CHATBOT_HOME": str(tmp_path / "home"), "PATH": ""}
    program = "import chatbot; print(chatbot.__file__)"
    where = subprocess.run([fresh, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert where.stdout.startswith(str(site)), where
    for arguments in (["db", "upgrade"], ["db", "check"], ["prompts", "check"], ["doctor"]):
        result = subprocess.run(
            [fresh, "-m", "ui.cli", *arguments],
            cwd=tmp_path,
            env=home,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, f"{arguments}: {result.stdout}{result.stderr}"
