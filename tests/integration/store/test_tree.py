"""Any order of answers, edits, choices and deletions keeps the tree that a plain model keeps."""

from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from store import conversations, messages
from store.engine import Database
from tests.support.stored import person, started

PICK = st.integers(min_value=0)


class Tree(RuleBasedStateMachine):
    """The model: who is whose parent, and when each message was last used."""

    def __init__(self):
        super().__init__()
        self.database = Database.in_memory()
        self.owner = person(self.database)
        self.talk = started(self.database, self.owner)
        self.clock = count(1)
        self.parents, self.used, self.names = {}, {}, {}
        self.head = None

    def write(self, function, *arguments, **named):
        with self.database.transaction() as session:
            return function(session, *arguments, **named)

    def keep(self, *made):
        for message in made:
            self.parents[message.id] = message.parent_id
            self.names[message.id] = message.public_id
            self.used[message.id] = next(self.clock)
        self.head = made[-1].id

    def some(self, pick):
        ids = sorted(self.parents)
        return ids[pick % len(ids)]

    def under(self, top):
        found = {top}
        for each in sorted(self.parents):
            if self.parents[each] in found:
                found.add(each)
        return found

    def last_used(self, ids):
        return max(ids, key=self.used.__getitem__, default=None)

    @rule(at_head=st.booleans())
    def say(self, at_head):
        parent = self.head if at_head else None
        key = f"k{len(self.parents)} {next(self.clock)}"
        self.keep(*self.write(messages.add_turn, self.talk.id, parent_id=parent, text="q", key=key))

    @precondition(lambda self: self.parents)
    @rule(pick=PICK, role=st.sampled_from(["user", "assistant"]))
    def add_version(self, pick, role):
        parent = self.parents[self.some(pick)]
        made = self.write(
            messages.add_message, self.talk.id, parent_id=parent, role=role, content="edited"
        )
        self.keep(made)

    @precondition(lambda self: self.parents)
    @rule(pick=PICK)
    def choose(self, pick):
        chosen = self.some(pick)
        leaf = self.write(messages.choose, self.owner.id, self.names[chosen])
        self.head = self.last_used(self.under(chosen))
        self.used[self.head] = next(self.clock)
        assert leaf.id == self.head

    @precondition(lambda self: self.parents)
    @rule(pick=PICK)
    def delete(self, pick):
        top = self.some(pick)
        self.write(messages.delete_version, self.owner.id, self.names[top])
        parent = self.parents[top]
        for each in self.under(top):
            del self.parents[each], self.used[each]
        if self.head not in self.parents:
            self.head = self.last_used(self.parents if parent is None else self.under(parent))

    @invariant()
    def same_branch_is_shown(self):
        with self.database.reading() as session:
            shown = conversations.get(session, self.owner.id, self.talk.public_id).head_id
            assert shown == self.head
            path = [] if shown is None else messages.path(session, shown, limit=None)
        line = []
        while shown is not None:
            line.append(shown)
            shown = self.parents[shown]
        assert [message.id for message in path] == line[::-1]

    @invariant()
    def versions_are_counted(self):
        with self.database.reading() as session:
            found = messages.siblings(session, list(self.parents))
        assert set(found) == set(self.parents)
        for each, place in found.items():
            family = sorted(i for i in self.parents if self.parents[i] == self.parents[each])
            assert (place.index, place.count) == (family.index(each) + 1, len(family))

    def teardown(self):
        self.database.close()


TestTree = Tree.TestCase
TestTree.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
