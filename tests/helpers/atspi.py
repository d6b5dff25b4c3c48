"""A small client of the accessibility bus: what a screen reader sees, and what it can do.

Speaks the AT-SPI protocol itself (at-spi2-core's XML descriptions), so that no binding has to be
installed for the tests' Python. Nothing is cached: every answer is the window's of this moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from jeepney import DBusAddress, MatchRule, Properties, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

_ROOT = "/org/a11y/atspi/accessible/root"
_NULL = "/org/a11y/atspi/null"
_PREFIX = "org.a11y.atspi."
_PATIENCE_S = 20.0
_T = TypeVar("_T")

# AtspiStateType, the ones that are asked for here.
STATES = {
    "checked": 4,
    "editable": 7,
    "enabled": 8,
    "expandable": 9,
    "focusable": 11,
    "focused": 12,
    "sensitive": 24,
    "showing": 25,
    "visible": 30,
}


class Bus:
    """The accessibility bus of a session."""

    def __init__(self, session_address: str) -> None:
        session = open_dbus_connection(bus=session_address)
        try:
            where = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
            (self.address,) = unwrap_msg(
                session.send_and_get_reply(new_method_call(where, "GetAddress"), timeout=10)
            )
        finally:
            session.close()
        self._connection = open_dbus_connection(bus=self.address)

    def close(self) -> None:
        """Leave the bus."""
        self._connection.close()

    def call(self, target: DBusAddress, method: str, signature: str, body: tuple[Any, ...]) -> Any:
        """A method's answer, as jeepney unpacks it."""
        message = new_method_call(target, method, signature or None, body)
        return unwrap_msg(self._connection.send_and_get_reply(message, timeout=_PATIENCE_S))

    def get(self, target: DBusAddress, name: str) -> Any:
        """A property's value."""
        message = Properties(target).get(name)
        ((_, value),) = unwrap_msg(
            self._connection.send_and_get_reply(message, timeout=_PATIENCE_S)
        )
        return value

    def applications(self) -> list[Node]:
        """Programs that have a window on this bus."""
        return Node(self, _PREFIX + "Registry", _ROOT).children()

    def wait_for_application(self, name: str) -> Node:
        """The program of this name, as soon as it is there."""
        found: Node = wait_for(
            lambda: next((a for a in self.applications() if a.name == name), None), name
        )
        return found


@dataclass(frozen=True)
class Node:
    """An object as a screen reader sees it."""

    bus: Bus
    owner: str
    path: str

    def _at(self, interface: str) -> DBusAddress:
        return DBusAddress(self.path, self.owner, _PREFIX + interface)

    def _ask(self, interface: str, method: str, signature: str = "", *body: Any) -> Any:
        return self.bus.call(self._at(interface), method, signature, body)

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.bus.get(self._at("Accessible"), "Name"))

    @property
    def description(self) -> str:
        """What is said about it besides its name."""
        return str(self.bus.get(self._at("Accessible"), "Description"))

    @property
    def role(self) -> str:
        """What it is: "push button", "text", "label"."""
        return str(self._ask("Accessible", "GetRoleName")[0])

    @property
    def states(self) -> frozenset[str]:
        """Those of `STATES` that hold."""
        low, high = self._ask("Accessible", "GetState")[0]
        bits = low | high << 32
        return frozenset(name for name, number in STATES.items() if bits >> number & 1)

    @property
    def interfaces(self) -> frozenset[str]:
        """What it can do: "Action", "Text", "EditableText", "Component"."""
        found = self._ask("Accessible", "GetInterfaces")[0]
        return frozenset(name.rpartition(".")[2] for name in found)

    @property
    def extents(self) -> tuple[int, int, int, int]:
        """Left, top, width, height on the screen."""
        left, top, width, height = self._ask("Component", "GetExtents", "u", 0)[0]
        return left, top, width, height

    @property
    def seen(self) -> tuple[int, int, int, int]:
        """Left, top, width, height of what its surroundings leave of it on the screen."""
        left, top, width, height = self.extents
        right, bottom = left + width, top + height
        around = self.parent
        while around is not None and around.role != "application":
            a, b, c, d = around.extents
            left, top = max(left, a), max(top, b)
            right, bottom = min(right, a + c), min(bottom, b + d)
            around = around.parent
        return left, top, max(0, right - left), max(0, bottom - top)

    @property
    def parent(self) -> Node | None:
        """What it is in."""
        owner, path = self.bus.get(self._at("Accessible"), "Parent")
        return Node(self.bus, owner, path) if path != _NULL else None

    @property
    def text(self) -> str:
        """Everything that is written in it."""
        return str(self._ask("Text", "GetText", "ii", 0, -1)[0])

    def children(self) -> list[Node]:
        """Its parts, in reading order."""
        found = self._ask("Accessible", "GetChildren")[0]
        return [Node(self.bus, owner, path) for owner, path in found if path != _NULL]

    def walk(self, state: str = "showing") -> Iterator[Node]:
        """It and everything in it that shows, in reading order.

        Args:
            state: "visible" finds also what is scrolled out of sight.
        """
        yield self
        for child in self.children():
            try:
                if state in child.states:
                    yield from child.walk(state)
            except DBusErrorResponse:  # it went while one was looking
                continue

    def find(self, role: str, name: str) -> Node | None:
        """The first thing in it that shows and has this role and this name."""
        for node in self.walk():
            if node.role == role and node.name == name:
                return node
        return None

    def actions(self) -> tuple[str, ...]:
        """Names of what can be done with it."""
        count = int(self.bus.get(self._at("Action"), "NActions"))
        return tuple(str(self._ask("Action", "GetName", "i", n)[0]) for n in range(count))

    def act(self, name: str = "Press") -> None:
        """Do it."""
        self._ask("Action", "DoAction", "i", self.actions().index(name))

    def focus(self) -> None:
        """Put the keyboard there."""
        self._ask("Component", "GrabFocus")

    def write(self, text: str) -> None:
        """Replace what is written in it."""
        self._ask("EditableText", "SetTextContents", "s", text)


class Announcements:
    """What the window asks a screen reader to say, in order."""

    def __init__(self, bus: Bus) -> None:
        self._connection: DBusConnection = open_dbus_connection(bus=bus.address)
        registry = DBusAddress(
            "/org/a11y/atspi/registry", _PREFIX + "Registry", _PREFIX + "Registry"
        )
        for event in ("Object:Announcement", "Object:TextChanged", "Object:PropertyChange"):
            self._reply(new_method_call(registry, "RegisterEvent", "sass", (event, [], "")))
        rule = MatchRule(type="signal", interface=_PREFIX + "Event.Object")
        self._reply(message_bus.AddMatch(rule))
        self._filter = self._connection.filter(rule, bufsize=10_000)
        self._queue = self._filter.__enter__()

    def _reply(self, message: Any) -> Any:
        return unwrap_msg(self._connection.send_and_get_reply(message, timeout=10))

    def take(self) -> list[tuple[str, str]]:
        """Member ("Announcement", "TextChanged") and text of what came since the last call."""
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            try:
                self._connection.recv_messages(timeout=max(0.0, end - time.monotonic()))
            except TimeoutError:
                break
        taken = []
        while self._queue:
            message = self._queue.popleft()
            member = message.header.fields[3]
            taken.append((member, str(message.body[3][1])))
        return taken

    def close(self) -> None:
        """Listen no longer."""
        self._filter.close()
        self._connection.close()


def undisturbed(look: Callable[[], _T]) -> _T:
    """What `look` finds in a window of which nothing goes while one is looking."""
    found: list[_T] = wait_for(lambda: [look()], "a window that stays as it is for a moment")
    return found[0]


def wait_for(look: Callable[[], Any], what: str, patience_s: float = _PATIENCE_S) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + patience_s
    while True:
        try:
            found = look()
        except DBusErrorResponse:  # it went while one was looking
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not there: {what}")
        time.sleep(0.05)
