"""What a check is."""

from collections.abc import Callable
from dataclasses import dataclass, field

from odoo.tools.translate import LazyGettext


@dataclass(frozen=True, eq=False)
class Check:
    """One thing that must hold.

    :ivar name: the technical name, kept with what a run found
    :ivar title: what must hold
    :ivar help: why it matters, and what may have happened if it does not
    :ivar query: takes the :class:`Books` and returns the ``SELECT`` of what breaks
        it: the record (``res_model``, ``res_id``) and, as far as there are any, whose
        it is (``participant_id``), one of the ``reasons`` (``reason``), a name or
        number to find it by (``text``), and two amounts in the company's currency
        (``expected``, ``found``)
    :ivar reasons: in words, by the code that the query returns
    :ivar is_notice: what it finds is to be looked at, but breaks nothing
    """

    name: str
    title: LazyGettext
    help: LazyGettext
    query: Callable
    reasons: dict = field(default_factory=dict)
    is_notice: bool = False
