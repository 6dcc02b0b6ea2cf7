"""Small checks of front matter values that several fields share. Knows no field."""

from collections.abc import Iterable

from prompts.errors import did_you_mean
from prompts.frontmatter import JSON, FrontMatter, Path


def known(
    front: FrontMatter,
    path: Path,
    values: dict[str, JSON],
    names: Iterable[str],
    reasons: dict[str, str] | None = None,
) -> None:
    """Raise PromptError for a field that is none of `names`; `reasons` say why for some."""
    taken = sorted(names)
    for field in values:
        if field not in taken:
            reason = (reasons or {}).get(field) or did_you_mean(
                field, taken, f"There are {', '.join(taken)}."
            )
            raise front.error((*path, field), f"The field `{field}` is not taken.", reason)


def mapping(front: FrontMatter, path: Path, value: JSON) -> dict[str, JSON]:
    """Return `field: value` lines, none for nothing; raises PromptError."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise front.error(path, f"`{path[-1]}` must hold `field: value` lines.")
    return value


def words(front: FrontMatter, path: Path, value: JSON, limit: int = 500) -> str:
    """Return a text on one line, empty for nothing; raises PromptError."""
    return " ".join(lines(front, path, value, limit).split())


def lines(front: FrontMatter, path: Path, value: JSON, limit: int) -> str:
    """Return a text with its line ends, empty for nothing; raises PromptError."""
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > limit:
        raise front.error(path, f"`{path[-1]}` must be a text of at most {limit:,} characters.")
    return value.strip()


def flag(front: FrontMatter, path: Path, value: JSON) -> bool:
    """Return true or false, false for nothing; raises PromptError."""
    if not isinstance(value, bool | None):
        raise front.error(path, f"`{path[-1]}` must be true or false.")
    return bool(value)
