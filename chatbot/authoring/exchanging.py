"""New prompts, and prompts to and from elsewhere. Nothing is saved here: `save` does that."""

import re

import prompts
from chatbot.authoring.access import require_author
from chatbot.authoring.comparing import Comparing
from chatbot.authoring.views import Draft
from chatbot.errors import Conflict, Refused
from chatbot.prompt_files import prompt_errors
from store import errors as store_errors
from store import prompts as rows
from store import testing
from store.engine import Session
from store.records import Person, PromptVersion

NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
BAD_NAME = (
    "A prompt's name has small letters, digits and -, and begins with a letter, as my-prompt."
)

_EMPTY = """---
name: {name}
description: ""
inputs:
  - {{name: text, kind: text, required: true, description: What it works on.}}
metadata:
  chatbot: {{kind: task}}
---
system:
Say what the model is to do.

user:
{{{{ text }}}}
"""
_NAME_LINE = re.compile(r"^name:[^\n]*$", re.MULTILINE)


class Exchanging(Comparing):
    """What authors begin with and hand on."""

    def begin(self, person: Person, name: str, like: str | None = None) -> Draft:
        """A new prompt, not saved: an empty one, or a copy of another (`like`) with its tests.

        Raises Refused (the name), Conflict (it is taken), NotFound, NotAllowed.
        """
        if not NAME.fullmatch(name):
            raise Refused(BAD_NAME)
        with self._archive.main.reading() as session:
            require_author(session, person)
            if _newest(session, name) is not None:
                raise Conflict(f"There is a prompt named {name} already. Choose another name.")
        if like is None:
            return self._draft(name, _EMPTY.format(name=name))
        found = self.open(person, like)
        source = _NAME_LINE.sub(f"name: {name}", found.source, count=1)
        return Draft(
            prompt=name,
            kind=found.kind,
            source=source,
            partials=found.partials,
            examples=found.examples,
            tests=found.tests,
            tests_sha=None,
            version=None,
            parent=None,
            versions=0,
        )

    def take(self, person: Person, text: str, name: str | None = None) -> Draft:
        """A prompt in Prompty's, promptfoo's or Langfuse's form as a draft, not saved.

        `notes` of the draft say what was left out. A name that is there already makes it the next
        version of that prompt. Raises PromptInvalid (with the place), Refused, NotAllowed.
        """
        if name is not None and not NAME.fullmatch(name):
            raise Refused(BAD_NAME)
        with self._archive.main.reading() as session:
            require_author(session, person)
        with prompt_errors():
            found = prompts.imported(text, name)
            read = self.parts.sandbox.parse(found.source, found.partials, found.examples)
        with self._archive.main.reading() as session:
            newest = _newest(session, read.name)
            tests = testing.current_tests(session, read.name)
        kept = tests.source if tests else None
        notes = found.notes
        if newest is not None:
            notes += (f"There is a prompt named {read.name}: saving this makes its next version.",)
        return Draft(
            prompt=read.name,
            kind=read.kind,
            source=found.source,
            partials=found.partials,
            examples=found.examples,
            tests=kept if found.tests is None else found.tests,
            tests_sha=tests.sha if tests else None,
            version=None,
            parent=None if newest is None else newest.sha,
            versions=0 if newest is None else newest.seq,
            notes=notes,
        )

    def give(self, person: Person, version: str, form: prompts.Form) -> str:
        """A version (hash) as one text in a form, partials and examples written into it.

        Raises NotFound, PromptInvalid (the form cannot hold it), NotAllowed.
        """
        with self._archive.main.reading() as session:
            require_author(session, person)
            rows.get_version(session, version)
        with prompt_errors():
            return prompts.exported(self.parts.releases.prompt(version), form)

    def _draft(self, name: str, source: str) -> Draft:
        with prompt_errors():
            read = self.parts.sandbox.parse(source)
        return Draft(
            prompt=name,
            kind=read.kind,
            source=source,
            partials={},
            examples=None,
            tests=None,
            tests_sha=None,
            version=None,
            parent=None,
            versions=0,
        )


def _newest(session: Session, prompt: str) -> PromptVersion | None:
    try:
        return rows.newest(session, prompt)
    except store_errors.NotFound:
        return None
