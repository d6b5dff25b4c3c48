"""How tall the messages of a conversation are, and which of them is at a place.

A long conversation has ten thousand heights, most of them guesses that are corrected one at a time;
a Fenwick tree answers and corrects in a few steps where a list of sums would be rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """Heights in pixels, from the first message to the last."""

    def __init__(self, heights_px: Iterable[int] = ()) -> None:
        self._heights = list(heights_px)
        # Node i (from 1) holds the sum of the `i & -i` heights that end with number i - 1.
        self._tree = [0, *self._heights]
        for node in range(1, len(self._tree)):
            parent = node + (node & -node)
            if parent < len(self._tree):
                self._tree[parent] += self._tree[node]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._heights)

    def __getitem__(self, index: int) -> int:
        """One of them."""
        return self._heights[index]

    def __setitem__(self, index: int, height_px: int) -> None:
        """Correct one of them."""
        change = height_px - self._heights[index]
        self._heights[index] = height_px
        node = index + 1
        while change and node < len(self._tree):
            self._tree[node] += change
            node += node & -node

    def append(self, height_px: int) -> None:
        """One more at the end."""
        self._heights.append(height_px)
        node = len(self._heights)
        below, until = node - 1, node - (node & -node)
        whole = height_px
        while below > until:
            whole += self._tree[below]
            below -= below & -below
        self._tree.append(whole)

    def total(self) -> int:
        """All of them together."""
        return self.top(len(self._heights))

    def top(self, index: int) -> int:
        """Where number `index` begins: the sum of those before it."""
        whole = 0
        while index > 0:
            whole += self._tree[index]
            index -= index & -index
        return whole

    def at(self, y: int) -> int:
        """The number that covers `y`; the first above the top, the last below the end."""
        node = 0
        step = 1 << len(self._heights).bit_length()
        while step:
            further = node + step
            if further < len(self._tree) and self._tree[further] <= y:
                node = further
                y -= self._tree[further]
            step >>= 1
        return max(0, min(node, len(self._heights) - 1))
